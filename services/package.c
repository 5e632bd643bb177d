#include "services/package.h"
#include "base/file.h"
#include "contract/paths.h"
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNVERSIONED "/package/admin/s6-overlay"
#define PACKAGE UNVERSIONED "*/etc/s6-rc"

size_t package_sources(struct words *memory, struct definition_source *item)
{
    glob_t found = {.gl_pathc = 0};
    size_t count = 0;
    if (glob(PACKAGE "/sources", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && count < PACKAGE_SOURCES_MAX - 1; i++) {
            bool known = false;
            for (size_t j = 0; j < memory->count; j++)
                known |= file_is_same(memory->item[j], found.gl_pathv[i]);
            if (!known && words_add(memory, found.gl_pathv[i]) == 0)
                count++;
        }
    globfree(&found);
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

void package_check_scripts(struct problems *p)
{
    static const char *const replaced[] = {"cont-init", "cont-finish", "fix-attrs", "services-up",
                                           "services-down"};
    struct str names = STR_INIT;
    glob_t found = {.gl_pathc = 0};
    glob(PACKAGE "/scripts/*", 0, NULL, &found);
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++)
        for (size_t j = 0; j < found.gl_pathc; j++)
            if (strcmp(path_name(found.gl_pathv[j]), replaced[i]) == 0) {
                str_printf(&names, "%s%s", names.length == 0 ? "" : ", ", found.gl_pathv[j]);
                break;
            }
    globfree(&found);
    if (names.length > 0)
        problems_warning(p, names.data, 0, NULL,
                         "not used: the container does itself what s6-overlay does by this script");
    str_release(&names);
}
