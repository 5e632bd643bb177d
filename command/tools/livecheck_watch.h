/* livecheck beside its service: a loop that performs what liveness.h decides. */
#ifndef COMMAND_TOOLS_LIVECHECK_WATCH_H
#define COMMAND_TOOLS_LIVECHECK_WATCH_H

#include "command/tools/liveness.h"
#include <sys/types.h>

enum livecheck_act { LIVECHECK_RESTART, LIVECHECK_EXIT, LIVECHECK_SIGNAL };

struct livecheck {
    struct live_plan plan;
    enum livecheck_act act;
    int signal;        /* of LIVECHECK_SIGNAL */
    const char *check; /* an execline command line; NULL: ./data/check, if plan.checks */
};

/* Watches the service until it has ended; we were started by beside_start, in its directory. The
 * exit code. */
int livecheck_watch(const struct livecheck *c, pid_t service);

#endif
