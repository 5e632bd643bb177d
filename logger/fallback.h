/* The message of a paired logger that goes on without its log directory. */
#ifndef LOGGER_FALLBACK_H
#define LOGGER_FALLBACK_H

#include "base/error.h"
#include <stdbool.h>

struct fallback {
    const char *name;      /* the service's */
    const char *directory; /* its log directory */
    bool best_effort;      /* mode auto: the disk need not work */
    bool speaks;           /* info lines are wanted */
    bool said;             /* mode auto: this logger has said it, or had no need to */
    int lock;              /* the console lock, which all loggers share; -1: none */
};

/* Says why (e) the directory cannot be used, and the consequence: a warning each time; in mode auto
 * an info line, once for all services: what ails the directory above them is the same for each, and
 * otherwise logcat knows more. */
void fallback_say(struct fallback *f, const struct error *e, const char *consequence);

#endif
