/* The view is a tmpfs: each entry of the old root is bound there, but for /run, /command, and /etc,
 * whose entries are links to those of the old root. */
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "command/overlog/up.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is ours there, whatever the machine has. */
static const char *const own_run[] = {
    "s6", "s6-rc", "service", "uncaught-logs", "s6-linux-init-container-results", NULL};
static const char *const own_etc[] = {"s6-overlay",    "services.d",  "cont-init.d",
                                      "cont-finish.d", "fix-attrs.d", NULL};

static int write_proc(const char *file, const char *text, struct error *e)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        error_system(e, "unable to write %s", file);
    else
        e = NULL;
    fd_close(fd);
    return e == NULL ? 0 : -1;
}

static int map(const char *file, unsigned long id, struct error *e)
{
    char text[64];
    snprintf(text, sizeof text, "%lu %lu 1", id, id);
    return write_proc(file, text, e);
}

static int enter_namespaces(struct error *e)
{
    unsigned long uid = geteuid(), gid = getegid();
    if (uid == 0 && unshare(CLONE_NEWNS) == 0)
        return 0;
    if (unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0)
        return error_system(e, "unable to make a user namespace (this system or container engine "
                               "forbids it to plain users; in a container, start /init instead)");
    if (write_proc("/proc/self/setgroups", "deny", e) < 0 ||
        map("/proc/self/uid_map", uid, e) < 0 || map("/proc/self/gid_map", gid, e) < 0)
        return -1;
    return 0;
}

/* --- building --------------------------------------------------------------------------------- */

/* The entries of a directory, those with a dot too, each with its path as "FOLDER/NAME". */
static int each(const char *folder,
                int (*act)(const char *path, const char *name, const struct view *v,
                           struct error *e),
                const struct view *v, struct error *e)
{
    struct words names = WORDS_INIT;
    int result = file_list(AT_FDCWD, folder, &names, e);
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%.3000s/%.255s", strcmp(folder, "/") == 0 ? "" : folder,
                 names.item[i]);
        result = act(path, names.item[i], v, e);
    }
    words_release(&names);
    return result;
}

/* FOLDER/SUB/NAME, as long as nothing is there. */
static int link_to(const char *target, const char *folder, const char *sub, const char *name,
                   struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.3000s%s/%.255s", folder, sub, name);
    if (symlink(target, path) < 0 && errno != EEXIST)
        return error_system(e, "unable to make %s", path);
    return 0;
}

static int top_entry(const char *path, const char *name, const struct view *v, struct error *e)
{
    static const char *const made[] = {"etc", "run", "command", NULL};
    char place[4096], target[4096];
    struct stat s;
    snprintf(place, sizeof place, "%.3000s/%.255s", v->root, name);
    if (is_among(name, made) || lstat(path, &s) < 0)
        return 0;
    ssize_t n = S_ISLNK(s.st_mode) ? readlink(path, target, sizeof target - 1) : -1;
    if (n >= 0) {
        target[n] = '\0';
        return link_to(target, v->root, "", name, e);
    }
    if (!S_ISDIR(s.st_mode) || mkdir(place, 0755) < 0)
        return 0;
    if (mount(path, place, NULL, MS_BIND | MS_REC, NULL) < 0 && errno != EACCES)
        return error_system(e, "unable to show %s", path);
    return 0;
}

static int etc_entry(const char *path, const char *name, const struct view *v, struct error *e)
{
    char target[4200];
    snprintf(target, sizeof target, VIEW_HOST "%s", path);
    return is_among(name, own_etc) ? 0 : link_to(target, v->root, "/etc", name, e);
}

static int tree_entry(const char *path, const char *name, const struct view *v, struct error *e)
{
    char theirs[512];
    snprintf(theirs, sizeof theirs, "/etc/%.255s", name);
    if (strcmp(name, "s6-overlay") == 0 || (!is_among(name, own_etc) && access(theirs, F_OK) == 0))
        return 0;
    return link_to(path, v->root, "/etc", name, e);
}

static int run_entry(const char *path, const char *name, const struct view *v, struct error *e)
{
    char target[4200];
    snprintf(target, sizeof target, VIEW_HOST "%s", path);
    return is_among(name, own_run) ? 0 : link_to(target, v->run, "", name, e);
}

/* The names under which scripts know our commands. */
static int make_commands(const struct view *v, struct error *e)
{
    static const char *const old[] = {"with-contenv", "execlineb",    "logcat",
                                      "printcontenv", "s6-setuidgid", NULL};
    char path[4096], options[4096];
    struct words names = WORDS_INIT;
    int result = command_names(&names) < 0 || words_add(&names, "overlog") < 0
                     ? error_system(e, "unable to list the commands")
                     : 0;
    for (size_t i = 0; result == 0 && i < names.count; i++)
        result = strcmp(names.item[i], "logger") == 0
                     ? 0
                     : link_to("/.overlog", v->root, "/command", names.item[i], e);
    words_release(&names);
    for (const char *const *name = old; result == 0 && *name != NULL; name++) {
        snprintf(path, sizeof path, "/usr/bin/%s", *name);
        if (access(path, F_OK) < 0)
            result = link_to("/.overlog", v->links, "", *name, e);
    }
    /* Old shebangs name these. Where overlays are not to be had, exec says what is missing. */
    snprintf(path, sizeof path, "%.4000s/usr/bin", v->root);
    snprintf(options, sizeof options, "lowerdir=%.2000s:/usr/bin", v->links);
    mount("overlay", path, "overlay", MS_RDONLY, options);
    return result;
}

static int make_folder(const struct view *v, const char *name, struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.3000s/%s", v->root, name);
    return mkdir(path, 0755) < 0 ? error_system(e, "unable to make %s", path) : 0;
}

static int build(const struct view *v, struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.3000s/.overlog", v->root);
    if (make_folder(v, "etc", e) < 0 || make_folder(v, "run", e) < 0 ||
        make_folder(v, "command", e) < 0 || make_folder(v, ".host", e) < 0 ||
        file_write(AT_FDCWD, path, "", 0, 0755, e) < 0)
        return -1;
    if (mount(command_program, path, NULL, MS_BIND, NULL) < 0)
        return error_system(e, "unable to show %s", command_program);
    if (each("/", top_entry, v, e) < 0 || link_to(v->tree, v->root, "/etc", "s6-overlay", e) < 0 ||
        (v->etc != NULL && each(v->etc, tree_entry, v, e) < 0) ||
        each("/etc", etc_entry, v, e) < 0 || each("/run", run_entry, v, e) < 0 ||
        make_commands(v, e) < 0)
        return -1;
    snprintf(path, sizeof path, "%.3000s/run", v->root);
    if (mount(v->run, path, NULL, MS_BIND, NULL) < 0)
        return error_system(e, "unable to show %s as /run", v->run);
    snprintf(path, sizeof path, "%.3000s/var/run", v->root);
    if (access(path, F_OK) == 0) /* a link to /run, or the same in its place */
        mount(v->run, path, NULL, MS_BIND, NULL);
    return 0;
}

/* What the namespaces gave us was for building. */
static void drop_capabilities(void)
{
    struct {
        uint32_t version;
        int pid;
    } header = {.version = 0x20080522};
    uint32_t none[6] = {0}; /* effective, permitted, inheritable, twice */
    syscall(SYS_capset, &header, none);
}

int view_enter(const struct view *v, struct error *e)
{
    if (enter_namespaces(e) < 0)
        return -1;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("overlog", v->root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return error_system(e, "unable to mount in a namespace of our own (forbidden to plain "
                               "users here)");
    if (build(v, e) < 0)
        return -1;
    if (chdir(v->root) < 0 || syscall(SYS_pivot_root, ".", ".host") < 0 || chdir("/") < 0)
        return error_system(e, "unable to enter the view");
    umount2(v->root, MNT_DETACH); /* a copy of the view in itself, which came with a folder */
    command_program = "/.overlog";
    if (geteuid() != 0)
        drop_capabilities();
    return 0;
}
