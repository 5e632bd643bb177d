/* Which services an update of the database stops and starts (spec/s6-rc-source.md section 10).
 * Pure.
 *
 * A service that is up before the update is up after it, under its own name or the one that a
 * conversion gives it. It is stopped in between when the new database lacks it or has it with
 * another type, when the value of a key with KEY_RESTART is another one, when the conversion says
 * so, or when it needs a service that is not up all the time. The container's own oneshots are
 * never run again, nor converted. Who needs a bundle
 * of instances goes on when some of them come or go. A service that the new database leaves out
 * (services/enable.h), and the old one did not, is stopped and stays down. */
#ifndef SERVICES_UPDATE_PLAN_H
#define SERVICES_UPDATE_PLAN_H

#include "services/graph.h"

#define UPDATE_NONE UINT32_MAX /* no node */

struct update_conversion {
    const char *from; /* a oneshot or longrun of the old database */
    const char *to;   /* a service or bundle of the new one */
    bool restart;     /* the service is stopped and started in any case */
};

/* UPDATE_PLAN_INIT is empty and safe to release. */
struct update_plan {
    uint32_t *next;      /* by old node: the new node that it goes on as, or UPDATE_NONE */
    unsigned char *down; /* by old node: 1: it is stopped before the switch */
    unsigned char *up;   /* by new node: 1: it is up after the switch */
};

#define UPDATE_PLAN_INIT ((struct update_plan){.next = NULL})

/* Plans the way from one graph to another. is_up: by old node. The caller has checked that the
 * services of each conversion, and the built-in ones of old in new, exist. 0, or -1 without memory:
 * p is only good for update_plan_release. */
int update_plan_make(struct update_plan *p, const struct graph *old, const unsigned char *is_up,
                     const struct graph *new, const struct update_conversion *conversion,
                     size_t conversions);
/* Frees all; p is as UPDATE_PLAN_INIT then. */
void update_plan_release(struct update_plan *p);

#endif
