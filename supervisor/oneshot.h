/* Oneshots: their up, down and reload as children, and the built-in ones. */
#ifndef SUPERVISOR_ONESHOT_H
#define SUPERVISOR_ONESHOT_H

#include "supervisor/catalogue.h"

struct oneshots {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    bool fixes_attrs;       /* there is a fix-attrs.d */
    bool runs_init;         /* there is a cont-init.d */
    bool serves_legacy;     /* there may be something in services.d */
    struct retry retry;     /* of those that could not be forked */
    struct former *formers; /* what updates have taken away and still runs (former.h); owned */
};

/* Fills all; p and c are kept. */
void oneshots_init(struct oneshots *all, struct pid1 *p, struct catalogue *c);

/* Begins its up or its down, as the transition asks. The transition is answered when that has
 * ended, or at once when there is nothing to run, or it cannot be. */
void oneshot_begin(struct oneshots *all, uint32_t node, bool stopping);
void oneshot_reaped(struct oneshots *all, uint32_t node, int status); /* raw wait status */
/* It is late: what runs is told to end; what could not be forked yet has failed. */
void oneshot_late(struct oneshots *all, uint32_t node);
/* The time limit of a job has left it to itself, if it runs: nobody waits for it. */
void oneshot_leave(struct oneshots *all, uint32_t node);
/* Another job waits for it after all. */
void oneshot_await(struct oneshots *all, uint32_t node);
/* The stop begins: its up is told to end; its down only if a time limit has left that to itself. */
void oneshot_interrupt(struct oneshots *all, uint32_t node);

/* TERM and CONT to a process of a oneshot. said: of refusal_kill. */
void oneshot_tell_to_end(struct pid1 *p, const char *name, pid_t pid, bool *said);

/* Begins its reload. 1: it runs; 0: it has none; -1 with e. */
int oneshot_reload(struct oneshots *all, uint32_t node, struct error *e);
/* Its reload has ended. True: well; false: how says with what. */
bool oneshot_reload_reaped(struct oneshots *all, uint32_t node, int status, char how[64]);
void oneshot_reload_late(struct oneshots *all, uint32_t node); /* told to end, if it runs */

/* Whether a process is, or comes from, a oneshot that runs. */
bool oneshot_is_ancestor(const struct oneshots *all, pid_t pid);

#endif
