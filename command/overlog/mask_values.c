/* Values of names that say that they are secrets, wherever a name may have one: NAME=value,
 * name: value, "name":"value", --name value, <name>value, 'name' => 'value'. */
#include "base/str.h"
#include "command/overlog/mask.h"
#include "command/overlog/mask_parts.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { QUOTED_MAX = 8192, BLANKS_MAX = 60, MASKED_LENGTH = sizeof MASKED - 1 };

/* A name in a text, and how its value may be written. */
struct place {
    size_t begin, end;  /* of the name */
    char quote;         /* that it stands in, from its first character on; 0: none */
    bool quoted;        /* the quote ends right behind the name */
    bool option, first; /* with a dash in front; the first word of its line */
    bool query;         /* of a URL's query */
    bool colon;         /* the value follows a colon and a blank */
};

static char at(const struct mask_parts *p, size_t i)
{
    return i < p->length ? p->text[i] : '\0';
}

static bool in_name(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 128 && (isalnum(u) || c == '_' || c == '-' || c == '.');
}

static size_t skip_blanks(const struct mask_parts *p, size_t i)
{
    size_t end = i;
    while (end - i < BLANKS_MAX && (at(p, end) == ' ' || at(p, end) == '\t'))
        end++;
    return end;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* --- where a value begins and ends ------------------------------------------------------------ */

/* Nothing secret: no value, a word that says whether there is one, a variable that has it. */
static bool is_harmless(const char *value, size_t length)
{
    static const char *const words[] = {"yes", "no",   "true",      "false",  "null",
                                        "nil", "none", "undefined", "empty",  "0",
                                        "1",   "on",   "off",       "string", NULL};
    char word[16];
    while (length > 0 && strchr(",;)]}.", value[length - 1]) != NULL && value[0] != '$')
        length--;
    if (length == 0 || ((length == MASKED_LENGTH || length == MASKED_LENGTH - 1) &&
                        memcmp(value, MASKED, length) == 0))
        return true;
    if (value[0] == '$') {
        size_t begin = length > 2 && value[1] == '{' ? 2 : 1, end = begin;
        /* Without braces only in capitals: "$ecret" is none. */
        while (end < length && (isupper((unsigned char)value[end]) || value[end] == '_' ||
                                isdigit((unsigned char)value[end]) ||
                                (begin == 2 && islower((unsigned char)value[end]))))
            end++;
        end += begin == 2 && end < length && value[end] == '}';
        while (end < length && strchr(",;)]}\"'", value[end]) != NULL)
            end++;
        return end == length && end > begin && !isdigit((unsigned char)value[begin]);
    }
    if (length >= sizeof word)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)value[i]);
    word[length] = '\0';
    return is_among(word, words);
}

/* The quote that closes what begins at i; or the end of the line, if there is none soon. */
static size_t close_quote(const struct mask_parts *p, size_t i, char quote)
{
    for (size_t end = i; end < p->length && end - i < QUOTED_MAX; end++)
        if (p->text[end] == quote)
            return end;
        else if (p->text[end] == '\\' && quote != '\'')
            end++;
    return mask_line_end(p, i);
}

/* Behind an unquoted value. */
static size_t end_plain(const struct mask_parts *p, const struct place *n, size_t i)
{
    size_t line = mask_line_end(p, i), end = i;
    if (n->quote != 0 && !n->quoted) {
        size_t close = close_quote(p, i, n->quote);
        return close < line ? close : line;
    }
    if ((n->first && !n->option) || (n->colon && n->quote == 0)) {
        while (line > i && isspace((unsigned char)p->text[line - 1]))
            line--;
        return line;
    }
    for (; end < line && !isspace((unsigned char)p->text[end]); end++) {
        if (p->text[end] == '\\' && end + 1 < line)
            end++;
        else if (n->query && p->text[end] == '&')
            break;
        else if (n->quoted && strchr(",}]", p->text[end]) != NULL)
            break;
    }
    return end;
}

/* The lines of YAML below "name: |" that are further in. */
static size_t end_block(const struct mask_parts *p, const struct place *n, size_t i)
{
    size_t margin = n->begin - mask_line_begin(p, n->begin), end = mask_line_end(p, i);
    while (end < p->length) {
        size_t line = end + 1, in = skip_blanks(p, line) - line, stop = end + 1;
        if (line >= p->length)
            break;
        stop = mask_line_end(p, line);
        if (in <= margin && stop > line)
            break;
        end = stop;
    }
    return end;
}

static bool begins_block(const struct mask_parts *p, size_t i)
{
    size_t end = mask_line_end(p, i);
    char c = at(p, i);
    return (c == '|' || c == '>') && end - i <= 3 && end < p->length;
}

static void add_value(struct mask_parts *p, const struct place *n, size_t i)
{
    size_t begin = i, end;
    char c = at(p, i);
    if (c == '\\' && is_quote(at(p, i + 1))) {
        char mark[2] = {'\\', at(p, i + 1)};
        size_t line = mask_line_end(p, i + 2);
        const char *close = memmem(p->text + i + 2, line - i - 2, mark, 2);
        begin = i + 2;
        end = close == NULL ? line : (size_t)(close - p->text);
    } else if (is_quote(c) && (c != n->quote || n->quoted)) {
        begin = i + 1;
        end = close_quote(p, begin, c);
    } else if (begins_block(p, i)) {
        begin = mask_line_end(p, i) + 1;
        end = end_block(p, n, i);
    } else {
        end = end_plain(p, n, i);
    }
    if (begin >= end || begin >= p->length)
        return;
    /* The bracket that closes MASKED may have ended it. */
    if (end - begin == MASKED_LENGTH - 1 && p->length - begin >= MASKED_LENGTH)
        end += memcmp(p->text + begin, MASKED, MASKED_LENGTH) == 0;
    if (is_harmless(p->text + begin, end - begin))
        return;
    mask_add_value(p, begin, end, "value of", p->text + n->begin, n->end - n->begin);
}

/* --- between a name and its value ------------------------------------------------------------- */

/* An option and its value are two words: --password x, "--password", "x". */
static void try_option(struct mask_parts *p, struct place *n, size_t i)
{
    size_t value = i;
    while (value - i < BLANKS_MAX && strchr(" \t\",'", at(p, value)) != NULL && value < p->length)
        value++;
    if (!n->option || value == i || at(p, value) == '-' || value >= p->length ||
        at(p, value) == '\n')
        return;
    if (is_quote(at(p, value - 1)))
        value--;
    n->first = n->colon = false;
    n->quoted = true;
    if (n->quote == 0 && !is_quote(at(p, value)))
        n->quoted = false;
    add_value(p, n, value);
}

static void try_name(struct mask_parts *p, struct place *n)
{
    size_t i = n->end, tag = n->begin > 0 && p->text[n->begin - 1] == '<';
    if (at(p, i) == '\\' && is_quote(at(p, i + 1)))
        i += 2;
    else if (is_quote(at(p, i))) {
        n->quoted = at(p, i) == n->quote;
        i++;
    }
    size_t sign = skip_blanks(p, i);
    char c = at(p, sign), next = at(p, sign + 1);
    if (tag && c == '>') {
        const char *end = memchr(p->text + sign, '<', p->length - sign);
        if (end != NULL && !is_harmless(p->text + sign + 1, (size_t)(end - p->text) - sign - 1))
            mask_add_value(p, sign + 1, (size_t)(end - p->text), "value of", p->text + n->begin,
                           n->end - n->begin);
        return;
    }
    if (c == '(' && sign == n->end && is_quote(next)) {
        n->first = false;
        add_value(p, n, sign + 1);
        return;
    }
    if ((c != '=' && c != ':') || (c == ':' && (next == ':' || next == '/'))) {
        try_option(p, n, i);
        return;
    }
    size_t value = sign + 1;
    while (strchr("=>~", at(p, value)) != NULL && value < p->length)
        value++;
    n->colon = c == ':' && (at(p, value) == ' ' || at(p, value) == '\t');
    value = skip_blanks(p, value);
    if (value < p->length && p->text[value] != '\n' && p->text[value] != '\r')
        add_value(p, n, value);
}

/* --- options of known programs ---------------------------------------------------------------- */

/* Their names say nothing. */
static const struct secret_option {
    const char *program, *option;
    bool attached; /* the value is the rest of the word */
    bool pair;     /* user:password, and no pair of numbers */
} secret_options[] = {{"mysql", "-p", true, false},      {"mariadb", "-p", true, false},
                      {"sshpass", "-p", true, false},    {"sshpass", "-p", false, false},
                      {"redis-cli", "-a", false, false}, {"curl", "-u", false, true},
                      {"curl", "--user", false, true},   {"curl", "-U", false, true},
                      {"ldap", "-w", false, false},      {"openssl", "-pass", false, false},
                      {"", "requirepass", false, false}, {"", "masterauth", false, false}};

static void try_secret_option(struct mask_parts *p, size_t begin, size_t end,
                              const struct secret_option *o)
{
    size_t n = strlen(o->option), value = begin + n;
    if (end - begin < n || strncmp(p->text + begin, o->option, n) != 0 ||
        (o->attached ? end - begin == n : end - begin != n))
        return;
    size_t line = mask_line_begin(p, begin);
    if (memmem(p->text + line, begin - line, o->program, strlen(o->program)) == NULL)
        return;
    if (!o->attached)
        value = skip_blanks(p, end);
    char quote = is_quote(at(p, value)) ? at(p, value++) : '\0';
    size_t stop = value;
    while (stop < p->length && p->text[stop] != '\n' &&
           (quote != '\0' ? p->text[stop] != quote : !isspace((unsigned char)p->text[stop])))
        stop++;
    const char *colon = memchr(p->text + value, ':', stop - value);
    if (stop == value || is_harmless(p->text + value, stop - value) || (o->pair && colon == NULL))
        return;
    size_t from = o->pair ? (size_t)(colon + 1 - p->text) : value;
    const char *whose = o->program[0] == '\0' ? o->option : o->program;
    mask_add_value(p, from, stop, "option of", whose, strlen(whose));
}

static void try_word(struct mask_parts *p, size_t begin, size_t end)
{
    for (size_t i = 0; i < sizeof secret_options / sizeof secret_options[0]; i++)
        try_secret_option(p, begin, end, &secret_options[i]);
}

/* IDENTIFIED BY 'x' */
static void try_sql(struct mask_parts *p, size_t begin, size_t end)
{
    size_t by = skip_blanks(p, end), value = skip_blanks(p, by + 2);
    if (end - begin != 10 || strncasecmp(p->text + begin, "identified", 10) != 0 || by == end ||
        by + 2 >= p->length || strncasecmp(p->text + by, "by", 2) != 0 || !is_quote(at(p, value)))
        return;
    size_t close = close_quote(p, value + 1, at(p, value));
    mask_add(p, value + 1, close, true, "password in SQL");
}

void mask_find_values(struct mask_parts *p)
{
    for (size_t begin = 0, end; begin < p->length; begin = end + 1) {
        for (end = begin; end < p->length && in_name(p->text[end]);)
            end++;
        size_t name = begin;
        while (name < end && p->text[name] == '-')
            name++;
        if (end == begin || name == end)
            continue;
        try_word(p, begin, end);
        try_sql(p, name, end);
        size_t stop = end;
        while (stop > name && p->text[stop - 1] == '.')
            stop--;
        if (!mask_is_secret_name(p->text + name, stop - name))
            continue;
        char before = begin == 0 ? '\0' : p->text[begin - 1];
        size_t line = mask_line_begin(p, begin), first = skip_blanks(p, line);
        if (p->length - first > 7 && strncmp(p->text + first, "export ", 7) == 0)
            first += 7;
        struct place n = {.begin = name,
                          .end = end,
                          .quote = is_quote(before) ? before : '\0',
                          .option = name > begin,
                          .first = first == begin,
                          .query = before == '?' || before == '&'};
        try_name(p, &n);
    }
}
