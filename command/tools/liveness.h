/* When livecheck looks at its service, and what it makes of that. Pure: time and events in, actions
 * out. Times are monotonic ns.
 *
 * UNREADY until the service is ready, then PAUSED and CHECKING in turn. A check that is not back in
 * time has failed and is killed; until it has ended (ENDING), no other one begins, and each
 * interval is another failure. Whatever fails as often in a row as the plan says has the plan's act
 * performed; when that is a restart, livecheck waits for it (ASKED) and has the service killed if
 * it does not come. A service that is stopped, or that nobody wants up, is not checked; nor is it
 * silent. */
#ifndef COMMAND_TOOLS_LIVENESS_H
#define COMMAND_TOOLS_LIVENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_plan {
    int64_t interval; /* from the beginning of a check to that of the next */
    int64_t timeout;  /* of a check */
    int64_t start;    /* from readiness to the first look */
    int64_t silence;  /* without a sign of life for so long is a failure; 0: none is */
    int64_t grace;    /* from the wish for a restart to the kill */
    unsigned int failures;
    bool checks; /* there is a check to run */
    bool once;   /* the act is a restart, or the end of the container: not repeated */
    bool kills;  /* the service is to be killed after grace */
};

/* The service as it is at a moment. */
struct live_sight {
    bool ready;   /* or it never says */
    bool wanted;  /* up */
    bool stopped; /* by SIGSTOP, or a debugger */
    bool hears;   /* it can be seen whether it logs something */
    bool logged;  /* it has, since the sight before */
    bool pinged;  /* it has sent WATCHDOG=1 since */
    bool asks;    /* it has sent WATCHDOG=trigger since */
};

enum live_event {
    LIVE_TIME,   /* due has come */
    LIVE_PASSED, /* the check ended with 0 */
    LIVE_FAILED  /* it ended otherwise, or could not be started */
};

/* A set of what the caller has to do, in this order. */
enum live_action {
    LIVE_KILL_CHECK = 1,   /* and all processes of its session; it still has to end */
    LIVE_ACT = 2,          /* say why (live_text), and perform the act */
    LIVE_KILL_SERVICE = 4, /* the restart did not come */
    LIVE_START_CHECK = 8   /* its end is PASSED or FAILED */
};

enum live_state { LIVE_UNREADY, LIVE_PAUSED, LIVE_CHECKING, LIVE_ENDING, LIVE_ASKED };

enum live_fault { LIVE_CHECK_FAILED, LIVE_CHECK_LATE, LIVE_SILENT, LIVE_UNWATCHED, LIVE_TRIGGERED };

struct live {
    struct live_plan plan;
    enum live_state state;
    int64_t due;           /* when LIVE_TIME is to be told; 0: never */
    int64_t begun;         /* the check that runs, or ran last */
    bool hears;            /* as in the last sight */
    int64_t logged_at;     /* the last sign of life, or when it began to count */
    int64_t pinged_at;     /* the same of WATCHDOG=1 */
    bool asked;            /* there was a WATCHDOG=trigger: the next look has the act performed */
    bool watched;          /* there was a WATCHDOG=1: from then on only those are signs of life */
    unsigned int failed;   /* in a row */
    enum live_fault fault; /* the last one */
};

/* Begins; due is now. */
void live_begin(struct live *l, const struct live_plan *plan, int64_t now);
/* Takes an event, and the service as it is now; the actions. An event that cannot be in a state (a
 * time that came too late for it) does nothing. */
unsigned int live_step(struct live *l, enum live_event event, const struct live_sight *sight,
                       int64_t now);

/* How long a program may send no WATCHDOG=1 once it has begun to, in ns. */
int64_t live_watchdog(const struct live_plan *plan);

/* Writes why the act is performed, as part of a sentence; words: what the check said last, or "".
 */
void live_text(const struct live *l, const char *words, char *out, size_t size);

#endif
