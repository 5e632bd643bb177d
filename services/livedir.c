#include "services/livedir.h"
#include "base/file.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void livedir_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, RUN_SERVICEDIRS "/%s", name);
}

/* For the tools of s6 that make instances of a service: theirs to fill. */
static int make_instances(int live, struct error *e)
{
    static const char *const empty[] = {"instance", "instances"};
    for (int i = 0; i < 2; i++)
        if (mkdirat(live, empty[i], 0755) < 0 && errno != EEXIST)
            return error_system(e, "unable to make the directory %s", empty[i]);
    return 0;
}

static int copy_directory(int source, int live, const char *name, struct error *e)
{
    struct stat s;
    if (fstatat(source, name, &s, 0) < 0 || !S_ISDIR(s.st_mode))
        return 0;
    if (file_copy_tree(source, name, live, name, e) < 0)
        return -1;
    return strcmp(name, "template") == 0 ? make_instances(live, e) : 0;
}

/* As the file is found, so that what pid 1 and other tools read is what was checked. Nothing is
 * made of what is not there: most services have few of these files. */
static int copy_file(const struct key_row *k, int source, int live, struct error *e)
{
    mode_t mode = k->kind == KEY_PROGRAM ? 0755 : 0644;
    if (k->kind != KEY_FLAG && file_copy(source, k->name, live, k->name, mode, e) == 0)
        return 0;
    if (k->kind != KEY_FLAG && errno != ENOENT)
        return -1;
    if (faccessat(source, k->name, F_OK, 0) < 0) { /* a link to nothing */
        *e = ERROR_INIT;
        return 0;
    }
    /* A flag need not even be a file. */
    return k->kind == KEY_FLAG ? file_write(live, k->name, "", 0, 0644, e) : -1;
}

static int copy_rows(const struct definition *d, int source, int live, struct error *e)
{
    struct keys_there there = d->there;
    if (there.rows == 0) /* nobody has looked */
        keys_list(&there, source);
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if ((k->use & KEY_COPIED) != 0 && keys_may_have(&there, k) &&
            (k->kind == KEY_DIRECTORY ? copy_directory(source, live, k->name, e)
                                      : copy_file(k, source, live, e)) < 0)
            return -1;
    return 0;
}

/* Says whose files those are. -1. */
static int name_directory(const struct definition *d, struct error *e)
{
    struct error cause = *e;
    error_set(e, cause.code, "%s: %s", d->directory, cause.text);
    e->why = cause.why;
    return -1;
}

/* The same of a section, which has them in memory. */
static int write_rows(const struct section *s, const char *path, struct error *e)
{
    int live = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = live < 0 ? error_system(e, "unable to open %s", path) : 0;
    for (const struct key_row *k = key_rows; k->name != NULL && result == 0; k++) {
        const struct section_file *f = section_find(s, k->name);
        if (f != NULL && (k->use & KEY_COPIED) != 0)
            result = file_write(live, k->name, f->text, f->length,
                                k->kind == KEY_PROGRAM ? 0755 : 0644, e);
    }
    fd_close(live);
    return result;
}

int livedir_fill(const struct definition *d, const char *path, struct error *e)
{
    if (file_make_directories(AT_FDCWD, path, 0755, e) < 0)
        return -1;
    if (d->section != NULL)
        return write_rows(d->section, path, e);
    int source = openat(AT_FDCWD, d->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int live = source < 0 ? -1 : openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = -1;
    if (live < 0)
        error_system(e, "unable to open %s", source < 0 ? d->directory : path);
    else
        result = copy_rows(d, source, live, e) < 0 ? name_directory(d, e) : 0;
    fd_close(source);
    fd_close(live);
    return result;
}

int livedir_make(const struct definition *d, struct error *e)
{
    char path[512];
    char link[512];
    livedir_path(path, sizeof path, d->name);
    snprintf(link, sizeof link, RUN_SCANDIR "/%s", d->name);
    if (livedir_fill(d, path, e) < 0)
        return -1;
    if (symlink(path, link) < 0 && errno != EEXIST)
        return error_system(e, "unable to link %s", link);
    return 0;
}
