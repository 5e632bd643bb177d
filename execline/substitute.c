#include "execline/substitute.h"
#include <stdlib.h>
#include <string.h>

/* A word is a list of parts: literal bytes, or a reference to one of the substitutions. */
struct part {
    const struct substitution *reference; /* NULL: literal */
    size_t start;                         /* of the literal, in struct word.literals */
    size_t length;
};

struct word {
    struct str literals;
    struct part *part;
    size_t count;
    size_t capacity;
};

static int add_part(struct word *w, struct part p)
{
    if (LIST_ROOM(w->part, w->count, w->capacity) < 0)
        return -1;
    w->part[w->count++] = p;
    return 0;
}

static int add_literal(struct word *w, const char *bytes, size_t length)
{
    size_t start = w->literals.length;
    if (length == 0)
        return 0;
    if (str_add(&w->literals, bytes, length) < 0)
        return -1;
    if (w->count > 0 && w->part[w->count - 1].reference == NULL) {
        w->part[w->count - 1].length += length;
        return 0;
    }
    return add_part(w, (struct part){.start = start, .length = length});
}

static const struct substitution *find(const struct substitution *s, size_t count, const char *key,
                                       size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(s[i].key) == length && memcmp(s[i].key, key, length) == 0)
            return &s[i];
    return NULL;
}

/* At a '$': which key begins there, and how long the reference is. */
static const struct substitution *reference_at(const char *dollar, const struct substitution *s,
                                               size_t count, size_t *length)
{
    const char *key = dollar + 1;
    if (*key == '{') {
        const char *end = strchr(++key, '}');
        if (end == NULL)
            return NULL;
        *length = (size_t)(end - dollar) + 1;
        return find(s, count, key, (size_t)(end - key));
    }
    size_t n = strcspn(key, "${}\\");
    *length = n + 1;
    return find(s, count, key, n);
}

/* 2n backslashes before a known key are n and its value; 2n + 1 are n and the text itself. */
static int split_word(const char *text, const struct substitution *s, size_t count, struct word *w)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "\\$");
        if (add_literal(w, text, plain) < 0)
            return -1;
        text += plain;
        size_t slashes = strspn(text, "\\");
        size_t length = 0;
        const struct substitution *found =
            text[slashes] == '$' ? reference_at(text + slashes, s, count, &length) : NULL;
        if (found == NULL) {
            size_t pass = slashes + (text[slashes] == '$' ? 1 : 0);
            if (add_literal(w, text, pass) < 0)
                return -1;
            text += pass;
            continue;
        }
        bool escaped = slashes % 2 == 1;
        if (add_literal(w, text, slashes / 2) < 0)
            return -1;
        text += slashes;
        int bad =
            escaped ? add_literal(w, text, length) : add_part(w, (struct part){.reference = found});
        if (bad < 0)
            return -1;
        text += length;
    }
    return 0;
}

/* The next combination of value indices, the last part turning fastest; false after the last. */
static bool turn(const struct word *w, size_t *index)
{
    for (size_t i = w->count; i-- > 0;) {
        if (w->part[i].reference == NULL)
            continue;
        if (++index[i] < w->part[i].reference->count)
            return true;
        index[i] = 0;
    }
    return false;
}

static int expand(const struct word *w, struct words *out)
{
    size_t *index = calloc(w->count + 1, sizeof *index);
    struct str text = STR_INIT;
    int bad = index == NULL ? -1 : 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->part[i].reference != NULL && w->part[i].reference->count == 0) {
            free(index);
            return bad; /* the whole word vanishes */
        }
    do {
        str_clear(&text);
        for (size_t i = 0; bad == 0 && i < w->count; i++) {
            const struct part *p = &w->part[i];
            bad = p->reference == NULL ? str_add(&text, w->literals.data + p->start, p->length)
                                       : str_add_text(&text, p->reference->value[index[i]]);
        }
        if (bad == 0)
            bad = words_add_bytes(out, text.data == NULL ? "" : text.data, text.length);
    } while (bad == 0 && turn(w, index));
    str_release(&text);
    free(index);
    return bad;
}

int substitute(char *const *in, const struct substitution *s, size_t count, struct words *out)
{
    for (; *in != NULL; in++) {
        struct word w = {.literals = STR_INIT};
        int bad = split_word(*in, s, count, &w);
        if (bad == 0)
            bad = expand(&w, out);
        str_release(&w.literals);
        free(w.part);
        if (bad != 0)
            return -1;
    }
    return 0;
}

/* --- transformations -------------------------------------------------------------------------- */

static bool is_delimiter(const char *delimiters, char c)
{
    return c != '\0' && strchr(delimiters, c) != NULL;
}

static void crunch(char *text, const char *delimiters)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (!is_delimiter(delimiters, *from) || from == text || !is_delimiter(delimiters, from[-1]))
            *to++ = *from;
    *to = '\0';
}

static bool chomp(char *text, const char *delimiters)
{
    size_t length = strlen(text);
    if (length == 0 || !is_delimiter(delimiters, text[length - 1]))
        return false;
    text[length - 1] = '\0';
    return true;
}

/* Pieces end at a delimiter; a last one without counts only if keep_last. */
static int split(const char *text, const char *delimiters, bool keep_last, struct words *out)
{
    while (*text != '\0') {
        size_t length = strcspn(text, delimiters);
        bool last = text[length] == '\0';
        if (last && !keep_last)
            return 0;
        if (words_add_bytes(out, text, length) < 0)
            return -1;
        text += length + (last ? 0 : 1);
    }
    return 0;
}

static int netstrings(const char *text, struct words *out, struct error *e)
{
    while (*text != '\0') {
        size_t length = 0;
        const char *p = text;
        for (; *p >= '0' && *p <= '9' && length < 100000000; p++)
            length = length * 10 + (size_t)(*p - '0');
        if (p == text || *p != ':' || strnlen(p + 1, length + 1) < length + 1 ||
            p[1 + length] != ',')
            return error_set(e, EXIT_SYSTEM, "unable to split: not a sequence of netstrings");
        if (words_add_bytes(out, p + 1, length) < 0)
            return error_set(e, EXIT_SYSTEM, "out of memory");
        text = p + 1 + length + 1;
    }
    return 0;
}

int transform(const char *text, const struct transform *t, struct words *out, struct error *e)
{
    const char *delimiters = t->delimiters == NULL ? " \n\r\t" : t->delimiters;
    char *copy = strdup(text);
    int bad;
    if (copy == NULL)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (t->crunch)
        crunch(copy, delimiters);
    bool chomped = t->chomp && chomp(copy, delimiters);
    if (t->split && delimiters[0] == '\0') {
        bad = netstrings(copy, out, e);
        free(copy);
        return bad;
    }
    bad = t->split ? split(copy, delimiters, chomped || !t->chomp, out) : words_add(out, copy);
    free(copy);
    return bad == 0 ? 0 : error_set(e, EXIT_SYSTEM, "out of memory");
}
