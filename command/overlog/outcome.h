/* Whether a service has come to where a verb wants it, and what to say of that. Pure. */
#ifndef COMMAND_OVERLOG_OUTCOME_H
#define COMMAND_OVERLOG_OUTCOME_H

#include "base/str.h"
#include "command/overlog/target.h"

enum wish { WISH_UP, WISH_DOWN };
enum outcome { OUTCOME_WAITS = 0, OUTCOME_REACHED, OUTCOME_FAILED };

/* A service without readiness notification counts as up when it has lived for so long. */
enum { OUTCOME_STEADY_MS = 500 };

/* How things are with a service; elapsed: ms since the wish was made. */
enum outcome outcome_of(enum wish wish, const struct status_row *r, long long elapsed);

struct verdict {
    enum wish wish;
    enum outcome outcome; /* OUTCOME_WAITS: the wait is over all the same */
    long long elapsed;    /* ms since the wish was made */
};

/* Appends a line that says what became of the target, with its newline. */
void outcome_say(const struct services *s, const struct target *t, const struct status_row *now,
                 const struct verdict *v, struct str *out);

#endif
