#include "command/s6rc/rcsource.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "command/commands.h"
#include "contract/paths.h"
#include "overlay/settings.h"
#include "services/database.h"
#include "services/package.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where s6-overlay has the services that are built in here. */
static bool is_package(const char *path)
{
    const char *name = strstr(path, "/s6-overlay");
    return name != NULL && strstr(name, "/etc/s6-rc/sources") != NULL;
}

static bool is_bundles(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length >= 14 && strncmp(path + length - 14, "user-bundles.d", 14) == 0;
}

/* services.conf by its name, or any file. */
static bool is_conf(const char *path)
{
    struct stat s;
    return strcmp(path_name(path), "services.conf") == 0 ||
           (stat(path, &s) == 0 && S_ISREG(s.st_mode));
}

static int add_one(struct definition_source *list, size_t *count, const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    list[(*count)++] = (struct definition_source){.path = copy,
                                                  .conf = is_conf(copy),
                                                  .bundles = is_bundles(copy),
                                                  .package = is_package(copy)};
    return 0;
}

/* What pid 1 reads besides the tree of the image. */
static int add_packages(struct definition_source *list, size_t *count)
{
    struct words folders = WORDS_INIT;
    struct words memory = WORDS_INIT;
    struct definition_source found[PACKAGE_SOURCES_MAX];
    int result = 0;
    package_folders(&folders);
    size_t packages = package_sources(&folders, &memory, found);
    for (size_t i = 0; i < packages && result == 0; i++)
        result = add_one(list, count, found[i].path);
    words_release(&folders);
    words_release(&memory);
    return result;
}

static bool has(const char *path, const char *name)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    return access(whole, F_OK) == 0;
}

/* One path as sources: /etc/s6-overlay stands for the folders and the services.conf that are in it.
 * They are the list's to free. */
static int add_source(struct definition_source *list, size_t *count, const char *path)
{
    static const char *const folders[] = {"", "/s6-rc.d", "/user-bundles.d", "/services.conf"};
    char whole[4096];
    if (is_package(path) && access(path, F_OK) < 0)
        return 0;
    bool conf = has(path, "services.conf") || has(path, "services.conf.d");
    bool parent = conf || has(path, "s6-rc.d");
    for (int i = parent; i < (parent ? 4 : 1); i++) {
        snprintf(whole, sizeof whole, "%s%s", path, folders[i]);
        if (parent && (i == 3 ? !conf : access(whole, F_OK) < 0))
            continue;
        if (add_one(list, count, whole) < 0)
            return -1;
    }
    return strcmp(path, "/etc/s6-overlay") == 0 ? add_packages(list, count) : 0;
}

static int read_them(struct definitions *d, struct graph *g,
                     const struct definition_sources *sources)
{
    struct problems problems = PROBLEMS_INIT;
    int code = EXIT_SYSTEM;
    if (definitions_builtin(d) < 0)
        message_fatal("out of memory");
    else if (definitions_read(d, sources, &problems) == 0 && graph_build(g, d, &problems) == 0)
        code = problems.code;
    else if (problems.code != 0)
        code = problems.code;
    else
        message_fatal("out of memory");
    problems_say(&problems);
    problems_release(&problems);
    return code;
}

int rcsource_read(struct definitions *d, struct graph *g, const char *const *paths, size_t count)
{
    struct definition_source *list = calloc((3 + PACKAGE_SOURCES_MAX) * count + 1, sizeof *list);
    size_t sources = 0;
    int bad = list == NULL ? -1 : 0;
    for (size_t i = 0; i < count && bad == 0; i++)
        bad = add_source(list, &sources, paths[i]);
    struct definition_sources all = {.item = list,
                                     .count = sources,
                                     .strict = true,
                                     .check_script = check_logging_script,
                                     .variable = settings_container_variable,
                                     .scaled = RUN_INSTANCES};
    int code = EXIT_SYSTEM;
    if (bad == 0)
        code = read_them(d, g, &all);
    else
        message_fatal("out of memory");
    for (size_t i = 0; i < sources; i++)
        free((char *)(uintptr_t)list[i].path);
    free(list);
    return code;
}

int rcsource_open(struct definitions *d, struct graph *g, const char *path)
{
    struct problems problems = PROBLEMS_INIT;
    struct error e = ERROR_INIT;
    struct stat s;
    if (!database_is(path) && stat(path, &s) == 0) {
        int code = rcsource_read(d, g, &path, 1);
        return code == 0 ? 0 : EXIT_DATABASE;
    }
    if (database_read(d, path, &e) < 0)
        return message_error(&e);
    int result = graph_build(g, d, &problems);
    if (result < 0 && problems.errors == 0)
        message_fatal("out of memory");
    problems_say(&problems);
    problems_release(&problems);
    return result < 0 ? EXIT_DATABASE : 0;
}

bool rcsource_is_live(const char *path)
{
    return file_is_same(path, RUN_RC) ||
           refuse(false, "no live directory %s: there is one, " RUN_RC, path);
}
