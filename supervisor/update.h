/* s6-rc-update: another database in the place of the one that runs (docs/control.md). */
#ifndef SUPERVISOR_UPDATE_H
#define SUPERVISOR_UPDATE_H

#include "supervisor/change.h"
#include "supervisor/update_stage.h"

struct updates {
    struct change *change;
    struct update_stage *stage; /* of the one that runs; NULL: none does */
};

/* The request's answer, or CONTROL_PENDING. */
int update_request(struct updates *u, struct request *r);
/* A transition that it began is over: the switch follows, or its end. */
void update_over(struct updates *u, enum transition_result result);
/* It ends where it is; harmless without one. */
void update_drop(struct updates *u);

#endif
