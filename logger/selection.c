/* The selections of a logging script, which decide whether the actions behind them take a line. */
#include "logger/kinds.h"
#include <regex.h>

struct selection {
    struct sink sink;
    bool matches_all; /* the expression is empty */
    regex_t regex;
};

static struct selection *selection_of(struct sink *s)
{
    return (struct selection *)(void *)s;
}

static int open_selection(struct sink *s, struct sink *first, struct error *e)
{
    struct selection *x = selection_of(s);
    (void)first;
    x->matches_all = *s->text == '\0';
    if (x->matches_all || regcomp(&x->regex, s->text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0)
        return 0;
    return error_set(e, EXIT_USAGE, "unrecognized directive: %c%s",
                     s->kind == &selection_select ? '+' : '-', s->text);
}

static void close_selection(struct sink *s, bool clean)
{
    (void)clean;
    if (!selection_of(s)->matches_all)
        regfree(&selection_of(s)->regex);
}

static bool matches(const struct sink *s, const char *subject)
{
    const struct selection *x = (const struct selection *)(const void *)s;
    return x->matches_all || regexec(&x->regex, subject, 0, NULL, 0) == 0;
}

static bool select_line(const struct sink *s, const char *subject, bool selected, bool taken)
{
    (void)taken;
    return selected || matches(s, subject);
}

static bool deselect_line(const struct sink *s, const char *subject, bool selected, bool taken)
{
    (void)taken;
    return selected && !matches(s, subject);
}

static bool select_rest(const struct sink *s, const char *subject, bool selected, bool taken)
{
    (void)s;
    (void)subject;
    (void)selected;
    return !taken;
}

const struct sink_kind selection_select = {.size = sizeof(struct selection),
                                           .open = open_selection,
                                           .select = select_line,
                                           .close = close_selection};
const struct sink_kind selection_deselect = {.size = sizeof(struct selection),
                                             .open = open_selection,
                                             .select = deselect_line,
                                             .close = close_selection};
const struct sink_kind selection_rest = {.size = sizeof(struct sink), .select = select_rest};
