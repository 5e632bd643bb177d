/* What livecheck sees of its service: whether it is ready, wanted and running, by supervise/status
 * and /proc; and whether it gives signs of life. Those are what it writes into the pipes to
 * its logger, by their time of change, which the kernel or the logger sets; lines in current of its
 * log directory; and what it tells by `notify`. */
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

/* Whether the service has a logger of its own, so that its pipes are its own. pid 1 writes that
 * down when it has started what is due, which can be after we begin. */
enum sight_logger { SIGHT_UNKNOWN, SIGHT_NO_LOGGER, SIGHT_LOGGER };

struct sight {
    struct beside *beside;
    const char *name;
    bool notifies; /* it has notification-fd, so it says when it is ready */
    enum sight_logger logger;
    int64_t patience;       /* monotonic ns from which on what is unknown is no logger */
    char current[PATH_MAX]; /* of its log directory; "": none */
    char watchdog[PATH_MAX], trigger[PATH_MAX]; /* what it tells by notify */
    struct sight_mark stream[2];                /* stdout and stderr */
    struct sight_mark file, ping, ask;          /* current, watchdog and trigger */
};

/* Begins, in the service's directory, with its stdout and stderr. Changes count from here on. name
 * stays the caller's. */
void sight_open(struct sight *s, struct beside *b, const char *name);
/* How it is now; signs of life are those since the last call. */
void sight_take(struct sight *s, struct live_sight *out);
/* What we wrote ourselves is no sign of life. */
void sight_forget(struct sight *s);

#endif
