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

static void try_secret_option(struct mask_parts *p, size_t begin, size_t end,
                              const struct secret_option *o)
{
    size_t value = option_value(p, begin, end, o);
    if (value == 0 || !mask_stands_before(p, begin, o->program))
        return;
    char outer =
        begin > 0 && o->attached && mask_is_quote(p->text[begin - 1]) ? p->text[begin - 1] : '\0';
    size_t stop = end_of_option(p, value, outer);
    char quote = mask_is_quote(mask_at(p, value)) ? p->text[value] : '\0';
    if (quote != '\0' && p->text[stop - 1] == quote)
        stop--;
    value += quote != '\0' && stop > value;
    const char *colon = value < stop ? memchr(p->text + value, ':', stop - value) : NULL;
    if (stop == value || mask_is_harmless(p->text + value, stop - value) ||
        (o->pair && colon == NULL))
        return;
    size_t from = o->pair ? (size_t)(colon + 1 - p->text) : value;
    const char *whose = o->program[0] == '\0' ? o->option : o->program;
    struct mask_part *part = mask_add_value(p, from, stop, "option of", whose, strlen(whose));
    if (part != NULL)
        part->quote = quote;
}

/* IDENTIFIED BY 'x' */
static void try_sql(struct mask_parts *p, size_t begin, size_t end)
{
    size_t by = mask_skip_blanks(p, end), value = mask_skip_blanks(p, by + 2);
    if (end - begin != 10 || strncasecmp(p->text + begin, "identified", 10) != 0 || by == end ||
        by + 2 >= p->length || strncasecmp(p->text + by, "by", 2) != 0 ||
        !mask_is_quote(mask_at(p, value)))
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
}
