#include "logger/identity.h"
#include "base/account.h"
#include "rotate/logdir.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEP_UID ((uid_t)-1)
#define KEEP_GID ((gid_t)-1)

/* --- the decision --- */

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->stays == b->stays && (a->stays || (a->uid == b->uid && a->gid == b->gid));
}

static size_t add(struct identity out[IDENTITY_MOST], size_t count, struct identity who)
{
    for (size_t i = 0; i < count; i++)
        if (is_same(&out[i], &who))
            return count;
    out[count] = who;
    return count + 1;
}

size_t identity_order(const struct identity_facts *f, struct identity out[IDENTITY_MOST])
{
    const mode_t group_writes = 0030;
    const struct identity *wanted = &f->wanted;
    size_t count = 0;
    if (!wanted->stays && f->takes) {
        count = add(out, count, *wanted);
        if (f->found && (f->mode & group_writes) == group_writes)
            count = add(out, count, (struct identity){.uid = wanted->uid, .gid = f->group});
    }
    if (wanted->stays)
        count = add(out, count, *wanted);
    if (f->self == 0 && f->found && f->owner != 0)
        count = add(out, count, (struct identity){.uid = f->owner, .gid = f->group});
    return add(out, count, (struct identity){.stays = true});
}

/* Another user may succeed. */
static bool is_refusal(int why)
{
    return why == EACCES || why == EPERM || why == EOVERFLOW || why == EINVAL || why == ENOSYS;
}

int identity_choose(const struct identity_facts *f, identity_try *works, void *context,
                    struct identity *chosen)
{
    struct identity list[IDENTITY_MOST];
    size_t count = identity_order(f, list);
    int why = 0;
    for (size_t i = 0; i < count; i++) {
        *chosen = list[i];
        why = works(context, chosen);
        if (why == 0 || !is_refusal(why))
            return why;
    }
    *chosen = list[0]; /* should somebody change the directory, the least privileged will do */
    return why;
}

/* --- the trial --- */

struct trial {
    const char *path;
    mode_t mode;
    int fd; /* of the directory; -1: not yet opened */
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    int group_count;
    bool has_groups; /* unless we know better */
    bool stuck;      /* we could not become ourselves again */
    struct error *e;
};

/* The effective uid comes back first: with it, the right to change the others. */
static void step_back(struct trial *t)
{
    int why = errno;
    bool uid = account_set_uids(KEEP_UID, t->uid, KEEP_UID) == 0 || geteuid() == t->uid;
    if (!uid || (account_set_gids(KEEP_GID, t->gid, KEEP_GID) < 0 && getegid() != t->gid))
        t->stuck = true;
    t->has_groups = t->group_count > 0;
    if (t->has_groups && account_set_groups((size_t)t->group_count, t->groups) < 0)
        account_set_groups(0, NULL);
    errno = why;
}

static int step_in(struct trial *t, const struct identity *who)
{
    if (t->has_groups && account_set_groups(0, NULL) < 0)
        return -1;
    t->has_groups = false;
    if (account_set_gids(KEEP_GID, who->gid, KEEP_GID) == 0 &&
        account_set_uids(KEEP_UID, who->uid, KEEP_UID) == 0)
        return 0;
    step_back(t);
    return -1;
}

static bool can_become(struct trial *t, const struct identity *who)
{
    if (step_in(t, who) < 0)
        return false;
    step_back(t);
    return !t->stuck;
}

/* In a sticky directory a current that is not ours to write cannot be put aside either. */
static bool is_current_stuck(int directory)
{
    struct stat d;
    struct stat current;
    if (fstat(directory, &d) < 0 || (d.st_mode & S_ISVTX) == 0 || d.st_uid == geteuid() ||
        fstatat(directory, "current", &current, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    return current.st_uid != geteuid();
}

/* Does what the logger will do first: it opens its lock, or makes one. What has that name and is no
 * file is the logger's to deal with. 0 or an errno. */
static int write_to(int directory)
{
    int fd =
        openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ELOOP || errno == EISDIR || errno == ENXIO ? 0 : errno;
    close(fd);
    return is_current_stuck(directory) && geteuid() != 0 ? EPERM : 0;
}

static int try_it(struct trial *t)
{
    if (t->fd < 0)
        t->fd = logdir_prepare(t->path, KEEP_UID, KEEP_GID, t->mode, t->e);
    return t->fd < 0 ? errno : write_to(t->fd);
}

static int works(void *context, const struct identity *who)
{
    struct trial *t = context;
    if (who->stays)
        return try_it(t);
    if (t->stuck || step_in(t, who) < 0)
        return EPERM;
    int why = try_it(t);
    step_back(t);
    return t->stuck ? EPERM : why;
}

/* What is known of the directory or, while there is none, of the nearest one above it. */
static void look(const char *path, int fd, struct identity_facts *f)
{
    struct stat st;
    char *above = strdup(path);
    f->found = fd >= 0 ? fstat(fd, &st) == 0 : above != NULL && lstat(above, &st) == 0;
    for (char *slash; !f->found && above != NULL && (slash = strrchr(above, '/')) > above;) {
        *slash = '\0';
        f->found = stat(above, &st) == 0;
    }
    free(above);
    if (!f->found)
        return;
    f->owner = st.st_uid;
    f->group = st.st_gid;
    f->mode = st.st_mode;
}

static int begin(struct trial *t)
{
    t->group_count = getgroups(0, NULL);
    if (t->group_count <= 0)
        return t->group_count;
    t->groups = malloc((size_t)t->group_count * sizeof *t->groups);
    return t->groups == NULL ? -1 : getgroups(t->group_count, t->groups);
}

static int refused(const struct trial *t, const struct identity_facts *f, int why)
{
    errno = why;
    return error_system(t->e, "unable to write to log directory %s (of %lu:%lu, mode %04o)",
                        t->path, (unsigned long)f->owner, (unsigned long)f->group,
                        (unsigned int)f->mode & 07777);
}

int identity_open(const char *path, const struct identity *wanted, mode_t mode,
                  struct identity *chosen, struct error *e)
{
    struct trial t = {.path = path,
                      .mode = mode,
                      .fd = -1,
                      .uid = geteuid(),
                      .gid = getegid(),
                      .has_groups = true,
                      .e = e};
    struct identity_facts f = {.wanted = *wanted, .self = t.uid};
    *chosen = *wanted;
    if (begin(&t) < 0)
        return error_system(e, "unable to prepare log directory %s", path);
    f.wanted.stays = wanted->stays || t.uid != 0;
    f.takes = !f.wanted.stays && can_become(&t, wanted);
    bool given;
    t.fd = logdir_give(path, f.takes ? wanted->uid : KEEP_UID, f.takes ? wanted->gid : KEEP_GID,
                       mode, &given, e);
    int why = t.fd < 0 ? errno : 0;
    if (!given && (t.fd >= 0 || is_refusal(why))) {
        look(path, t.fd, &f);
        why = identity_choose(&f, works, &t, chosen);
    } else {
        chosen->stays = !f.takes;
    }
    free(t.groups);
    if (why == 0 && !t.stuck)
        return t.fd;
    if (t.fd < 0)
        return -1; /* with the reason of who was tried last */
    close(t.fd);
    return refused(&t, &f, why);
}
