/* Finds the Dockerfile of a tree, and reads it. */
#include "base/file.h"
#include "command/overlog/imagecheck.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From etc/s6-overlay/s6-rc.d up to the image's context, with a folder or two in between. */
enum { LEVELS_MAX = 7, FILE_MAX = 1 << 20 };

/* As short as it can be said from here. */
static const char *shown(const char *path)
{
    char here[PATH_MAX];
    size_t length = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);
    if (length > 1 && strncmp(path, here, length) == 0 && path[length] == '/')
        return path + length + 1;
    return path;
}

static bool check_one(const char *path, struct problems *p)
{
    struct error ignored = ERROR_INIT;
    struct str text = STR_INIT;
    struct image_file f;
    bool found = file_read(AT_FDCWD, path, FILE_MAX, &text, &ignored) == 0;
    if (found && imagefile_read(text.length > 0 ? text.data : "", text.length, &f) == 0)
        imagefile_check(&f, shown(path), p);
    if (found)
        imagefile_release(&f);
    str_release(&text);
    return found;
}

/* A name in dir. */
static const char *join(char out[PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return n < PATH_MAX ? out : "";
}

void imagefile_find(const char *dir, struct problems *p)
{
    char at[PATH_MAX], path[PATH_MAX];
    if (realpath(dir, at) == NULL)
        return;
    for (int level = 0; level < LEVELS_MAX && at[1] != '\0'; level++) {
        if (check_one(join(path, at, "Dockerfile"), p) ||
            check_one(join(path, at, "Containerfile"), p) ||
            access(join(path, at, ".git"), F_OK) == 0)
            return;
        char *slash = strrchr(at, '/');
        slash[slash == at] = '\0';
    }
}
