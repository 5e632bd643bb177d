/* Reading definition directories (spec/s6-rc-source.md). Nothing stops at the first mistake. */
#include "base/file.h"
#include "services/definition_reading.h"
#include "services/enable.h"
#include "services/instances.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int note_file(void *to, const char *name, int is_file)
{
    struct reading *r = to;
    if (name[0] == '.')
        return 0;
    keys_note(&r->there, name, is_file);
    return words_add(&r->names, name);
}

static void list_files(struct reading *r)
{
    r->there = (struct keys_there){0};
    r->unlisted = fd_each_entry(r->fd, note_file, r) < 0;
    if (r->unlisted)
        r->there = (struct keys_there){0};
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
    if (reading_has_bad_name(r) || !open_entry(r))
        return;
    if (keys_is_file(&r->there, key_find("type", DEFINITION_LONGRUN)) || reading_exists(r, "type"))
        reading_definition(r);
    else if (words_add(&r->untyped[r->source], r->name) < 0)
        reading_no_memory(r);
    close_entry(r);
}

/* --- sources ---------------------------------------------------------------------------------- */

/* Where services.conf has the definitions, directories may be empty. */
static bool has_conf(const struct definition_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->item[i].conf)
            return true;
    return false;
}

/* Whether the bundles are in a directory that was read already: S6_RUNTIME_BUNDLEDIR may name the
 * one of the services. */
static bool was_read(const struct reading *r)
{
    struct stat here;
    struct stat before;
    if (!r->from->bundles || stat(r->from->path, &here) < 0)
        return false;
    for (uint32_t i = 0; i < r->source; i++)
        if (stat(r->sources->item[i].path, &before) == 0 && before.st_ino == here.st_ino &&
            before.st_dev == here.st_dev)
            return true;
    return false;
}

static int read_source(struct reading *r)
{
    struct words entries = WORDS_INIT;
    struct error e = ERROR_INIT;
    const struct definition_source *source = r->from;
    if (source->conf)
        return reading_sections(r);
    if (was_read(r))
        return 0;
    if (file_list(AT_FDCWD, source->path, &entries, &e) < 0) {
        int result = errno == ENOENT && !r->sources->strict ? 0 : -1;
        words_release(&entries);
        if (result < 0)
            problems_system(r->p, source->path, 0, NULL, "%s", e.text);
        return result;
    }
    if (entries.count == 0 && r->sources->strict && !source->package && !has_conf(r->sources))
        problems_warning(r->p, source->path, 0, NULL, "source %s is empty", source->path);
    for (size_t i = 0; i < entries.count; i++) {
        name_entry(r, entries.item[i]);
        if (!source->bundles && !source->package && reading_is_user_bundle(r->name))
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
        reading_addition(r);
        close_entry(r);
    }
    words_release(names);
}

static void begin_source(struct reading *r, uint32_t index)
{
    r->source = index;
    r->from = &r->sources->item[index];
    r->section = NULL;
}

static void place_of(const void *definitions, char *path, unsigned int *line)
{
    sections_locate(&((const struct definitions *)definitions)->sections, path, line);
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
    p->place = place_of;
    p->context = d;
    for (uint32_t i = 0; i < sources->count; i++) {
        begin_source(&r, i);
        any |= read_source(&r) == 0;
    }
    for (uint32_t i = 0; i < sources->count; i++) {
        begin_source(&r, i);
        read_additions(&r);
    }
    reading_section_additions(&r);
    free(r.untyped);
    if (!sources->as_written)
        instances_expand(d, sources->variable, sources->scaled, p);
    definitions_finish(d, p);
    if (sources->variable != NULL && enable_choose(d, sources->variable) < 0)
        reading_no_memory(&r);
    return any ? 0 : -1;
}
