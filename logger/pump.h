/* What a paired logger does all day: two streams (and the events) to the console and the log
 * directory, and what signals ask for. The contract is docs/logger-contract.md.
 *
 * The console comes first, then the disk. A disk that holds the reader back stops every stream.
 */
#ifndef LOGGER_PUMP_H
#define LOGGER_PUMP_H

#include "base/error.h"
#include "base/loop.h"
#include "logger/console.h"
#include "logger/line.h"
#include "logger/route.h"
#include <stdbool.h>

enum { PUMP_OUT, PUMP_ERR, PUMP_EVENTS, PUMP_INPUTS };

struct pump;

struct pump_input {
    struct pump *pump;
    struct watch watch;
    struct lines lines;
    struct timer begun; /* shows a begun line on the console */
    int journal;        /* -1: none */
    bool open;
};

struct pump {
    struct loop loop;
    struct console console;
    bool shows; /* there is a console copy */
    struct route route;
    struct route events;
    struct pump_input input[PUMP_INPUTS];
    int state;         /* descriptor that keeps unwritten bytes; -1: none */
    bool held;         /* nothing is read until the disk works */
    bool finishing;    /* everything was read: write it and leave */
    bool left;         /* HUP: leave to a successor */
    bool failed;       /* out of memory: the same, with code 111 */
    struct timer rest; /* gives memory back after a while of silence */
    bool active;
    void (*resume)(void *pump); /* for struct sink_rules */
};

/* Zeroes p, opens its loop and takes the signals, so that none is lost while the rest is prepared.
 */
int pump_open(struct pump *p, struct error *e);

/* Takes over what a predecessor left in journals and state, then reads until the end. Returns the
 * exit code. */
int pump_run(struct pump *p);

#endif
