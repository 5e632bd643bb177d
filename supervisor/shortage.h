/* What cannot be done now for lack of processes, descriptors, memory or room, and is tried again:
 * said once for all that wait, not more often than once a minute, and once more when it works. */
#ifndef SUPERVISOR_SHORTAGE_H
#define SUPERVISOR_SHORTAGE_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/* All zero: there is none. */
struct shortage {
    bool said;
    int64_t said_at; /* monotonic ns */
    unsigned long attempts;
};

/* why, an errno, is of something that may come back. */
bool shortage_is(int why);

/* " (what helps)" for such an errno, else "". */
const char *shortage_cure(int why);

/* Notes an attempt that failed as e says. what and name: "service " and "web";
 * both "": the text says it. */
void shortage_note(struct shortage *s, const char *what, const char *name, const struct error *e,
                   int64_t now);

/* It works again. */
void shortage_over(struct shortage *s);

#endif
