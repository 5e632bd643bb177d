/* overlog import: writing what was made, as a services.conf or as directories. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "command/overlog/conf_file.h"
#include "command/overlog/conf_write.h"
#include "command/overlog/dirs.h"
#include "command/overlog/import.h"
#include "services/conf.h"
#include "services/section_expand.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int import_place(const struct tree *t)
{
    char path[PATH_MAX];
    if (realpath(t->dir, path) != NULL &&
        (strncmp(path, "/etc/", 5) == 0 || strcmp(path, "/etc") == 0))
        return refuse(EXIT_USAGE,
                      "the tree would be %s, of this machine: name it with -d if that is meant",
                      path);
    return 0;
}

/* The sections as directories, by what boot would make of them. */
static int put_sections(struct dirs *w, const struct import *im)
{
    struct conf c = CONF_INIT;
    struct problems p = PROBLEMS_INIT;
    int result = conf_parse(&c, im->conf.data, im->conf.length);
    for (size_t i = 0; i < c.count && result == 0 && w->writer.code == 0; i++) {
        struct section *s = section_expand(&c.section[i], "services.conf", &p);
        result = s == NULL ? -1 : 0;
        if (s != NULL)
            dirs_put(w, s, conf_type(s));
        section_free(s);
    }
    for (size_t i = 0; i < c.mistakes; i++)
        problems_error(&p, "services.conf", c.mistake[i].line, c.mistake[i].cure, "%s",
                       c.mistake[i].text);
    if (p.errors > 0)
        problems_say(&p);
    if (p.errors > 0 || result < 0)
        w->writer.code = EXIT_SYSTEM;
    problems_release(&p);
    conf_release(&c);
    return w->writer.code;
}

static int put_conf(const struct import *im)
{
    char path[4096];
    struct error e = ERROR_INIT;
    if (!im->tree->alone && file_make_directories(AT_FDCWD, im->tree->dir, 0755, &e) < 0)
        return message_error(&e);
    return conf_file_add(im->tree, im->conf.data, NULL, path);
}

int import_save(const struct import *im, bool directories, const char *notes)
{
    struct dirs w = {.to = im->tree->dir};
    char path[4200];
    int code = 0;
    if (im->tree->alone && (directories || im->kept.count > 0))
        return refuse(EXIT_USAGE, "%s is a file: -d has to name a folder for directories",
                      im->tree->conf);
    if (im->conf.length > 0)
        code = directories ? put_sections(&w, im) : put_conf(im);
    for (size_t i = 0; i < im->kept.count && code == 0; i++) {
        dirs_put(&w, im->kept.item[i], conf_type(im->kept.item[i]));
        code = w.writer.code;
    }
    snprintf(path, sizeof path, "%s/import-notes", im->tree->dir);
    if (code == 0 && notes[0] != '\0') {
        write_path(&w.writer, path, 0644, notes);
        code = w.writer.code;
    }
    return code;
}
