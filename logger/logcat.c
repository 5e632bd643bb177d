/* logcat: the log directories of all services as one. */
#include "base/clock.h"
#include "base/message.h"
#include "logger/boot.h"
#include "logger/live.h"
#include "logger/logger.h"
#include "logger/when.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_NOTHING = 1 };

static const struct command_option options[] = {
    {'n', "lines", "N", "the last N lines, or all (default: all; with -f alone: 10)"},
    {'f', "follow", NULL, "go on with what is written, until ^C"},
    {'S', "since", "TIME", "from TIME on: 10m, 2h, today, yesterday, HH:MM, YYYY-MM-DD HH:MM:SS"},
    {'U', "until", "TIME", "before TIME"},
    {'b', "boot", NULL, "since this container started"},
    {'p', "previous", NULL, "the run before this one"},
    {'s', "stream", "out|err", "one stream only, where the stamps tell"},
    {'g', "grep", "RE", "lines that match (repeated: any of them)"},
    {'x', "exclude", "RE", "no lines that match"},
    {'i', "ignore-case", NULL, "for -g and -x"},
    {'o', "output", "FORM", "short, full, raw, json or cri"},
    {0, "utc", NULL, "times in UTC"},
    {0, "no-prefix", NULL, "without the service's name"},
    {0, "color", "WHEN", "auto, always or never"},
    {'l', "list", NULL, "list the services, with size and number of archives"},
    {0},
};

struct request {
    bool follow, list, boot, previous, ignore_case, lines_said, all_lines, no_prefix, utc;
    unsigned long long lines;
    const char *since, *until, *color;
    enum render_form form;
    enum stamp_stream stream;
    struct words include, exclude, operands;
    struct roster roster;
    bool unreadable;
};

/* --- options --- */

static int usage(const char *what, const char *value)
{
    message_fatal("%s: %s", what, value);
    return EXIT_USAGE;
}

static int take_lines(struct request *q, const char *text)
{
    q->lines_said = true;
    q->all_lines = strcmp(text, "all") == 0;
    if (!q->all_lines && number_parse(text, 1ULL << 40, &q->lines) < 0)
        return usage("invalid number of lines", text);
    return 0;
}

static int take_output(struct request *q, const char *text)
{
    int form = render_form_parse(text);
    if (form < 0)
        return usage("unknown output form", text);
    q->form = (enum render_form)form;
    return 0;
}

static int take_stream(struct request *q, const char *text)
{
    if (strcmp(text, "out") == 0 || strcmp(text, "stdout") == 0)
        q->stream = STREAM_OUT;
    else if (strcmp(text, "err") == 0 || strcmp(text, "stderr") == 0)
        q->stream = STREAM_ERR;
    else
        return usage("unknown stream", text);
    return 0;
}

static int take_color(struct request *q, const char *text)
{
    q->color = text;
    if (strcmp(text, "auto") == 0 || strcmp(text, "always") == 0 || strcmp(text, "never") == 0)
        return 0;
    return usage("unknown value of --color", text);
}

static int take_long(struct request *q, const char *name, const char *argument)
{
    if (strcmp(name, "utc") == 0)
        q->utc = true;
    else if (strcmp(name, "no-prefix") == 0)
        q->no_prefix = true;
    else if (strcmp(name, "color") == 0)
        return take_color(q, argument);
    return 0;
}

static int take_option(struct request *q, int option, const char *argument)
{
    switch (option) {
    case 'n':
        return take_lines(q, argument);
    case 'f':
        q->follow = true;
        return 0;
    case 'S':
        q->since = argument;
        return 0;
    case 'U':
        q->until = argument;
        return 0;
    case 'b':
        q->boot = true;
        return 0;
    case 'p':
        q->previous = true;
        return 0;
    case 's':
        return take_stream(q, argument);
    case 'g':
        return words_add(&q->include, argument) < 0 ? EXIT_SYSTEM : 0;
    case 'x':
        return words_add(&q->exclude, argument) < 0 ? EXIT_SYSTEM : 0;
    case 'i':
        q->ignore_case = true;
        return 0;
    case 'o':
        return take_output(q, argument);
    case 'l':
        q->list = true;
        return 0;
    default:
        return take_long(q, options[option - COMMAND_LONG].name, argument);
    }
}

/* Options may stand behind service names: nothing is chain-loaded here. */
static int parse(struct invocation *c, struct request *q)
{
    for (;;) {
        int at = c->next ? c->next : 1;
        int option = command_option(c);
        if (option == '?')
            return EXIT_USAGE;
        if (option != 0) {
            int code = take_option(q, option, c->argument);
            if (code != 0)
                return code;
            continue;
        }
        bool rest = at < c->argc && strcmp(c->argv[at], "--") == 0;
        if (command_operand_count(c) == 0)
            return 0;
        do {
            if (words_add(&q->operands, command_operands(c)[0]) < 0)
                return EXIT_SYSTEM;
            c->next++;
        } while (rest && command_operand_count(c) > 0);
        if (command_operand_count(c) == 0)
            return 0;
    }
}

static int build_filter(const struct request *q, struct filter *f, struct error *e)
{
    struct timespec now = clock_wall();
    for (size_t i = 0; i < q->include.count; i++)
        if (filter_add(f, q->include.item[i], false, q->ignore_case, e) < 0)
            return -1;
    for (size_t i = 0; i < q->exclude.count; i++)
        if (filter_add(f, q->exclude.item[i], true, q->ignore_case, e) < 0)
            return -1;
    f->stream = q->stream;
    if (q->boot || q->previous) {
        int found = boot_range(q->roster.root, q->previous, &f->since, &f->until, e);
        if (found > 0)
            return error_set(e, EXIT_NOTHING, "no %s recorded in %s/.events",
                             q->previous ? "previous start is" : "start is", q->roster.root);
        if (found < 0)
            return -1;
    }
    if (q->since && when_parse(q->since, &now, q->utc, &f->since, e) < 0)
        return -1;
    if (q->until && when_parse(q->until, &now, q->utc, &f->until, e) < 0)
        return -1;
    return 0;
}

static void build_render(const struct request *q, struct render *r)
{
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool shown = isatty(STDOUT_FILENO) != 0;
    bool dull = (no_color && *no_color) || (terminal && strcmp(terminal, "dumb") == 0);
    *r = (struct render){.form = q->form, .utc = q->utc, .names = !q->no_prefix, .caret = shown};
    r->color = strcmp(q->color, "always") == 0 || (strcmp(q->color, "auto") == 0 && shown && !dull);
}

/* --- sources --- */

static void say(struct request *q, const struct error *e)
{
    message_warning("%s", e->text);
    q->unreadable = true;
}

static int find(struct request *q, struct roster_list *list, struct error *e)
{
    struct words unmatched = WORDS_INIT;
    int result = roster_find(&q->roster, list, &unmatched, e);
    for (size_t i = 0; result == 0 && i < unmatched.count; i++) {
        if (strchr(unmatched.item[i], '/'))
            message_warning("no such directory: %s", unmatched.item[i]);
        else
            message_warning("no log directory of %s under %s", unmatched.item[i], q->roster.root);
        q->unreadable |= !q->follow;
    }
    words_release(&unmatched);
    return result;
}

static int list_services(struct request *q, const struct roster_list *list)
{
    size_t width = strlen("SERVICE");
    for (size_t i = 0; i < list->names.count; i++)
        if (strlen(list->names.item[i]) > width)
            width = strlen(list->names.item[i]);
    printf("%-*s  %12s  %8s\n", (int)width, "SERVICE", "SIZE", "ARCHIVES");
    for (size_t i = 0; i < list->names.count; i++) {
        struct roster_size size;
        struct error e = ERROR_INIT;
        if (roster_measure(list->paths.item[i], &size, &e) < 0) {
            say(q, &e);
            continue;
        }
        printf("%-*s  %12" PRId64 "  %8lu\n", (int)width, list->names.item[i], size.bytes,
               size.archives);
    }
    fflush(stdout);
    return q->unreadable ? EXIT_SYSTEM : list->names.count == 0 ? EXIT_NOTHING : 0;
}

/* How far back the history goes. */
static int open_source(const struct request *q, const struct view *v, struct source *s,
                       struct error *e)
{
    if (v->tailing && !filter_any(&v->filter))
        return source_open_tail(s, q->lines, e);
    return source_open(s, READER_ALL, 0, v->filter.since, e);
}

static int open_sources(struct request *q, struct view *v, struct live *live,
                        const struct roster_list *list, struct error *e)
{
    for (size_t i = 0; i < list->names.count; i++) {
        struct source *s = source_new(list->names.item[i], list->paths.item[i]);
        if (!s || view_add(v, s, e) < 0) {
            source_free(s);
            return error_system(e, "unable to read %s", list->paths.item[i]);
        }
        if (strlen(s->name) > v->render.width)
            v->render.width = strlen(s->name);
        if ((live && live_watch(live, v->count - 1, e) < 0) || open_source(q, v, s, e) < 0)
            say(q, e);
    }
    return 0;
}

/* --- running --- */

static int show(struct request *q, struct view *v, const struct roster_list *list, struct error *e)
{
    struct live *live = NULL;
    int result = 0;
    if (q->follow)
        result = live_open(&live, v, &q->roster, e);
    if (result == 0)
        result = open_sources(q, v, live, list, e);
    if (result == 0)
        view_history(v, q->follow);
    if (result == 0 && q->follow && !v->output.ended)
        result = live_run(live, e);
    live_close(live);
    for (size_t i = 0; i < v->count; i++)
        q->unreadable |= v->source[i]->broken;
    if (result < 0)
        return message_error(e);
    if (v->failed || v->output.failed) {
        message_fatal("unable to write: %s", strerror(v->failed ? v->failed : v->output.failed));
        return EXIT_SYSTEM;
    }
    return q->unreadable ? EXIT_SYSTEM : v->shown == 0 ? EXIT_NOTHING : 0;
}

static int run_view(struct request *q, const struct roster_list *list)
{
    struct error e = ERROR_INIT;
    struct view v = {.output = {.fd = STDOUT_FILENO, .interrupt = -1}};
    int code;
    build_render(q, &v.render);
    if (build_filter(q, &v.filter, &e) < 0) {
        code = message_error(&e);
    } else {
        if (!q->lines_said && q->follow && !filter_any(&v.filter)) {
            q->lines_said = true;
            q->lines = 10;
        }
        v.tailing = q->lines_said && !q->all_lines;
        if (v.tailing)
            tail_init(&v.tail, (size_t)q->lines);
        code = show(q, &v, list, &e);
    }
    view_release(&v);
    return code;
}

static int run_request(struct request *q)
{
    struct error e = ERROR_INIT;
    struct roster_list list = {WORDS_INIT, WORDS_INIT};
    int code;
    if (find(q, &list, &e) < 0) {
        code = message_error(&e);
    } else if (list.names.count == 0 && !q->roster.wanted[0] &&
               (!q->follow || access(q->roster.root, F_OK) != 0)) {
        roster_explain(&q->roster);
        code = EXIT_NOTHING;
    } else if (q->list) {
        code = list_services(q, &list);
    } else {
        if (list.names.count == 0 && !q->roster.wanted[0])
            roster_explain(&q->roster);
        code = run_view(q, &list);
    }
    roster_release(&list);
    return code;
}

/* TZ as the container has it, so that times read the same inside `docker exec -e TZ=`. */
static void take_zone(void)
{
    const char *zone = roster_setting("TZ");
    if (zone)
        setenv("TZ", zone, 0);
    tzset();
}

static int logcat(struct invocation *c)
{
    static char *const none[] = {NULL};
    struct request q = {.color = "auto"};
    char *root = NULL;
    int code = parse(c, &q);
    if (code == 0) {
        const char *setting = roster_setting("OVERLOG_DIR");
        root = strdup(setting && *setting ? setting : ROSTER_ROOT);
        q.roster = (struct roster){root, q.operands.item ? q.operands.item : none};
        signal(SIGPIPE, SIG_IGN);
        take_zone();
        code = root ? run_request(&q) : EXIT_SYSTEM;
    }
    free(root);
    words_release(&q.include);
    words_release(&q.exclude);
    words_release(&q.operands);
    return code;
}

const struct command logcat_commands[] = {
    {"logcat", "[OPTIONS] [SERVICE|DIRECTORY...]",
     "shows the logs of all services, or of those named, merged by time", options, logcat},
    {0},
};
