#include "overlay/runtree.h"
#include "base/envdir.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static bool path_has(const char *path, const char *part)
{
    size_t length = strlen(part);
    for (const char *p = path; p != NULL; p = strchr(p, ':'), p = p == NULL ? NULL : p + 1)
        if (strncmp(p, part, length) == 0 && (p[length] == ':' || p[length] == '\0'))
            return true;
    return false;
}

int runtree_complete_path(struct error *e)
{
    static const char *const wanted[] = {"/bin", "/usr/bin", "/command"};
    const char *old = getenv("PATH");
    char *path = strdup(old == NULL || old[0] == '\0' ? "/bin" : old);
    for (size_t i = 0; path != NULL && i < sizeof wanted / sizeof wanted[0]; i++) {
        if (path_has(path, wanted[i]))
            continue;
        struct str longer = STR_INIT;
        if (str_printf(&longer, "%s:%s", wanted[i], path) < 0) {
            str_release(&longer);
            free(path);
            return error_system(e, "unable to complete PATH");
        }
        free(path);
        path = longer.data;
    }
    int result = path == NULL ? -1 : setenv("PATH", path, 1);
    free(path);
    return result == 0 ? 0 : error_system(e, "unable to complete PATH");
}

int runtree_check_free(struct error *e)
{
    pid_t holder;
    int fd = open(RUN_LOCK, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    bool held = fd_lock_holder(fd, &holder);
    fd_close(fd);
    if (!held)
        return 0;
    /* Not of our pid namespace: a container like ours, or a host that has s6 and is left alone. */
    if (holder == 0 && access(RUN_CONTROL, F_OK) == 0) {
        message_warning("/run is that of another container, too, whose services can no longer be "
                        "controlled: give each its own");
        return 0;
    }
    return error_set(
        e, EXIT_USAGE,
        "the services in /run are supervised already, by another /init: one is enough. "
        "`overlog status` shows them; `with-contenv CMD` runs a command beside them");
}

/* Fails with an explanation: a plain user cannot remove files that root left in /run, in the image
 * or in an earlier start. */
static int left_by_another(const char *path, struct error *e)
{
    struct stat st;
    unsigned long uid = geteuid();
    if ((errno != EACCES && errno != EPERM) || lstat(path, &st) < 0 || st.st_uid == uid)
        return -1;
    return error_set(
        e, EXIT_SYSTEM,
        "unable to remove %s: uid %lu left it, and we are uid %lu: start with an empty /run "
        "(docker: --tmpfs /run:uid=%lu,mode=0755, podman: --tmpfs /run:U), or remove it",
        path, (unsigned long)st.st_uid, uid, uid);
}

/* What an earlier start left, or the image. s6-rc names its live directory with a random ending. */
static int remove_stale(struct error *e)
{
    static const char *const stale[] = {
        "s6", "s6-linux-init-container-results", "s6-rc", "service", "uncaught-logs", NULL};
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    bool listed = file_list(AT_FDCWD, "/run", &names, &ignored) == 0;
    int result = 0;
    for (size_t i = 0; i < names.count && listed; i++) {
        char path[512];
        snprintf(path, sizeof path, "/run/%.400s", names.item[i]);
        if (strncmp(names.item[i], "s6-rc:", 6) == 0)
            file_remove_tree(AT_FDCWD, path, &ignored);
    }
    for (size_t i = 0; stale[i] != NULL && result == 0; i++) {
        char path[128];
        snprintf(path, sizeof path, "/run/%s", stale[i]);
        if (!listed || words_has(&names, stale[i]))
            result = file_remove_tree(AT_FDCWD, path, e) < 0 ? left_by_another(path, e) : 0;
    }
    words_release(&names);
    return result;
}

static int make_directories(struct error *e)
{
    static const struct {
        const char *path;
        mode_t mode;
    } wanted[] = {{"/run/s6", 0755},
                  {"/run/s6/basedir", 0755},
                  {"/run/s6/basedir/bin", 0755},
                  {RUN_SCANDIR, 0755},
                  {RUN_RC, 0755},
                  {RUN_SERVICEDIRS, 0755},
                  {RUN_ONESHOTS, 0755},
                  {"/run/s6-linux-init-container-results", 0755},
                  {RUN_LEGACY, 0755},
                  {RUN_LOGFILES, 01777}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (file_make_directories(AT_FDCWD, wanted[i].path, wanted[i].mode, e) < 0)
            return -1;
    return 0;
}

static int link_commands(const char *program_dir, struct error *e)
{
    static const char *const names[] = {"halt", "poweroff", "reboot", "shutdown"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char target[512];
        char path[128];
        snprintf(target, sizeof target, "%.400s/%s", program_dir, names[i]);
        snprintf(path, sizeof path, "/run/s6/basedir/bin/%s", names[i]);
        if (file_link(target, AT_FDCWD, path, e) < 0)
            return -1;
    }
    return 0;
}

static int define_file(const char *folder, const char *name, const char *text, mode_t mode,
                       struct error *e)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return file_write(AT_FDCWD, path, text, strlen(text), mode, e);
}

/* Defines a longrun of ours that runs that command line. It does not wait for the image's own
 * services: one that never gets up is what a hook is for, and its log grows as well. */
static int define_builtin(const char *name, const char *program_dir, const char *command,
                          struct error *e)
{
    static const char top[] = RUN_BUILTIN "/top/contents.d";
    char folder[64], needs[96];
    char run[1024];
    snprintf(folder, sizeof folder, RUN_BUILTIN "/%s", name);
    snprintf(needs, sizeof needs, "%s/dependencies.d", folder);
    snprintf(run, sizeof run, "#!%.400s/execlineb -P\nwith-contenv\n%.400s/%s\n", program_dir,
             program_dir, command);
    return file_make_directories(AT_FDCWD, needs, 0755, e) < 0 ||
                   file_make_directories(AT_FDCWD, top, 0755, e) < 0 ||
                   define_file(folder, "type", "longrun\n", 0644, e) < 0 ||
                   define_file(needs, "base", "", 0644, e) < 0 ||
                   define_file(top, name, "", 0644, e) < 0 ||
                   define_file(folder, "run", run, 0755, e) < 0
               ? -1
               : 0;
}

/* The services that exist only where they are asked for: event-hooks, by a directory, and
 * log-vacuum, by OVERLOG_TOTAL. */
static int define_builtins(const char *program_dir, const struct settings *s, struct error *e)
{
    struct stat st;
    bool has_hooks = stat(HOOKS_DIRECTORY, &st) == 0 && S_ISDIR(st.st_mode);
    if (has_hooks && define_builtin("event-hooks", program_dir, "event-hooks", e) < 0)
        return -1;
    return s->log_total == 0
               ? 0
               : define_builtin("log-vacuum", program_dir, "overlog vacuum --watch", e);
}

int runtree_prepare(const char *workdir, const char *program_dir, const struct settings *s,
                    struct error *e)
{
    char *const none[] = {NULL};
    char line[4200];
    int n = snprintf(line, sizeof line, "%.4096s\n", workdir);
    if (remove_stale(e) < 0 || make_directories(e) < 0 || link_commands(program_dir, e) < 0 ||
        define_builtins(program_dir, s, e) < 0 ||
        file_write(AT_FDCWD, "/run/s6/workdir", line, (size_t)n, 0644, e) < 0 ||
        file_write(AT_FDCWD, RUN_EXITCODE, "0\n", 2, 0644, e) < 0)
        return -1;
    if (envdir_write(RUN_BASE_ENVIRONMENT, s->keep_env ? environ : none, 0755, e) < 0)
        return -1;
    return s->keep_env ? 0 : envdir_write(RUN_ENVIRONMENT, environ, 0755, e);
}
