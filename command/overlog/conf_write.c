#include "command/overlog/conf_write.h"
#include "base/lexer.h"
#include "command/overlog/conf_program.h"
#include "services/definition.h"
#include "services/section_expand.h"
#include <stdlib.h>
#include <string.h>

/* --- files that mean the same ----------------------------------------------------------------- */

int conf_names(const struct section_file *f, struct words *out)
{
    for (const char *at = f == NULL ? "" : f->text; *at != '\0'; at += *at == '\n') {
        size_t n = strcspn(at, "\n");
        const char *name = at + strspn(at, " \t");
        if (name < at + n && *name != '#' &&
            words_add_bytes(out, name, (size_t)(at + n - name)) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static bool same_words(const struct words *a, const struct words *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->item[i], b->item[i]) == 0;
    return same;
}

static bool same_lists(const struct section_file *a, const struct section_file *b)
{
    struct words one = WORDS_INIT, other = WORDS_INIT;
    bool same = conf_names(a, &one) == 0 && conf_names(b, &other) == 0;
    same = same && same_words(&one, &other);
    words_release(&one);
    words_release(&other);
    return same;
}

/* Without the newlines at the end. */
static size_t length_of(const struct section_file *f)
{
    size_t length = f->length;
    while (length > 0 && f->text[length - 1] == '\n')
        length--;
    return length;
}

static bool same_bytes(const struct section_file *a, const struct section_file *b)
{
    size_t length = length_of(a);
    return length == length_of(b) && memcmp(a->text, b->text, length) == 0;
}

/* A command line that has neither comments nor another first line. */
static bool same_commands(const struct section_file *a, const struct section_file *b)
{
    struct words one = WORDS_INIT, other = WORDS_INIT;
    struct lexer_error e;
    bool script = strncmp(a->text, "#!", 2) == 0;
    size_t head = script ? strcspn(a->text, "\n") : 0;
    bool same = strncmp(b->text, a->text, head) == 0 &&
                memchr(a->text + head, '#', a->length - head) == NULL &&
                (!script || strstr(a->text, "execlineb") != NULL);
    same = same && lexer_words(a->text + head, a->length - head, &one, &e) == 0 &&
           lexer_words(b->text + head, b->length - head, &other, &e) == 0;
    same = same && same_words(&one, &other);
    words_release(&one);
    words_release(&other);
    return same;
}

static bool same_line(const struct section_file *a, const struct section_file *b)
{
    size_t n = strcspn(a->text, "\n"), m = strcspn(b->text, "\n");
    while (n > 0 && strchr(" \t\r", a->text[n - 1]) != NULL)
        n--;
    while (m > 0 && strchr(" \t\r", b->text[m - 1]) != NULL)
        m--;
    return n == m && memcmp(a->text, b->text, n) == 0;
}

static bool is_line(const struct key_row *k)
{
    return key_is_number(k) || k->kind == KEY_POLICY || k->kind == KEY_NAME;
}

static bool same_kind(const struct key_row *k, const struct section_file *a,
                      const struct section_file *b)
{
    if (k->kind == KEY_FLAG)
        return true;
    if (k->kind == KEY_NAMES)
        return same_lists(a, b);
    if (k->kind == KEY_PROGRAM || k->kind == KEY_COMMAND)
        return same_bytes(a, b) || same_commands(a, b);
    if (is_line(k) || k->kind == KEY_TYPE)
        return same_line(a, b);
    return same_bytes(a, b);
}

bool conf_same_file(const struct section *a, const struct section *b, const char *name)
{
    const struct section_file *one = section_find(a, name), *other = section_find(b, name);
    const struct key_row *k = key_find(name, 0);
    if (one == NULL || other == NULL)
        return one == other || (k != NULL && k->kind == KEY_NAMES && same_lists(one, other));
    return k != NULL && same_kind(k, one, other);
}

/* --- keys ------------------------------------------------------------------------------------- */

struct writing {
    const struct section *s;
    enum definition_type type;
    struct str *out;
    bool ready; /* a key ready is written, which has notification-fd 3 with it */
    bool bad;
};

enum definition_type conf_type(const struct section *s)
{
    const struct section_file *f = section_find(s, "type");
    for (int t = DEFINITION_ONESHOT; f != NULL && t <= DEFINITION_BUNDLE; t++) {
        const char *name = definition_type_name((enum definition_type)t);
        if (strncmp(f->text, name, strlen(name)) == 0)
            return (enum definition_type)t;
    }
    return 0;
}

/* The key that stands for a file: that of a row, or the file's name. */
static const char *key_of(const char *file, enum definition_type type)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++)
        if (row->kind == SUGAR_FILE && (row->types & 1U << type) != 0 &&
            strcmp(row->becomes, file) == 0)
            return row->name;
    return file;
}

static bool is_only(const struct words *names, const char *name)
{
    return names->count == 1 && strcmp(names->item[0], name) == 0;
}

static void put_needs(struct writing *w)
{
    struct words names = WORDS_INIT;
    w->bad |= conf_names(section_find(w->s, "dependencies"), &names) < 0;
    if (w->type != DEFINITION_BUNDLE && !is_only(&names, "base"))
        w->bad |= conf_key_names(w->out, "needs", &names) < 0;
    words_release(&names);
}

/* The first line of a file that has one, without the blanks at its end. */
static void put_line(struct writing *w, const char *key, const char *text)
{
    char *line = strdup(text);
    w->bad |= line == NULL || conf_key_line(w->out, key, key_line(line)) < 0;
    free(line);
}

static void put_file(struct writing *w, const struct section_file *f)
{
    const struct key_row *k = key_find(f->name, w->type);
    struct words names = WORDS_INIT;
    if (k == NULL || k->kind == KEY_TYPE || k->kind == KEY_DIRECTORY ||
        strcmp(f->name, "dependencies") == 0 ||
        strcmp(f->name, w->type == DEFINITION_ONESHOT ? "up" : "run") == 0)
        return;
    if (w->ready && strcmp(f->name, "notification-fd") == 0 && f->text[0] == '3' &&
        f->text[1] == '\n')
        return;
    if (k->kind == KEY_NAMES) {
        w->bad |= conf_names(f, &names) < 0 || conf_key_names(w->out, f->name, &names) < 0;
        words_release(&names);
    } else if (k->kind == KEY_FLAG) {
        w->bad |= conf_key_line(w->out, f->name, "yes") < 0;
    } else if (is_line(k)) {
        put_line(w, key_of(f->name, w->type), f->text);
    } else {
        w->bad |= conf_key_line(w->out, key_of(f->name, w->type), f->text) < 0;
    }
}

static void put_about(struct writing *w)
{
    for (const char *at = w->s->about; at != NULL && *at != '\0'; at += *at == '\n') {
        size_t n = strcspn(at, "\n");
        w->bad |= str_printf(w->out, "#%s%.*s\n", n > 0 ? " " : "", (int)n, at) < 0;
        at += n;
    }
}

/* The section with its program in that form. False: it has no such form. */
static bool write_form(struct writing *w, enum conf_form form)
{
    put_about(w);
    w->bad |= str_printf(w->out, "[%s]\n", w->s->name) < 0;
    if (section_find(w->s, "up") == NULL && w->type == DEFINITION_ONESHOT)
        w->bad |= conf_key_line(w->out, "type", "oneshot") < 0;
    else if (w->type == DEFINITION_BUNDLE && section_find(w->s, "contents") == NULL)
        w->bad |= conf_key_line(w->out, "type", "bundle") < 0;
    else if (w->type != DEFINITION_BUNDLE && !conf_program(w->s, w->type, form, w->out, &w->ready))
        return false;
    put_needs(w);
    for (size_t i = 0; i < w->s->count; i++)
        put_file(w, &w->s->file[i]);
    if (!is_only(&w->s->bundles, "user"))
        w->bad |= conf_key_names(w->out, "bundle", &w->s->bundles) < 0;
    return true;
}

/* --- there and back --------------------------------------------------------------------------- */

static int note_others(const struct section *s, const struct section *back, struct words *differ)
{
    int result = 0;
    for (size_t i = 0; i < s->count && result == 0; i++)
        if (!conf_same_file(s, back, s->file[i].name))
            result = words_add(differ, s->file[i].name);
    for (size_t i = 0; i < back->count && result == 0; i++)
        if (section_find(s, back->file[i].name) == NULL &&
            !conf_same_file(s, back, back->file[i].name))
            result = words_add(differ, back->file[i].name);
    return result;
}

/* Adds the names of the files that are others when text is read again. -1: no memory. */
static int compare(const struct section *s, const struct str *text, struct words *differ)
{
    static const struct section nothing = {.path = NULL};
    struct conf c = CONF_INIT;
    struct problems p = PROBLEMS_INIT;
    struct section *back = NULL;
    int result = conf_parse(&c, text->data, text->length);
    if (result == 0 && c.mistakes == 0 && c.count == 1)
        back = section_expand(&c.section[0], "services.conf", &p);
    if (c.count != 1 || strcmp(c.section[0].name, s->name) != 0)
        result |= words_add(differ, "its name");
    else
        result |= note_others(s, back == NULL || p.errors > 0 ? &nothing : back, differ);
    section_free(back);
    problems_release(&p);
    conf_release(&c);
    return result;
}

int conf_write(const struct section *s, struct str *out, struct words *cannot)
{
    for (int form = 0; form < CONF_FORMS; form++) {
        struct str text = STR_INIT;
        struct words differ = WORDS_INIT;
        struct writing w = {.s = s, .type = conf_type(s), .out = &text};
        bool written = write_form(&w, (enum conf_form)form);
        bool last = form == CONF_AS_IS;
        int result = w.bad || (written && compare(s, &text, &differ) < 0) ? -1 : 0;
        bool done = result == 0 && ((written && differ.count == 0) || last);
        if (done)
            result = str_add(out, text.data, text.length);
        for (size_t i = 0; done && i < differ.count && result == 0; i++)
            result = words_add(cannot, differ.item[i]);
        str_release(&text);
        words_release(&differ);
        if (done || result < 0)
            return result;
    }
    return -1;
}
