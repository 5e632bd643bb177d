#include "supervisor/package.h"
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGE "/package/admin/s6-overlay*/etc/s6-rc"

static bool is_same(const char *one, const char *other)
{
    struct stat a;
    struct stat b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

size_t package_sources(struct words *memory, struct definition_source *item)
{
    glob_t found = {.gl_pathc = 0};
    size_t count = 0;
    if (glob(PACKAGE "/sources", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && count < PACKAGE_SOURCES_MAX; i++) {
            bool known = false;
            for (size_t j = 0; j < memory->count; j++)
                known |= is_same(memory->item[j], found.gl_pathv[i]);
            if (!known && words_add(memory, found.gl_pathv[i]) == 0)
                count++;
        }
    globfree(&found);
    for (size_t i = 0; i < count; i++)
        item[i] = (struct definition_source){.path = memory->item[i], .package = true};
    return count;
}

void package_check_scripts(struct problems *p)
{
    static const char *const replaced[] = {"cont-init", "cont-finish", "fix-attrs", "services-up",
                                           "services-down"};
    struct str names = STR_INIT;
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
        glob_t found = {.gl_pathc = 0};
        char pattern[128];
        snprintf(pattern, sizeof pattern, PACKAGE "/scripts/%s", replaced[i]);
        if (glob(pattern, 0, NULL, &found) == 0)
            str_printf(&names, "%s%s", names.length == 0 ? "" : ", ", found.gl_pathv[0]);
        globfree(&found);
    }
    if (names.length > 0)
        problems_warning(p, names.data, 0, NULL,
                         "not used: the container does itself what s6-overlay does by this script");
    str_release(&names);
}
