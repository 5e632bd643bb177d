#include "base/envfile.h"
#include "base/environment.h"
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r"

struct place {
    const char *at, *end;
    unsigned int line;
    struct envfile_mistake *mistake;
};

static bool is_one_of(const struct place *p, const char *set)
{
    return p->at < p->end && *p->at != '\0' && strchr(set, *p->at) != NULL;
}

static void skip(struct place *p, const char *set)
{
    while (is_one_of(p, set))
        p->at++;
}

static bool at_end_of_line(const struct place *p)
{
    return p->at == p->end || *p->at == '\n';
}

static void skip_line(struct place *p)
{
    while (!at_end_of_line(p))
        p->at++;
    if (p->at < p->end) {
        p->at++;
        p->line++;
    }
}

static int wrong(const struct place *p, unsigned int line, const char *text)
{
    *p->mistake = (struct envfile_mistake){.line = line, .text = text};
    return -1;
}

static int no_memory(const struct place *p)
{
    return wrong(p, p->line, NULL);
}

/* A character of a value; a newline in it is counted. */
static int take(struct place *p, struct str *out)
{
    p->line += *p->at == '\n';
    return str_add_char(out, *p->at++);
}

/* Behind the opening quote. */
static int take_quoted(struct place *p, char quote, struct str *out)
{
    unsigned int first = p->line;
    while (p->at < p->end && *p->at != quote) {
        const char *next = p->at + 1;
        bool escaped = quote == '"' && *p->at == '\\' && next < p->end && *next != '\0' &&
                       strchr("\"\\$`\n", *next) != NULL;
        if (escaped)
            p->at = next;
        if (escaped && *p->at == '\n') {
            p->at++;
            p->line++;
        } else if (take(p, out) < 0) {
            return no_memory(p);
        }
    }
    if (p->at == p->end)
        return wrong(p, first, "a quote is not closed");
    p->at++;
    skip(p, BLANKS);
    return at_end_of_line(p) ? 0 : wrong(p, p->line, "there is something behind the closing quote");
}

/* The length of what joins two lines at this place: a backslash and the end of the line; 0: none.
 */
static size_t joint(const struct place *p)
{
    size_t left = (size_t)(p->end - p->at);
    if (left > 1 && p->at[0] == '\\' && p->at[1] == '\n')
        return 2;
    return left > 2 && p->at[0] == '\\' && p->at[1] == '\r' && p->at[2] == '\n' ? 3 : 0;
}

static int take_plain(struct place *p, struct str *out)
{
    size_t from = out->length;
    while (!at_end_of_line(p)) {
        size_t n = joint(p);
        p->at += n;
        p->line += n > 0;
        if (n == 0 && take(p, out) < 0)
            return no_memory(p);
    }
    while (out->length > from && strchr(BLANKS, out->data[out->length - 1]) != NULL)
        out->data[--out->length] = '\0';
    return 0;
}

static int take_value(struct place *p, struct str *out)
{
    skip(p, " \t");
    if (!is_one_of(p, "\"'"))
        return take_plain(p, out);
    return take_quoted(p, *p->at++, out);
}

/* Appends the name to out. False: there is none. */
static bool take_name(struct place *p, struct str *out)
{
    const char *begin = p->at;
    if (!is_one_of(p, VARIABLE_LETTERS))
        return false;
    skip(p, VARIABLE_CHARACTERS);
    return str_add(out, begin, (size_t)(p->at - begin)) == 0;
}

static void skip_export(struct place *p)
{
    static const char word[] = "export";
    size_t n = sizeof word - 1;
    if ((size_t)(p->end - p->at) > n && memcmp(p->at, word, n) == 0 &&
        (p->at[n] == ' ' || p->at[n] == '\t')) {
        p->at += n;
        skip(p, " \t");
    }
}

/* Reads one line that says something into one, which is empty. */
static int take_line(struct place *p, struct str *one)
{
    skip_export(p);
    if (!take_name(p, one))
        return wrong(p, p->line, "it begins with no name of a variable");
    if (is_one_of(p, "=")) {
        p->at++;
        return str_add_char(one, '=') < 0 ? no_memory(p) : take_value(p, one);
    }
    skip(p, BLANKS);
    str_clear(one);
    if (at_end_of_line(p))
        return 0;
    return wrong(p, p->line,
                 is_one_of(p, "=") ? "there is a blank before =" : "it is no NAME=VALUE");
}

int envfile_parse(const char *bytes, size_t length, struct words *out, struct envfile_mistake *m)
{
    struct place p = {.at = bytes, .end = bytes + length, .line = 1, .mistake = m};
    struct str one = STR_INIT;
    int result = 0;
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        p.at += 3; /* a mark of UTF-8, as editors of Windows leave */
    const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
    for (const char *b = bytes; nul != NULL && b < nul; b++)
        p.line += *b == '\n';
    if (nul != NULL)
        return wrong(&p, p.line, "there is a NUL byte in it");
    while (p.at < p.end && result == 0) {
        str_clear(&one);
        skip(&p, BLANKS);
        if (!at_end_of_line(&p) && !is_one_of(&p, "#;"))
            result = take_line(&p, &one);
        if (result == 0 && one.length > 0 && words_add(out, one.data) < 0)
            result = no_memory(&p);
        if (result == 0)
            skip_line(&p);
    }
    str_release(&one);
    return result;
}
