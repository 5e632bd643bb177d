/* Instances of a longrun: a definition with a file `instances` becomes, when it is read, so many
 * longruns NAME-1, NAME-2 and so on, and a bundle NAME of them. NAME is the definition's name
 * without an @ at its end.
 *
 * The file holds a number, names for the instances, or a variable of the container that holds one
 * of these: $VARIABLE, ${VARIABLE}, ${VARIABLE:-2}. A variable that is unset or empty without such
 * a default gives one instance. Each longrun has its part of the name in its environment, as
 * INSTANCE.
 *
 * Who needs NAME needs all of them; a consumer for NAME is one for all of them. A consumer has no
 * instances: its producers write to one pipe. With 0 instances the bundle is empty, and NAME-1 is
 * defined for a later change. */
#ifndef SERVICES_INSTANCES_H
#define SERVICES_INSTANCES_H

#include "services/condition.h"
#include "services/definition.h"
#include "services/problems.h"

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

/* Expands all definitions with instances, before the graph is made. folder: where a file of a
 * bundle's name has the number that somebody has set (instances_scaled); NULL: nobody has. Mistakes
 * go to p. */
void instances_expand(struct definitions *all, condition_lookup *lookup, const char *folder,
                      struct problems *p);

/* Gives a bundle of instances that many of them, in a set of definitions that was read from a
 * database: those that are too many are removed, new ones are like the first. 0, or -1 with e:
 * there is no such bundle, or it is one of names, or without memory. */
int instances_scale(struct definitions *all, const char *bundle, unsigned int count,
                    struct error *e);

#endif
