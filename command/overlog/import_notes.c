/* overlog import: what could not be carried over, and names that services may have. */
#include "base/error.h"
#include "base/message.h"
#include "command/overlog/import.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTES_MAX = 1000, /* each is looked for among all */
    NOTE_MAX = 1024   /* bytes */
};

static bool is_same(const struct import_note *n, const char *file, const char *text)
{
    return strcmp(n->text, text) == 0 &&
           (file == NULL ? n->file == NULL : n->file != NULL && strcmp(n->file, file) == 0);
}

static struct import_note *keep(struct import *im, const char *file, const char *about, char *text)
{
    size_t i = 0;
    while (i < im->notes && !is_same(&im->note[i], file, text))
        i++;
    if (i == NOTES_MAX)
        return NULL;
    bool full = i == NOTES_MAX - 1 && i == im->notes;
    if (full)
        strcpy(text, "there is more that could not be carried over");
    if (i == im->notes) {
        struct import_note *more = realloc(im->note, (i + 1) * sizeof *more);
        if (more == NULL)
            return NULL;
        im->note = more;
        im->note[im->notes++] = (struct import_note){.file = file, .text = strdup(text)};
    }
    if (about != NULL && !words_has(&im->note[i].about, about))
        words_add(&im->note[i].about, about);
    return full ? NULL : &im->note[i];
}

void import_note(struct import *im, const char *about, const char *format, ...)
{
    char text[NOTE_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    keep(im, im->file, about, text);
}

struct import_note *import_note_at(struct import *im, const char *file, unsigned int line,
                                   const char *format, ...)
{
    char text[NOTE_MAX], place[NOTE_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (line > 0)
        snprintf(place, sizeof place, "%.900s:%u", file, line);
    else
        snprintf(place, sizeof place, "%s", file);
    return keep(im, NULL, place, text);
}

bool import_name(struct import *im, const char *about, const char *name, char out[256])
{
    bool reserved = name_is_reserved(name) || strcmp(name, "none") == 0; /* of a list */
    const char *prefix = reserved ? "program-" : name[0] == '.' ? "_" : "";
    size_t n = (size_t)snprintf(out, 256, "%s", prefix);
    for (const char *p = name; *p != '\0' && n < 200; p++)
        out[n++] = isspace((unsigned char)*p) || strchr("/,[]", *p) != NULL ? '-' : *p;
    out[n] = '\0';
    if (out[0] == '#')
        out[0] = '_';
    if (n > 0 && out[n - 1] == '@') /* that would be a template */
        out[n - 1] = '-';
    if (n == 0)
        snprintf(out, 256, "program");
    if (strcmp(out, name) != 0)
        import_note(im, about, "the name \"%s\" is %s: it is called %s", name,
                    reserved ? "one of overlog itself" : "none for a service", out);
    if (definitions_find(&im->tree->definitions, out) < 0)
        return true;
    message_fatal("%s exists already in %s: remove it first, or import into another -d DIR", out,
                  im->tree->alone ? im->tree->conf : im->tree->dir);
    im->code = 1;
    return false;
}

void import_tell_apart(struct import *im, const char *about, char name[256], unsigned int number)
{
    char wanted[256];
    memcpy(wanted, name, sizeof wanted);
    while (words_has(&im->names, name))
        snprintf(name, 256, "%.200s-%u", wanted, number++);
    if (strcmp(name, wanted) != 0)
        import_note(im, about, "there is more than one process %s: one is called %s", wanted, name);
    words_add(&im->names, name);
}
