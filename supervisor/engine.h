/* Performs what the transition engine asks for (services/transition.h), of longruns and oneshots.
 */
#ifndef SUPERVISOR_ENGINE_H
#define SUPERVISOR_ENGINE_H

#include "supervisor/oneshot.h"
#include "supervisor/tail.h"

struct engine {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct longruns *longruns;
    struct oneshots *oneshots;
    struct tail *tail;
    struct timer wake; /* engine_run is called after every turn */
    bool over_held;    /* the transition is over, but for the last lines that it wanted shown */
};

/* Performs all that can be done now. True: the transition is over, and its result is known; call
 * again after what follows from that. */
bool engine_run(struct engine *g);

/* Has the transition of that node, which an earlier one left under way, follow what the one that
 * was just begun wants. A longrun that is to turn round may never get to where it was sent: it
 * turns now. One that is not to is told again if s6-svc has told it otherwise. Anything else is
 * left alone. */
void engine_adopt_pending(struct engine *g, uint32_t node);

#endif
