/* Values of names that say that they are secrets, wherever a name may have one: NAME=value,
 * name: value, "name":"value", --name value, <name>value, 'name' => 'value', export NAME value,
 * name: NAME with value: value behind it. */
#include "base/str.h"
#include "command/overlog/mask.h"
#include "command/overlog/mask_value.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool in_name(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 128 && (isalnum(u) || c == '_' || c == '-' || c == '.');
}

static bool ends_there(const struct mask_parts *p, size_t end, const char *text)
{
    size_t n = strlen(text);
    return end >= n && memcmp(p->text + end - n, text, n) == 0;
}

/* --- between a name and its value ------------------------------------------------------------- */

/* An option and its value are two words: --password x, "--password", "x". */
static void try_option(struct mask_parts *p, struct mask_place *n, size_t i)
{
    size_t value = i;
    while (value - i < MASK_BLANKS_MAX && strchr(" \t\",'", mask_at(p, value)) != NULL &&
           value < p->length)
        value++;
    if (value == i || (n->option && mask_at(p, value) == '-') || value >= p->length ||
        mask_at(p, value) == '\n' || mask_at(p, value) == '\r')
        return;
    if (mask_is_quote(mask_at(p, value - 1)))
        value--;
    n->colon = false;
    n->quoted = true;
    if (n->quote == 0 && !mask_is_quote(mask_at(p, value)))
        n->quoted = false;
    mask_add_value_at(p, n, value);
}

/* Commands that make a variable of the two words behind them. */
static const struct assigner {
    const char *name;
    bool line;   /* the value is the rest of the line */
    bool block;  /* the value is what the block prints */
    bool option; /* there is one before the name: of a "set" without one, much is no variable */
} assigners[] = {{"export", false, false, false}, {"setenv", false, false, false},
                 {"SetEnv", false, false, false}, {"define", false, false, false},
                 {"ENV", true, false, false},     {"backtick", false, true, false},
                 {"set", false, false, true}};

/* Where the word that ends there begins. */
static size_t word_begin(const struct mask_parts *p, size_t end)
{
    size_t i = end;
    while (i > 0 && end - i < MASK_BLANKS_MAX && in_name(p->text[i - 1]))
        i--;
    return i;
}

/* Before the blanks, quotes and brackets that end there. */
static size_t skip_back(const struct mask_parts *p, size_t end)
{
    size_t i = end;
    while (i > 0 && end - i < MASK_BLANKS_MAX && p->text[i - 1] != '\0' &&
           strchr(" \t\"'(", p->text[i - 1]) != NULL)
        i--;
    return i;
}

/* The assigner before a name, which may have options; or NULL. In a sentence, none is meant: it
 * begins a command, or the name is one of capitals. */
static const struct assigner *find_assigner(const struct mask_parts *p, const struct mask_place *n)
{
    size_t end = skip_back(p, n->begin), begin = word_begin(p, end);
    bool capitals = mask_is_variable(p->text + n->begin, n->end - n->begin);
    if (end == n->begin)
        return NULL;
    int options = 0;
    for (; begin < end && p->text[begin] == '-' && options < 4; options++) {
        end = skip_back(p, begin);
        begin = word_begin(p, end);
    }
    size_t before = skip_back(p, begin);
    bool first = before == 0 || strchr("\n;{}&|(#=+$", p->text[before - 1]) != NULL ||
                 p->text[begin - 1] == '(';
    for (size_t i = 0; i < sizeof assigners / sizeof assigners[0]; i++)
        if (end - begin == strlen(assigners[i].name) &&
            memcmp(p->text + begin, assigners[i].name, end - begin) == 0)
            return (first || capitals) && (options > 0 || !assigners[i].option) ? &assigners[i]
                                                                                : NULL;
    return NULL;
}

static size_t skip_space(const struct mask_parts *p, size_t i, size_t end)
{
    while (i < end && isspace((unsigned char)p->text[i]))
        i++;
    return i;
}

/* "{ echo x }": the words that a block prints. */
static void try_block(struct mask_parts *p, struct mask_place *n, size_t i)
{
    static const char *const printers[] = {"echo", "printf", "s6-echo", "heredoc", NULL};
    size_t limit = p->length - i < MASK_BLOCK_MAX ? p->length : i + MASK_BLOCK_MAX;
    size_t word = skip_space(p, i, limit);
    const char *close = memchr(p->text + word, '}', limit - word);
    bool printed = false;
    if (mask_at(p, word) != '{' || close == NULL)
        return;
    limit = (size_t)(close - p->text);
    n->first = n->colon = false;
    n->quote = '\0';
    for (word = skip_space(p, word + 1, limit); word < limit; word = skip_space(p, word, limit)) {
        char name[16];
        size_t end =
            mask_is_quote(p->text[word]) ? mask_close_quote(p, word + 1, p->text[word]) + 1 : word;
        while (end < limit && !isspace((unsigned char)p->text[end]))
            end++;
        snprintf(name, sizeof name, "%.*s", end - word > 15 ? 15 : (int)(end - word),
                 p->text + word);
        if (printed && name[0] != '-')
            mask_add_value_at(p, n, word);
        printed |= is_among(name, printers);
        word = end;
    }
}

/* "password x" of a .netrc, and of files that have a setting a line: nothing else is there. */
static bool is_setting(const struct mask_parts *p, const struct mask_place *n)
{
    static const char *const words[] = {"password", "passwd", "secret"};
    size_t value = mask_skip_blanks(p, n->end), stop = value, line = mask_line_end(p, value);
    bool named = false;
    if (value == n->end || value >= line)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        named |=
            n->end - n->begin >= length && memcmp(p->text + n->end - length, words[i], length) == 0;
    }
    if (mask_is_quote(mask_at(p, value)))
        stop = mask_close_quote(p, value + 1, mask_at(p, value));
    while (stop < line && !isspace((unsigned char)p->text[stop]))
        stop++;
    return named && ((n->first && skip_space(p, stop, line) == line) ||
                     mask_stands_before(p, n->begin, "login ") ||
                     mask_stands_before(p, n->begin, "machine "));
}

/* Behind blanks, quotes, commas and one end of a line, as they stand between two members. */
static size_t skip_between(const struct mask_parts *p, size_t i)
{
    size_t end = i;
    for (bool line = false; end - i < MASK_BLANKS_MAX && end < p->length; end++) {
        char c = p->text[end];
        if ((c == '\n' && line) || strchr(" \t\r\n,\"'\\", c) == NULL)
            break;
        line |= c == '\n';
    }
    return end;
}

/* The name is itself a value, and its value follows under "value": as variables of Kubernetes are
 * written, and settings in XML. False: it is not so. */
static bool try_pair(struct mask_parts *p, struct mask_place *n)
{
    static const char word[] = "value";
    enum { LENGTH = sizeof word - 1 };
    size_t i = skip_between(p, n->end);
    if (i == mask_skip_blanks(p, n->end) || p->length - i <= LENGTH ||
        strncasecmp(p->text + i, word, LENGTH) != 0)
        return false;
    bool quoted = mask_is_quote(p->text[i - 1]);
    size_t sign = i + LENGTH;
    sign += quoted && mask_at(p, sign) == '\\';
    sign += quoted && mask_is_quote(mask_at(p, sign));
    sign = mask_skip_blanks(p, sign);
    char c = mask_at(p, sign);
    size_t value = mask_skip_blanks(p, sign + 1);
    if ((c != ':' && c != '=') || value >= p->length || mask_at(p, value) == '\n')
        return false;
    struct mask_place v = *n;
    v.key = i;
    v.quoted = quoted;
    v.quote = quoted ? p->text[i - 1] : '\0';
    v.colon = c == ':' && mask_at(p, sign + 1) == ' ';
    mask_add_value_at(p, &v, value);
    return true;
}

/* A name and a value with blanks between. */
static void try_words(struct mask_parts *p, struct mask_place *n, size_t i)
{
    const struct assigner *a = n->option ? NULL : find_assigner(p, n);
    if (a != NULL && a->block) {
        try_block(p, n, i);
        return;
    }
    n->assigned = a != NULL;
    if (n->option || n->assigned || is_setting(p, n)) {
        n->first = n->assigned && a->line;
        try_option(p, n, i);
    }
}

static void try_name(struct mask_parts *p, struct mask_place *n)
{
    size_t i = n->end, tag = n->begin > 0 && p->text[n->begin - 1] == '<';
    if (mask_at(p, i) == '\\' && mask_is_quote(mask_at(p, i + 1)))
        i += 2;
    else if (mask_is_quote(mask_at(p, i))) {
        n->quoted = mask_at(p, i) == n->quote;
        i++;
        /* $x['password'] = */
        if (mask_at(p, i) == ']' && mask_at(p, mask_skip_blanks(p, i + 1)) == '=')
            i++;
    }
    size_t sign = mask_skip_blanks(p, i);
    char c = mask_at(p, sign), next = mask_at(p, sign + 1);
    if (tag && c == '>') {
        const char *end = memchr(p->text + sign, '<', p->length - sign);
        if (end != NULL &&
            !mask_is_harmless(p->text + sign + 1, (size_t)(end - p->text) - sign - 1))
            mask_add_value(p, sign + 1, (size_t)(end - p->text), "value of", p->text + n->begin,
                           n->end - n->begin);
        return;
    }
    if (c == '(' && sign == n->end && mask_is_quote(next)) {
        n->first = false;
        mask_add_value_at(p, n, sign + 1);
        return;
    }
    if ((c != '=' && c != ':') || (c == ':' && (next == ':' || next == '/'))) {
        if (!try_pair(p, n))
            try_words(p, n, i);
        return;
    }
    size_t value = sign + 1;
    while (strchr("=>~", mask_at(p, value)) != NULL && value < p->length)
        value++;
    n->colon = c == ':' && (mask_at(p, value) == ' ' || mask_at(p, value) == '\t');
    value = mask_skip_blanks(p, value);
    bool empty = value >= p->length || p->text[value] == '\n' || p->text[value] == '\r';
    if (!empty)
        mask_add_value_at(p, n, value);
    /* Nothing of YAML but a comment, a tag, an anchor or the sign of a block. */
    if (c == ':' && (empty || (n->colon && strchr("#!&|>", p->text[value]) != NULL)))
        mask_add_block(p, n, sign);
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
        mask_find_option(p, begin, end);
        size_t stop = end;
        while (stop > name && p->text[stop - 1] == '.')
            stop--;
        char before = begin == 0 ? '\0' : p->text[begin - 1];
        bool query = before == '?' || before == '&' || ends_there(p, begin, "&amp;");
        if (before == '\\' && stop - name > 5 &&
            memcmp(p->text + name, &MASK_CODED_AND[1], 5) == 0) {
            name += 5;
            query = true;
        }
        bool signs = query && stop - name == 3 && strncasecmp(p->text + name, "sig", 3) == 0;
        if (!signs && !mask_is_secret_name(p->text + name, stop - name))
            continue;
        size_t line = mask_line_begin(p, begin), first = mask_skip_blanks(p, line);
        if (p->length - first > 7 && strncmp(p->text + first, "export ", 7) == 0)
            first += 7;
        struct mask_place n = {.begin = name,
                               .end = end,
                               .key = name,
                               .quote = mask_is_quote(before) ? before : '\0',
                               .option = begin < name && p->text[begin] == '-',
                               .first = first == begin,
                               .query = query};
        try_name(p, &n);
    }
}
