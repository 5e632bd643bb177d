/* The tree of definitions that a verb works on. */
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "services/package.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A plain user may change the root in a user namespace of its own. */
static int enter(const char *root, struct error *e)
{
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
        return error_system(e,
                            "unable to enter %s as a plain user: no user namespaces here (run "
                            "it as root)",
                            root);
    if (chroot(root) < 0 || chdir("/") < 0)
        return error_system(e, "unable to enter %s", root);
    return 0;
}

static bool is_folder(const char *a, const char *b)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/.", a, b);
    return access(path, F_OK) == 0;
}

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static bool has_conf(const char *dir)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/services.conf", dir);
    if (access(path, F_OK) == 0)
        return true;
    strcat(path, ".d");
    return access(path, F_OK) == 0;
}

/* A tree that is one file: no directories are beside it. */
static int find_file(struct tree *t, const char *file, struct error *e)
{
    const char *slash = strrchr(file, '/');
    if (strlen(file) > sizeof t->conf - 64)
        return error_set(e, EXIT_USAGE, "unable to use %s: name too long", file);
    strcpy(t->conf, file);
    snprintf(t->dir, sizeof t->dir, "%.*s", slash == NULL ? 1 : (int)(slash - file),
             slash == NULL ? "." : file);
    if (slash == file)
        strcpy(t->dir, "/");
    t->alone = true;
    return 0;
}

int tree_find(struct tree *t, const char *root, const char *dir, struct error *e)
{
    *t = (struct tree){.definitions = DEFINITIONS_INIT,
                       .graph = GRAPH_INIT,
                       .problems = PROBLEMS_INIT,
                       .whole = root != NULL || dir == NULL || strcmp(dir, TREE_DEFAULT) == 0};
    if (root != NULL && enter(root, e) < 0)
        return -1;
    dir = dir == NULL ? TREE_DEFAULT : dir;
    if (is_file(dir))
        return find_file(t, dir, e);
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/')
        length--;
    if (length > sizeof t->dir - 64)
        return error_set(e, EXIT_USAGE, "unable to use %s: name too long", dir);
    snprintf(t->dir, sizeof t->dir, "%.*s", (int)length, dir);
    bool beside = is_folder(t->dir, "s6-rc.d") || has_conf(t->dir);
    bool above = !beside && is_folder(t->dir, "etc/s6-overlay");
    bool inside = !above && strcmp(path_name(t->dir), "s6-rc.d") == 0;
    strcat(t->dir, above ? "/etc/s6-overlay" : inside ? "/.." : "");
    if (inside)
        snprintf(t->services, sizeof t->services, "%.*s", (int)length, dir);
    else
        snprintf(t->services, sizeof t->services, "%.4000s/s6-rc.d", t->dir);
    snprintf(t->bundles, sizeof t->bundles, "%.4000s/user-bundles.d", t->dir);
    snprintf(t->conf, sizeof t->conf, "%.4000s/services.conf", t->dir);
    return 0;
}

/* What is wrong goes into problems. -1: there is no memory, and nothing that says so. */
static int read_all(struct tree *t, const struct definition_sources *sources)
{
    if (definitions_builtin(&t->definitions) < 0)
        return -1;
    int result = definitions_read(&t->definitions, sources, &t->problems);
    if (result == 0 && !t->as_written)
        result = graph_build(&t->graph, &t->definitions, &t->problems);
    return result < 0 && t->problems.errors == 0 ? -1 : 0;
}

int tree_read(struct tree *t)
{
    struct words folders = WORDS_INIT;
    struct words memory = WORDS_INIT;
    struct definition_source source[3 + PACKAGE_SOURCES_MAX] = {
        {.path = t->services}, {.path = t->bundles, .bundles = true}};
    if (t->whole)
        package_folders(&folders);
    size_t count = 2 + (t->whole ? package_sources(&folders, &memory, source + 2) : 0);
    source[count++] = (struct definition_source){
        .path = t->conf, .conf = true, .draft_path = t->draft_path, .draft = t->draft};
    const struct definition_sources sources = {.item = source,
                                               .count = count,
                                               .check_script = check_logging_script,
                                               .as_written = t->as_written};
    if (!t->alone && access(t->services, F_OK) < 0 && !has_conf(t->dir))
        problems_error(&t->problems, t->services, 0,
                       "name the folder that holds s6-rc.d or services.conf", "%s",
                       strerror(errno));
    int result = read_all(t, &sources);
    package_check_scripts(&folders, &t->problems);
    words_release(&folders);
    words_release(&memory);
    return result < 0 ? EXIT_SYSTEM : 0;
}

int tree_read_as_written(struct tree *t)
{
    graph_release(&t->graph);
    definitions_release(&t->definitions);
    problems_release(&t->problems);
    t->as_written = true;
    return tree_read(t) == 0 ? 0 : refuse(EXIT_SYSTEM, "out of memory");
}

int tree_read_draft(const struct tree *t, const char *path, const struct str *text,
                    struct tree *draft)
{
    *draft = *t;
    draft->definitions = DEFINITIONS_INIT;
    draft->graph = GRAPH_INIT;
    draft->problems = PROBLEMS_INIT;
    draft->image = (struct image_build){.text = STR_INIT};
    draft->inspected = NULL;
    draft->inspected_count = draft->inspected_room = 0;
    draft->draft_path = path;
    draft->draft = text;
    return tree_read(draft);
}

int tree_load(struct tree *t, const char *root, const char *dir)
{
    struct error e = ERROR_INIT;
    if (tree_find(t, root, dir, &e) < 0)
        return message_error(&e);
    if (tree_read(t) != 0)
        return refuse(EXIT_SYSTEM, "out of memory");
    problems_say(&t->problems);
    return t->problems.errors > 0 ? 1 : 0;
}

void tree_release(struct tree *t)
{
    graph_release(&t->graph);
    definitions_release(&t->definitions);
    problems_release(&t->problems);
    str_release(&t->image.text);
    free(t->inspected);
}

const struct definition *tree_definition(const struct tree *t, uint32_t node)
{
    return &t->definitions.item[t->graph.node[node].definition];
}

unsigned char *tree_started(const struct tree *t)
{
    unsigned char *set = calloc((size_t)t->graph.count + 1, 1);
    if (set != NULL && graph_select(&t->graph, "top", set) == 0)
        graph_close_up(&t->graph, set);
    return set;
}
