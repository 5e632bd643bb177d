#include "logcat/request.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include <string.h>

/* With the usage, --help fits a screen: rows without a text are told of in another's. */
const char request_options[] =
    "-n, --lines=N            the last N lines, or all; -N too; --tail=N: of each\n"
    "\17, --tail=N\n"
    "-f, --follow             go on with what is written, until ^C\n"
    "-S, --since=TIME         from then on (-U TIME: until then): 10m, today, 12:30\n"
    "-U, --until=TIME\n"
    "-b, --boot               since this container started; -p: the run before\n"
    "-p, --previous\n"
    "\10, --priority=LEVEL     as bad or worse: warn, err..crit; as -p LEVEL too\n"
    "-s, --stream=out|err     one stream only, where the stamps tell\n"
    "-g, --grep=RE            lines that match (repeated: any); -i: in any case\n"
    "-x, --exclude=RE         no lines that match\n"
    "-X, --without=SERVICE    not this service, or glob (repeated: none of them)\n"
    "-i, --ignore-case\n"
    "-A, --after=N\n"
    "-B, --before=N\n"
    "\13, --where=CONDITION    fields: 'status>=500', user.id=42, 'path~^/api' (all)\n"
    "-C, --context=N          N lines around a match (-A N after, -B N before)\n"
    "\1, --entry               a match shows its entry whole: a stack trace, say\n"
    "\2, --highlight=RE        mark what matches, choose nothing\n"
    "-r, --reverse            the newest first; -e: the pager begins at the end\n"
    "-e\n-0\n-1\n-2\n-3\n-4\n-5\n-6\n-7\n-8\n-9\n"
    "\20, --no-pager\n"
    "-u, --unit-events        also starts, exits and restarts of the services\n"
    "-o, --output=FORM        short full raw json cri pretty; json --parse: fields\n"
    "\14, --parse\n"
    "\15, --columns=NAMES      a table of fields: ts,status,path\n"
    "\16, --patterns           lines by their shape, the most frequent first\n"
    "\3, --time-format=FORMAT  times as strftime(3) writes them; --utc: in UTC\n"
    "\4, --utc\n"
    "\5, --no-prefix           without the service's name; --color: always, never\n"
    "\6, --begin-with=TEXT\n"
    "\7, --color=WHEN\n"
    "-l, --list               list services: state, size, times, errors, lines\n";

static int usage(const char *what, const char *value)
{
    return refuse(EXIT_USAGE, "%s: %s", what, value);
}

static int take_number(unsigned long long *number, const char *text)
{
    return number_parse(text, 1ULL << 40, number) < 0 ? usage("invalid number of lines", text) : 0;
}

static int take_lines(struct request *q, const char *text)
{
    q->lines_said = true;
    q->all_lines = strcmp(text, "all") == 0;
    return q->all_lines ? 0 : take_number(&q->lines, text);
}

static int take_context(struct request *q, const char *text)
{
    int code = take_number(&q->before, text);
    q->after = q->before;
    return code;
}

static int take_output(struct request *q, const char *text)
{
    int form = render_form_parse(text);
    if (form < 0) {
        struct str forms = STR_INIT;
        for (int i = 0; render_forms[i]; i++)
            str_printf(&forms, "%s%s", i == 0 ? "" : ", ", render_forms[i]);
        message_fatal("unknown output form: %s; there are %s", text, forms.data ? forms.data : "");
        str_release(&forms);
        return EXIT_USAGE;
    }
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

static int take_severity(struct request *q, const char *text)
{
    return severity_range_parse(text, &q->severity) < 0 ? usage("unknown severity", text) : 0;
}

/* -p alone is --previous; with a severity behind it, which no service is called, --priority. */
static bool take_priority(struct invocation *c, struct request *q)
{
    bool is_short = strncmp(c->argv[c->next - (c->place == 0)], "--", 2) != 0;
    if (!is_short || c->place > 0 || c->next >= c->argc ||
        severity_range_parse(c->argv[c->next], &q->severity) < 0)
        return false;
    c->next++;
    return true;
}

/* Options whose argument is kept as it is, and those without one. */
enum kept { FLAG, TEXT, WORDS, NUMBER };

#define IN(member) offsetof(struct request, member)

static const struct {
    char letter;
    enum kept kept;
    size_t place; /* in the request */
} plain[] = {
    {'f', FLAG, IN(follow)},
    {'b', FLAG, IN(boot)},
    {'p', FLAG, IN(previous)},
    {'i', FLAG, IN(ignore_case)},
    {'r', FLAG, IN(reverse)},
    {'u', FLAG, IN(unit_events)},
    {'l', FLAG, IN(list)},
    {'\1' /* entry */, FLAG, IN(whole)},
    {'\4' /* utc */, FLAG, IN(utc)},
    {'\5' /* no-prefix */, FLAG, IN(no_prefix)},
    {'\14' /* parse */, FLAG, IN(parse)},
    {'\16' /* patterns */, FLAG, IN(patterns)},
    {'S', TEXT, IN(since)},
    {'U', TEXT, IN(until)},
    {'\6' /* begin-with */, TEXT, IN(heading)},
    {'\3' /* time-format */, TEXT, IN(time_format)},
    {'\15' /* columns */, TEXT, IN(columns)},
    {'g', WORDS, IN(include)},
    {'x', WORDS, IN(exclude)},
    {'X', WORDS, IN(without)},
    {'\2' /* highlight */, WORDS, IN(marks)},
    {'\13' /* where */, WORDS, IN(where)},
    {'A', NUMBER, IN(after)},
    {'B', NUMBER, IN(before)},
    {'e', FLAG, IN(at_end)},
    {'\20' /* no-pager */, FLAG, IN(no_pager)},
};

static int keep(struct request *q, size_t which, const char *argument)
{
    void *place = (char *)q + plain[which].place;
    switch (plain[which].kept) {
    case FLAG:
        *(bool *)place = true;
        return 0;
    case TEXT:
        *(const char **)place = argument;
        return 0;
    case WORDS:
        return words_add(place, argument) < 0 ? EXIT_SYSTEM : 0;
    default:
        return take_number(place, argument);
    }
}

static int take_option(struct request *q, int option, const char *argument)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (plain[i].letter == option)
            return keep(q, i, argument);
    switch (option) {
    case 'n':
        return take_lines(q, argument);
    case '\17': /* --tail */
        q->tail_said = true;
        return take_number(&q->tail, argument);
    case 's':
        return take_stream(q, argument);
    case 'C':
        return take_context(q, argument);
    case 'o':
        return take_output(q, argument);
    case '\10': /* --priority */
        return take_severity(q, argument);
    default: /* --color */
        return take_color(q, argument);
    }
}

/* -20 is -n 20: each digit is an option. */
static int take_digit(struct invocation *c, struct request *q, int digit)
{
    q->lines = (q->number_open ? q->lines * 10 : 0) + (unsigned long long)(digit - '0');
    q->number_open = c->place > 0;
    q->lines_said = true;
    q->all_lines = false;
    const char *word = c->argv[c->next - (c->place == 0)];
    return q->lines > 1ULL << 40 ? usage("invalid number of lines", word) : 0;
}

int request_parse(struct invocation *c, struct request *q)
{
    for (int option; (option = command_option_anywhere(c)) != 0;) {
        bool digit = option >= '0' && option <= '9';
        q->number_open &= digit;
        int code = digit                                  ? take_digit(c, q, option)
                   : option == '?'                        ? EXIT_USAGE
                   : option == 'p' && take_priority(c, q) ? 0
                                                          : take_option(q, option, c->argument);
        if (code != 0)
            return code;
    }
    for (char **word = command_operands(c); *word != NULL; word++)
        if (words_add(&q->operands, *word) < 0)
            return EXIT_SYSTEM;
    bool chooses = q->include.count + q->exclude.count > 0 || q->since || q->until || q->boot ||
                   q->previous || q->stream != STREAM_UNKNOWN ||
                   q->severity.most != SEVERITY_UNKNOWN || q->where.count > 0;
    if (q->parse && q->form != RENDER_JSON)
        return usage("only with -o json", "--parse");
    if (q->columns && q->form != RENDER_SHORT)
        return usage("options exclude each other", "--columns -o");
    if (q->patterns && (q->follow || q->columns || q->tail_said))
        return usage("options exclude each other", "--patterns, and -f, --columns or --tail");
    if (q->tail_said && q->lines_said)
        return usage("options exclude each other", "--tail -n");
    if (q->reverse && q->follow)
        return usage("options exclude each other", "-r -f");
    if (q->boot && q->previous)
        return usage("options exclude each other", "-b -p");
    if (q->list && (q->follow || chooses))
        return usage("options exclude each other", "-l, and -f or what chooses lines");
    q->lines_said |= q->tail_said && q->tail == 0; /* none of each is none */
    return 0;
}

void request_release(struct request *q)
{
    words_release(&q->where);
    words_release(&q->include);
    words_release(&q->exclude);
    words_release(&q->marks);
    words_release(&q->without);
    words_release(&q->operands);
}
