/* S6_STAGE2_HOOK: a program that runs before the services are read. */
#ifndef SUPERVISOR_HOOK_H
#define SUPERVISOR_HOOK_H

#include "services/hooked.h"
#include "supervisor/pid1.h"

/* Upstream's name for what speaks during a boot; people search for its messages. */
#define RC_INIT "/run/s6/basedir/scripts/rc.init"

struct hook {
    struct pid1 *pid1;
    pid_t pid; /* 0: it does not run */
    int report;
    struct hooked members; /* what it may take out of bundles */
};

/* Starts it. True: it runs; false: there is none, or, which is said, it cannot be run. */
bool hook_start(struct hook *h);
/* It has ended, with that raw wait status, which is said. Its exit code. */
int hook_reaped(struct hook *h, int status);

#endif
