/* legacy: how pid 1 starts what its built-in oneshots do. It has no link: nobody types it. */
#include "overlay/legacy.h"
#include "base/command.h"
#include "base/message.h"
#include "command/commands.h"
#include "overlay/settings.h"
#include <string.h>

static int cont_finish(const struct settings *s)
{
    return legacy_cont_finish(s, command_program);
}

static const struct {
    const char *verb; /* as its messages name it */
    int (*run)(const struct settings *s);
} verbs[] = {{"fix-attrs", legacy_fix_attrs},
             {"cont-init", legacy_cont_init},
             {"cont-finish", cont_finish},
             {"services-up", legacy_services_up},
             {"services-down", legacy_services_down}};

static int run_legacy(struct invocation *c)
{
    struct settings settings;
    struct problems ignored = PROBLEMS_INIT; /* pid 1 said them */
    const char *verb = c->argc == 2 ? c->argv[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        if (settings_read(&settings, settings_variable, false, &ignored) < 0) {
            message_fatal("out of memory");
            return EXIT_SYSTEM;
        }
        message_name(verbs[i].verb);
        message_verbosity(settings.verbosity);
        int code = verbs[i].run(&settings);
        settings_release(&settings);
        return code;
    }
    return command_usage(c);
}

const struct command command_legacy[] = {
    {"legacy", "fix-attrs|cont-init|cont-finish|services-up|services-down",
     "do what a built-in oneshot of the container does", NULL, run_legacy},
    {.name = NULL}};
