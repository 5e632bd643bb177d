#include "services/package.h"
#include "base/file.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADMIN "/package/admin"
#define NAME "s6-overlay"
#define UNVERSIONED ADMIN "/" NAME
#define RC "etc/s6-rc"

void package_folders(struct words *folders)
{
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    (void)file_list(AT_FDCWD, ADMIN, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char path[512];
        snprintf(path, sizeof path, ADMIN "/%s/" RC, names.item[i]);
        if (strncmp(names.item[i], NAME, sizeof NAME - 1) == 0)
            (void)words_add(folders, path);
    }
    words_sort(folders); /* as paths: a version comes before the link without one */
    words_release(&names);
}

size_t package_sources(const struct words *folders, struct words *memory,
                       struct definition_source *item)
{
    size_t count = 0;
    for (size_t i = 0; i < folders->count && count < PACKAGE_SOURCES_MAX - 1; i++) {
        char path[512];
        struct stat st;
        bool known = false;
        snprintf(path, sizeof path, "%.480s/sources", folders->item[i]);
        if (lstat(path, &st) < 0)
            continue;
        for (size_t j = 0; j < memory->count; j++)
            known |= file_is_same(memory->item[j], path);
        if (!known && words_add(memory, path) == 0)
            count++;
    }
    count += access(RUN_BUILTIN, F_OK) == 0 && words_add(memory, RUN_BUILTIN) == 0;
    for (size_t i = 0; i < count; i++)
        item[i] = (struct definition_source){.path = memory->item[i], .package = true};
    return count;
}

/* The file of that name in a version's folder, to be freed; NULL: there is none. */
static char *versioned(const char *rest)
{
    glob_t found = {.gl_pathc = 0};
    char *path = NULL;
    if (glob(UNVERSIONED "-*", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && path == NULL; i++) {
            struct str name = STR_INIT;
            if (str_printf(&name, "%s%s", found.gl_pathv[i], rest) == 0 &&
                access(name.data, F_OK) == 0)
                path = strdup(name.data);
            str_release(&name);
        }
    globfree(&found);
    return path;
}

void package_lead(struct words *command)
{
    static const char prefix[] = UNVERSIONED "/";
    for (size_t i = 0; i < command->count; i++) {
        const char *word = command->item[i];
        if (strncmp(word, prefix, sizeof prefix - 1) != 0 || access(word, F_OK) == 0)
            continue;
        char *path = versioned(word + sizeof prefix - 2);
        if (path != NULL) {
            free(command->item[i]);
            command->item[i] = path;
        }
    }
}

/* Appends the paths of the scripts that are in one folder of the package. */
static void find_scripts(const char *folder, struct words *found)
{
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    char path[1024];
    int length = snprintf(path, sizeof path, "%.480s/scripts", folder);
    (void)file_list(AT_FDCWD, path, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path + length, sizeof path - (size_t)length, "/%s", names.item[i]);
        (void)words_add(found, path);
    }
    words_release(&names);
}

void package_check_scripts(const struct words *folders, struct problems *p)
{
    static const char *const replaced[] = {"cont-init", "cont-finish", "fix-attrs", "services-up",
                                           "services-down"};
    struct str names = STR_INIT;
    struct words found = WORDS_INIT;
    for (size_t i = 0; i < folders->count; i++)
        find_scripts(folders->item[i], &found);
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++)
        for (size_t j = 0; j < found.count; j++)
            if (strcmp(path_name(found.item[j]), replaced[i]) == 0) {
                str_printf(&names, "%s%s", names.length == 0 ? "" : ", ", found.item[j]);
                break;
            }
    words_release(&found);
    if (names.length > 0)
        problems_warning(p, names.data, 0, NULL,
                         "not used: the container does itself what s6-overlay does by this script");
    str_release(&names);
}
