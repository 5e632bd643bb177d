/* overlog up: a tree on a workstation, without a container. */
#include "command/overlog/up.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct up {
    char base[PATH_MAX]; /* private: run, root and links */
    char run[PATH_MAX], root[PATH_MAX], links[PATH_MAX];
    char logs[PATH_MAX], tree[PATH_MAX], etc[PATH_MAX];
    char *cwd;
};

/* A file alone becomes the services.conf of a private tree. */
static int make_tree(struct up *u, const struct tree *t, struct error *e)
{
    char conf[PATH_MAX], more[PATH_MAX], from[PATH_MAX];
    snprintf(u->tree, sizeof u->tree, "%.3000s/tree", u->base);
    snprintf(conf, sizeof conf, "%.3000s/services.conf", u->tree);
    snprintf(more, sizeof more, "%.3000s.d", conf);
    snprintf(from, sizeof from, "%.3000s.d", t->conf);
    if (mkdir(u->tree, 0755) < 0)
        return error_system(e, "unable to make directories in %s", u->base);
    if (file_copy(AT_FDCWD, t->conf, AT_FDCWD, conf, 0644, e) < 0)
        return -1;
    return access(from, F_OK) < 0 ? 0 : file_copy_tree(AT_FDCWD, from, AT_FDCWD, more, e);
}

static int make_private(struct up *u, struct error *e)
{
    const char *place = getenv("XDG_RUNTIME_DIR");
    if (place == NULL || access(place, W_OK) < 0)
        place = getenv("TMPDIR");
    snprintf(u->base, sizeof u->base, "%.4000s/overlog-XXXXXX", place == NULL ? "/tmp" : place);
    if (mkdtemp(u->base) == NULL)
        return error_system(e, "unable to make a private directory in %s", u->base);
    snprintf(u->run, sizeof u->run, "%.4000s/run", u->base);
    snprintf(u->root, sizeof u->root, "%.4000s/root", u->base);
    snprintf(u->links, sizeof u->links, "%.4000s/links", u->base);
    if (mkdir(u->run, 0755) < 0 || mkdir(u->root, 0755) < 0 || mkdir(u->links, 0755) < 0)
        return error_system(e, "unable to make directories in %s", u->base);
    return 0;
}

/* The tree, its etc if it is in one, and the directory of logs. */
static int find_places(struct up *u, const struct tree *t, const char *logs, struct error *e)
{
    u->cwd = getcwd(NULL, 0); /* for good */
    if (u->cwd == NULL || realpath(t->dir, u->tree) == NULL)
        return error_system(e, "unable to find %s", t->dir);
    snprintf(u->etc, sizeof u->etc, "%s", u->tree);
    char *slash = strrchr(u->etc, '/');
    *slash = '\0';
    slash = t->alone ? NULL : strrchr(u->etc, '/');
    if (slash == NULL || strcmp(slash, "/etc") != 0 || slash == u->etc)
        u->etc[0] = '\0';
    if (file_make_directories(AT_FDCWD, logs, 0755, e) < 0)
        return -1;
    return realpath(logs, u->logs) == NULL ? error_system(e, "unable to find %s", logs) : 0;
}

/* As wide as the longest name, within reason, where a person looks on. */
static void set_prefix(const struct tree *t)
{
    enum { LEAST = 5, MOST = 24 }; /* ".init" */
    char width[16];
    size_t most = LEAST;
    for (size_t i = 0; i < t->definitions.count; i++) {
        const struct definition *d = &t->definitions.item[i];
        if (d->type == DEFINITION_LONGRUN && strlen(d->name) > most)
            most = strlen(d->name);
    }
    snprintf(width, sizeof width, "%zu", most < MOST ? most : (size_t)MOST);
    setenv("OVERLOG_PREFIX", isatty(STDOUT_FILENO) ? width : "1", 0);
}

static void set_defaults(const struct up *u)
{
    setenv("OVERLOG_DIR", u->logs, 1);
    setenv("S6_LOGGING", "1", 0);
    setenv("S6_VERBOSITY", "1", 0);
}

static void remove_private(const struct up *u, bool inside)
{
    char path[PATH_MAX + 8];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s%s", inside ? VIEW_HOST : "", u->base);
    if (u->base[0] != '\0' && file_remove_tree(AT_FDCWD, path, &e) < 0)
        message_warning("%s", e.text);
}

static int start(struct up *u, const struct tree *t, const char *logs, char **cmd)
{
    struct error e = ERROR_INIT;
    struct view v = {.run = u->run, .root = u->root, .links = u->links, .tree = u->tree};
    if (find_places(u, t, logs, &e) < 0 || make_private(u, &e) < 0 ||
        (t->alone && make_tree(u, t, &e) < 0)) {
        remove_private(u, false);
        return message_error(&e);
    }
    v.etc = u->etc[0] == '\0' ? NULL : u->etc;
    message_line(MESSAGE_WARNING,
                 "overlog up: info: logs in %s: OVERLOG_DIR=%s logcat -f; overlog status -R %s",
                 u->logs, u->logs, u->run);
    if (view_enter(&v, &e) < 0) {
        remove_private(u, access(VIEW_HOST, F_OK) == 0);
        return message_error(&e);
    }
    set_defaults(u);
    set_prefix(t);
    if (chdir(u->cwd) < 0)
        message_warning("unable to stay in %s", u->cwd);
    int code = init_boot(cmd, true);
    remove_private(u, true);
    return code;
}

static int run_up(struct invocation *c)
{
    static struct up u; /* large */
    struct tree t;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char **words = options.operand;
    const char *dir = ".";
    bool command = c->next > 1 && strcmp(c->argv[c->next - 1], "--") == 0;
    if (!command && words[0] != NULL && strcmp(words[0], "--") != 0)
        dir = *words++;
    if (!command && words[0] != NULL && strcmp(*words++, "--") != 0)
        return command_usage(c);
    int code = tree_load(&t, NULL, dir);
    if (code == 0)
        code = start(&u, &t, given('l') ? argument_of('l') : "logs", words);
    tree_release(&t);
    return code;
}

static const char up_options[] = "-l, --logs=DIR  where log directories are made (logs)\n";

const struct command command_up[] = {{"overlog up", "[-l DIR] [DIR|FILE] [-- CMD [ARG...]]",
                                      "run services here, without a container, until ^C (DIR: .)",
                                      up_options, run_up},
                                     {.name = NULL}};
