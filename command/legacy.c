/* legacy: how pid 1 starts what its built-in oneshots do. It has no link: nobody types it. */
#include "overlay/legacy.h"
#include "base/command.h"
#include "base/failure.h"
#include "base/message.h"
#include "command/commands.h"
#include "overlay/settings.h"
#include "services/parent_name.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static int cont_finish(const struct settings *s)
{
    return legacy_cont_finish(s, command_program);
}

static void say_name(void *context, const char *path, unsigned int line)
{
    bool *said = context;
    if (!*said)
        message_line(MESSAGE_INFO,
                     "/init: info: line %u of %s looks for a process called s6-supervise, and "
                     "services have none: OVERLOG_SUPERVISE_PROCESSES=1 gives each one (0: it is "
                     "not needed)",
                     line, path);
    *said = true;
}

/* At leisure: a boot has better things to do. */
static int parent_names(const struct settings *s)
{
    bool said = false;
    char folder[4096];
    struct parent_names names = {.context = &said, .found = say_name};
    setpriority(PRIO_PROCESS, 0, 19);
    for (int i = 0; i < 2; i++) {
        parent_names_look(&names, s->services, i == 0 ? "run" : "finish");
        snprintf(folder, sizeof folder, "%.4000s/services.d", s->etc);
        parent_names_look(&names, folder, i == 0 ? "run" : "finish");
    }
    snprintf(folder, sizeof folder, "%.4000s/cont-init.d", s->etc);
    parent_names_look(&names, folder, NULL);
    parent_names_release(&names);
    return 0;
}

static const struct {
    const char *verb; /* as its messages name it */
    int (*run)(const struct settings *s);
} verbs[] = {{"fix-attrs", legacy_fix_attrs},
             {"cont-init", legacy_cont_init},
             {"cont-finish", cont_finish},
             {"services-up", legacy_services_up},
             {"services-down", legacy_services_down},
             {"parent-names", parent_names}};

static int run_legacy(struct invocation *c)
{
    struct settings settings;
    struct problems ignored = PROBLEMS_INIT; /* pid 1 said them */
    const char *verb = c->argc == 2 ? c->argv[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        if (settings_read(&settings, settings_variable, false, &ignored) < 0)
            return refuse(EXIT_SYSTEM, "out of memory");
        message_name(verbs[i].verb);
        message_verbosity(settings.verbosity);
        int code = verbs[i].run(&settings);
        settings_release(&settings);
        return code;
    }
    return command_usage(c);
}

const struct command command_legacy[] = {
    {"legacy", "fix-attrs|cont-init|cont-finish|services-up|services-down|parent-names",
     "do what a built-in oneshot of the container does, or look for a hint", NULL, run_legacy},
    {.name = NULL}};
