/* Oneshots and longruns as they are defined (spec/s6-rc-source.md section 4). */
#include "base/signals.h"
#include "contract/logger.h"
#include "services/definition_reading.h"
#include "services/package.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DESCRIPTOR_MAX = 1 << 20 };

void reading_oneshot(struct reading *r, struct definition *d)
{
    char path[READING_PATH];
    if (!reading_script(r, "up", &d->up))
        problems_system(r->p, reading_path(r, "up", path), 0,
                        "a oneshot needs an up file: one command line", "no file up in oneshot %s",
                        r->name);
    reading_script(r, "down", &d->down);
    reading_script(r, "reload", &d->reload);
    package_lead(&d->up);
    package_lead(&d->down);
    package_lead(&d->reload);
    d->has_run = reading_exists(r, "run");
    d->has_oneshot_finish = reading_exists(r, "finish");
}

static int descriptor(struct reading *r, const char *file)
{
    unsigned long long value = DESCRIPTOR_MAX;
    reading_number(r, file, DESCRIPTOR_MAX - 1, &value);
    if (value == DESCRIPTOR_MAX)
        return -1;
    if (value < 3) {
        char path[READING_PATH];
        problems_warning(r->p, reading_path(r, file, path), 1, "use 3 or more",
                         "descriptor %llu is one of the standard ones", value);
    }
    return (int)value;
}

static int signal_file(struct reading *r, const char *file, int fallback)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    int result = fallback;
    if (reading_content(r, file, &text) == 1) {
        int found = signal_number(reading_first_line(&text), 64);
        if (found < 0)
            problems_warning(r->p, reading_path(r, file, path), 1, "write a name such as SIGTERM",
                             "invalid signal \"%s\", using %d", reading_first_line(&text),
                             fallback);
        else
            result = found;
    }
    str_release(&text);
    return result;
}

static void check_run(struct reading *r)
{
    struct stat s;
    char path[READING_PATH];
    reading_path(r, "run", path);
    if (fstatat(r->fd, "run", &s, 0) < 0)
        problems_system(r->p, path, 0, "a longrun needs an executable script run",
                        "no file run in longrun %s", r->name);
    else if (!S_ISREG(s.st_mode))
        problems_error(r->p, path, 0, NULL, "run is not a regular file");
}

static void check_directory(struct reading *r, const char *name)
{
    struct stat s;
    char path[READING_PATH];
    if (fstatat(r->fd, name, &s, 0) == 0 && !S_ISDIR(s.st_mode))
        problems_error(r->p, reading_path(r, name, path), 0, "make it a directory",
                       "%s is not a directory", name);
}

/* Which of some words a file holds; -1: there is no file, or another word, which is said. */
static int read_choice(struct reading *r, const char *file, const char *const *words, int count,
                       const char *cure)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    int chosen = -1;
    if (reading_content(r, file, &text) == 1) {
        const char *word = reading_first_line(&text);
        for (int i = 0; i < count; i++)
            if (strcmp(word, words[i]) == 0)
                chosen = i;
        if (chosen < 0)
            problems_error(r->p, reading_path(r, file, path), 1, cure, "invalid word \"%s\"", word);
    }
    str_release(&text);
    return chosen;
}

static void read_exit(struct reading *r, struct definition *d)
{
    static const char *const words[] = {"always", "failure"};
    static const enum definition_exit values[] = {EXIT_ALWAYS, EXIT_FAILURE_ONLY};
    int chosen = read_choice(r, "container-exit", words, 2, "write always or failure");
    if (chosen >= 0)
        d->container_exit = values[chosen];
}

static void read_logging(struct reading *r, struct definition *d)
{
    static const char *const modes[] = {"0", "1", "2"};
    char path[READING_PATH];
    struct error why = ERROR_INIT;
    d->logging =
        read_choice(r, "logging", modes, 3, "write 0 (console), 1 (console and disk) or 2 (disk)");
    reading_script(r, "logging-script", &d->logging_script);
    if (d->logging_script.count > 0 && r->sources->check_script != NULL &&
        !r->sources->check_script(&d->logging_script, &why))
        problems_warning(r->p, reading_path(r, "logging-script", path), 0,
                         "the logger takes " LOGGER_SCRIPT " until it is mended",
                         "bad logging script: %s", why.text);
}

static void read_pipeline(struct reading *r, struct definition *d)
{
    char path[READING_PATH];
    d->producer_for = reading_one_name(r, "producer-for");
    reading_flat(r, "consumer-for", &d->consumer_for, &d->from[LIST_CONSUMER_FOR]);
    d->pipeline_name = reading_one_name(r, "pipeline-name");
    if (d->pipeline_name == NULL || (d->producer_for == NULL && d->consumer_for.count > 0))
        return;
    problems_warning(r->p, reading_path(r, "pipeline-name", path), 0,
                     "it belongs in the last consumer",
                     "pipeline-name is ignored: this is not the end of a pipeline");
    free(d->pipeline_name);
    d->pipeline_name = NULL;
}

void reading_longrun(struct reading *r, struct definition *d)
{
    static const char *const directories[] = {"data", "env", "template"};
    unsigned long long tally = d->max_death_tally;
    char path[READING_PATH];
    check_run(r);
    d->has_finish = reading_exists(r, "finish");
    d->notification_fd = descriptor(r, "notification-fd");
    d->lock_fd = descriptor(r, "lock-fd");
    if (d->lock_fd >= 0 && d->lock_fd == d->notification_fd)
        problems_error(r->p, reading_path(r, "lock-fd", path), 1, "use another number",
                       "lock-fd and notification-fd are the same");
    d->timeout_kill = reading_milliseconds(r, "timeout-kill", 0);
    d->timeout_finish = reading_milliseconds(r, "timeout-finish", 5000);
    d->kill_group = reading_exists(r, "flag-timeout-killpg");
    reading_number(r, "max-death-tally", 4096, &tally);
    d->max_death_tally = (unsigned int)tally;
    d->down_signal = signal_file(r, "down-signal", d->down_signal);
    d->reload_signal = signal_file(r, "reload-signal", d->reload_signal);
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        check_directory(r, directories[i]);
    read_pipeline(r, d);
    read_exit(r, d);
    read_logging(r, d);
}
