/* The things that pid 1 waits for in a boot or a stop: looked at now and then, and named when it
 * takes long (patience.h says when). */
#ifndef SUPERVISOR_WAITS_H
#define SUPERVISOR_WAITS_H

#include "supervisor/hook.h"
#include "supervisor/stop.h"

struct waits {
    struct pid1 *pid1;
    const struct hook *hook;
    struct stop *stop;
    struct timer timer; /* the next look */
    int64_t said;       /* monotonic ns: when any of it was named last; 0 never */
};

/* Fills w and has it look whenever a stage takes long. */
void waits_open(struct waits *w, const struct hook *h, struct stop *s);

#endif
