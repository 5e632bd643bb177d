/* s6-rc at run time: a caller's request, answered at once or when its job is over
 * (docs/control.md). One job runs at a time; the engine is the one that boots and stops the
 * container. */
#ifndef SUPERVISOR_RC_H
#define SUPERVISOR_RC_H

#include "supervisor/update.h"

struct rc {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct longruns *longruns;
    struct engine *engine;
    struct job job;
    struct change change;
    struct updates updates;
};

/* Fills r, for these parts, which are kept. */
void rc_init(struct rc *r, struct engine *g);
/* Exit code for the caller, or CONTROL_PENDING. */
int rc_request(struct rc *r, struct control_connection *from, const char *const *words,
               size_t count);
/* The transition of the job is over. */
void rc_over(struct rc *r, enum transition_result result);
/* The next that waits has its turn, if none has it. To be called after whatever may end a job. */
void rc_idle(struct rc *r);
/* The caller is gone. */
void rc_gone(struct rc *r, const struct control_connection *caller);
/* The stop begins: the job ends where it is, and who waits is told so. */
void rc_interrupt(struct rc *r);

#endif
