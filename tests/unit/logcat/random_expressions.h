/* Random extended regular expressions and lines, to compare pattern_find with regexec alone. The C
 * library decides what an expression means, so this runs with the one of the tests and the one of
 * the product. */
#ifndef TESTS_UNIT_LOGCAT_RANDOM_EXPRESSIONS_H
#define TESTS_UNIT_LOGCAT_RANDOM_EXPRESSIONS_H

#include "logcat/pattern.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { EXPRESSION_MAX = 96, RANDOM_LINE_MAX = 160, LINES_EACH = 12 };

struct random_result {
    unsigned long compiled, words, lines, matches;
    char wrong[512]; /* the first expression and line that differ; "": none */
};

static uint64_t random_state;

static unsigned int random_below(unsigned int n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned int)(random_state >> 33) % n;
}

#define PICK(list) (list)[random_below(sizeof(list) / sizeof *(list))]

static void random_add(char *text, size_t max, const char *piece)
{
    if (strlen(text) + strlen(piece) < max)
        strcat(text, piece);
}

static void random_atom(char *text, unsigned int depth);

static void random_quantifiers(char *text)
{
    static const char *const quantifiers[] = {"*",     "+",    "?",    "{0}", "{1}", "{0,2}",
                                              "{2,3}", "{1,}", "{,2}", "{",   "{a}", "{2"};
    while (random_below(3) == 0)
        random_add(text, EXPRESSION_MAX,
                   random_below(4) > 0 ? quantifiers[random_below(3)] : PICK(quantifiers));
}

static void random_branch(char *text, unsigned int depth)
{
    for (unsigned int n = random_below(5); n > 0; n--) {
        random_atom(text, depth);
        random_quantifiers(text);
    }
}

static void random_alternation(char *text, unsigned int depth)
{
    random_branch(text, depth);
    while (random_below(3) == 0) {
        random_add(text, EXPRESSION_MAX, "|");
        random_branch(text, depth);
    }
}

static void random_escape(char *text)
{
    const char piece[3] = {'\\', (char)(' ' + random_below(95)), '\0'};
    random_add(text, EXPRESSION_MAX, piece);
    if (piece[1] == 'x')
        random_add(text, EXPRESSION_MAX, "41");
}

static void random_atom(char *text, unsigned int depth)
{
    static const char *const plain[] = {
        "a", "b", "x",        "A",    "B",  "=", "1", ",", "4", "n",  "t",
        "-", "}", "\xc3\xa9", "\xa9", "ab", ":", "]", "w", " ", "xA", "\xf0\x9f\x98\x80"};
    static const char *const brackets[] = {"[ab]",         "[^a]",         "[]a]",  "[^]a]",
                                           "[[:alpha:]]",  "[[:digit:]x]", "[a-x]", "[\\]",
                                           "[a[:space:]]", "[|]",          "[()]",  "[\xc3\xa9]",
                                           "[[.a.]]",      "[[=a=]]",      "[a",    "[[:alpha]x]"};
    static const char *const anchors[] = {"^", "$", ".", "\\b", "\\<", "\\w", "\\."};
    unsigned int kind = random_below(40);
    if (kind < 24) {
        random_add(text, EXPRESSION_MAX, PICK(plain));
    } else if (kind < 29) {
        random_add(text, EXPRESSION_MAX, PICK(anchors));
    } else if (kind < 33) {
        random_add(text, EXPRESSION_MAX, PICK(brackets));
    } else if (kind < 35) {
        random_escape(text);
    } else if (kind < 36) {
        random_add(text, EXPRESSION_MAX, random_below(2) ? ")" : "(");
    } else if (depth < 3) {
        random_add(text, EXPRESSION_MAX, "(");
        random_alternation(text, depth + 1);
        random_add(text, EXPRESSION_MAX, ")");
    }
}

/* A line that is near to what the expression asks for: its characters, some left out, some twice.
 */
static void random_line(const char *expression, char line[RANDOM_LINE_MAX])
{
    static const char *const other[] = {"a", "b", "x", "A", "B", "1", "4", " ", "\xc3\xa9", "ab"};
    size_t length = 0;
    unsigned int keep = 1 + random_below(8);
    line[0] = '\0';
    for (const char *p = expression; *p != '\0'; p++) {
        unsigned int times = random_below(8) >= keep ? 0 : random_below(8) == 0 ? 2 : 1;
        if (strchr("()|*+?{}^$\\[]", *p) != NULL)
            times = random_below(6) == 0;
        for (; times > 0 && length + 2 < RANDOM_LINE_MAX; times--)
            line[length++] = random_below(12) == 0 ? (char)(*p ^ 0x20) : *p;
        line[length] = '\0';
        if (random_below(12) == 0)
            random_add(line, RANDOM_LINE_MAX, PICK(other));
        length = strlen(line);
    }
}

static void compare_lines(const char *text, bool fold, const regex_t *regex, struct pattern *p,
                          struct random_result *r)
{
    char line[RANDOM_LINE_MAX];
    for (int i = 0; i < LINES_EACH && r->wrong[0] == '\0'; i++) {
        struct pattern_place place;
        random_line(text, line);
        bool right = regexec(regex, line, 0, NULL, 0) == 0;
        r->lines++;
        r->matches += right;
        if (pattern_find(p, line, strlen(line), NULL) != right ||
            pattern_find(p, line, strlen(line), &place) != right ||
            (right && !pattern_may(p, line, strlen(line))))
            snprintf(r->wrong, sizeof r->wrong, "%s%s on \"%s\": the expression alone says %s",
                     text, fold ? " without case" : "", line, right ? "match" : "no match");
    }
}

/* Compares so many expressions. Stops at the first difference. */
static struct random_result random_compare(uint64_t seed, unsigned long count)
{
    struct random_result r = {.wrong = ""};
    random_state = seed;
    for (unsigned long i = 0; i < count && r.wrong[0] == '\0'; i++) {
        char text[EXPRESSION_MAX] = "";
        struct error e = ERROR_INIT;
        struct pattern p;
        regex_t regex;
        bool fold = random_below(3) == 0;
        random_alternation(text, 0);
        bool good = regcomp(&regex, text, REG_EXTENDED | (fold ? REG_ICASE : 0)) == 0;
        bool opened = pattern_open(&p, text, fold, &e) == 0;
        if (good != opened)
            snprintf(r.wrong, sizeof r.wrong, "%s: only %s takes it", text,
                     good ? "the C library" : "the fast path");
        if (good && opened) {
            r.compiled++;
            r.words += p.count > 0;
            compare_lines(text, fold, &regex, &p, &r);
        }
        if (good)
            regfree(&regex);
        if (opened)
            pattern_close(&p);
    }
    return r;
}

#endif
