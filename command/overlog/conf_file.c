#include "command/overlog/conf_file.h"
#include "base/file.h"
#include "base/message.h"
#include "command/overlog/conf_edit.h"
#include "services/conf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The file of a section, in out. */
static const char *file_of(const struct section *s, char out[4096])
{
    snprintf(out, 4096, "%.*s", (int)(s->name - s->path - 1), s->path);
    return out;
}

/* Its header: a template has another name there than its definition. */
static void header_of(const struct section *s, const struct str *text, char out[512])
{
    struct conf c = CONF_INIT;
    snprintf(out, 512, "%.500s", s->name);
    if (text->data != NULL && conf_parse(&c, text->data, text->length) == 0)
        for (size_t i = 0; i < c.count; i++)
            if (c.section[i].line == s->line)
                snprintf(out, 512, "%.500s", c.section[i].name);
    conf_release(&c);
}

static int read_text(const char *path, struct str *text, struct error *e)
{
    if (file_read(AT_FDCWD, path, CONF_BYTES_MAX, text, e) == 0 || errno == ENOENT)
        return 0;
    return -1;
}

static int write_text(const char *path, const struct str *text, struct error *e)
{
    struct stat s;
    mode_t mode = stat(path, &s) == 0 ? s.st_mode & 07777 : 0644;
    const char *bytes = text->data == NULL ? "" : text->data;
    return file_replace(AT_FDCWD, path, bytes, text->length, mode, e);
}

static int failed(const char *path, const struct error *e)
{
    message_fatal("%s: %s", path, e->text);
    return e->code;
}

int conf_file_remove(const struct section *s)
{
    char path[4096], header[512];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 0;
    file_of(s, path);
    int result = read_text(path, &text, &e);
    header_of(s, &text, header);
    if (result < 0 || conf_edit_remove(&text, header, &e) < 0 || write_text(path, &text, &e) < 0)
        code = failed(path, &e);
    str_release(&text);
    return code;
}

int conf_file_add(const struct tree *t, const char *section, const struct section *replaced)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = replaced == NULL ? 0 : conf_file_remove(replaced);
    if (code != 0)
        return code;
    if (read_text(t->conf, &text, &e) < 0 || file_make_directories(AT_FDCWD, t->dir, 0755, &e) < 0)
        code = message_error(&e);
    else if (conf_edit_append(&text, section) < 0)
        code = EXIT_SYSTEM;
    else if (write_text(t->conf, &text, &e) < 0)
        code = message_error(&e);
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
        if (strcmp(file_of(all->item[i], path), before) != 0)
            code = unlist(path, name);
        snprintf(before, sizeof before, "%s", path);
    }
    return code;
}
