/* Reading definition directories (spec/s6-rc-source.md). Nothing stops at the first mistake. */
#include "base/file.h"
#include "services/definition_reading.h"
#include "services/enable.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPE_BYTES = 8 }; /* upstream reads no more: what follows "longrun\n" does not count */

static enum definition_type read_type(struct reading *r)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    enum definition_type type = 0;
    int found = reading_content(r, "type", &text);
    char *word = text.data;
    if (text.length > TYPE_BYTES)
        word[text.length = TYPE_BYTES] = '\0';
    if (text.length > 0 && word[text.length - 1] == '\n')
        word[text.length - 1] = '\0';
    for (int t = DEFINITION_ONESHOT; text.length > 0 && t <= DEFINITION_BUNDLE; t++)
        if (strcmp(word, definition_type_name((enum definition_type)t)) == 0)
            type = (enum definition_type)t;
    if (found == 1 && type == 0)
        problems_error(r->p, reading_path(r, "type", path), 1,
                       text.length > 0 && strchr(word, '\r') != NULL
                           ? "save it with Unix line ends"
                           : "write one of the three, and nothing else",
                       "invalid type: must be oneshot, longrun, or bundle");
    str_release(&text);
    return type;
}

static bool is_user_bundle(const char *name)
{
    return strcmp(name, "user") == 0 || strcmp(name, "user2") == 0;
}

/* The files that may stand in several directories of one definition. */
static void read_added_rows(struct reading *r, struct definition *d)
{
    char path[READING_PATH];
    check_files(r, d->type);
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if ((k->use & KEY_ADDED) == 0 || (k->types & 1U << d->type) == 0 || reading_row(r, k, d))
            continue;
        if (k->list == LIST_CONTENTS && reading_exists(r, "type") && !is_user_bundle(d->name))
            problems_system(r->p, reading_path(r, k->folder, path), 0,
                            "make this directory, with a file for each member",
                            "no directory %s in bundle %s", k->folder, d->name);
    }
}

static void read_new(struct reading *r, enum definition_type type)
{
    struct definition *d = definitions_add(r->all, r->name, type);
    if (d == NULL || (d->directory = strdup(r->path)) == NULL) {
        reading_no_memory(r);
        return;
    }
    read_added_rows(r, d);
    reading_rows(r, d);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void read_definition(struct reading *r)
{
    char path[READING_PATH];
    long known = definitions_find(r->all, r->name);
    const char *where = known < 0 ? NULL : r->all->item[known].directory;
    bool package = r->sources->item[r->source].package;
    if (known >= 0 && (is_user_bundle(r->name) || (package && where == NULL))) {
        read_added_rows(r, &r->all->item[known]);
        if (reading_exists(r, "enable-if"))
            problems_warning(r->p, reading_path(r, "enable-if", path), 0, "put it into the members",
                             "enable-if is ignored: the container always starts %s", r->name);
    } else if (known >= 0) {
        problems_error(r->p, r->path, 0, "choose another name",
                       "duplicate definition: %s is already defined%s%s", r->name,
                       where == NULL ? " by the container" : " in ", where == NULL ? "" : where);
    } else {
        enum definition_type type = read_type(r);
        if (type != 0)
            read_new(r, type);
        else
            words_add(&r->all->refused, r->name);
    }
}

/* A directory without a type: it adds to what another one, or the container, defines. */
static void read_addition(struct reading *r)
{
    char path[READING_PATH];
    long known = definitions_find(r->all, r->name);
    if (known >= 0)
        read_added_rows(r, &r->all->item[known]);
    else if (r->sources->item[r->source].bundles)
        read_new(r, DEFINITION_BUNDLE);
    else {
        size_t before = r->p->count;
        problems_system(r->p, reading_path(r, "type", path), 0,
                        "write oneshot, longrun or bundle into it", "no file type");
        problems_elsewhere(r->p, before);
        words_add(&r->all->refused, r->name);
    }
}

static bool has_bad_name(struct reading *r)
{
    if (strchr(r->name, '\n') == NULL && strncmp(r->name, "s6rc-", 5) != 0 &&
        strncmp(r->name, "s6-rc-", 6) != 0)
        return false;
    problems_error(r->p, r->path, 0, "choose another name",
                   "invalid name %s: names may not begin with s6rc- or s6-rc-, nor hold a newline",
                   r->name);
    return true;
}

static void list_files(struct reading *r)
{
    r->unlisted = fd_names(r->fd, 0, &r->names) < 0;
    words_sort(&r->names);
}

/* Opens the directory and lists it. False: it is none, or cannot be opened, which is said. */
static bool open_entry(struct reading *r)
{
    r->fd = openat(AT_FDCWD, r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->fd >= 0)
        list_files(r);
    else if (errno != ENOTDIR)
        problems_system(r->p, r->path, 0,
                        errno == ENOENT ? "it is a link to nothing: delete it" : NULL,
                        "unable to open: %s", strerror(errno));
    return r->fd >= 0;
}

static void close_entry(struct reading *r)
{
    words_release(&r->names);
    close(r->fd);
}

static void name_entry(struct reading *r, const char *name)
{
    r->name = name;
    snprintf(r->path, sizeof r->path, "%s/%s", r->sources->item[r->source].path, name);
}

/* A directory that adds to others is only noted: what it adds to may stand anywhere. */
static void read_typed(struct reading *r)
{
    if (has_bad_name(r) || !open_entry(r))
        return;
    if (reading_exists(r, "type"))
        read_definition(r);
    else if (words_add(&r->untyped[r->source], r->name) < 0)
        reading_no_memory(r);
    close_entry(r);
}

/* --- sources ---------------------------------------------------------------------------------- */

static int read_source(struct reading *r)
{
    struct words entries = WORDS_INIT;
    struct error e = ERROR_INIT;
    const struct definition_source *source = &r->sources->item[r->source];
    if (file_list(AT_FDCWD, source->path, &entries, &e) < 0) {
        int result = errno == ENOENT && !r->sources->strict ? 0 : -1;
        words_release(&entries);
        if (result < 0)
            problems_system(r->p, source->path, 0, NULL, "%s", e.text);
        return result;
    }
    if (entries.count == 0 && r->sources->strict && !source->package)
        problems_warning(r->p, source->path, 0, NULL, "source %s is empty", source->path);
    for (size_t i = 0; i < entries.count; i++) {
        name_entry(r, entries.item[i]);
        if (!source->bundles && !source->package && is_user_bundle(r->name))
            problems_warning(r->p, r->path, 0, NULL,
                             "defining user bundles in %s is deprecated, please define them in "
                             "/etc/s6-overlay/user-bundles.d",
                             source->path);
        read_typed(r);
    }
    words_release(&entries);
    return 0;
}

static void read_additions(struct reading *r)
{
    struct words *names = &r->untyped[r->source];
    for (size_t i = 0; i < names->count; i++) {
        name_entry(r, names->item[i]);
        if (!open_entry(r))
            continue;
        read_addition(r);
        close_entry(r);
    }
    words_release(names);
}

int definitions_read(struct definitions *d, const struct definition_sources *sources,
                     struct problems *p)
{
    bool any = sources->count == 0;
    for (size_t i = 0; i < sources->count; i++)
        if (words_add(&d->sources, sources->item[i].path) < 0) {
            problems_system(p, sources->item[i].path, 0, NULL, "out of memory");
            return -1;
        }
    struct reading r = {.all = d, .sources = sources, .p = p};
    r.untyped = calloc(sources->count + 1, sizeof *r.untyped);
    if (r.untyped == NULL) {
        problems_system(p, "s6-rc.d", 0, NULL, "out of memory");
        return -1;
    }
    for (r.source = 0; r.source < sources->count; r.source++)
        any |= read_source(&r) == 0;
    for (r.source = 0; r.source < sources->count; r.source++)
        read_additions(&r);
    free(r.untyped);
    definitions_finish(d, p);
    if (sources->variable != NULL && enable_choose(d, sources->variable) < 0)
        reading_no_memory(&r);
    return any ? 0 : -1;
}
