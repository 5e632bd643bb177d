/* s6-rc at run time: what its requests share (docs/control.md). Private to rc*.c and update.c. */
#ifndef SUPERVISOR_RC_H
#define SUPERVISOR_RC_H

#include "supervisor/supervisor.h"

enum { RC_DIFFERS = 1, RC_TIMED_OUT = 2, RC_UNKNOWN = 3, RC_OUTPUT = 8192 };

struct rc_request {
    struct supervisor *sv;
    struct control_connection *from;
    const char *const *words; /* as they came */
    size_t word_count;
    const char *verb;
    bool down, essential_too, all, prune, dry, hide_essential, wait;
    int verbosity;
    uint32_t pause;   /* ms for each step of a dry run */
    int64_t deadline; /* monotonic ns, 0 none */
    unsigned char *set;
    uint32_t count; /* of nodes */
};

/* "s6-rc: fatal: " WHAT WHY on the caller's stderr; returns code. */
int rc_refuse(const struct rc_request *r, int code, const char *what, const char *why);

/* Output in as few packets as it needs, without memory that could be lacking. */
struct rc_output {
    struct control_connection *to;
    char kind; /* 'o' or 'e' */
    size_t length;
    char text[RC_OUTPUT];
};

void rc_put(struct rc_output *o, const char *text);
void rc_put_line(struct rc_output *o, const char *sign, const char *name);
void rc_flush(struct rc_output *o);

/* Who hears of the job; NULL: nobody any more. */
void rc_set_caller(struct supervisor *sv, struct control_connection *caller);
/* Takes what jobs lock. 0: it is the request's now, with its caller and verbosity; else the answer:
 * refused, or CONTROL_PENDING for one that waits and will be asked again. */
int rc_lock(struct rc_request *r);
/* Gives it back, answers the caller if there is one, and lets the next one in. */
void rc_unlock(struct supervisor *sv, int code);

/* rc_change.c: the verbs that take time. An answer or CONTROL_PENDING. */
int rc_change(struct rc_request *r);
int rc_reload(struct rc_request *r);
/* update.c */
int update_request(struct rc_request *r);

#endif
