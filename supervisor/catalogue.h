/* The services of s6-rc, and how far each of them is: definitions, graph, engine, and the maps from
 * a node of the graph to what runs for it. An update replaces it as a whole. It performs nothing.
 */
#ifndef SUPERVISOR_CATALOGUE_H
#define SUPERVISOR_CATALOGUE_H

#include "services/definition.h"
#include "services/graph.h"
#include "services/transition.h"
#include "supervisor/pid1.h"

#define NO_NODE UINT32_MAX    /* the node of what is none of s6-rc's */
#define NO_LONGRUN UINT32_MAX /* the longrun of a oneshot */

/* What the up or down of a oneshot does:
 *
 *   IDLE     neither runs
 *   PUT_OFF  it could not be forked, and is tried again; since of its node says since when
 *   RUNS     it runs
 *   LEFT     it runs, and a time limit of s6-rc has left it to itself
 */
enum oneshot_state { ONESHOT_IDLE = 0, ONESHOT_PUT_OFF, ONESHOT_RUNS, ONESHOT_LEFT };

/* A oneshot that runs, by its node. */
struct oneshot {
    enum oneshot_state state;
    pid_t pid; /* 0: neither up nor down runs */
    int report;
    bool stopping;   /* it is its down that runs, or is put off */
    bool refused;    /* it was said that we may not signal it */
    bool ended;      /* its up did, last with: */
    int wait_status; /* raw */
    pid_t reload;    /* 0: its reload does not run */
    int reload_report;
    bool reload_awaited; /* the job that began it waits for its end */
};

struct catalogue {
    struct definitions definitions;
    struct graph graph;
    struct transition transition; /* graph NULL: nothing is loaded yet */
    uint32_t *longrun_of;         /* by node: index of its longrun, or NO_LONGRUN; owned */
    struct oneshot *oneshot;      /* by node; owned */
    uint32_t *record;             /* by node, longruns too: of the status file; owned */
    unsigned char *all, *late;    /* sets of nodes: each one; those whose last lines are wanted */
};

/* Takes all memory that its graph needs, but none for the transition: no longrun is known yet.
 * -1: no memory; what was taken is given back by catalogue_release. */
int catalogue_reserve(struct catalogue *c);
void catalogue_release(struct catalogue *c);
/* Takes over all that other holds, in the place of what c held, which is released. */
void catalogue_replace(struct catalogue *c, const struct catalogue *other);

const struct definition *catalogue_definition(const struct catalogue *c, uint32_t node);
bool catalogue_is_longrun(const struct catalogue *c, uint32_t node);
/* How many oneshots its graph has. */
uint32_t catalogue_oneshots(const struct catalogue *c);
/* The transition has asked for that node's start (its stop), and has not been answered yet. False
 * for NO_NODE, and where there is no transition, since the boot has given up. */
bool catalogue_awaits(const struct catalogue *c, uint32_t node, bool start);

/* The answer to a start or stop, which says so if it is a success: true, or false when nobody waits
 * for it, as when it was given up as late. */
bool catalogue_done(struct catalogue *c, struct pid1 *p, uint32_t node, bool start, bool success);

#endif
