/* The database that an update puts in the place of the one that runs, until it is there. The caller
 * has put it, with the files of the longruns, into a directory beside; nothing is read from
 * elsewhere. All memory, descriptors and directories of what is new are taken before anything is
 * stopped, or the update is refused. */
#ifndef SUPERVISOR_UPDATE_STAGE_H
#define SUPERVISOR_UPDATE_STAGE_H

#include "services/update_plan.h"
#include "supervisor/former.h"
#include "supervisor/longruns.h"

struct update_stage {
    struct longruns *longruns;
    struct oneshots *oneshots;
    char *name;            /* of the directory in /run/s6-rc; owned */
    struct catalogue next; /* what is to be; empty once it is switched over */
    struct update_plan plan;
    struct definition **gone; /* by old node: what a longrun that vanishes keeps; owned */
    struct definition **back; /* by new node: what one kept whose logger is taken over; owned */
    unsigned char *held;      /* by old node: 1: it goes on, and is down for the engine; owned */
    struct former **former;   /* by old node: what a oneshot that vanishes leaves; owned */
    uint32_t old_count, new_count;
    bool switched;
};

/* An empty one for that many old nodes. NULL: no memory. */
struct update_stage *update_stage_new(struct longruns *ls, struct oneshots *os, uint32_t old_count);
/* Reads the database that is in the directory of that name. -1 with e. */
int update_stage_load(struct update_stage *u, const char *name, struct error *e);
/* Makes everything that is new. -1 with e: update_stage_roll_back is to follow. */
int update_stage_prepare(struct update_stage *u, struct error *e);
/* Puts back what was made, where the caller removes it. */
void update_stage_roll_back(struct update_stage *u);
/* The switch: the old ones that are to stop are down. Cannot fail. */
void update_stage_switch(struct update_stage *u);
/* Some services go on although one that they need is stopped: for the engine they are down
 * meanwhile. */
void update_stage_hold(struct update_stage *u);
/* They are up again, as they are; and all of the container's own. */
void update_stage_let_go(struct update_stage *u);
void update_stage_free(struct update_stage *u); /* of what was not switched over, all */

#endif
