#include "services/section_text.h"
#include "base/environment.h"
#include <stdlib.h>
#include <string.h>

static void note_line(struct text *t, uint32_t line)
{
    if (LIST_ROOM(t->line, t->lines, t->room) < 0)
        t->no_memory = true;
    else
        t->line[t->lines++] = line;
}

void text_add(struct text *t, const char *bytes, uint32_t line, bool spread)
{
    if (str_add_text(&t->bytes, bytes) < 0 || str_add_char(&t->bytes, '\n') < 0)
        t->no_memory = true;
    note_line(t, line);
    for (const char *p = strchr(bytes, '\n'); p != NULL; p = strchr(p + 1, '\n'))
        note_line(t, line += spread);
}

void text_join(struct text *t, struct text *other)
{
    if (str_add(&t->bytes, other->bytes.data, other->bytes.length) < 0)
        t->no_memory = true;
    for (size_t i = 0; i < other->lines; i++)
        note_line(t, other->line[i]);
    t->no_memory |= other->no_memory;
    text_release(other);
}

bool text_file(struct text *t, const char *name, struct section_file *out)
{
    char *copy = t->no_memory ? NULL : strdup(name);
    if (copy == NULL) {
        text_release(t);
        return false;
    }
    *out = (struct section_file){.name = copy,
                                 .text = t->bytes.data,
                                 .length = t->bytes.length,
                                 .line = t->line,
                                 .lines = t->lines};
    *t = TEXT_INIT;
    return true;
}

void text_release(struct text *t)
{
    str_release(&t->bytes);
    free(t->line);
    *t = TEXT_INIT;
}

/* --- variables -------------------------------------------------------------------------------- */

static size_t name_length(const char *text, bool positional)
{
    if (*text >= '0' && *text <= '9')
        return positional ? strspn(text, "0123456789") : 0;
    return strspn(text, VARIABLE_LETTERS "0123456789");
}

struct reference {
    const char *dollar, *name;
    size_t length;
    size_t backslashes; /* before the dollar */
    bool escaped;       /* it is to stay as it is */
};

/* The next variable in a command line. Of an odd number of backslashes the lexer leaves half, of an
 * even one as well; an odd number of those that are left makes the dollar an ordinary one. */
static bool next_reference(const char *at, bool positional, struct reference *r)
{
    size_t backslashes = 0;
    for (; *at != '\0'; at++) {
        size_t before = backslashes, left = before / 2;
        backslashes = *at == '\\' ? backslashes + 1 : 0;
        if (*at != '$')
            continue;
        bool braced = at[1] == '{';
        r->dollar = at;
        r->name = at + 1 + braced;
        r->escaped = left % 2 != 0;
        r->backslashes = before;
        r->length = name_length(r->name, positional && !r->escaped);
        if (r->length > 0 && (!braced || r->name[r->length] == '}'))
            return true;
    }
    return false;
}

int text_variables(const char *line, struct words *names)
{
    struct reference r;
    for (const char *at = line; next_reference(at, false, &r); at = r.name + r.length) {
        bool known = false;
        const char *name = r.escaped ? TEXT_DOLLAR : r.name;
        size_t length = r.escaped ? strlen(TEXT_DOLLAR) : r.length;
        for (size_t i = 0; i < names->count; i++)
            known |= strlen(names->item[i]) == length && memcmp(names->item[i], name, length) == 0;
        if (!known && words_add_bytes(names, name, length) < 0)
            return -1;
    }
    return 0;
}

int text_braced(const char *line, bool positional, struct str *out)
{
    struct reference r;
    int bad = 0;
    const char *at = line;
    for (; next_reference(at, positional, &r); at = r.name + r.length) {
        bool braced = r.name[-1] == '{';
        if (r.escaped) {
            bad |= str_add(out, at, (size_t)(r.dollar - at) - r.backslashes);
            for (size_t i = 0; i < 2 * (r.backslashes / 2 - 1); i++)
                bad |= str_add_char(out, '\\');
            bad |= str_printf(out, "${" TEXT_DOLLAR "}%s", braced ? "{" : "");
        } else {
            bad |= str_add(out, at, (size_t)(r.name - at)) | (braced ? 0 : str_add_char(out, '{'));
        }
        bad |= str_add(out, r.name, r.length);
        bad |= braced || r.escaped ? 0 : str_add_char(out, '}');
    }
    return bad | str_add_text(out, at);
}

bool text_has_apostrophe(const char *line)
{
    bool quoted = false, begun = false; /* within quotes, within a word */
    for (const char *at = line; *at != '\0'; at++) {
        if (*at == '#' && !begun) {
            at += strcspn(at, "\n") - 1;
        } else if (*at == '\\' && at[1] != '\0') {
            at++;
            begun |= *at != '\n';
        } else if (*at == '\'' && !quoted) {
            return true;
        } else {
            quoted ^= *at == '"';
            begun = quoted || *at == '"' || strchr(" \t\r\n", *at) == NULL;
        }
    }
    return false;
}

bool text_script_sets(const char *script, const char *name)
{
    size_t length = strlen(name);
    bool set = false, names_follow = false; /* behind for and read */
    struct reference r;
    bool refers = next_reference(script, false, &r);
    for (const char *at = script; *at != '\0';) {
        size_t n = strcspn(at, " \t\n;&|()");
        for (; refers && r.dollar < at + n; refers = next_reference(r.name + r.length, false, &r))
            if (set && r.length == length && memcmp(r.name, name, length) == 0)
                return true;
        names_follow &= n != 2 || memcmp(at, "in", n) != 0;
        if (n >= length && memcmp(at, name, length) == 0)
            set |= n == length ? names_follow : at[length] == '=';
        names_follow |=
            (n == 3 && memcmp(at, "for", n) == 0) || (n == 4 && memcmp(at, "read", n) == 0);
        at += n;
        names_follow &= *at == ' ' || *at == '\t';
        at += *at != '\0';
    }
    return false;
}

int text_unreplaced(const char *word, struct str *out)
{
    int bad = 0;
    size_t backslashes = 0;
    for (const char *at = word; *at != '\0'; at++) {
        bool braced = *at == '$' && at[1] == '{';
        size_t length = *at == '$' ? name_length(at + 1 + braced, false) : 0;
        if (length > 0 && (!braced || at[2 + length] == '}'))
            for (size_t i = 0; i <= backslashes; i++)
                bad |= str_add_char(out, '\\');
        bad |= str_add_char(out, *at);
        backslashes = *at == '\\' ? backslashes + 1 : 0;
    }
    return bad;
}
