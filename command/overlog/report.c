#include "command/overlog/report.h"
#include "base/error.h"
#include "base/file.h"
#include "command/overlog/mask_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 1 << 20,
    SHOWN_MAX = 4 << 20 /* of a file that was masked: the end of a longer one */
};

/* --- files ------------------------------------------------------------------------------------ */

void report_add(struct report *r, const char *name, struct str *text)
{
    char *copy = strdup(name);
    if (copy == NULL || LIST_ROOM(r->file, r->count, r->room) < 0) {
        free(copy);
        str_release(text);
        r->failed = true;
        return;
    }
    r->file[r->count++] = (struct report_file){.name = copy, .text = *text, .hidden = r->hiding};
    *text = STR_INIT;
}

void report_add_file(struct report *r, const char *name, const char *path)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    if (file_read(AT_FDCWD, path, FILE_MAX, &text, &e) < 0) {
        str_release(&text);
        if (errno == ENOENT)
            return;
        str_printf(&text, "(left out: %s)\n", e.text);
    } else if (text.length > 0 && memchr(text.data, '\0', text.length) != NULL) {
        size_t bytes = text.length;
        str_clear(&text);
        str_printf(&text, "(left out: %zu bytes that are no text)\n", bytes);
    }
    report_add(r, name, &text);
}

bool report_wants(struct report *r, const char *service)
{
    bool wanted = r->names[0] == NULL;
    for (size_t i = 0; r->names[i] != NULL; i++)
        if (fnmatch(r->names[i], service, 0) == 0) {
            r->found[i] = 1;
            wanted = true;
        }
    return wanted;
}

void report_release(struct report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->file[i].name);
        str_release(&r->file[i].text);
    }
    free(r->file);
    free(r->found);
    str_release(&r->places);
    mask_release(&r->mask);
}

/* --- masking ---------------------------------------------------------------------------------- */

/* One that is nothing but a value; a script of such a name is none. */
static bool is_secret(const struct report_file *f)
{
    const char *name = path_name(f->name);
    return f->text.length > 0 && strncmp(f->name, "definitions/", 12) == 0 &&
           strncmp(f->text.data, "#!", 2) != 0 && mask_is_secret_name(name, strlen(name));
}

static int learn(struct mask *m, const struct report_file *f)
{
    size_t length = f->text.length;
    if (!is_secret(f))
        return mask_learn_text(m, f->text.data, length);
    while (length > 0 && f->text.data[length - 1] == '\n')
        length--;
    return mask_learn(m, f->text.data, length);
}

/* What was masked in a file: lines of all of its text. */
struct masking {
    struct {
        unsigned long line;
        char kind[MASK_KIND_MAX];
    } * place; /* owned */
    size_t count, room;
    bool failed; /* no memory */
};

static void note(void *context, unsigned long line, const char *kind)
{
    struct masking *m = context;
    if (LIST_ROOM(m->place, m->count, m->room) < 0) {
        m->failed = true;
        return;
    }
    m->place[m->count].line = line;
    snprintf(m->place[m->count++].kind, MASK_KIND_MAX, "%s", kind);
}

/* Lists what is masked behind the lines that were cut. */
static void list(struct report *r, const char *name, const struct masking *m, unsigned long cut)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->place[i].line > cut) {
            str_printf(&r->places, "%s:%lu: %s\n", name, m->place[i].line - cut, m->place[i].kind);
            r->masked++;
        }
}

/* The end of a long text, from the beginning of a line on; how many lines are cut. */
static unsigned long shorten(struct str *text)
{
    unsigned long lines = 0;
    const char *line = text->length <= SHOWN_MAX
                           ? NULL
                           : memchr(text->data + text->length - SHOWN_MAX, '\n', SHOWN_MAX);
    if (line == NULL)
        return 0;
    for (const char *at = text->data; at <= line; at++)
        lines += *at == '\n';
    text->length -= (size_t)(line + 1 - text->data);
    memmove(text->data, line + 1, text->length + 1);
    return lines;
}

static int mask_file(struct report *r, struct report_file *f)
{
    struct masking m = {.count = 0};
    struct str out = STR_INIT;
    int result;
    if (is_secret(f)) {
        result = str_add_text(&out, MASKED "\n");
        note(&m, 1, "the file's name is that of a secret");
    } else {
        result = mask_text(&r->mask, f->text.data, f->text.length, &out, note, &m);
    }
    list(r, f->name, &m, shorten(&out));
    free(m.place);
    str_release(&f->text);
    f->text = out;
    return m.failed ? -1 : result;
}

/* Names of files and of variables are texts, too. */
static int mask_name(struct report *r, struct report_file *f)
{
    struct str out = STR_INIT;
    int result = mask_learned(&r->mask, f->name, strlen(f->name), &out);
    if (result == 0 && out.length > 0) {
        free(f->name);
        f->name = out.data;
    }
    return result;
}

static void drop_hidden(struct report *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->file[i].hidden) {
            free(r->file[i].name);
            str_release(&r->file[i].text);
        } else {
            r->file[kept++] = r->file[i];
        }
    r->count = kept;
}

int report_mask(struct report *r)
{
    struct str list = STR_INIT;
    int result = 0;
    for (size_t i = 0; i < r->count && result == 0; i++)
        result = learn(&r->mask, &r->file[i]);
    drop_hidden(r);
    for (size_t i = 0; i < r->count && result == 0; i++)
        result = mask_name(r, &r->file[i]) < 0 ? -1 : mask_file(r, &r->file[i]);
    if (result == 0)
        result = mask_learned(&r->mask, r->places.data, r->places.length, &list);
    str_release(&r->places);
    r->places = list;
    struct str copy = STR_INIT;
    result |= str_add(&copy, list.data, list.length);
    report_add(r, "masked.txt", &copy);
    return result < 0 || r->failed ? -1 : 0;
}
