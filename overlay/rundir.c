#include "overlay/rundir.h"
#include "base/account.h"
#include "base/file.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Upstream's name in messages of this stage, for which people search. */
#define PREINIT "/package/admin/s6-overlay/libexec/preinit"

enum { ALL = 7, GROUP_ALL = 070, OTHERS_WRITE = 02, OWNER_AND_GROUP = 0770 };
enum { MOUNTS_MAX = 4 << 20 /* bytes of a list of mounts */ };

enum rundir_verdict rundir_judge(const struct rundir_facts *f)
{
    mode_t ours = f->group == f->gid ? f->mode >> 3 & ALL : f->mode & ALL;
    if (f->owner == f->uid)
        return RUNDIR_OURS;
    if (f->uid == 0)
        return RUNDIR_TAKE;
    if (f->owner == 0 && (f->mode & S_ISVTX) != 0 && ours == ALL)
        return RUNDIR_STICKY;
    if (f->gid == 0 && f->group == 0 && (f->mode & GROUP_ALL) == GROUP_ALL &&
        (f->mode & OTHERS_WRITE) == 0)
        return RUNDIR_GROUP;
    if (f->owner == 0 && f->accept && ours == ALL && (f->mode & OWNER_AND_GROUP) == OWNER_AND_GROUP)
        return RUNDIR_ACCEPTED;
    return f->gid == 0 && f->group == 0 ? RUNDIR_BAD_GROUP : RUNDIR_INSECURE;
}

/* Makes sure that /run exists, on a file system that can be written to. 0, or -1 with e. */
static int make(const struct settings *s, struct error *e)
{
    if (mkdir("/run", 0755) < 0 && errno != EEXIST && errno != EROFS)
        return error_system(e, "unable to make /run");
    if (access("/run", W_OK) == 0 || errno != EROFS)
        return 0;
    if (s->read_only && mount("tmpfs", "/run", "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755") == 0) {
        message_line(MESSAGE_INFO, PREINIT ": info: creating a tmpfs on /run");
        return 0;
    }
    return error_set(e, EXIT_USAGE,
                     "/run is read-only: mount a tmpfs there (--tmpfs /run), or set "
                     "S6_READ_ONLY_ROOT=1 and give the container the capability SYS_ADMIN");
}

static void say_facts(const struct rundir_facts *f)
{
    char user[ACCOUNT_NAME_MAX];
    char group[ACCOUNT_NAME_MAX];
    account_user_name(f->uid, user);
    account_group_name(f->gid, group);
    message_line(MESSAGE_INFO,
                 PREINIT ": info: container permissions: uid=%lu (%s), euid=%lu, gid=%lu (%s), "
                         "egid=%lu",
                 (unsigned long)getuid(), user, (unsigned long)f->uid, (unsigned long)getgid(),
                 group, (unsigned long)f->gid);
    account_user_name(f->owner, user);
    account_group_name(f->group, group);
    message_line(
        MESSAGE_INFO, PREINIT ": info: /run permissions: uid=%lu (%s), gid=%lu (%s), perms=%04o",
        (unsigned long)f->owner, user, (unsigned long)f->group, group, (unsigned int)f->mode);
}

static void take(const struct rundir_facts *f)
{
    message_line(MESSAGE_INFO, PREINIT ": info: /run belongs to uid %lu instead of %lu - fixing it",
                 (unsigned long)f->owner, (unsigned long)f->uid);
    if (chown("/run", f->uid, f->gid) < 0 || chmod("/run", 0755) < 0)
        message_line(MESSAGE_WARNING, PREINIT ": warning: unable to make /run ours: %s",
                     strerror(errno));
}

static int refuse(const struct rundir_facts *f, const char *why, struct error *e)
{
    unsigned long uid = f->uid;
    const char *variable = f->accept ? ""
                                     : ", or set "
                                       "S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES=1";
    return error_set(
        e, EXIT_USAGE,
        "/run belongs to uid %lu instead of %lu and %s (mode %04o): make it ours "
        "(docker: --tmpfs /run:uid=%lu,mode=0755, podman: --tmpfs /run:U)%s give it mode 1777%s",
        (unsigned long)f->owner, uid, why, (unsigned int)f->mode, uid, f->accept ? ", or" : ",",
        variable);
}

static int judge(const struct rundir_facts *f, struct error *e)
{
    unsigned long owner = f->owner;
    unsigned long uid = f->uid;
    switch (rundir_judge(f)) {
    case RUNDIR_OURS:
        break;
    case RUNDIR_TAKE:
        take(f);
        break;
    case RUNDIR_GROUP:
        message_line(MESSAGE_INFO, PREINIT ": info: using /run with gid 0");
        break;
    case RUNDIR_STICKY:
        message_line(MESSAGE_WARNING,
                     PREINIT ": warning: /run belongs to uid %lu instead of %lu, but we can still "
                             "work in single-uid mapping.",
                     owner, uid);
        break;
    case RUNDIR_ACCEPTED:
        message_line(MESSAGE_WARNING,
                     PREINIT ": warning: /run belongs to uid %lu instead of %lu, IS %s WRITABLE, "
                             "and we're lacking the privileges to fix it, but we have been "
                             "instructed to accept it.",
                     owner, uid, (f->mode & OTHERS_WRITE) != 0 ? "WORLD" : "GROUP");
        break;
    case RUNDIR_BAD_GROUP:
        return refuse(f, "has wrong permissions for a gid 0 setup", e);
    case RUNDIR_INSECURE:
        return refuse(f, "has insecure or unworkable permissions", e);
    }
    return 0;
}

bool rundir_holds_mount(const char *mountinfo, const char *path)
{
    enum { BEFORE_PLACE = 4 }; /* fields of a line that stand before the place of the mount */
    size_t length = strlen(path);
    const char *at = mountinfo;
    while (*at != '\0') {
        for (int i = 0; i < BEFORE_PLACE; i++) {
            at += strcspn(at, " \n");
            at += *at == ' ';
        }
        if (strncmp(at, path, length) == 0 && (at[length] == ' ' || at[length] == '/'))
            return true;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return false;
}

/* The same for path and the mounts of this process; also true where they are not known. */
static bool may_hold_mount(const char *path)
{
    struct str mounts = STR_INIT;
    struct error ignored = ERROR_INIT;
    char *real = realpath(path, NULL);
    bool known = real != NULL &&
                 file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &mounts, &ignored) == 0;
    bool holds = !known || rundir_holds_mount(mounts.data, real);
    str_release(&mounts);
    free(real);
    return holds;
}

/* What is mounted in /var/run is somebody's, often the host's: nothing there is removed. The names
 * that scripts use lead to /run all the same, but those that are there in a /var/run that is
 * mounted itself: the host may run s6, too. */
static int link_names(bool mounted, struct error *e)
{
    static const char *const names[] = {"s6", "s6-linux-init-container-results", "s6-rc", "service",
                                        "uncaught-logs"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char at[128];
        char target[128];
        struct stat st;
        snprintf(at, sizeof at, "/var/run/%s", names[i]);
        snprintf(target, sizeof target, "/run/%s", names[i]);
        bool taken = lstat(at, &st) == 0;
        if (taken && mounted)
            continue;
        if (taken && S_ISDIR(st.st_mode) && !may_hold_mount(at) &&
            file_remove_tree(AT_FDCWD, at, e) < 0)
            return -1;
        if (file_link(target, AT_FDCWD, at, e) < 0)
            return -1;
    }
    message_line(MESSAGE_INFO,
                 PREINIT ": info: /var/run stays a directory, as something is mounted "
                         "in it: s6, service and others in it lead to /run");
    return 0;
}

static int replace_var_run(bool is_directory, struct error *e)
{
    if (is_directory && rmdir("/var/run") < 0) {
        bool mounted = errno == EBUSY; /* said before ENOTEMPTY */
        if (may_hold_mount("/var/run"))
            return link_names(mounted, e);
    }
    message_line(MESSAGE_WARNING,
                 PREINIT ": warning: /var/run is not a symlink to /run, fixing it");
    if (is_directory && file_remove_tree(AT_FDCWD, "/var/run", e) < 0)
        return -1;
    return file_link("/run", AT_FDCWD, "/var/run", e);
}

/* Makes /var/run lead to /run: scripts use both names. On a read-only root it stays as it is. */
static void link_var_run(void)
{
    struct stat run;
    struct stat var_run;
    struct error e = ERROR_INIT;
    int result;
    if (stat("/run", &run) < 0)
        return;
    if (stat("/var/run", &var_run) == 0 && run.st_dev == var_run.st_dev &&
        run.st_ino == var_run.st_ino)
        return;
    if (lstat("/var/run", &var_run) == 0)
        result = replace_var_run(S_ISDIR(var_run.st_mode), &e);
    else if (mkdir("/var", 0755) < 0 && errno != EEXIST)
        return;
    else
        result = file_link("/run", AT_FDCWD, "/var/run", &e);
    if (result < 0)
        message_warning("%s", e.text);
}

int rundir_prepare(const struct settings *s, struct error *e)
{
    struct stat st;
    if (make(s, e) < 0)
        return -1;
    if (stat("/run", &st) < 0)
        return error_system(e, "unable to look at /run");
    if (!S_ISDIR(st.st_mode))
        return error_set(e, EXIT_USAGE, "/run is not a directory");
    struct rundir_facts f = {.uid = geteuid(),
                             .gid = getegid(),
                             .owner = st.st_uid,
                             .group = st.st_gid,
                             .mode = st.st_mode & 07777,
                             .accept = s->open_run};
    /* With LOGGING_DISK the console stays empty. */
    if (s->logging != LOGGING_DISK && s->verbosity >= MESSAGE_INFO)
        say_facts(&f);
    if (judge(&f, e) < 0)
        return -1;
    if (access("/run", W_OK | X_OK) < 0) {
        error_system(e, "unable to write to /run as uid %lu", (unsigned long)f.uid);
        e->code = EXIT_USAGE;
        return -1;
    }
    link_var_run();
    return 0;
}
