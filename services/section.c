#include "services/section.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct section *section_new(const char *file, const char *name, size_t length)
{
    struct section *s = calloc(1, sizeof *s);
    struct str path = STR_INIT;
    if (s != NULL && (str_printf(&path, "%s/", file) < 0 || str_add(&path, name, length) < 0)) {
        str_release(&path);
        free(s);
        return NULL;
    }
    if (s != NULL) {
        s->path = path.data;
        s->name = path.data + strlen(file) + 1;
    }
    return s;
}

const struct section_file *section_find(const struct section *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->file[i].name, name) == 0)
            return &s->file[i];
    return NULL;
}

static void release_file(struct section_file *f)
{
    free(f->name);
    free(f->text);
    free(f->line);
}

const char *section_conf(const struct section *s, char out[SECTION_PATH])
{
    snprintf(out, SECTION_PATH, "%.*s", (int)(s->name - s->path - 1), s->path);
    return out;
}

int section_add(struct section *s, struct section_file file)
{
    if (LIST_ROOM(s->file, s->count, s->room) < 0) {
        release_file(&file);
        return -1;
    }
    s->file[s->count++] = file;
    return 0;
}

void section_free(struct section *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        release_file(&s->file[i]);
    free(s->file);
    words_release(&s->bundles);
    free(s->about);
    free(s->program);
    free(s->user);
    free(s->path);
    free(s);
}

int sections_add(struct sections *list, struct section *s)
{
    if (LIST_ROOM(list->item, list->count, list->room) < 0) {
        section_free(s);
        return -1;
    }
    list->item[list->count++] = s;
    return 0;
}

/* The line of services.conf that line of a file stands for. */
static unsigned int line_of(const struct section *s, const char *name, unsigned int line)
{
    const struct section_file *f = section_find(s, name);
    if (f == NULL || f->lines == 0)
        return s->line;
    if (line == 0)
        return f->line[0];
    return f->line[line <= f->lines ? line - 1 : f->lines - 1];
}

/* A name that a section put into a definition that is elsewhere: the line is that of the file. */
static void cut_at_file(const struct sections *list, char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct section *s = list->item[i];
        size_t length = (size_t)(s->name - s->path);
        if (strncmp(path, s->path, length) == 0)
            path[length - 1] = '\0';
    }
}

void sections_locate(const struct sections *list, char *path, unsigned int *line)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct section *s = list->item[i];
        size_t length = strlen(s->path);
        if (strncmp(path, s->path, length) != 0 || (path[length] != '\0' && path[length] != '/'))
            continue;
        *line = path[length] == '\0' ? s->line : line_of(s, path + length + 1, *line);
        path[s->name - s->path - 1] = '\0';
        return;
    }
    cut_at_file(list, path);
}

void sections_release(struct sections *list)
{
    for (size_t i = 0; i < list->count; i++)
        section_free(list->item[i]);
    free(list->item);
    *list = SECTIONS_INIT;
}
