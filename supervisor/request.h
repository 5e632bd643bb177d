/* A request of s6-rc or s6-rc-update, and what is written in answer to it (docs/control.md). */
#ifndef SUPERVISOR_REQUEST_H
#define SUPERVISOR_REQUEST_H

#include "supervisor/control.h"
#include <stdbool.h>
#include <stdint.h>

enum { REQUEST_FIXED = 6 /* words in front of names */ };

struct request {
    struct control_connection *from;
    const char *const *words; /* as they came */
    size_t word_count;
    const char *verb;
    bool down, essential_too, all, prune, dry, hide_essential, wait;
    int verbosity;
    uint32_t pause;     /* ms for each step of a dry run */
    int64_t deadline;   /* monotonic ns, 0 none */
    unsigned char *set; /* of nodes that it names; owned */
    uint32_t count;     /* of nodes */
};

/* Reads the letters, timeout, verbosity and pause. now: monotonic ns. -1: malformed. */
int request_read(struct request *r, int64_t now);

/* "COMMAND: fatal: " WHAT WHY on the caller's stderr; returns code. */
int request_refuse(const struct request *r, int code, const char *what, const char *why);

/* Output in as few packets as it needs, without memory that could be lacking. */
enum { REPLY_ROOM = 8192 };
struct reply {
    struct control_connection *to;
    char kind; /* 'o' stdout or 'e' stderr */
    size_t length;
    char text[REPLY_ROOM];
};

void reply_put(struct reply *o, const char *text);
void reply_put_line(struct reply *o, const char *sign, const char *name); /* SIGN NAME newline */
void reply_flush(struct reply *o);                                        /* sends what was put */

#endif
