#include "command/overlog/mask.h"
#include "command/overlog/mask_parts.h"
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORD_MAX = 11,   /* letters of one case that may be an ordinary word */
    LEAST = 6,       /* bytes of a value that is learned */
    LINE_LEAST = 16, /* bytes of a line of one */
    BUCKETS = 1 << 14
};

/* --- what is learned -------------------------------------------------------------------------- */

/* An ordinary word, a short number or a usual path stands in many places where it is no secret. */
static bool is_telling(const char *value, size_t length)
{
    static const char *const places[] = {"/run/", "/etc/", "/var/", "/usr/",  "/home/", "/tmp/",
                                         "/opt/", "/srv/", "/app/", "/data/", "/proc/", "/dev/"};
    size_t letters = 0, capitals = 0, digits = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(value, places[i], strlen(places[i])) == 0)
            return false;
    for (size_t i = 0; i < length; i++) {
        letters += isalpha((unsigned char)value[i]) != 0;
        capitals += isupper((unsigned char)value[i]) != 0;
        digits += isdigit((unsigned char)value[i]) != 0;
    }
    if (digits == length)
        return length >= 8;
    bool one_case =
        capitals == 0 || capitals == letters || (capitals == 1 && isupper((unsigned char)value[0]));
    return letters < length || !one_case || length > WORD_MAX;
}

/* Of its first LEAST bytes. */
static size_t bucket_of(const char *bytes)
{
    uint64_t key = 0;
    memcpy(&key, bytes, LEAST);
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 50) % BUCKETS;
}

static bool is_known(const struct mask *m, const char *value, size_t length)
{
    for (size_t i = m->bucket[bucket_of(value)]; i != 0; i = m->value[i - 1].next)
        if (m->value[i - 1].length == length && memcmp(m->value[i - 1].bytes, value, length) == 0)
            return true;
    return false;
}

static int keep(struct mask *m, const char *value, size_t length)
{
    if (length < LEAST)
        return 0;
    /* with a NUL behind it, for is_telling */
    char *copy = malloc(length + 1);
    if (m->bucket == NULL)
        m->bucket = calloc(BUCKETS, sizeof *m->bucket);
    if (copy == NULL || m->bucket == NULL) {
        free(copy);
        return -1;
    }
    memcpy(copy, value, length);
    copy[length] = '\0';
    if (!is_telling(copy, length) || is_known(m, copy, length)) {
        free(copy);
        return 0;
    }
    if (LIST_ROOM(m->value, m->count, m->room) < 0) {
        free(copy);
        return -1;
    }
    size_t *last = &m->bucket[bucket_of(copy)];
    m->value[m->count++] = (struct mask_value){.bytes = copy, .length = length, .next = *last};
    *last = m->count;
    return 0;
}

/* As a URL has it: "%40" for "@". False: it is the same. */
static bool decode(const char *value, size_t length, struct str *out)
{
    bool changed = false;
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {0};
        bool coded = value[i] == '%' && length - i > 2 && isxdigit((unsigned char)value[i + 1]) &&
                     isxdigit((unsigned char)value[i + 2]);
        memcpy(digits, value + i + 1, coded ? 2 : 0);
        str_add_char(out, coded ? (char)strtoul(digits, NULL, 16) : value[i]);
        i += coded ? 2 : 0;
        changed |= coded;
    }
    return changed;
}

/* How writers of JSON differ: some escape slashes, others what HTML has a meaning for. */
static const struct dialect {
    const char *escaped, *coded;
} dialects[] = {{"\"\\", ""}, {"\"\\/", ""}, {"\"\\", "<>&"}};

/* As JSON has it. False: it is the same. */
static bool escape(const char *value, size_t length, const struct dialect *d, struct str *out)
{
    bool changed = false;
    for (size_t i = 0; i < length; i++) {
        bool escaped = value[i] != '\0' && strchr(d->escaped, value[i]) != NULL;
        bool coded = value[i] != '\0' && strchr(d->coded, value[i]) != NULL;
        changed |= escaped || coded;
        if (coded)
            str_printf(out, "\\u%04x", (unsigned)value[i]);
        else if (escaped)
            str_printf(out, "\\%c", value[i]);
        else
            str_add_char(out, value[i]);
    }
    return changed;
}

static int keep_line(struct mask *m, const char *line, size_t length)
{
    mask_trim(&line, &length);
    return length >= LINE_LEAST ? keep(m, line, length) : 0;
}

/* What a value in base64 stands for, if that is text: "data" of a Kubernetes Secret; "auth" of a
 * container engine, whose password follows a colon. */
static int keep_decoded(struct mask *m, const char *value, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct str text = STR_INIT;
    uint32_t bits = 0;
    int result = 0;
    while (length > 0 && value[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length && result == 0; i++) {
        const char *digit = value[i] == '\0' ? NULL : strchr(digits, value[i]);
        bits = bits << 6 | (digit == NULL ? 0 : (uint32_t)(digit - digits));
        char c = (char)(bits >> (6 - 2 * (i % 4)));
        bool is_text = i % 4 == 0 || isprint((unsigned char)c);
        if (digit == NULL || !is_text)
            length = 0;
        else if (i % 4 != 0)
            result = str_add_char(&text, c);
    }
    const char *colon = text.length == 0 ? NULL : memchr(text.data, ':', text.length);
    if (length > 0 && result == 0)
        result = keep(m, text.data, text.length);
    if (colon != NULL && result == 0)
        result = keep(m, colon + 1, text.length - (size_t)(colon + 1 - text.data));
    str_release(&text);
    return result;
}

int mask_learn(struct mask *m, const char *value, size_t length)
{
    struct str other = STR_INIT;
    int result = 0;
    mask_trim(&value, &length);
    /* Logs show lines apart. */
    for (const char *at = value, *end; (end = memchr(at, '\n', length - (size_t)(at - value)));
         at = end + 1)
        result |= keep_line(m, at, (size_t)(end - at));
    result |= keep(m, value, length);
    if (decode(value, length, &other))
        result |= keep(m, other.data, other.length);
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        str_clear(&other);
        if (escape(value, length, &dialects[i], &other))
            result |= keep(m, other.data, other.length);
    }
    str_release(&other);
    result |= keep_decoded(m, value, length);
    /* What ends a command or a member is no part of it, perhaps. */
    if (length > 1 && strchr(";,", value[length - 1]) != NULL)
        result |= keep(m, value, length - 1);
    return result;
}

/* As a program of a shell gets it; quote: the one that is open at its beginning, and may be closed
 * behind its end. False: it is the same, nothing is left, or a quote has no end. */
static bool unquote(const char *value, size_t length, char quote, struct str *out)
{
    const char outer = quote;
    size_t taken = 0;
    for (size_t i = 0; i < length; i++) {
        char c = value[i], next = i + 1 < length ? value[i + 1] : '\0';
        bool escapes = c == '\\' && quote != '\'' && next != '\0' &&
                       (quote == '\0' || strchr("\\\"$`", next) != NULL);
        bool turns = !escapes && (quote == '\0' ? c == '"' || c == '\'' : c == quote);
        if (turns)
            quote = quote == '\0' ? c : '\0';
        else
            str_add_char(out, escapes ? value[++i] : c);
        taken += turns || escapes;
    }
    return taken > 0 && out->length > 0 && (quote == '\0' || quote == outer);
}

/* As YAML and SQL get it, where two quotes in quotes are one. False: it is the same. */
static bool halve(const char *value, size_t length, char quote, struct str *out)
{
    for (size_t i = 0; i < length; i++) {
        str_add_char(out, value[i]);
        i += quote != '\0' && value[i] == quote && i + 1 < length && value[i + 1] == quote;
    }
    return out->length < length;
}

static int learn_part(struct mask *m, const char *value, size_t length, char quote)
{
    struct str plain = STR_INIT;
    int result = mask_learn(m, value, length);
    if (unquote(value, length, quote, &plain))
        result |= mask_learn(m, plain.data, plain.length);
    str_clear(&plain);
    if (halve(value, length, quote, &plain))
        result |= mask_learn(m, plain.data, plain.length);
    str_release(&plain);
    return result;
}

void mask_release(struct mask *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->value[i].bytes);
    free(m->value);
    free(m->bucket);
    *m = MASK_INIT;
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Of all that is within another one of its kind nothing is added: of a line that repeats, each
 * piece may be known. */
static void find_known(const struct mask *m, struct mask_parts *p)
{
    size_t end = 0; /* of the part that goes furthest */
    for (size_t at = 0; m->count > 0 && at + LEAST <= p->length; at++) {
        size_t before = end;
        for (size_t i = m->bucket[bucket_of(p->text + at)]; i != 0; i = m->value[i - 1].next) {
            const struct mask_value *v = &m->value[i - 1];
            if (at + v->length > end && v->length <= p->length - at &&
                memcmp(p->text + at, v->bytes, v->length) == 0)
                end = at + v->length;
        }
        if (end > before)
            mask_add(p, at, end, end, "a value that is secret elsewhere");
    }
}

static int by_place(const void *a, const void *b)
{
    const struct mask_part *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1;
    /* Of two that are the same, the one that knows more about it. */
    return (x->from == x->end) - (y->from == y->end);
}

static int find(struct mask_parts *p, const struct mask *m, bool all)
{
    struct mask_line line = {.known = false};
    p->line = &line;
    if (p->length > 0 && all) {
        mask_find_values(p);
        mask_find_shapes(p);
    }
    if (p->length > 0 && m != NULL)
        find_known(m, p);
    if (p->count > 0)
        qsort(p->part, p->count, sizeof *p->part, by_place);
    p->line = NULL;
    return p->failed ? -1 : 0;
}

int mask_learn_text(struct mask *m, const char *text, size_t length)
{
    struct mask_parts p = {.text = text, .length = length};
    int result = find(&p, NULL, true);
    for (size_t i = 0; i < p.count && result == 0; i++) {
        const struct mask_part *part = &p.part[i];
        if (part->end > part->from)
            result = learn_part(m, text + part->from, part->end - part->from, part->quote);
    }
    free(p.part);
    return result;
}

static unsigned long count_lines(const char *text, size_t length)
{
    unsigned long lines = 0;
    for (const char *end = text + length; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        lines++;
    return lines;
}

/* Appends the text with MASKED in the place of its parts. */
static int replace(const struct mask_parts *p, struct str *out, mask_found *found, void *context)
{
    unsigned long line = 1;
    size_t at = 0;
    int result = 0;
    for (size_t i = 0; i < p->count && result == 0; i++) {
        const struct mask_part *part = &p->part[i];
        /* Parts that overlap or touch are one: what is left between them could be told. */
        if (part->begin > at || i == 0) {
            result = str_add(out, p->text + at, part->begin - at);
            line += count_lines(p->text + at, part->begin - at);
            result |= str_add_text(out, MASKED);
            if (found != NULL)
                found(context, line, part->kind);
        }
        at = part->end > at ? part->end : at;
    }
    return result == 0 ? str_add(out, p->text + at, p->length - at) : -1;
}

int mask_text(const struct mask *m, const char *text, size_t length, struct str *out,
              mask_found *found, void *context)
{
    struct mask_parts p = {.text = text, .length = length};
    int result = find(&p, m, true) < 0 ? -1 : replace(&p, out, found, context);
    free(p.part);
    return result;
}

int mask_learned(const struct mask *m, const char *text, size_t length, struct str *out)
{
    struct mask_parts p = {.text = text, .length = length};
    int result = find(&p, m, false) < 0 ? -1 : replace(&p, out, NULL, NULL);
    free(p.part);
    return result;
}
