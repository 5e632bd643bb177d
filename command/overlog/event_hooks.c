/* event-hooks: follows the event log, and runs hooks for what it tells, one at a time. */
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/options.h"
#include "base/process.h"
#include "base/quantity.h"
#include "command/commands.h"
#include "command/overlog/hooks.h"
#include "command/overlog/last_lines.h"
#include "contract/paths.h"
#include "logcat/dirwatch.h"
#include "logcat/logdirs.h"
#include "logcat/source.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { TIMEOUT_MS = 30000, TIMEOUT_MAX = 3600000, GRACE_MS = 1000, ABSENT_MS = 5000 };

struct program {
    struct loop loop;
    struct dirwatch watch;
    struct timer absent;   /* when it is said that there is no event log */
    struct str root, path; /* of the logs, and of the event log */
    struct source *log;    /* NULL: it is not there yet */
    struct hooks hooks;
    int64_t timeout; /* ns for each hook */

    struct hook_job job; /* under way */
    struct words files;  /* what is to be executed for it */
    size_t file;         /* the next of them */
    struct last_lines lines;

    pid_t child;        /* 0: none runs */
    struct timer timer; /* the end of the child's time; else when the next job is due */
    bool ended;         /* the child was told to end */
    bool stopping;      /* so were we */
};

/* --- one hook --------------------------------------------------------------------------------- */

/* HOOKS_DIRECTORY/EVENT, or what is in it, sorted. */
static void find_files(struct program *p)
{
    char path[512];
    struct stat st;
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    const char *event = hook_names[p->job.event];
    words_release(&p->files);
    p->file = 0;
    snprintf(path, sizeof path, "%s/%s", HOOKS_DIRECTORY, event);
    if (stat(path, &st) < 0)
        return;
    if (!S_ISDIR(st.st_mode)) {
        words_add(&p->files, path);
        return;
    }
    file_list(AT_FDCWD, path, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path, sizeof path, "%s/%s/%.255s", HOOKS_DIRECTORY, event, names.item[i]);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
            words_add(&p->files, path);
    }
    words_release(&names);
}

/* Fills l with the last lines of the job's service that begin so (NULL: with any). */
static void read_lines(const struct program *p, const char *begins, struct last_lines *l)
{
    struct str directory = STR_INIT;
    struct error e = ERROR_INIT;
    if (p->job.service[0] == '\0' ||
        str_printf(&directory, "%s/%s", p->root.data, p->job.service) < 0)
        return;
    const struct last_lines_wish wish = {.directory = directory.data,
                                         .most = LAST_LINES_MAX,
                                         .since = begins == NULL ? (struct timespec){0, 0}
                                                                 : p->job.began,
                                         .until = p->job.until,
                                         .begins = begins};
    if (last_lines_read(l, &wish, &e) < 0)
        message_warning("%s", e.text);
    str_release(&directory);
}

/* Whether the job, which livecheck may have asked for, is to be run. The service may have logged a
 * lot since. */
static bool is_confirmed(struct program *p)
{
    struct last_lines said = {.count = 0};
    if (p->job.event != HOOK_UNREADY)
        return true;
    read_lines(p, HOOK_LIVECHECK, &said);
    last_lines_only(&said, hook_is_livechecks);
    bool is_asked = said.count > 0;
    if (is_asked)
        snprintf(p->job.reason, sizeof p->job.reason, "%s", said.line[0].text);
    last_lines_release(&said);
    return is_asked;
}

/* A file that holds the lines; -1: there is no room for one. */
static int input_of(const struct program *p)
{
    int fd = kernel_memory("event-hooks");
    for (size_t i = 0; fd >= 0 && i < p->lines.count; i++)
        if (fd_write_all(fd, p->lines.line[i].text, strlen(p->lines.line[i].text)) < 0 ||
            fd_write_all(fd, "\n", 1) < 0)
            break;
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void set_facts(const struct hook_job *job)
{
    struct words facts = WORDS_INIT;
    if (hook_facts(job, &facts) < 0)
        message_warning("unable to tell a hook all that is known: out of memory");
    for (size_t i = 0; i < facts.count; i++) {
        char *value = strchr(facts.item[i], '=');
        if (value == NULL) {
            unsetenv(facts.item[i]);
            continue;
        }
        *value = '\0';
        setenv(facts.item[i], value + 1, 1);
    }
    words_release(&facts);
}

static void start(struct program *p, char *path)
{
    struct error e = ERROR_INIT;
    char *argv[] = {path, NULL};
    int input = input_of(p);
    const struct process_fd fds[] = {{input, 0}};
    set_facts(&p->job);
    const struct process_spawn s = {.program = path,
                                    .argv = argv,
                                    .envp = environ,
                                    .directory = "/",
                                    .fds = fds,
                                    .fd_count = input >= 0,
                                    .new_session = true};
    p->child = process_start_explain(&s, &e);
    fd_close(input);
    if (p->child < 0) {
        message_warning("%s", e.text);
        p->child = 0;
        return;
    }
    p->ended = false;
    loop_timer(&p->loop, &p->timer, clock_monotonic() + p->timeout);
}

/* --- one after the other ---------------------------------------------------------------------- */

static void save_place(const char *place)
{
    struct error e = ERROR_INIT;
    if (file_replace(AT_FDCWD, RUN_HOOKS, place, strlen(place), 0600, &e) < 0)
        message_warning("%s", e.text);
}

/* Makes the next job that has files the one under way. False: none is due. */
static bool begin_job(struct program *p)
{
    const char *place;
    while ((place = hooks_next(&p->hooks, clock_monotonic(), &p->job)) != NULL) {
        save_place(place);
        find_files(p);
        if (p->files.count == 0)
            continue;
        if (!is_confirmed(p))
            continue;
        last_lines_release(&p->lines);
        read_lines(p, NULL, &p->lines);
        return true;
    }
    return false;
}

static void go_on(struct program *p)
{
    while (p->child == 0 && !p->stopping) {
        if (p->file < p->files.count) {
            start(p, p->files.item[p->file++]);
            continue;
        }
        if (begin_job(p))
            continue;
        p->file = p->files.count;
        if (hooks_due(&p->hooks) != 0)
            loop_timer(&p->loop, &p->timer, hooks_due(&p->hooks));
        unsigned long dropped = hooks_dropped(&p->hooks);
        if (dropped > 0)
            message_warning("no hook was run for %lu event%s: %d were waiting already", dropped,
                            dropped == 1 ? "" : "s", HOOKS_MAX);
        return;
    }
}

/* It leads a group of its own. */
static void end_child(struct program *p)
{
    kill(-p->child, p->ended ? SIGKILL : SIGTERM);
    p->ended = true;
    loop_timer(&p->loop, &p->timer, clock_monotonic() + GRACE_MS * CLOCK_MS);
}

static void time_is_over(struct timer *t)
{
    struct program *p = container_of(t, struct program, timer);
    if (p->child == 0) {
        go_on(p);
        return;
    }
    if (!p->ended)
        message_warning("%s takes longer than %lld ms, and is ended", p->files.item[p->file - 1],
                        (long long)(p->timeout / CLOCK_MS));
    end_child(p);
}

static void child_ended(struct program *p, int status)
{
    if (p->ended)
        kill(-p->child, SIGKILL); /* what it has left behind */
    else if (process_exit_code(status) != 0)
        message_warning("%s ended with %d", p->files.item[p->file - 1], process_exit_code(status));
    loop_untimer(&p->loop, &p->timer);
    p->child = 0;
    if (p->stopping)
        loop_stop(&p->loop);
    go_on(p);
}

static void on_signal(void *context, int signal)
{
    struct program *p = context;
    int status;
    pid_t pid;
    if (signal == SIGCHLD) {
        while ((pid = process_reap(&status)) > 0)
            if (pid == p->child)
                child_ended(p, status);
        return;
    }
    p->stopping = true;
    if (p->child == 0)
        loop_stop(&p->loop);
    else if (!p->ended)
        end_child(p);
}

/* --- the event log ---------------------------------------------------------------------------- */

static void read_log(struct program *p)
{
    int result = 0;
    while (p->log != NULL && result == 0 && source_next(p->log, false) == 1)
        if (p->log->entry.stamped)
            result = hooks_take(&p->hooks, &p->log->entry.time, p->log->entry.message,
                                clock_monotonic());
    if (result < 0)
        message_warning("unable to take an event: out of memory");
    go_on(p);
}

static void look_for_log(struct program *p)
{
    struct error e = ERROR_INIT;
    if (p->log != NULL || dirwatch_directory(&p->watch, p->path.data, 0, &e) < 0)
        return;
    loop_untimer(&p->loop, &p->absent);
    p->log = source_new(".events", p->path.data);
    if (p->log == NULL || source_open(p->log, READER_ALL, 0, &e) < 0) {
        message_warning("unable to read %s: %s", p->path.data, e.text);
        source_free(p->log);
        p->log = NULL;
    }
}

static void places(void *context)
{
    struct program *p = context;
    struct error e = ERROR_INIT;
    dirwatch_forget(&p->watch, DIRWATCH_PLACE);
    if (dirwatch_place(&p->watch, p->root.data, &e) < 0)
        message_warning("%s", e.text);
    look_for_log(p);
}

static void settled(void *context)
{
    read_log(context);
}

/* What has changed does not matter: all that is there is read then. */
static const struct dirwatch_calls calls = {.places = places, .settled = settled};

static void say_absent(struct timer *t)
{
    const struct program *p = container_of(t, struct program, absent);
    message_warning("no hook is run, for there is no event log in %s: set S6_LOGGING to 1 or 2 "
                    "(on a terminal it is 0 where it is not set)",
                    p->path.data);
}

/* --- the program ------------------------------------------------------------------------------ */

static int prepare(struct program *p, struct error *e)
{
    struct str place = STR_INIT;
    struct error ignored = ERROR_INIT;
    if (str_add_text(&p->root, last_lines_root()) < 0 ||
        str_printf(&p->path, "%s/.events", p->root.data) < 0)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (file_read(AT_FDCWD, RUN_HOOKS, HOOK_PLACE_MAX, &place, &ignored) == 0 && place.length > 0)
        hooks_resume(&p->hooks, place.data);
    str_release(&place);
    p->timer.fire = time_is_over;
    p->absent.fire = say_absent;
    if (loop_open(&p->loop, e) < 0 || loop_reserve_timers(&p->loop, 8, e) < 0 ||
        loop_signal(&p->loop, SIGCHLD, on_signal, p, e) < 0 ||
        loop_signal(&p->loop, SIGTERM, on_signal, p, e) < 0 ||
        loop_signal(&p->loop, SIGINT, on_signal, p, e) < 0 ||
        dirwatch_open(&p->watch, &p->loop, &calls, p, e) < 0)
        return -1;
    return 0;
}

static int run_event_hooks(struct invocation *c)
{
    static struct program p; /* it is large */
    struct error e = ERROR_INIT;
    uint64_t timeout = TIMEOUT_MS;
    if (options_read_anywhere(c, 0, 0) != 0)
        return EXIT_USAGE;
    const char *word = logdirs_setting("OVERLOG_HOOK_TIMEOUT");
    if (word != NULL && (duration_parse(word, TIMEOUT_MAX, &timeout) != 0 || timeout == 0)) {
        message_warning("OVERLOG_HOOK_TIMEOUT=%s is no time from 1 ms to 1 h, using 30s", word);
        timeout = TIMEOUT_MS;
    }
    p.timeout = (int64_t)timeout * CLOCK_MS;
    if (prepare(&p, &e) < 0)
        return message_error(&e);
    const char *logging = logdirs_setting("S6_LOGGING");
    bool is_off = logging != NULL && strcmp(logging, "0") == 0;
    loop_timer(&p.loop, &p.absent, clock_monotonic() + (is_off ? 0 : ABSENT_MS * CLOCK_MS));
    places(&p);
    read_log(&p);
    int result = loop_run(&p.loop, &e);
    source_free(p.log);
    dirwatch_close(&p.watch);
    loop_close(&p.loop);
    hooks_release(&p.hooks);
    last_lines_release(&p.lines);
    words_release(&p.files);
    str_release(&p.root);
    str_release(&p.path);
    return result < 0 ? message_error(&e) : 0;
}

const struct command command_event_hooks[] = {
    {"event-hooks", "", "run the hooks in " HOOKS_DIRECTORY " for what the event log tells", NULL,
     run_event_hooks},
    {.name = NULL}};
