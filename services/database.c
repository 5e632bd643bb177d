#include "services/database.h"
#include "base/file.h"
#include "services/livedir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DATABASE_MAX = 64 << 20, PATH_ROOM = 4096 };

int database_write(const char *path, const struct definitions *d, struct error *e)
{
    struct str bytes = STR_INIT;
    char file[PATH_ROOM];
    int result = -1;
    snprintf(file, sizeof file, "%s/db", path);
    if (mkdir(path, 0755) < 0)
        return error_system(e, "unable to create %s", path);
    if (definitions_pack(d, &bytes) < 0)
        error_set(e, EXIT_SYSTEM, "out of memory");
    else
        result = file_write(AT_FDCWD, file, bytes.data, bytes.length, 0644, e);
    str_release(&bytes);
    return result;
}

static int fill_servicedirs(const char *path, const struct definitions *d, struct error *e)
{
    char file[PATH_ROOM];
    for (size_t i = 0; i < d->count; i++) {
        if (d->item[i].type != DEFINITION_LONGRUN)
            continue;
        snprintf(file, sizeof file, "%s/servicedirs/%s", path, d->item[i].name);
        if (livedir_fill(&d->item[i], file, e) < 0)
            return -1;
    }
    return 0;
}

int database_compile(const char *path, const struct definitions *d, struct error *e)
{
    struct error ignored = ERROR_INIT;
    struct stat s;
    if (lstat(path, &s) == 0)
        return error_set(e, EXIT_SYSTEM, "unable to create %s: %s", path, strerror(EEXIST));
    if (database_write(path, d, e) == 0 && fill_servicedirs(path, d, e) == 0)
        return 0;
    file_remove_tree(AT_FDCWD, path, &ignored);
    return -1;
}

int database_read(struct definitions *d, const char *path, struct error *e)
{
    struct str bytes = STR_INIT;
    char file[PATH_ROOM];
    snprintf(file, sizeof file, "%s/db", path);
    int result = file_read(AT_FDCWD, file, DATABASE_MAX, &bytes, e);
    if (result == 0)
        result = definitions_unpack(d, bytes.data == NULL ? "" : bytes.data, bytes.length, e);
    if (result < 0 && e->code == EXIT_DATABASE) {
        char why[sizeof e->text];
        strcpy(why, e->text);
        error_set(e, EXIT_DATABASE, "invalid service database in %.300s: %.180s", path, why);
    }
    str_release(&bytes);
    for (size_t i = 0; result == 0 && i < d->count; i++) {
        if (d->item[i].type != DEFINITION_LONGRUN)
            continue;
        snprintf(file, sizeof file, "%s/servicedirs/%s", path, d->item[i].name);
        d->item[i].directory = strdup(file);
        if (d->item[i].directory == NULL)
            result = error_set(e, EXIT_SYSTEM, "out of memory");
    }
    return result;
}

bool database_is(const char *path)
{
    char file[PATH_ROOM];
    struct stat s;
    snprintf(file, sizeof file, "%s/db", path);
    return stat(file, &s) == 0 && S_ISREG(s.st_mode);
}
