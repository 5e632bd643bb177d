/* The conditions of enable-if, one on each line of the file: whether a service is to be started
 * with the container, by a variable of its environment. Pure.
 *
 *     VARIABLE          it is on: not unset, not empty, not 0, false, no or off in any case
 *     VARIABLE=value    it is that value, byte for byte; an unset one is empty
 *     !VARIABLE, !VARIABLE=value    the opposite
 */
#ifndef SERVICES_CONDITION_H
#define SERVICES_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

struct condition {
    bool negated;
    size_t name; /* where the variable's name begins in the text, and its length */
    size_t length;
    const char *value; /* in the text; NULL: the variable is to be on */
};

/* The value of a variable of the container, or NULL. The text is the callee's. */
typedef const char *condition_lookup(const char *name);

/* Reads the text of a condition, without blanks around it, which must outlive c. 0; or -1, with
 * *wrong saying why it is none (a constant). */
int condition_parse(struct condition *c, const char *text, const char **wrong);

/* Whether a condition holds. If not, why says so in at most size bytes, without any value of the
 * variable but those that mean off: it may be secret. A text that is no condition does not hold. */
bool condition_holds(const char *text, condition_lookup *lookup, char *why, size_t size);

#endif
