#include "services/conf.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of the text, without its end. */
struct line {
    const char *text;
    size_t length;
    uint32_t number;
};

struct parser {
    struct conf *c;
    const char *at, *end;
    uint32_t number; /* of the line at `at` */
    struct str about;
    bool in_section; /* a section is open, or one that was refused: then `section` is NULL */
    struct conf_section *section;
    bool no_memory;
};

/* --- lines ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t blanks(const struct line *l)
{
    size_t n = 0;
    while (n < l->length && is_blank(l->text[n]))
        n++;
    return n;
}

static bool is_empty(const struct line *l)
{
    return blanks(l) == l->length;
}

static bool look(const struct parser *p, const char *at, struct line *l, const char **next)
{
    if (at >= p->end)
        return false;
    const char *newline = memchr(at, '\n', (size_t)(p->end - at));
    *l = (struct line){.text = at, .length = (size_t)((newline == NULL ? p->end : newline) - at)};
    *next = newline == NULL ? p->end : newline + 1;
    while (l->length > 0 && at[l->length - 1] == '\r') /* all: no line of a value ends with one */
        l->length--;
    return true;
}

static bool next_line(struct parser *p, struct line *l)
{
    if (!look(p, p->at, l, &p->at))
        return false;
    l->number = p->number++;
    return true;
}

/* A piece without the blanks around it, nor a \r before the last of them. */
static struct line trimmed(struct line l)
{
    size_t n = blanks(&l);
    l.text += n;
    l.length -= n;
    while (l.length > 0 && (is_blank(l.text[l.length - 1]) || l.text[l.length - 1] == '\r'))
        l.length--;
    return l;
}

static char *copy(struct parser *p, const struct line *l)
{
    char *text = strndup(l->text, l->length);
    p->no_memory |= text == NULL;
    return text;
}

static void mistake(struct parser *p, uint32_t line, const char *cure, const char *what,
                    const struct line *word)
{
    enum { SHOWN = 64 };
    struct conf *c = p->c;
    if (c->mistakes == CONF_MISTAKES_MAX)
        return;
    struct conf_mistake *m = &c->mistake[c->mistakes++];
    *m = (struct conf_mistake){.line = line, .cure = cure};
    int shown = word == NULL ? 0 : (int)(word->length < SHOWN ? word->length : SHOWN);
    snprintf(m->text, sizeof m->text, "%s%s%.*s", what, shown > 0 ? " " : "", shown,
             word == NULL ? "" : word->text);
}

/* --- values ----------------------------------------------------------------------------------- */

/* The blanks that all lines from `at` on have in common, as far as they belong to a value; *stop is
 * where the last of them ends. */
static size_t indentation(const struct parser *p, const char **stop)
{
    struct line l, first = {.text = NULL};
    const char *at = p->at;
    size_t common = 0;
    *stop = p->at;
    while (look(p, at, &l, &at)) {
        if (is_empty(&l) || l.text[0] == '#')
            continue;
        size_t n = blanks(&l);
        if (n == 0)
            break;
        if (first.text == NULL) {
            first = l;
            common = n;
        }
        size_t same = 0;
        while (same < common && same < n && l.text[same] == first.text[same])
            same++;
        common = same;
        *stop = at;
    }
    return common;
}

static int add_line(struct str *out, const struct line *l, size_t indent)
{
    size_t skip = l->length < indent ? l->length : indent;
    return str_add(out, l->text + skip, l->length - skip);
}

/* The value that begins with `first`, the text behind the sign, and goes on below. */
static char *read_value(struct parser *p, struct line first, uint32_t *value_line)
{
    struct str text = STR_INIT;
    struct line l;
    const char *stop;
    size_t indent = indentation(p, &stop);
    bool begun = first.length > 0;
    bool bad = str_add(&text, first.text, first.length) < 0;
    *value_line = first.number;
    while (p->at < stop && next_line(p, &l)) {
        if (l.length > 0 && l.text[0] == '#')
            l.length = 0; /* a comment leaves an empty line, so that line numbers stay true */
        if (!begun && is_empty(&l))
            continue;
        if (!begun)
            *value_line = l.number;
        else
            bad |= str_add_char(&text, '\n') < 0;
        bad |= add_line(&text, &l, indent) < 0;
        begun = true;
    }
    p->no_memory |= bad;
    if (bad)
        str_release(&text);
    return text.data;
}

/* --- keys ------------------------------------------------------------------------------------- */

const struct conf_key *conf_find(const struct conf_section *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->key[i].name, name) == 0)
            return &s->key[i];
    return NULL;
}

static bool is_key(const struct line *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    for (size_t i = 0; i < name->length; i++)
        if (memchr(good, name->text[i], sizeof good - 1) == NULL)
            return false;
    return name->length > 0;
}

/* Adds it to the open section, which takes over its texts, or frees them. */
static void add_key(struct parser *p, struct conf_key key)
{
    struct conf_section *s = p->section;
    const struct conf_key *before = s == NULL || p->no_memory ? NULL : conf_find(s, key.name);
    char first[48];
    bool added = false;
    if (before != NULL) {
        struct line name = {.text = key.name, .length = strlen(key.name)};
        snprintf(first, sizeof first, "line %lu has it already:", (unsigned long)before->line);
        mistake(p, key.line, "keep one of the two", first, &name);
    } else if (s != NULL && s->count == CONF_KEYS_MAX) {
        mistake(p, key.line, "a section has 128 keys at most", "too many keys", NULL);
    } else if (s != NULL && !p->no_memory) {
        added = LIST_ROOM(s->key, s->count, s->room) == 0;
        p->no_memory |= !added;
    }
    if (added) {
        s->key[s->count++] = key;
    } else {
        free(key.name);
        free(key.value);
    }
}

static void read_key(struct parser *p, struct line l)
{
    struct line name = l;
    struct conf_key key = {.line = l.number};
    const char *sign = memchr(l.text, '=', l.length);
    if (sign != NULL)
        name.length = (size_t)(sign - l.text);
    name = trimmed(name);
    if (sign == NULL) {
        mistake(p, l.number, "write KEY = VALUE, or indent a line that goes on with the one above",
                "there is no = in", &name);
        return;
    }
    if (!is_key(&name))
        mistake(p, l.number, "a key has small letters, digits and dashes", "no key has the name",
                &name);
    else if (!p->in_section)
        mistake(p, l.number, "begin a section above it: [NAME]", "it is in no section:", &name);
    struct line value = l;
    value.text = sign + 1;
    value.length = (size_t)(l.text + l.length - value.text);
    key.value = read_value(p, trimmed(value), &key.value_line);
    if (is_key(&name))
        key.name = copy(p, &name);
    if (key.name == NULL || key.value == NULL)
        free(key.name), free(key.value);
    else
        add_key(p, key);
}

/* --- sections --------------------------------------------------------------------------------- */

static struct conf_section *add_section(struct parser *p, const struct line *name)
{
    struct conf *c = p->c;
    struct conf_section one = {.line = name->number};
    if (LIST_ROOM(c->section, c->count, c->room) < 0) {
        p->no_memory = true;
        return NULL;
    }
    if (p->about.length > 0) {
        one.about = p->about.data;
        p->about = STR_INIT;
    }
    one.name = copy(p, name);
    if (one.name == NULL) {
        free(one.about);
        return NULL;
    }
    c->section[c->count] = one;
    return &c->section[c->count++];
}

static void read_header(struct parser *p, struct line l)
{
    const char *end = memchr(l.text, ']', l.length);
    struct line name = {.text = l.text + 1, .length = l.length - 1, .number = l.number};
    char first[48];
    p->in_section = true;
    p->section = NULL;
    if (end == NULL) {
        mistake(p, l.number, "write [NAME]", "there is no ] in", &l);
        return;
    }
    struct line rest = {.text = end + 1, .length = (size_t)(l.text + l.length - end - 1)};
    name.length = (size_t)(end - name.text);
    name = trimmed(name);
    rest = trimmed(rest);
    if (rest.length > 0 && rest.text[0] != '#')
        mistake(p, l.number, "put it into a line of its own", "behind the ] stands", &rest);
    if (name.length == 0) {
        mistake(p, l.number, "write [NAME]", "the section has no name", NULL);
        return;
    }
    for (size_t i = 0; i < p->c->count; i++) {
        const struct conf_section *s = &p->c->section[i];
        if (strlen(s->name) != name.length || memcmp(s->name, name.text, name.length) != 0)
            continue;
        snprintf(first, sizeof first, "line %lu begins it already:", (unsigned long)s->line);
        mistake(p, l.number, "put the keys of both into one, or choose another name", first, &name);
        return;
    }
    if (p->c->count == CONF_SECTIONS_MAX)
        mistake(p, l.number, "use directories, or a file more", "too many sections", NULL);
    else
        p->section = add_section(p, &name);
}

static void note_comment(struct parser *p, struct line l)
{
    l.text++;
    l.length--;
    if (l.length > 0 && l.text[0] == ' ') {
        l.text++;
        l.length--;
    }
    if (p->about.length > 0)
        p->no_memory |= str_add_char(&p->about, '\n') < 0;
    p->no_memory |= str_add(&p->about, l.text, l.length) < 0;
}

static void read_line(struct parser *p, struct line l)
{
    struct line rest = trimmed(l);
    if (rest.length > 0 && l.text[0] == '#') {
        note_comment(p, l);
        return;
    }
    if (l.length > 0 && l.text[0] == '[')
        read_header(p, rest);
    else if (rest.length > 0 && !is_blank(l.text[0]))
        read_key(p, rest);
    else if (rest.length > 0 && rest.text[0] != '#')
        mistake(p, l.number, "begin keys and sections at the beginning of the line",
                "it goes on with nothing:", &rest);
    str_clear(&p->about);
}

/* --- all -------------------------------------------------------------------------------------- */

static bool has_nul(struct parser *p)
{
    const char *nul = memchr(p->at, '\0', (size_t)(p->end - p->at));
    uint32_t line = 1;
    if (nul == NULL)
        return false;
    for (const char *at = p->at; at < nul; at++)
        line += *at == '\n';
    mistake(p, line, "save it as plain text", "it holds a NUL byte", NULL);
    return true;
}

int conf_parse(struct conf *c, const char *text, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct parser p = {.c = c, .at = text, .end = text + length, .number = 1};
    struct line l;
    *c = CONF_INIT;
    if (length >= 3 && memcmp(text, mark, 3) == 0)
        p.at += 3;
    if (length > CONF_BYTES_MAX)
        mistake(&p, 0, "make several files of it", "it is larger than 1 MiB", NULL);
    else if (!has_nul(&p))
        while (!p.no_memory && next_line(&p, &l))
            read_line(&p, l);
    str_release(&p.about);
    return p.no_memory ? -1 : 0;
}

void conf_release(struct conf *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct conf_section *s = &c->section[i];
        for (size_t k = 0; k < s->count; k++) {
            free(s->key[k].name);
            free(s->key[k].value);
        }
        free(s->key);
        free(s->name);
        free(s->about);
    }
    free(c->section);
    *c = CONF_INIT;
}
