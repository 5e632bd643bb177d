/* Before anything else: is /run a directory that we may trust and use? (spec/overlay.md section 10)
 */
#ifndef OVERLAY_RUNDIR_H
#define OVERLAY_RUNDIR_H

#include "base/error.h"
#include "overlay/settings.h"
#include <stdbool.h>
#include <sys/types.h>

struct rundir_facts {
    uid_t uid; /* ours */
    gid_t gid;
    uid_t owner; /* of /run */
    gid_t group;
    mode_t mode;
    bool accept; /* S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES */
};

enum rundir_verdict {
    RUNDIR_OURS = 0,
    RUNDIR_TAKE,     /* another's, and we are root: made ours */
    RUNDIR_GROUP,    /* root's, for group 0, which is ours */
    RUNDIR_STICKY,   /* root's, and others cannot remove what we make there */
    RUNDIR_ACCEPTED, /* insecure, and we were told to take it */
    RUNDIR_BAD_GROUP,
    RUNDIR_INSECURE
};

/* Pure. */
enum rundir_verdict rundir_judge(const struct rundir_facts *f);

/* Makes /run if it is missing, mounts a tmpfs there if it is read-only and S6_READ_ONLY_ROOT says
 * so, makes it ours as root, and makes /var/run lead to it. -1: it cannot be used, and e names the
 * cure. */
int rundir_prepare(const struct settings *s, struct error *e);

#endif
