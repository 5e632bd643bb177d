/* Passwords in words of command lines and of SQL whose names say nothing. */
#include "command/overlog/mask_parts.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const struct secret_option {
    const char *program, *option;
    bool attached; /* the value is the rest of the word */
    bool pair;     /* user:password, and no pair of numbers */
} secret_options[] = {{"mysql", "-p", true, false},       {"mariadb", "-p", true, false},
                      {"sshpass", "-p", true, false},     {"sshpass", "-p", false, false},
                      {"redis-cli", "-a", false, false},  {"curl", "-u", false, true},
                      {"curl", "--user", false, true},    {"curl", "-U", false, true},
                      {"curl", "-u", true, true},         {"mongo", "-p", false, false},
                      {"login", "-p", false, false},      {"ldap", "-w", false, false},
                      {"openssl", "-pass", false, false}, {"", "requirepass", false, false},
                      {"", "masterauth", false, false}};

/* Where the value of that option begins, if the word is that option; else 0. */
static size_t option_value(const struct mask_parts *p, size_t begin, size_t end,
                           const struct secret_option *o)
{
    size_t n = strlen(o->option), value = begin + n;
    char outer = begin > 0 && mask_is_quote(p->text[begin - 1]) ? p->text[begin - 1] : '\0';
    bool same = end - begin >= n && memcmp(p->text + begin, o->option, n) == 0;
    /* "-su user:password" */
    bool joined = o->pair && o->option[1] != '-' && end - begin > n && end - begin < 6 &&
                  p->text[begin] == '-' && p->text[end - 1] == o->option[1];
    if (o->attached) {
        bool ends =
            value == end && (mask_at(p, end) == outer || strchr(" \t\r\n;)],|&>", mask_at(p, end)));
        return same && value < p->length && !ends ? value : 0;
    }
    if (!joined && (!same || end - begin != n))
        return 0;
    if (outer == '\0' || mask_at(p, end) != outer)
        return mask_skip_blanks(p, end);
    /* "-u", "user:password" */
    for (value = end + 1;
         value - end < MASK_BLANKS_MAX && strchr(" \t,", mask_at(p, value)) != NULL;)
        value++;
    return mask_is_quote(mask_at(p, value)) ? value : 0;
}

/* Behind the word at i; outer: the quote that the option stands in; 0: none. */
static size_t end_of_option(struct mask_parts *p, size_t i, char outer)
{
    char c = mask_at(p, i);
    size_t end = i;
    if (mask_is_quote(c)) {
        size_t close = mask_close_quote(p, i + 1, c);
        return mask_at(p, close) == c ? mask_word_end(p, i, close + 1) : close;
    }
    if (outer == '\0')
        return mask_word_end(p, i, i);
    while (end < p->length && !isspace((unsigned char)p->text[end]) && p->text[end] != outer)
        end++;
    return end;
}

/* Adds the word at value, or of a pair what is behind its colon. outer: as above. */
static void add_word(struct mask_parts *p, size_t value, char outer, bool pair, const char *whose)
{
    size_t stop = end_of_option(p, value, outer);
    char quote = mask_is_quote(mask_at(p, value)) ? p->text[value] : '\0';
    if (quote != '\0' && p->text[stop - 1] == quote)
        stop--;
    value += quote != '\0' && stop > value;
    const char *colon = value < stop ? memchr(p->text + value, ':', stop - value) : NULL;
    if (stop == value || mask_is_harmless(p->text + value, stop - value) || (pair && colon == NULL))
        return;
    size_t from = pair ? (size_t)(colon + 1 - p->text) : value;
    struct mask_part *part = mask_add_value(p, from, stop, "option of", whose, strlen(whose));
    if (part != NULL)
        part->quote = quote;
}

static void try_secret_option(struct mask_parts *p, size_t begin, size_t end,
                              const struct secret_option *o)
{
    size_t value = option_value(p, begin, end, o);
    if (value == 0 || !mask_stands_before(p, begin, o->program))
        return;
    bool attached = begin > 0 && o->attached && mask_is_quote(p->text[begin - 1]);
    add_word(p, value, attached ? p->text[begin - 1] : '\0', o->pair,
             o->program[0] == '\0' ? o->option : o->program);
}

static bool is_word(const struct mask_parts *p, size_t begin, size_t end, const char *word)
{
    size_t n = strlen(word);
    return end - begin == n && strncasecmp(p->text + begin, word, n) == 0;
}

/* --- operands --------------------------------------------------------------------------------- */

/* The next word of a command; 0: there is none. */
static size_t next_word(const struct mask_parts *p, size_t i)
{
    size_t word = mask_skip_blanks(p, i);
    char c = mask_at(p, word);
    return c == '\0' || word == i || strchr("\r\n|;&<>)", c) != NULL ? 0 : word;
}

/* htpasswd -b FILE USER PASSWORD, or -nb USER PASSWORD */
static void try_htpasswd(struct mask_parts *p, size_t end)
{
    bool given = false;
    int before = 2; /* operands */
    for (size_t word; (word = next_word(p, end)) != 0;) {
        bool option = p->text[word] == '-';
        end = end_of_option(p, word, '\0');
        given |= option && memchr(p->text + word, 'b', end - word) != NULL;
        before -= option && memchr(p->text + word, 'n', end - word) != NULL;
        if (option && p->text[end - 1] == 'C' && (word = next_word(p, end)) != 0)
            end = end_of_option(p, word, '\0');
        if (!option && given && before == 0)
            add_word(p, word, '\0', false, "htpasswd");
        before -= !option;
    }
}

/* The first operand of each command of that name from begin to end. */
static void add_printed(struct mask_parts *p, size_t begin, size_t end, const char *printer)
{
    size_t n = strlen(printer);
    const char *found;
    for (; (found = memmem(p->text + begin, end - begin, printer, n)) != NULL;) {
        begin = (size_t)(found - p->text) + n;
        size_t word = next_word(p, begin);
        while (word != 0 && p->text[word] == '-')
            word = next_word(p, end_of_option(p, word, '\0'));
        if (word != 0 && word < end)
            add_word(p, word, '\0', true, "chpasswd");
    }
}

/* echo USER:PASSWORD | chpasswd, or behind <<< */
static void try_chpasswd(struct mask_parts *p, size_t begin, size_t end)
{
    size_t here = mask_skip_blanks(p, end), line = mask_look_back(p, begin);
    if (p->length - here > 3 && memcmp(p->text + here, "<<<", 3) == 0)
        add_word(p, mask_skip_blanks(p, here + 3), '\0', true, "chpasswd");
    add_printed(p, line, begin, "echo");
    add_printed(p, line, begin, "printf");
}

/* --- SQL -------------------------------------------------------------------------------------- */

/* Behind blanks and that word; i: another one is there. */
static size_t skip_word(const struct mask_parts *p, size_t i, const char *word)
{
    size_t begin = mask_skip_blanks(p, i), end = begin + strlen(word);
    bool is = begin > i && end < p->length && is_word(p, begin, end, word) &&
              !isalnum((unsigned char)p->text[end]);
    return is ? end : i;
}

/* IDENTIFIED [WITH plugin] BY|AS [PASSWORD] 'x'. 0: there is none. */
static size_t identified_by(const struct mask_parts *p, size_t end)
{
    size_t at = skip_word(p, end, "with");
    if (at > end)
        for (at = mask_skip_blanks(p, at); at - end < MASK_BLANKS_MAX && mask_at(p, at) > ' ';)
            at++;
    size_t by = skip_word(p, at, "by");
    if (by == at)
        by = skip_word(p, at, "as");
    return by == at ? 0 : mask_skip_blanks(p, skip_word(p, by, "password"));
}

/* "CREATE USER x WITH PASSWORD 'y'": in a sentence nothing of that stands before it. */
static bool is_of_user(const struct mask_parts *p, size_t begin)
{
    static const char *const words[] = {"USER ", "user ", "ROLE ",      "role ",
                                        "WITH ", "with ", "ENCRYPTED ", "encrypted "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (mask_stands_before(p, begin, words[i]))
            return true;
    return false;
}

static void try_sql(struct mask_parts *p, size_t begin, size_t end)
{
    size_t value = 0;
    if (is_word(p, begin, end, "identified"))
        value = identified_by(p, end);
    else if (is_word(p, begin, end, "password") && is_of_user(p, begin))
        value = mask_skip_blanks(p, end);
    if (value <= end || !mask_is_quote(mask_at(p, value)))
        return;
    size_t stop = end_of_option(p, value, '\0');
    stop -= p->text[stop - 1] == p->text[value];
    struct mask_part *part = mask_add(p, value + 1, stop, value + 1, "password in SQL");
    if (part != NULL)
        part->quote = p->text[value];
}

void mask_find_option(struct mask_parts *p, size_t begin, size_t end)
{
    for (size_t i = 0; i < sizeof secret_options / sizeof secret_options[0]; i++)
        try_secret_option(p, begin, end, &secret_options[i]);
    while (begin < end && p->text[begin] == '-')
        begin++;
    try_sql(p, begin, end);
    if (is_word(p, begin, end, "htpasswd"))
        try_htpasswd(p, end);
    else if (is_word(p, begin, end, "chpasswd"))
        try_chpasswd(p, begin, end);
}
