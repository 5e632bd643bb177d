/* Which services the container leaves out (enable-if): those whose conditions do not hold, and
 * those that need one of them. Pure.
 *
 * A definition that is left out stays one, and can be started by its name; it counts as no member
 * of its bundles, and who names it in `after` does not wait for it. */
#ifndef SERVICES_ENABLE_H
#define SERVICES_ENABLE_H

#include "services/condition.h"
#include "services/definition.h"

/* Decides anew about all: left_out is NULL, or why. 0, or -1 without memory. */
int enable_choose(struct definitions *all, condition_lookup *lookup);

/* Says of each that is left out why, one info message for each. */
void enable_say(const struct definitions *all);

#endif
