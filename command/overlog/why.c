/* overlog why: gathers what is known of one service, from the status file, the event log, the log
 * directory and /proc. */
#include "command/overlog/why.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/options.h"
#include "base/zone.h"
#include "command/commands.h"
#include "command/overlog/hooks.h"
#include "logcat/logdirs.h"
#include <limits.h>
#include <stdlib.h>

enum { EXIT_UNWELL = 1, NEAR = 10 /* s before an end in which its last lines are likely */ };

static void take_event(void *context, const struct timespec *time, const char *line)
{
    history_take(context, time, line);
}

/* The lines of an instance that are looked for: those of its last seconds, else all of its life. */
static int read_lines(struct why *w, size_t i, struct error *e)
{
    const struct history_end *end = &w->history.end[i];
    struct timespec until = end->before, near = end->at, since = end->began;
    if (!clock_is_set(&until)) {
        until = end->at;
        until.tv_sec++; /* its logger may have been busy */
    }
    near.tv_sec -= NEAR;
    if (!clock_is_set(&since) || clock_compare(&since, &near) > 0)
        near = since;
    struct last_lines_wish wish = {.directory = w->row->log,
                                   .most = why_lines_of(w->history.count - 1 - i),
                                   .since = near,
                                   .until = until};
    int result = clock_is_set(&near) ? last_lines_read(&w->lines[i], &wish, e) : 0;
    if (result < 0 || w->lines[i].count > 0 || clock_compare(&near, &since) == 0)
        return result;
    last_lines_release(&w->lines[i]);
    wish.since = since;
    return last_lines_read(&w->lines[i], &wish, e);
}

/* What it said since it was started, and why livecheck wanted it restarted last. */
static int read_present(struct why *w, struct error *e)
{
    struct last_lines_wish recent = {
        .directory = w->row->log, .most = why_lines_of(0), .since = w->history.began};
    struct last_lines_wish check = {
        .directory = w->row->log, .most = LAST_LINES_MAX, .begins = HOOK_LIVECHECK};
    int result = 0;
    if (w->row->pid > 0 && !w->row->ready)
        result = last_lines_read(&w->recent, &recent, e);
    if (last_lines_read(&w->check, &check, e) < 0)
        result = -1;
    last_lines_only(&w->check, hook_is_livechecks);
    return result;
}

static void read_history(struct why *w, struct error *e)
{
    history_init(&w->history, w->row->name);
    if (last_lines_events(take_event, &w->history, e) < 0)
        w->unknown = e->text;
    for (size_t i = 0; i < w->history.count; i++)
        if (w->history.end[i].reason[0] == '\0' && read_lines(w, i, e) < 0)
            w->unknown = e->text;
    if (read_present(w, e) < 0)
        w->unknown = e->text;
}

static void read_usage(struct why *w)
{
    struct usage_process *all;
    struct error e = ERROR_INIT;
    size_t count;
    if (usage_read(&all, &count, &e) == 0)
        usage_sum(all, count, (pid_t)w->row->pid, &w->usage);
    free(all);
}

static int tell(struct why *w, bool json)
{
    struct str out = STR_INIT;
    struct error e = ERROR_INIT;
    zone_take(logdirs_setting("TZ"));
    w->now = clock_wall();
    read_history(w, &e);
    read_usage(w);
    if (json)
        why_json(w, &out);
    else
        why_text(w, &out);
    last_lines_release(&w->recent);
    last_lines_release(&w->check);
    for (size_t i = 0; i < HISTORY_ENDS; i++)
        last_lines_release(&w->lines[i]);
    return put_all(&out);
}

static int run_why(struct invocation *c)
{
    static struct why w;
    struct services services;
    struct error e = ERROR_INIT;
    if (options_read_anywhere(c, 1, INT_MAX) != 0)
        return EXIT_USAGE;
    char **names = options.operand;
    const char *run = given('R') ? argument_of('R') : "/run";
    int code = services_read(&services, run, &e) < 0 ? message_error(&e) : 0;
    for (; code != EXIT_SYSTEM && *names != NULL; names++) {
        const struct status_row *row = status_find(&services.status, *names);
        if (row == NULL) {
            status_say_unknown(&services.status, *names);
            code = EXIT_UNWELL;
            continue;
        }
        struct status_row own = *row;
        struct restart_mistake mistake;
        status_read_files(&own, run);
        w = (struct why){
            .services = &services, .row = &own, .node = services_node(&services, *names)};
        restart_parse(own.restart, &w.policy, &mistake);
        int told = tell(&w, given('j'));
        code = told > code ? told : code;
    }
    services_release(&services);
    return code;
}

static const char why_options[] = "-j, --json     for programs\n"
                                  "-R, --run=DIR  the /run that overlog up printed\n";

const struct command command_why[] = {{"overlog why", "[--json] [-R DIR] NAME...",
                                       "say how a service is, how it ended, and what it waits for",
                                       why_options, run_why},
                                      {.name = NULL}};
