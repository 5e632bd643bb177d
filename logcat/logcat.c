/* logcat: the log directories of all services as one. */
#include "logcat/logcat.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/nearest.h"
#include "base/zone.h"
#include "contract/logger.h"
#include "logcat/boot.h"
#include "logcat/follow_view.h"
#include "logcat/list.h"
#include "logcat/newest_first.h"
#include "logcat/pager.h"
#include "logcat/pool.h"
#include "logcat/request.h"
#include "logcat/time_parse.h"
#include "logcat/unlogged.h"
#include "rotate/pipe_note.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_NOTHING = 1, LINES_AT_END = 1000, NARROW = 70 };

static int build_filter(const struct request *q, struct filter *f, struct error *e)
{
    struct timespec now = clock_wall();
    for (size_t i = 0; i < q->include.count; i++)
        if (filter_add(f, q->include.item[i], false, q->ignore_case, e) < 0)
            return -1;
    for (size_t i = 0; i < q->exclude.count; i++)
        if (filter_add(f, q->exclude.item[i], true, q->ignore_case, e) < 0)
            return -1;
    for (size_t i = 0; i < q->where.count; i++)
        if (filter_add_where(f, q->where.item[i], e) < 0)
            return -1;
    f->stream = q->stream;
    f->severity = q->severity;
    if (q->since && time_parse(q->since, &now, q->utc, &f->since, e) < 0)
        return -1;
    if (q->until && time_parse(q->until, &now, q->utc, &f->until, e) < 0)
        return -1;
    return 0;
}

/* Takes the range of a run (-b, -p) into the filter, where -S and -U have not set it. */
static int take_boot(const struct request *q, struct filter *f, struct events *events,
                     struct error *e)
{
    static const char *const ends[] = {[BOOT_CUT_SHORT] = "killed: the stop was not over",
                                       [BOOT_KILLED] = "killed: it ended without a stop"};
    struct boot_range range;
    if (!q->boot && !q->previous)
        return 0;
    int found = boot_range(q->logdirs.root, q->previous, &range, e);
    if (found == 0 && !q->since)
        f->since = range.since;
    if (found == 0 && !q->until)
        f->until = range.until;
    if (found == 0 && q->previous && !q->until && range.end != BOOT_STOPPED) {
        events->run_end = ends[range.end];
        events->next_boot = range.until;
        f->until.tv_nsec++; /* the line of the next boot is shown, in other words */
    }
    if (found > 0)
        return error_set(e, EXIT_NOTHING, "no %s recorded in %s/.events",
                         q->previous ? "previous start is" : "start is", q->logdirs.root);
    return found;
}

/* Compiles the patterns whose matches stand out: those of --highlight, and of -g. */
static int build_marks(const struct request *q, struct pattern **marks, size_t *count,
                       struct error *e)
{
    const struct words *lists[] = {&q->marks, &q->include};
    *marks = calloc(q->marks.count + q->include.count + 1, sizeof **marks);
    if (!*marks)
        return error_system(e, "unable to take the expressions");
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < lists[k]->count; i++) {
            if (pattern_open(&(*marks)[*count], lists[k]->item[i], q->ignore_case, e) < 0)
                return -1;
            ++*count;
        }
    }
    return 0;
}

static void build_render(const struct request *q, struct render *r)
{
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool shown = isatty(STDOUT_FILENO) != 0;
    bool dull = (no_color && *no_color) || (terminal && strcmp(terminal, "dumb") == 0);
    *r = (struct render){.form = q->form,
                         .utc = q->utc,
                         .names = !q->no_prefix,
                         .parse = q->parse,
                         .caret = shown,
                         .time_format = q->time_format};
    struct winsize size = {.ws_col = 0};
    if (shown && q->form == RENDER_SHORT && !q->time_format &&
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_col < NARROW)
        r->time_format = "%m-%d %H:%M:%S";
    r->color = strcmp(q->color, "always") == 0 || (strcmp(q->color, "auto") == 0 && shown && !dull);
}

/* --- sources --- */

/* Warns of services named on the command line that are not logged, and why. False: there are none.
 */
static bool say_unlogged(const struct request *q, const struct logdirs_list *list)
{
    struct str reason = STR_INIT;
    bool said = false;
    for (size_t i = 0; q->logdirs.wanted[0] && i < list->paths.count; i++)
        if (unlogged_reason(list->names.item[i], list->paths.item[i], &reason)) {
            message_warning("%s is not logged: %s", list->names.item[i], reason.data);
            said = true;
        }
    str_release(&reason);
    return said;
}

/* Warns that a service has no log directory, and names one that may be meant, or where a oneshot's
 * output is; or says why there is none at all. */
static void say_no_directory(const struct request *q, const char *name)
{
    static char *const none[] = {NULL};
    const struct logdirs all = {q->logdirs.root, none, NULL};
    struct logdirs_list list = {.matches = 0};
    struct error e = ERROR_INIT;
    const char *near = NULL;
    if (logdirs_find(&all, &list, NULL, &e) == 0)
        near = nearest_word(&list.names, name);
    const char *hint = near ? "; did you mean " : "";
    if (!near && words_has(&list.names, ".init"))
        hint = "; what oneshots say is in .init";
    if (list.names.count == 0)
        logdirs_explain(&all);
    else
        message_warning("no log directory of %s under %s%s%s%s; logcat -l lists what there is",
                        name, q->logdirs.root, hint, near ? near : "", near ? "?" : "");
    logdirs_release(&list);
}

/* Warns that a service has no logs, and says why. */
static void say_missing(const struct request *q, const char *name)
{
    struct str path = STR_INIT;
    struct str reason = STR_INIT;
    if (str_printf(&path, "%s/%s", q->logdirs.root, name) == 0 &&
        unlogged_reason(name, path.data, &reason))
        message_warning("%s is not logged: %s", name, reason.data);
    else
        say_no_directory(q, name);
    str_release(&path);
    str_release(&reason);
}

/* Warns that nothing named on the command line has logs. */
static void say_empty(const struct request *q, const struct logdirs_list *list)
{
    bool any = list->paths.count == 0 || !q->logdirs.wanted[0] || say_unlogged(q, list);
    for (size_t i = 0; !any && i < list->paths.count; i++)
        any = logdirs_has_log(list->paths.item[i]);
    if (!any)
        message_warning("no logs in %s%s: neither current nor archives", list->paths.item[0],
                        list->paths.count > 1 ? " and others" : "");
}

static int find(struct request *q, struct logdirs_list *list, struct error *e)
{
    struct words unmatched = WORDS_INIT;
    int result = logdirs_find(&q->logdirs, list, &unmatched, e);
    for (size_t i = 0; result == 0 && i < unmatched.count; i++) {
        const char *word = unmatched.item[i];
        if (!strchr(word, '/'))
            say_missing(q, word);
        else if (access(word, F_OK) == 0)
            message_warning("not a directory: %s; name the log directory that it is in", word);
        else
            message_warning("no such directory: %s", word);
        q->unreadable |= !q->follow;
    }
    if (result == 0)
        say_empty(q, list);
    words_release(&unmatched);
    return result;
}

/* Whether only the last lines of each source are needed. */
static bool is_tail(const struct view *v)
{
    return (v->tailing || v->each.most > 0) && !filter_any(&v->filter);
}

static int add_sources(const struct request *q, struct view *v, const struct logdirs_list *list,
                       struct error *e)
{
    struct words logs = WORDS_INIT;
    int result = 0;
    for (size_t i = 0; result == 0 && i < list->names.count; i++)
        if (!q->follow || !pipe_note_leave_out(list->names.item[i], list->paths.item[i]))
            result = view_add(v, list->names.item[i], list->paths.item[i], false, e);
    if (q->unit_events && result == 0 && logdirs_event_logs(&q->logdirs, &logs) < 0)
        result = error_system(e, "unable to read the event log");
    for (size_t i = 0; result == 0 && i < logs.count; i++)
        result = view_add(v, ".events", logs.item[i], true, e);
    words_release(&logs);
    return result;
}

static void open_sources(const struct request *q, struct view *v, struct follow_view *live)
{
    for (size_t i = 0; i < v->count; i++) {
        struct error e = ERROR_INIT;
        struct source *s = v->source[i];
        if (s->events && access(s->path, F_OK) != 0)
            continue;
        if ((live && follow_view_watch(live, i, &e) < 0) ||
            (is_tail(v) ? source_open_tail(s, q->tail > 0 ? q->tail : q->lines, &e)
                        : source_open(s, READER_ALL, 0, &e)) < 0)
            source_say(s, e.text);
    }
}

/* --- running --- */

/* Whether the history must be surveyed before it is shown: to put lines of several sources in
 * order, or to find the last ones from the end. */
static bool is_survey_needed(const struct request *q, const struct view *v)
{
    return !v->tallying && !is_tail(v) &&
           (v->count > 1 || q->reverse || (v->tailing && !q->follow));
}

static void show_history(const struct request *q, struct view *v, struct follow_view *live)
{
    bool torn = q->whole || q->before + q->after > 0;
    for (size_t i = 0; i < v->count; i++) {
        v->source[i]->since = v->filter.since;
        v->source[i]->until = v->filter.until;
    }
    bool even = !is_survey_needed(q, v) || view_survey(v);
    bool some = v->tailing && v->tail.most > 0 && !is_tail(v) && !q->follow;
    if (v->tallying || v->each.most > 0) {
        open_sources(q, v, live);
        view_history(v, q->follow, q->reverse && !v->tallying);
    } else if (even && !torn && (some || (q->reverse && !v->tailing))) {
        newest_first_windows(v, q->reverse, v->tailing ? q->lines : 0);
    } else if (q->reverse && !v->tailing) {
        newest_first_parts(v);
    } else {
        open_sources(q, v, live);
        view_history(v, q->follow, q->reverse);
    }
}

static void show_tally(const struct request *q, struct view *v)
{
    size_t most = q->lines_said && !q->all_lines ? (size_t)q->lines : TALLY_ROWS;
    tally_sort(&v->tally, q->reverse);
    if (tally_show(&v->tally, &v->render, most, &v->output.buffer) < 0)
        v->failed = ENOMEM;
    output_flush(&v->output);
}

static void offer_pager(const struct request *q, struct output *o)
{
    pager_offer(o);
    o->at_end = q->at_end;
    if (q->no_pager)
        o->full = NULL;
}

static int say_unwritten(int reason)
{
    return refuse(EXIT_SYSTEM, "unable to write: %s", strerror(reason));
}

static int show(struct request *q, struct view *v, const struct logdirs_list *list, struct error *e)
{
    struct follow_view *live = NULL;
    int result = 0;
    if (q->follow)
        result = follow_view_open(&live, v, &q->logdirs, e);
    else
        offer_pager(q, &v->output);
    if (result == 0)
        result = add_sources(q, v, list, e);
    if (result == 0)
        show_history(q, v, live);
    if (result == 0 && v->tallying)
        show_tally(q, v);
    if (result == 0 && q->follow && !v->output.ended)
        result = follow_view_run(live, e);
    if (result == 0 && v->shown == 0 && !q->follow && isatty(STDOUT_FILENO))
        str_add_text(&v->output.buffer, "-- no entries --\n");
    pager_close(&v->output);
    follow_view_close(live);
    for (size_t i = 0; i < v->count; i++)
        q->unreadable |= v->source[i]->broken;
    if (result < 0)
        return message_error(e);
    if (v->failed || v->output.failed)
        return say_unwritten(v->failed ? v->failed : v->output.failed);
    return q->unreadable ? EXIT_SYSTEM : v->shown == 0 ? EXIT_NOTHING : 0;
}

/* Prepares the parts of the view that do not depend on the log directories. */
static int prepare(struct request *q, struct view *v, struct error *e)
{
    struct pattern *marks = NULL;
    v->heading = q->heading;
    build_render(q, &v->render);
    int result = build_filter(q, &v->filter, e);
    if (result == 0)
        result = build_marks(q, &marks, &v->render.marks, e);
    v->render.mark = marks;
    v->rating = v->render.color || q->parse || q->columns || q->severity.most != SEVERITY_UNKNOWN;
    if (result == 0 && q->columns)
        result = columns_parse(&v->columns, q->columns, e);
    v->filter.columns = q->columns ? &v->columns : NULL;
    v->context =
        (struct context){.whole = q->whole, .before = (size_t)q->before, .after = (size_t)q->after};
    return result;
}

static int run_view(struct request *q, struct view *v, const struct logdirs_list *list)
{
    struct error e = ERROR_INIT;
    struct events events = {.logdirs = &q->logdirs};
    if (take_boot(q, &v->filter, &events, &e) < 0)
        return message_error(&e);
    v->events = &events;
    if (!q->lines_said && q->tail == 0 && q->follow && !filter_any(&v->filter)) {
        q->lines_said = true;
        q->lines = 10;
    }
    if (q->at_end && !q->lines_said && q->tail == 0) {
        q->lines_said = true;
        q->lines = LINES_AT_END;
    }
    v->tallying = q->patterns;
    v->each.most = q->patterns ? 0 : (size_t)q->tail;
    v->tailing = q->lines_said && !q->all_lines && !q->patterns;
    if (v->tailing)
        tail_init(&v->tail, (size_t)q->lines);
    int code = show(q, v, list, &e);
    events_release(&events);
    return code;
}

static int run_list(struct request *q, const struct logdirs_list *list)
{
    struct output o = {.fd = STDOUT_FILENO, .interrupt = -1};
    offer_pager(q, &o);
    bool good = list_services(&q->logdirs, list, q->utc, o.columns, &o.buffer);
    pager_close(&o);
    output_release(&o);
    if (o.failed)
        return say_unwritten(o.failed);
    if (!good || q->unreadable)
        return EXIT_SYSTEM;
    return list->names.count == 0 ? EXIT_NOTHING : 0;
}

static int run_request(struct request *q)
{
    struct view v = {.output = {.fd = STDOUT_FILENO, .interrupt = -1}};
    struct error e = ERROR_INIT;
    struct logdirs_list list = {.matches = 0};
    int code;
    if (prepare(q, &v, &e) < 0 || find(q, &list, &e) < 0) {
        code = message_error(&e);
    } else if (list.names.count == 0 && !q->logdirs.wanted[0] &&
               (!q->follow || access(q->logdirs.root, F_OK) != 0)) {
        logdirs_explain(&q->logdirs);
        code = EXIT_NOTHING;
    } else if (q->list) {
        code = run_list(q, &list);
    } else {
        if (list.names.count == 0 && !q->logdirs.wanted[0])
            logdirs_explain(&q->logdirs);
        code = run_view(q, &v, &list);
    }
    logdirs_release(&list);
    view_release(&v);
    return code;
}

/* Fills the numbers of standard streams, so that no log file gets one, and raises the limit of
 * descriptors: each service needs some. */
static void take_descriptors(void)
{
    struct rlimit limit;
    while (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
        if (open("/dev/null", O_RDWR) < 0)
            break;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (before < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) < 0)
        limit.rlim_cur = before;
    pool_limit(limit.rlim_cur == RLIM_INFINITY ? 0 : (size_t)limit.rlim_cur);
}

static int logcat(struct invocation *c)
{
    static char *const none[] = {NULL};
    struct request q = {.color = "auto"};
    char *root = NULL;
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return say_unwritten(errno);
    take_descriptors();
    setlocale(LC_CTYPE, "C.UTF-8"); /* expressions match characters */
    int code = request_parse(c, &q);
    if (code == 0) {
        const char *setting = logdirs_setting("OVERLOG_DIR");
        bool here = access(LOGGER_ROOT, F_OK) != 0 && access("logs/.", F_OK) == 0;
        root = strdup(setting && *setting ? setting : here ? "./logs" : LOGGER_ROOT);
        q.logdirs = (struct logdirs){root, q.operands.item ? q.operands.item : none, &q.without};
        signal(SIGPIPE, SIG_IGN);
        if (!zone_take(logdirs_setting("TZ")) && !q.utc)
            message_warning("no data of the time zone %s: times are in UTC", getenv("TZ"));
        code = root ? run_request(&q) : EXIT_SYSTEM;
    }
    free(root);
    request_release(&q);
    return code;
}

const struct command logcat_commands[] = {
    {"logcat", "[OPTIONS] [SERVICE|DIRECTORY...]",
     "show the logs of all services, or of those named, merged by time", request_options, logcat},
    {0},
};
