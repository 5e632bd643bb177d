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
enum { LEVELS_MAX = 6, FILE_MAX = 1 << 20 };

/* As short as it can be said from here. */
static const char *shown(const char *path)
{
    char here[PATH_MAX];
    size_t length = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);
    if (length > 1 && strncmp(path, here, length) == 0 && path[length] == '/')
        return path + length + 1;
    return path;
}

static bool check_one(const char *path, struct image_build *build, struct problems *p)
{
    struct error ignored = ERROR_INIT;
    struct image_file f;
    struct str *text = &build->text;
    if (file_read(AT_FDCWD, path, FILE_MAX, text, &ignored) < 0 || str_add_text(text, "") < 0)
        return false;
    if (imagefile_read(text->data, text->length, &f) == 0) {
        imagefile_check(&f, shown(path), p);
        build->has_more = imagefile_has_more(&f);
    }
    imagefile_release(&f);
    build->found = true;
    build->sets_modes = strstr(text->data, "chmod") != NULL;
    build->has_hook = strstr(text->data, "S6_STAGE2_HOOK") != NULL;
    return true;
}

/* A name in dir. */
static const char *join(char out[PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return n < PATH_MAX ? out : "";
}

void imagefile_find(const char *dir, struct image_build *build, struct problems *p)
{
    char at[PATH_MAX], path[PATH_MAX];
    if (realpath(dir, at) == NULL)
        return;
    for (int level = 0; level < LEVELS_MAX && at[1] != '\0'; level++) {
        if (check_one(join(path, at, "Dockerfile"), build, p) ||
            check_one(join(path, at, "Containerfile"), build, p) ||
            access(join(path, at, ".git"), F_OK) == 0)
            return;
        char *slash = strrchr(at, '/');
        slash[slash == at] = '\0';
    }
}
