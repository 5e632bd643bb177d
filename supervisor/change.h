/* The jobs of s6-rc that take time: transitions, reloads, and what transitions would do. */
#ifndef SUPERVISOR_CHANGE_H
#define SUPERVISOR_CHANGE_H

#include "supervisor/job.h"

struct change {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct longruns *longruns;
    struct oneshots *oneshots;
    struct engine *engine;
    struct job *job;
    unsigned char *next; /* nodes to be brought up once the others are down; NULL; owned */
    uint32_t reloading;  /* services that are not reloaded yet */
    bool reload_failed;
    struct timer reload_limit;
};

/* Begins a transition of the job, by its time limit, sparing what is essential. */
void change_begin(struct change *c, const unsigned char *set, bool up);

/* The request's answer, or CONTROL_PENDING. Takes over r->set. */
int change_request(struct change *c, struct request *r);
/* The same: reloads the services of r->set. */
int change_reload(struct change *c, struct request *r);

/* The transition that change_request began is over: the next one begins, or the job ends. */
void change_over(struct change *c, enum transition_result result);
/* The reload of that node has ended; failure: NULL, or why it failed. */
void change_reloaded(struct change *c, uint32_t node, const char *failure);
/* The job begins nothing more; what is under way goes on. */
void change_abort(struct change *c);

#endif
