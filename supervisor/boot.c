/* From an empty supervisor to a running CMD: loggers, hook, definitions, services, CMD. */
#include "base/file.h"
#include "base/kernel.h"
#include "base/launch.h"
#include "base/message.h"
#include "contract/paths.h"
#include "overlay/settings.h"
#include "services/database.h"
#include "services/enable.h"
#include "services/package.h"
#include "supervisor/console.h"
#include "supervisor/parts.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* --- parts ------------------------------------------------------------------------------------ */

static int copy_environment(struct pid1 *p)
{
    for (char **v = environ; *v != NULL; v++)
        if (p->settings.keep_env || strncmp(*v, "PATH=", 5) == 0)
            if (words_add(&p->environment, *v) < 0)
                return -1;
    p->with_variable = calloc(p->environment.count + 2, sizeof(char *));
    return p->with_variable == NULL ? -1 : 0;
}

static void join(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    struct catalogue *c = &sv->catalogue;
    struct longruns *ls = &sv->longruns;
    *ls = (struct longruns){.pid1 = p, .catalogue = c, .logging = &sv->logging};
    logger_init(&ls->init, &sv->logging, 0);
    logger_init(&ls->cmd, &sv->logging, 1);
    sv->logging.pid1 = p;
    sv->tail = (struct tail){.pid1 = p, .catalogue = c, .longruns = ls};
    sv->engine = (struct engine){
        .pid1 = p, .catalogue = c, .longruns = ls, .oneshots = &sv->oneshots, .tail = &sv->tail};
    oneshots_init(&sv->oneshots, p, c);
    sv->resume = (struct resume){.pid1 = p, .longruns = ls};
    sv->scandir = (struct scandir){.pid1 = p, .longruns = ls, .control = {.fd = -1}};
    rc_init(&sv->rc, &sv->engine);
    sv->hook = (struct hook){.pid1 = p, .report = -1};
    sv->halt = (struct halt){.pid1 = p};
    sv->diverted = (struct diverted){.pid1 = p};
    sv->stop = (struct stop){.pid1 = p,
                             .catalogue = c,
                             .longruns = ls,
                             .oneshots = &sv->oneshots,
                             .engine = &sv->engine,
                             .scandir = &sv->scandir,
                             .rc = &sv->rc,
                             .resume = &sv->resume,
                             .code = -1};
    waits_open(&sv->waits, &sv->hook, &sv->stop);
}

int boot_parts(struct supervisor *sv, const struct supervisor_start *start, struct error *e)
{
    struct pid1 *p = &sv->pid1;
    p->settings = *start->settings;
    p->program = start->program;
    p->nofile = start->nofile;
    p->guest = start->guest;
    sv->check_script = start->check_script;
    join(sv);
    cmd_init(&sv->cmd, p, &sv->longruns.cmd, start->cmd, start->workdir);
    status_file_init(&sv->status, &sv->longruns, &sv->cmd);
    if (copy_environment(p) < 0)
        return error_system(e, "unable to keep the environment");
    return 0;
}

/* --- loggers ---------------------------------------------------------------------------------- */

/* Lets a program that dropped privileges open /dev/stdout: only where the file is a pipe or a
 * terminal of our own. */
static void open_up(int fd)
{
    struct stat s;
    struct stat null;
    if (fstat(fd, &s) < 0 || s.st_uid != geteuid())
        return;
    bool is_null = stat("/dev/null", &null) == 0 && S_ISCHR(s.st_mode) && null.st_rdev == s.st_rdev;
    if (S_ISFIFO(s.st_mode) || (S_ISCHR(s.st_mode) && !is_null))
        fchmod(fd, 0622);
}

static int open_init_logger(struct supervisor *sv, struct error *e)
{
    static const struct words none = WORDS_INIT;
    struct pid1 *p = &sv->pid1;
    struct logger *init = &sv->longruns.init;
    char target[4096];
    struct error ignored = ERROR_INIT;
    int ends[2] = {-1, -1};
    bool disk = p->settings.logging != LOGGING_CONSOLE;
    /* Loggers write to it as well: no look beforehand keeps a write from waiting. */
    if (disk && (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0))
        return error_system(e, "unable to make the event pipe");
    p->events.fd = ends[1];
    if (logger_open(init, CONSOLE_OWN, p->settings.logging, &none, ends[0], e) < 0)
        return -1;
    snprintf(target, sizeof target, "%s/" CONSOLE_OWN, p->settings.log_root);
    if (disk)
        file_link(target, AT_FDCWD, RUN_UNCAUGHT, &ignored);
    snprintf(target, sizeof target, "/proc/%ld/fd/%d", (long)getpid(), ends[1]);
    if (disk)
        file_link(target, AT_FDCWD, RUN_EVENTS, &ignored);
    p->out = init->pipes.out_write;
    p->err = init->pipes.err_write;
    logger_start(init);
    p->calls->messages_to(init->pipes.err_write);
    return 0;
}

static void write_boot_event(struct pid1 *p)
{
    uint64_t id = 0;
    kernel_noise(&id, sizeof id);
    pid1_event(p, "boot", NULL, "id=%016llx pid=%ld version=%s", (unsigned long long)id,
               (long)getpid(), OVERLOG_VERSION);
}

/* --- definitions ------------------------------------------------------------------------------ */

static int read_tree(struct supervisor *sv)
{
    struct problems problems = PROBLEMS_INIT;
    struct words folders = WORDS_INIT;
    struct words memory = WORDS_INIT;
    struct definition_source source[3 + PACKAGE_SOURCES_MAX] = {
        {.path = sv->pid1.settings.services}, {.path = sv->pid1.settings.bundles, .bundles = true}};
    package_folders(&folders);
    size_t count = 2 + package_sources(&folders, &memory, source + 2);
    source[count++] = (struct definition_source){.path = sv->pid1.settings.conf, .conf = true};
    struct definition_sources sources = {.item = source,
                                         .count = count,
                                         .check_script = sv->check_script,
                                         .variable = settings_container_variable};
    int result = definitions_builtin(&sv->catalogue.definitions);
    if (result == 0)
        result = definitions_read(&sv->catalogue.definitions, &sources, &problems);
    if (result == 0)
        result = graph_build(&sv->catalogue.graph, &sv->catalogue.definitions, &problems);
    if (problems.errors > 0)
        result = -1;
    else if (result < 0)
        message_fatal("out of memory");
    package_check_scripts(&folders, &problems);
    words_release(&folders);
    words_release(&memory);
    problems_say(&problems);
    problems_release(&problems);
    enable_say(&sv->catalogue.definitions);
    return result;
}

/* For s6-rc-db, and for those who look whether s6-rc is there. */
static void publish(struct supervisor *sv)
{
    struct error e = ERROR_INIT;
    if (database_write(RUN_RC "/compiled:boot", &sv->catalogue.definitions, &e) < 0 ||
        file_link("compiled:boot", AT_FDCWD, RUN_COMPILED, &e) < 0 ||
        file_link(RUN_SCANDIR, AT_FDCWD, RUN_RC "/scandir", &e) < 0)
        message_warning("%s", e.text);
}

static bool is_there(const struct supervisor *sv, const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", sv->pid1.settings.etc, folder);
    return access(path, F_OK) == 0;
}

/* e: why; NULL: that was said. */
static void give_up(struct supervisor *sv, const char *what, const struct error *e, int code)
{
    if (e == NULL)
        message_fatal("%s", what);
    else
        message_fatal("%s%s%s", what, e->text[0] != '\0' ? e->text : "out of memory",
                      shortage_cure(e->why));
    stop_begin(&sv->stop, "failure", 0, code, FINAL_EXIT);
}

/* The services that are to be up; NULL: they cannot be prepared. */
static unsigned char *prepare_services(struct supervisor *sv, struct error *e)
{
    struct catalogue *c = &sv->catalogue;
    unsigned char *set = calloc((size_t)c->graph.count + 1, 1);
    if (set != NULL && longruns_make(&sv->longruns, e) == 0 &&
        transition_init(&c->transition, &c->graph) == 0 && graph_select(&c->graph, "top", set) == 0)
        return set;
    transition_release(&c->transition);
    free(set);
    return NULL;
}

/* Looks for a script that needs parents of services, if nobody has decided about them. Reading may
 * take as long as a disk likes: a child does it, and nobody waits for that. */
static void hint(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    char *argv[] = {(char[]){"legacy"}, (char[]){"parent-names"}, NULL};
    struct process_fd fds[] = {{p->null, 0}, {p->err, 1}, {p->err, 2}};
    struct process_spawn s = {.program = p->program,
                              .argv = argv,
                              .directory = "/",
                              .fds = fds,
                              .fd_count = 3,
                              .new_session = true};
    struct error ignored = ERROR_INIT;
    if (p->settings.parents_unset && p->settings.verbosity >= MESSAGE_INFO && !p->guest &&
        sv->longruns.count > 0)
        pid1_spawn(p, &s, CHILD_NONE, 0, NULL, &ignored);
}

/* Not where there is nothing in services.d, and nothing that could put something there before it
 * is looked at. */
static bool may_serve_legacy(const struct supervisor *sv)
{
    const struct definitions *all = &sv->catalogue.definitions;
    bool any = sv->oneshots.runs_init || is_there(sv, "services.d");
    for (size_t i = 0; i < all->count && !any; i++)
        any = all->item[i].directory != NULL && all->item[i].type != DEFINITION_BUNDLE;
    return any;
}

/* Of what a hook may have changed. */
static int renew_settings(struct settings *s)
{
    bool untouched = s->hook == NULL && s->secrets == NULL && !s->keep_env;
    return settings_renew(s, untouched ? settings_at_start : settings_variable);
}

/* The end of the boot stages: after this nothing here gives up any more. */
static void load(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    struct error e = ERROR_INIT;
    if (renew_settings(&p->settings) < 0 || cmd_prepare(&sv->cmd, &e) < 0) {
        give_up(sv, "", &e, EXIT_SYSTEM);
        return;
    }
    sv->oneshots.fixes_attrs = is_there(sv, "fix-attrs.d");
    sv->oneshots.runs_init = is_there(sv, "cont-init.d");
    if (read_tree(sv) < 0) {
        give_up(sv, "unable to use the service definitions, stopping the container", NULL, 1);
        return;
    }
    sv->oneshots.serves_legacy = may_serve_legacy(sv);
    process_withhold(sv->catalogue.definitions.item,
                     sv->catalogue.definitions.count * sizeof(struct definition));
    unsigned char *set = prepare_services(sv, &e);
    if (set == NULL) {
        give_up(sv, "unable to prepare the services: ", &e, EXIT_SYSTEM);
        return;
    }
    definitions_forget_files(&sv->catalogue.definitions);
    publish(sv);
    p->changes.renew = true;
    pid1_enter(p, STAGE_STARTING);
    if (sv->longruns.init.state == LOGGER_NONE)
        p->calls->messages_to(2); /* from the mark on pid 1 waits for nobody */
    transition_begin(&sv->catalogue.transition, set, true, pid1_now(p), p->settings.up_timeout);
    free(set);
    hint(sv);
}

/* --- what follows upon what ------------------------------------------------------------------- */

void boot_hook_reaped(struct supervisor *sv, int status)
{
    int code = hook_reaped(&sv->hook, status);
    if (sv->pid1.stage != STAGE_HOOK)
        return;
    if (code == 0 || sv->pid1.settings.behaviour < BEHAVIOUR_STOP) {
        load(sv);
        return;
    }
    message_line(MESSAGE_FATAL, RC_INIT ": fatal: stopping the container.");
    stop_begin(&sv->stop, "failure", 0, code, FINAL_EXIT);
}

void boot_services_over(struct supervisor *sv, enum transition_result result)
{
    int behaviour = sv->pid1.settings.behaviour;
    if (result == TRANSITION_TIMED_OUT)
        message_line(MESSAGE_FATAL, "s6-rc: fatal: timed out");
    if (result != TRANSITION_OK && behaviour >= BEHAVIOUR_WARN)
        message_line(
            MESSAGE_WARNING, RC_INIT
            ": warning: s6-rc failed to properly bring all the services up! Check your logs (in "
            "/run/uncaught-logs/current if you have in-container logging) for more "
            "information.");
    if (result != TRANSITION_OK && behaviour >= BEHAVIOUR_STOP) {
        message_line(MESSAGE_FATAL, RC_INIT ": fatal: stopping the container.");
        stop_begin(&sv->stop, "failure", 0, result == TRANSITION_TIMED_OUT ? 2 : 1, FINAL_EXIT);
        return;
    }
    pid1_enter(&sv->pid1, STAGE_RUNNING);
    cmd_start(&sv->cmd);
    launch_rest(0);
}

int boot_begin(struct supervisor *sv, struct error *e)
{
    struct pid1 *p = &sv->pid1;
    oom_begin(&p->oom, p);
    if (logging_open(&sv->logging, p, e) < 0 ||
        children_reserve(&p->children, 64 + CONTROL_PLACES, e) < 0)
        return -1;
    console_shared_by(sv->logging.lock);
    for (int fd = 1; fd <= 2 && !p->guest; fd++)
        open_up(fd);
    if ((p->settings.logging != LOGGING_CONSOLE || p->settings.console != CONSOLE_PLAIN) &&
        open_init_logger(sv, e) < 0)
        return -1;
    write_boot_event(p);
    if (scandir_open(&sv->scandir, e) < 0 || control_open(&sv->control, RUN_CONTROL, e) < 0)
        return -1;
    if (!hook_start(&sv->hook))
        load(sv);
    return 0;
}
