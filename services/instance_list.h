/* Which instances the words of a file `instances` mean: 1 to N for a number, or names, or what a
 * variable of the container holds of these. Pure. */
#ifndef SERVICES_INSTANCE_LIST_H
#define SERVICES_INSTANCE_LIST_H

#include "base/str.h"
#include "services/condition.h"
#include <stdbool.h>

enum { INSTANCES_MAX = 256 };

/* What is wrong with a value. */
struct instances_mistake {
    char text[300];
    const char *cure; /* a constant */
};

/* Appends to out the instances that the words of a file mean. lookup NULL: no variable is set. 0;
 * or -1 with m; out of memory: m.cure is NULL. */
int instances_list(const struct words *value, condition_lookup *lookup, struct words *out,
                   struct instances_mistake *m);
/* Appends 1 to count. 0, or -1 with m: no memory. */
int instances_numbers(unsigned long long count, struct words *out, struct instances_mistake *m);
/* Whether they are 1 to their count. */
bool instances_are_numbers(const struct words *names);

#endif
