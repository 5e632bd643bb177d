/* What an update of the service database stops and starts (spec/s6-rc-source.md section 10). Pure.
 *
 * A service that is up is to be up afterwards, as the same name or the one a conversion gives it.
 * It is restarted when it is no longer there, has another type, is joined to other pipes, is to be
 * restarted by the conversion, or needs something that is not up all the time. The container's own
 * oneshots are never restarted. */
#ifndef SERVICES_UPDATE_PLAN_H
#define SERVICES_UPDATE_PLAN_H

#include "services/graph.h"

#define UPDATE_NONE UINT32_MAX

struct update_conversion {
    const char *from; /* an atomic service of the old ones */
    const char *to;   /* a service or bundle of the new ones */
    bool restart;
};

struct update_plan {
    uint32_t *next;      /* by old node: the new node that it goes on as, or UPDATE_NONE */
    unsigned char *down; /* by old node: to be stopped before the switch */
    unsigned char *up;   /* by new node: to be up after it */
};

#define UPDATE_PLAN_INIT                                                                           \
    {                                                                                              \
        .next = NULL                                                                               \
    }

/* is_up: by old node. 0; -1 no memory. Conversions name what there is. */
int update_plan_make(struct update_plan *p, const struct graph *old, const unsigned char *is_up,
                     const struct graph *new, const struct update_conversion *conversion,
                     size_t conversions);
void update_plan_release(struct update_plan *p);

#endif
