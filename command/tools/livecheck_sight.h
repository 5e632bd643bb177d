/* What livecheck sees of its service: whether it is ready, wanted and running, by supervise/status
 * and /proc; and whether it gives signs of life. Those are lines that it logs, by the pipes to its
 * logger, which note when somebody wrote into them last, and by current of its log directory; and
 * what it tells by `notify`. */
#ifndef COMMAND_TOOLS_LIVECHECK_SIGHT_H
#define COMMAND_TOOLS_LIVECHECK_SIGHT_H

#include "command/tools/beside.h"
#include "command/tools/liveness.h"
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Something that changes when there is a sign of life. */
struct sight_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec time; /* of the last change; {0, 0}: it is not there */
};

struct sight {
    struct beside *beside;
    bool notifies;          /* it has notification-fd, so it says when it is ready */
    bool logged;            /* by a logger of its own: the pipes are its own */
    char current[PATH_MAX]; /* of its log directory; "": none */
    char watchdog[PATH_MAX], trigger[PATH_MAX]; /* what it tells by notify */
    struct sight_mark stream[2];                /* stdout and stderr */
    struct sight_mark file, ping, ask;          /* current, watchdog and trigger */
};

/* Begins, in the service's directory, with its stdout and stderr. Changes count from here on. */
void sight_open(struct sight *s, struct beside *b, const char *name);
/* How it is now; signs of life are those since the last call. */
void sight_take(struct sight *s, struct live_sight *out);
/* What we wrote ourselves is no sign of life. */
void sight_forget(struct sight *s);

#endif
