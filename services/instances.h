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

#include "services/definition.h"
#include "services/instance_list.h"
#include "services/problems.h"

/* Expands all definitions with instances, before the graph is made. folder: where a file of a
 * bundle's name has the number that somebody has set; NULL: nobody has. It counts instead of
 * another number, which is said, and not instead of names. Mistakes go to p. */
void instances_expand(struct definitions *all, condition_lookup *lookup, const char *folder,
                      struct problems *p);

/* Whether a bundle is one of instances whose number may change: of a set that was read. */
bool instances_are_counted(const struct definitions *all, const char *bundle);

/* Gives a bundle of instances that many of them, in a set of definitions that was read from a
 * database: those that are too many are removed, new ones are like the first. 0, or -1 with e:
 * there is no such bundle, or it is one of names, something names one that would go, or there is no
 * memory; all is only good for definitions_release then. */
int instances_scale(struct definitions *all, const char *bundle, unsigned int count,
                    struct error *e);

#endif
