/* Decides, before anything else, whether /run can be trusted and used (spec/overlay.md section 10).
 */
#ifndef OVERLAY_RUNDIR_H
#define OVERLAY_RUNDIR_H

#include "base/error.h"
#include "overlay/settings.h"
#include <stdbool.h>
#include <sys/types.h>

struct rundir_facts {
    uid_t uid;   /* ours */
    gid_t gid;   /* ours */
    uid_t owner; /* of /run */
    gid_t group; /* of /run */
    mode_t mode; /* of /run */
    bool accept; /* S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES */
};

enum rundir_verdict {
    RUNDIR_OURS = 0, /* our user owns it */
    RUNDIR_TAKE,     /* another user owns it, and we are root: chown makes it ours */
    RUNDIR_GROUP,    /* its group is 0, as ours, and may write there; others may not */
    RUNDIR_STICKY,   /* root owns it, and others cannot remove the files that we make there */
    RUNDIR_ACCEPTED, /* it is insecure, and `accept` says to use it */
    RUNDIR_BAD_GROUP,
    RUNDIR_INSECURE
};

/* Judges the facts. Pure. The last two verdicts mean that /run cannot be used. */
enum rundir_verdict rundir_judge(const struct rundir_facts *f);

/* Whether something is mounted at path, or below it, by the text of /proc/self/mountinfo. Pure. */
bool rundir_holds_mount(const char *mountinfo, const char *path);

/* Makes /run if it is missing, mounts a tmpfs there if it is read-only and S6_READ_ONLY_ROOT says
 * so, makes it ours if we are root, and makes /var/run lead to it; a /var/run in which something is
 * mounted keeps what it has, and gets links to what stands in /run. 0, or -1 with e, which names a
 * cure: /run cannot be used. */
int rundir_prepare(const struct settings *s, struct error *e);

#endif
