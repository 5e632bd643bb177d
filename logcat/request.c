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
        for (int i = 0; render_forms[i].name; i++)
            str_printf(&forms, "%s%s", i == 0 ? "" : ", ", render_forms[i].name);
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

static int take_word(struct words *w, const char *text)
{
    return words_add(w, text) < 0 ? EXIT_SYSTEM : 0;
}

static int take_long(struct request *q, int option, const char *argument)
{
    switch (option) {
    case '\6': /* --begin-with */
        q->heading = argument;
        return 0;
    case '\13': /* --where */
        return take_word(&q->where, argument);
    case '\15': /* --columns */
        q->columns = argument;
        return 0;
    case '\17': /* --tail */
        return take_number(&q->tail, argument);
    case '\10': /* --priority */
        return take_severity(q, argument);
    case '\2': /* --highlight */
        return take_word(&q->marks, argument);
    case '\3': /* --time-format */
        q->time_format = argument;
        return 0;
    case '\7': /* --color */
        return take_color(q, argument);
    case '\1': /* --entry */
        q->whole = true;
        return 0;
    case '\4': /* --utc */
        q->utc = true;
        return 0;
    default: /* --no-prefix */
        q->no_prefix = true;
        return 0;
    }
}

/* Options without an argument. */
static bool *flag(struct request *q, int option)
{
    switch (option) {
    case 'f':
        return &q->follow;
    case 'b':
        return &q->boot;
    case 'p':
        return &q->previous;
    case 'i':
        return &q->ignore_case;
    case 'r':
        return &q->reverse;
    case 'u':
        return &q->unit_events;
    case 'l':
        return &q->list;
    case 'e':
        return &q->at_end;
    case '\20':
        return &q->no_pager;
    case '\16':
        return &q->patterns;
    case '\14':
        return &q->parse;
    default:
        return NULL;
    }
}

static int take_option(struct request *q, int option, const char *argument)
{
    bool *set = flag(q, option);
    if (set) {
        *set = true;
        return 0;
    }
    switch (option) {
    case 'n':
        return take_lines(q, argument);
    case 'S':
        q->since = argument;
        return 0;
    case 'U':
        q->until = argument;
        return 0;
    case 's':
        return take_stream(q, argument);
    case 'g':
        return take_word(&q->include, argument);
    case 'x':
        return take_word(&q->exclude, argument);
    case 'X':
        return take_word(&q->without, argument);
    case 'A':
        return take_number(&q->after, argument);
    case 'B':
        return take_number(&q->before, argument);
    case 'C':
        return take_context(q, argument);
    case 'o':
        return take_output(q, argument);
    default:
        return take_long(q, option, argument);
    }
}

/* -20 is -n 20: each digit is an option. */
static int take_digit(struct invocation *c, struct request *q, int digit)
{
    q->lines = (q->number_open ? q->lines * 10 : 0) + (unsigned long long)(digit - '0');
    q->number_open = c->place > 0;
    q->lines_said = true;
    q->all_lines = false;
    return q->lines > 1ULL << 40 ? usage("invalid number of lines", c->argv[c->next]) : 0;
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
    if (q->patterns && (q->follow || q->columns))
        return usage("options exclude each other", "--patterns, and -f or --columns");
    if (q->tail > 0 && q->lines_said)
        return usage("options exclude each other", "--tail -n");
    if (q->reverse && q->follow)
        return usage("options exclude each other", "-r -f");
    if (q->boot && q->previous)
        return usage("options exclude each other", "-b -p");
    if (q->list && (q->follow || chooses))
        return usage("options exclude each other", "-l, and -f or what chooses lines");
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
