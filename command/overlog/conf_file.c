#include "command/overlog/conf_file.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "command/overlog/conf_edit.h"
#include "services/conf.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int read_text(const char *path, struct str *text, struct error *e)
{
    if (file_read(AT_FDCWD, path, CONF_BYTES_MAX, text, e) == 0 || errno == ENOENT)
        return 0;
    return -1;
}

static int write_text(const char *path, const struct str *text, struct error *e)
{
    struct stat s;
    char file[PATH_MAX]; /* what a link leads to: the link stays */
    if (realpath(path, file) == NULL) {
        if (errno != ENOENT || lstat(path, &s) == 0)
            return error_system(e, "unable to follow the link");
        snprintf(file, sizeof file, "%s", path);
    }
    mode_t mode = stat(file, &s) == 0 ? s.st_mode & 07777 : 0644;
    const char *bytes = text->data == NULL ? "" : text->data;
    return file_replace(AT_FDCWD, file, bytes, text->length, mode, e);
}

static int failed(const char *path, const struct error *e)
{
    message_fatal("%s: %s", path, e->text);
    return e->code;
}

int conf_file_remove(const struct section *s)
{
    char path[4096];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 0;
    section_conf(s, path);
    if (read_text(path, &text, &e) < 0 || conf_edit_remove(&text, s->line, &e) < 0 ||
        write_text(path, &text, &e) < 0)
        code = failed(path, &e);
    str_release(&text);
    return code;
}

static const char *line_of(const struct str *text, unsigned int line)
{
    const char *at = text->data;
    for (const char *newline; line > 1 && (newline = strchr(at, '\n')) != NULL; line--)
        at = newline + 1;
    return at;
}

/* The first mistake from that line of the file on, if it had that text. 0: there is none; or the
 * exit code after saying the mistake. */
static int try_text(const struct tree *t, const char *path, const struct str *text,
                    unsigned int line)
{
    struct tree draft;
    int code = tree_read_draft(t, path, text, &draft);
    for (size_t i = 0; i < draft.problems.count && code == 0; i++) {
        const struct problem *one = &draft.problems.item[i];
        if (one->warning || one->line < line || strcmp(one->path, path) != 0)
            continue;
        const char *at = line_of(text, one->line);
        code = refuse(EXIT_USAGE, "%.*s: %s%s%s", (int)strcspn(at, "\n"), at, one->text,
                      one->cure == NULL ? "" : "; ", one->cure == NULL ? "" : one->cure);
    }
    tree_release(&draft);
    return code;
}

/* Appends the section, and sets the line where it begins. */
static int append(struct str *text, const char *section, unsigned int *line)
{
    size_t length = strlen(section);
    if (conf_edit_append(text, section) < 0)
        return -1;
    *line = 1;
    for (const char *at = text->data, *end = at + text->length - length; at < end; at++)
        *line += *at == '\n';
    return 0;
}

int conf_file_add(const struct tree *t, const char *section, const struct section *replaced,
                  char path[4096])
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    unsigned int line = 1;
    int code = 0;
    if (replaced == NULL)
        snprintf(path, 4096, "%s", t->conf);
    else
        section_conf(replaced, path);
    int result = read_text(path, &text, &e);
    if (result == 0 && replaced != NULL)
        result = conf_edit_remove(&text, replaced->line, &e);
    if (result < 0)
        code = failed(path, &e);
    else if (append(&text, section, &line) < 0)
        code = EXIT_SYSTEM;
    else
        code = try_text(t, path, &text, line);
    if (code == 0 &&
        (file_make_directories(AT_FDCWD, t->dir, 0755, &e) < 0 || write_text(path, &text, &e) < 0))
        code = failed(path, &e);
    str_release(&text);
    return code;
}

static int unlist(const char *path, const char *name)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 0;
    int changed = read_text(path, &text, &e) < 0 ? -1 : conf_edit_unlist(&text, name, &e);
    if (changed < 0 || (changed > 0 && write_text(path, &text, &e) < 0))
        code = failed(path, &e);
    str_release(&text);
    return code;
}

int conf_file_unlist(const struct tree *t, const char *name)
{
    const struct sections *all = &t->definitions.sections;
    char path[4096], before[4096] = "";
    int code = 0;
    for (size_t i = 0; i < all->count && code == 0; i++) {
        if (strcmp(section_conf(all->item[i], path), before) != 0)
            code = unlist(path, name);
        snprintf(before, sizeof before, "%s", path);
    }
    return code;
}
