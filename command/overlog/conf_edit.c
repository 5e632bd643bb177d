#include "command/overlog/conf_edit.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct conf *c, const struct str *text, struct error *e)
{
    if (conf_parse(c, text->data == NULL ? "" : text->data, text->length) < 0)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (c->mistakes > 0)
        return error_set(e, EXIT_FAILURE, "line %lu: %s; %s: correct that first",
                         (unsigned long)c->mistake[0].line, c->mistake[0].text, c->mistake[0].cure);
    return 0;
}

/* Where a line begins, from 1; the end of the text for one behind the last. */
static size_t offset_of(const struct str *text, uint32_t line)
{
    size_t at = 0;
    while (--line > 0 && at < text->length) {
        const char *newline = memchr(text->data + at, '\n', text->length - at);
        at = newline == NULL ? text->length : (size_t)(newline - text->data) + 1;
    }
    return at;
}

size_t conf_edit_section(const struct str *text, const struct conf_section *s)
{
    size_t at = offset_of(text, s->line);
    while (at > 0) {
        const char *end = at < 2 ? NULL : memrchr(text->data, '\n', at - 1);
        size_t above = end == NULL ? 0 : (size_t)(end + 1 - text->data);
        if (text->data[above] != '#')
            break;
        at = above;
    }
    return at;
}

/* What is between two places becomes other bytes. */
static int replace(struct str *text, size_t from, size_t to, const char *bytes)
{
    struct str made = STR_INIT;
    if (str_add(&made, text->data, from) < 0 || str_add_text(&made, bytes) < 0 ||
        str_add(&made, text->data + to, text->length - to) < 0) {
        str_release(&made);
        return -1;
    }
    str_release(text);
    *text = made;
    return 0;
}

static uint32_t lines_of(const char *value)
{
    uint32_t lines = 1;
    while ((value = strchr(value, '\n')) != NULL) {
        value++;
        lines++;
    }
    return lines;
}

/* Behind its last key, and behind the empty lines there. */
static size_t end_of(const struct str *text, const struct conf_section *s)
{
    const struct conf_key *last = s->count == 0 ? NULL : &s->key[s->count - 1];
    uint32_t line = last == NULL ? s->line + 1 : last->value_line + lines_of(last->value);
    size_t at = offset_of(text, line);
    while (at < text->length && text->data[at + strspn(text->data + at, " \t\r")] == '\n')
        at = offset_of(text, ++line);
    return at;
}

int conf_edit_remove(struct str *text, uint32_t line, struct error *e)
{
    struct conf c = CONF_INIT;
    int result = parse(&c, text, e);
    for (size_t i = 0; i < c.count && result == 0; i++) {
        if (c.section[i].line != line)
            continue;
        const struct conf_section *one = &c.section[i];
        result = replace(text, conf_edit_section(text, one), end_of(text, one), "") < 0
                     ? error_set(e, EXIT_SYSTEM, "out of memory")
                     : 1;
    }
    conf_release(&c);
    return result;
}

/* The value without the name, in out. False: the name is not in it. */
static bool without(const char *value, const char *name, struct str *out, bool *bad)
{
    bool found = false;
    for (size_t n; *value != '\0'; value += n + (value[n] != '\0')) {
        n = strcspn(value, " ,\t\n");
        bool same = n == strlen(name) && memcmp(value, name, n) == 0;
        found |= same;
        if (n > 0 && !same)
            *bad |= (out->length > 0 && str_add_char(out, ' ') < 0) || str_add(out, value, n) < 0;
    }
    return found;
}

/* 1 when the key is one that names the service, and has been written without it. */
static int unlist_key(struct str *text, const struct conf_key *k, const char *name)
{
    static const char *const lists[] = {"needs",        "dependencies", "after",  "contents",
                                        "consumer-for", "producer-for", "bundle", NULL};
    static const char *const kept[] = {"needs", "dependencies", "contents", "bundle", NULL};
    struct str value = STR_INIT, line = STR_INIT;
    bool bad = false;
    if (!is_among(k->name, lists) || !without(k->value, name, &value, &bad)) {
        str_release(&value);
        return bad ? -1 : 0;
    }
    if (value.length > 0 || is_among(k->name, kept))
        bad |= str_printf(&line, "%s = %s\n", k->name, value.length > 0 ? value.data : "none") < 0;
    size_t end = offset_of(text, k->value_line + lines_of(k->value));
    bad = bad || replace(text, offset_of(text, k->line), end, line.length > 0 ? line.data : "") < 0;
    str_release(&value);
    str_release(&line);
    return bad ? -1 : 1;
}

int conf_edit_unlist(struct str *text, const char *name, struct error *e)
{
    struct conf c = CONF_INIT;
    int changed = parse(&c, text, e);
    for (size_t i = c.count; i > 0 && changed >= 0; i--) /* from the end: lines above stay true */
        for (size_t k = c.section[i - 1].count; k > 0 && changed >= 0; k--) {
            int one = unlist_key(text, &c.section[i - 1].key[k - 1], name);
            changed = one < 0 ? error_set(e, EXIT_SYSTEM, "out of memory") : changed + one;
        }
    conf_release(&c);
    return changed;
}

int conf_edit_append(struct str *text, const char *section)
{
    size_t length = text->length;
    bool open = length > 0 && text->data[length - 1] != '\n';
    bool begun = length > 0 && (length < 2 || strcmp(text->data + length - 2, "\n\n") != 0);
    if ((open && str_add_char(text, '\n') < 0) || (begun && str_add_char(text, '\n') < 0))
        return -1;
    return str_add_text(text, section);
}
