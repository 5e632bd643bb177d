/* overlog metrics: gathers what metrics.c prints. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/last_lines.h"
#include "command/overlog/metrics.h"
#include "logcat/events.h"
#include "logcat/logdirs.h"
#include "logcat/source.h"
#include "rotate/read/count.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_UNWELL = 1 };

struct gathered {
    struct status status;
    struct metrics_service *service; /* by row; owned */
    struct history container;        /* of no service */
};

static void take_event(void *context, const struct timespec *time, const char *line)
{
    struct gathered *g = context;
    char name[EVENTS_NAME_MAX];
    bool is_of_service = events_service(line, name);
    if (!is_of_service)
        history_take(&g->container, time, line);
    for (size_t i = 0; i < g->status.count; i++)
        if (!is_of_service || strcmp(g->status.row[i].name, name) == 0)
            history_take(&g->service[i].history, time, line);
}

static void found(void *context, const struct timespec *first, const struct timespec *last,
                  unsigned long lines)
{
    (void)first;
    (void)last;
    *(long long *)context += (long long)lines;
}

static long long count_lines(const char *directory)
{
    long long lines = 0;
    struct error e = ERROR_INIT;
    struct count c = {.found = found, .context = &lines, .stamp_of = stamp_time};
    if (directory[0] == '\0' || access(directory, F_OK) < 0)
        return -1;
    return count_directory(&c, directory, &e) < 0 ? -1 : lines;
}

static void take_note(void *context, const struct timespec *time, const char *line)
{
    (void)time;
    *(long long *)context += metrics_missing(line);
}

/* Takes a look at all lines. */
static long long count_dropped(const char *directory)
{
    long long lines = 0;
    struct error e = ERROR_INIT;
    if (directory[0] == '\0')
        return -1;
    return last_lines_each(directory, METRICS_MISSING, take_note, &lines, &e) < 0 ? -1 : lines;
}

static int gather(struct gathered *g, const char *run)
{
    struct error e = ERROR_INIT;
    struct usage_process *all;
    size_t count;
    const char *full = logdirs_setting("OVERLOG_ON_FULL");
    bool drops = full != NULL && strcmp(full, "drop") == 0;
    g->service = calloc(g->status.count + 1, sizeof *g->service);
    if (g->service == NULL)
        return refuse(EXIT_SYSTEM, "out of memory");
    history_init(&g->container, "");
    for (size_t i = 0; i < g->status.count; i++)
        history_init(&g->service[i].history, g->status.row[i].name);
    if (last_lines_events(take_event, g, &e) < 0)
        message_warning("%s", e.text);
    if (usage_read(&all, &count, &e) < 0)
        return message_error(&e);
    for (size_t i = 0; i < g->status.count; i++) {
        struct status_row *r = &g->status.row[i];
        usage_sum(all, count, (pid_t)r->pid, &r->use);
        status_read_files(r, run);
        g->service[i].log_lines = count_lines(r->log);
        g->service[i].dropped = drops ? count_dropped(r->log) : -1;
    }
    free(all);
    return 0;
}

static int write_to(const char *path, struct str *out)
{
    struct error e = ERROR_INIT;
    int result = file_replace(AT_FDCWD, path, out->data, out->length, 0644, &e);
    str_release(out);
    return result < 0 ? message_error(&e) : 0;
}

static int run_metrics(struct invocation *c)
{
    struct gathered g = {.service = NULL};
    struct error e = ERROR_INIT;
    struct str out = STR_INIT;
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    const char *run = given('R') ? argument_of('R') : "/run";
    if (status_read(&g.status, run, &e) < 0)
        return message_error(&e);
    bool good = status_choose(&g.status, options.operand);
    int code = gather(&g, run);
    if (code == 0) {
        struct metrics m = {
            .status = &g.status, .service = g.service, .container = g.container.counts};
        metrics_text(&m, &out);
        code = given('o') ? write_to(argument_of('o'), &out) : put_all(&out);
    }
    free(g.service);
    status_release(&g.status);
    return code == 0 && !good ? EXIT_UNWELL : code;
}

static const char metrics_options[] =
    "-o, --output=FILE  replace FILE with that, in one step, for a collector of text files\n"
    "-R, --run=DIR      another /run\n";

const struct command command_metrics[] = {{"overlog metrics", "[-o FILE] [-R DIR] [NAME...]",
                                           "print figures of the services as OpenMetrics text",
                                           metrics_options, run_metrics},
                                          {.name = NULL}};
