/* Reports from the parts of pid 1 upwards, by value: supervisor.c alone decides what follows from
 * it. A notice is handled as soon as the handler that posted it has returned, so before any other
 * handler, signal or request. Pure. */
#ifndef SUPERVISOR_NOTICE_H
#define SUPERVISOR_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

enum notice_kind {
    NOTICE_EXIT = 0, /* a service with container-exit ended; code: with which exit code */
    NOTICE_CMD,      /* CMD ended, or cannot be run; code: its exit code */
    NOTICE_HALT,     /* halt or shutdown is due; code: an enum final_act */
    NOTICE_SVSCAN,   /* s6-svscanctl asks for the stop; code: its letter */
    NOTICE_SCAN,     /* s6-svscanctl asks for a look; code: of the NOTICE_SCAN_* bits */
    NOTICE_REFUSED,  /* the kernel does not let us signal a service */
    NOTICE_GONE      /* something of a removed service has ended */
};

enum { NOTICE_SCAN_LOOK = 1, NOTICE_SCAN_PRUNE = 2, NOTICE_SCAN_ALL = 4 };

struct notice {
    enum notice_kind kind;
    int code;
};

/* The most that one handler can post: every kind once, and each letter of s6-svscanctl. */
enum { NOTICES_MAX = 16 };

/* All zero: none waits. */
struct notices {
    struct notice item[NOTICES_MAX];
    size_t count;
};

/* Never fails. One that waits already is not posted twice; of several exit codes the first counts.
 */
void notice_post(struct notices *n, enum notice_kind kind, int code);
/* Takes the first; false when none waits. */
bool notice_next(struct notices *n, struct notice *next);

#endif
