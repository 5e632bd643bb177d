/* From an empty supervisor to a running CMD: loggers, hook, definitions, services, CMD. */
#include "base/clock.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "contract/paths.h"
#include "overlay/settings.h"
#include "services/database.h"
#include "services/package.h"
#include "supervisor/console.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Upstream's name for what speaks at this stage; people search for its messages. */
#define RC_INIT "/run/s6/basedir/scripts/rc.init"

/* --- loggers and control -----------------------------------------------------------------------
 */

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
    char target[4096];
    struct error ignored = ERROR_INIT;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_system(e, "unable to make the event pipe");
    sv->pid1.events.fd = ends[1];
    if (logged_open(&sv->init.logged, &sv->logging, ".init", sv->pid1.settings.logging, &none,
                    ends[0], e) < 0)
        return -1;
    snprintf(target, sizeof target, "%s/.init", sv->pid1.settings.log_root);
    file_link(target, AT_FDCWD, RUN_UNCAUGHT, &ignored);
    sv->pid1.out = sv->init.logged.out_write;
    sv->pid1.err = sv->init.logged.err_write;
    logger_slot_start(&sv->init);
    sv->pid1.calls->messages_to(sv->init.logged.err_write);
    return 0;
}

static void event_boot(struct supervisor *sv)
{
    uint64_t id = 0;
    kernel_noise(&id, sizeof id);
    pid1_event(&sv->pid1, "boot", NULL, "id=%016llx pid=%ld version=%s", (unsigned long long)id,
               (long)getpid(), OVERLOG_VERSION);
}

static int on_control(void *context, struct control_connection *from, const char *const *words,
                      size_t count)
{
    struct supervisor *sv = context;
    if (strcmp(words[0], "halt") == 0)
        return halt_request(sv, from, words, count);
    if (strcmp(words[0], "s6-rc") == 0 || strcmp(words[0], "s6-rc-update") == 0)
        return rc_request(sv, from, words, count);
    control_say(from, 'e', "unknown request\n");
    return EXIT_USAGE;
}

static void on_gone(void *context, const struct control_connection *from)
{
    rc_gone(context, from);
}

/* Once the stop has come to processes none is begun for that: our end closes what is left. */
static pid_t on_close(void *context, int fd, uint32_t place)
{
    struct supervisor *sv = context;
    struct error e = ERROR_INIT;
    if (sv->pid1.stage >= STAGE_TERM)
        return -1;
    pid_t pid = sv->pid1.calls->close_slowly(fd);
    int why = errno;
    if (pid > 0) {
        shortage_over(&sv->pid1.shortage);
        children_add(&sv->pid1.children, pid, CHILD_CLOSER, place);
    } else if (pid < 0) {
        error_system(&e, "unable to fork");
        shortage_note(&sv->pid1.shortage, "a connection that is over", "", &e, why,
                      pid1_now(&sv->pid1));
        supervisor_put_off(sv);
    }
    return pid;
}

/* --- the hook ----------------------------------------------------------------------------------
 */

static void load(struct supervisor *sv);

static void start_hook(struct supervisor *sv)
{
    struct words argv = WORDS_INIT;
    struct error e = ERROR_INIT;
    struct process_fd fds[3] = {{0, 0}, {sv->pid1.out, 1}, {sv->pid1.err, 2}};
    if (cmd_expand(sv->pid1.settings.hook, &argv) < 0 || argv.count == 0) {
        words_release(&argv);
        load(sv);
        return;
    }
    struct process_spawn s = {
        .program = argv.item[0],
        .argv = argv.item,
        .directory = "/",
        .fds = fds,
        .fd_count = 3,
        .new_session = true,
        .by_shell = true,
    };
    pid1_enter(&sv->pid1, STAGE_HOOK);
    sv->hook = pid1_spawn(&sv->pid1, &s, CHILD_HOOK, 0, &sv->cmd_report, &e);
    words_release(&argv);
    if (sv->hook > 0)
        return;
    message_warning("unable to run S6_STAGE2_HOOK: %s", e.text);
    load(sv);
}

void boot_hook_reaped(struct supervisor *sv, int status)
{
    int code = process_exit_code(status);
    cmd_explain(&sv->pid1, &sv->cmd_report, sv->pid1.settings.hook);
    sv->hook = 0;
    if (sv->pid1.stage != STAGE_HOOK)
        return;
    if (code == 0)
        message_line(MESSAGE_INFO, RC_INIT ": info: hook %s exited 0", sv->pid1.settings.hook);
    else
        message_line(MESSAGE_WARNING, RC_INIT ": warning: hook %s exited %d",
                     sv->pid1.settings.hook, code);
    if (code != 0 && sv->pid1.settings.behaviour >= 2) {
        message_line(MESSAGE_FATAL, RC_INIT ": fatal: stopping the container.");
        stop_begin(sv, "failure", 0, code, FINAL_EXIT);
        return;
    }
    load(sv);
}

/* --- definitions ---------------------------------------------------------------------------------
 */

static int read_tree(struct supervisor *sv)
{
    struct problems problems = PROBLEMS_INIT;
    struct words memory = WORDS_INIT;
    struct definition_source source[2 + PACKAGE_SOURCES_MAX] = {
        {.path = sv->pid1.settings.services}, {.path = sv->pid1.settings.bundles, .bundles = true}};
    struct definition_sources sources = {.item = source,
                                         .count = 2 + package_sources(&memory, source + 2),
                                         .check_script = sv->check_script};
    int result = definitions_builtin(&sv->definitions);
    if (result == 0)
        result = definitions_read(&sv->definitions, &sources, &problems);
    if (result == 0)
        result = graph_build(&sv->graph, &sv->definitions, &problems);
    if (problems.errors > 0)
        result = -1;
    package_check_scripts(&problems);
    words_release(&memory);
    problems_say(&problems);
    problems_release(&problems);
    return result;
}

/* For s6-rc-db, and for those who look whether s6-rc is there. */
static void publish(struct supervisor *sv)
{
    struct error e = ERROR_INIT;
    if (database_write(RUN_RC "/compiled:boot", &sv->definitions, &e) < 0 ||
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

/* The end of the boot stages: after this nothing here gives up any more. */
static void load(struct supervisor *sv)
{
    struct error e = ERROR_INIT;
    unsigned char *set = NULL;
    if (settings_renew(&sv->pid1.settings, settings_variable) < 0 || cmd_prepare(sv, &e) < 0) {
        message_fatal("%s", e.text[0] != '\0' ? e.text : "out of memory");
        stop_begin(sv, "failure", 0, EXIT_SYSTEM, FINAL_EXIT);
        return;
    }
    sv->fixes_attrs = is_there(sv, "fix-attrs.d");
    sv->runs_init = is_there(sv, "cont-init.d");
    if (read_tree(sv) < 0) {
        message_fatal("unable to use the service definitions, stopping the container");
        stop_begin(sv, "failure", 0, 1, FINAL_EXIT);
        return;
    }
    set = calloc((size_t)sv->graph.count + 1, 1);
    sv->tail.late = calloc((size_t)sv->graph.count + 1, 1);
    if (set == NULL || sv->tail.late == NULL || longruns_make(sv, &e) < 0 ||
        transition_init(&sv->transition, &sv->graph) < 0 ||
        graph_select(&sv->graph, "top", set) < 0) {
        message_fatal("unable to prepare the services: %s",
                      e.text[0] != '\0' ? e.text : "out of memory");
        free(set);
        stop_begin(sv, "failure", 0, EXIT_SYSTEM, FINAL_EXIT);
        return;
    }
    publish(sv);
    sv->pid1.changes.renew = true;
    pid1_enter(&sv->pid1, STAGE_STARTING);
    if (!sv->init.logged.open)
        sv->pid1.calls->messages_to(2); /* from the mark on pid 1 waits for nobody */
    transition_begin(&sv->transition, set, true, pid1_now(&sv->pid1), sv->pid1.settings.up_timeout);
    free(set);
}

void boot_services_over(struct supervisor *sv, enum transition_result result)
{
    if (result == TRANSITION_TIMED_OUT)
        message_line(MESSAGE_FATAL, "s6-rc: fatal: timed out");
    if (result != TRANSITION_OK && sv->pid1.settings.behaviour >= 1)
        message_line(
            MESSAGE_WARNING, RC_INIT
            ": warning: s6-rc failed to properly bring all the services up! Check your logs (in "
            "/run/uncaught-logs/current if you have in-container logging) for more "
            "information.");
    if (result != TRANSITION_OK && sv->pid1.settings.behaviour >= 2) {
        message_line(MESSAGE_FATAL, RC_INIT ": fatal: stopping the container.");
        stop_begin(sv, "failure", 0, result == TRANSITION_TIMED_OUT ? 2 : 1, FINAL_EXIT);
        return;
    }
    pid1_enter(&sv->pid1, STAGE_RUNNING);
    cmd_start(sv);
}

int boot_begin(struct supervisor *sv, struct error *e)
{
    if (logging_open(&sv->logging, &sv->pid1.settings, sv->pid1.program, &sv->pid1.nofile, e) < 0 ||
        children_reserve(&sv->pid1.children, 64 + CONTROL_PLACES, e) < 0)
        return -1;
    for (int fd = 1; fd <= 2 && !sv->pid1.guest; fd++)
        open_up(fd);
    if (sv->pid1.settings.logging != LOGGING_CONSOLE && open_init_logger(sv, e) < 0)
        return -1;
    event_boot(sv);
    sv->control = (struct control){.loop = &sv->pid1.loop,
                                   .handler = on_control,
                                   .gone = on_gone,
                                   .closer = on_close,
                                   .context = sv};
    if (scandir_open(sv, e) < 0 || control_open(&sv->control, RUN_CONTROL, e) < 0)
        return -1;
    if (sv->pid1.settings.hook != NULL && sv->pid1.settings.hook[0] != '\0')
        start_hook(sv);
    else
        load(sv);
    return 0;
}
