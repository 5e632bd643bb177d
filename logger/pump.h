/* The work of a paired logger: it reads two streams (and the events), writes them to the console
 * and the log directory, and does what signals ask for. The contract is docs/logger-contract.md.
 *
 * The console comes first, then the disk. A disk that holds the reader back stops every stream.
 */
#ifndef LOGGER_PUMP_H
#define LOGGER_PUMP_H

#include "base/error.h"
#include "base/loop.h"
#include "logger/flood.h"
#include "logger/flow.h"
#include "logger/handover.h"
#include "logger/last_words.h"
#include <stdbool.h>

struct pump;

struct pump_input {
    struct pump *pump;
    int index; /* of handover.input */
    struct watch watch;
    struct timer begun;  /* shows a begun line on the console */
    struct timer stands; /* writes it into the log; set only while one stands */
    int64_t signed_at;   /* sign_of_life, on the monotonic clock */
    bool open;
};

struct pump {
    struct loop loop;
    struct handover handover;
    struct pump_input input[CHECKPOINT_STREAMS];
    struct last_words last_words; /* of stderr */
    struct flood flood;           /* how much the service writes */
    bool shows;                   /* there is a console copy */
    struct str notes;             /* messages on their way into the log */
    struct lines noting;          /* messages that are being written there */
    enum flow flow;               /* of the streams; events never hold and are never held */
    bool failed;        /* something is refused that we cannot do without: a successor goes on */
    struct timer sinks; /* route_due of the routes */
    struct timer rest;  /* gives memory back after a while of silence */
    bool active;        /* something was read since rest was set */
};

/* Zeroes p, opens its loop and takes the signals, so that none is lost while the rest is prepared.
 * The caller fills in handover (routes, descriptors, console), the inputs' descriptors, flood and
 * shows.
 * 0, or -1 with e. */
int pump_open(struct pump *p, struct error *e);

/* Takes over what a predecessor left in journals and state, reads until the end, and releases
 * everything. Errors are said. Returns the exit code. */
int pump_run(struct pump *p);

/* Takes a whole line that the console does not take, to be written into the log as soon as that is
 * possible. The text is copied. False: there is no log, or no room. */
bool pump_note(struct pump *p, const char *text, size_t length);

#endif
