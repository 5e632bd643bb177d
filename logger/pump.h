/* What a paired logger does all day: two streams (and the events) to the console and the log
 * directory, and what signals ask for. The contract is docs/logger-contract.md.
 *
 * The console comes first, then the disk. A disk that holds the reader back stops every stream.
 */
#ifndef LOGGER_PUMP_H
#define LOGGER_PUMP_H

#include "base/error.h"
#include "base/loop.h"
#include "logger/checkpoint.h"
#include "logger/console.h"
#include "logger/flow.h"
#include "logger/journal.h"
#include "logger/line.h"
#include "logger/route.h"
#include <stdbool.h>

enum { PUMP_OUT, PUMP_ERR, PUMP_EVENTS, PUMP_INPUTS, PUMP_FILES = 2 };

struct pump;

/* Of routes and their files in the state: 0 lines, 1 events. */
static inline int pump_file(int input)
{
    return checkpoint_file(input);
}

/* By input. */
extern const enum stamp_stream pump_streams[PUMP_INPUTS];

struct pump_input {
    struct pump *pump;
    struct watch watch;
    struct lines lines;
    struct timer begun;     /* shows a begun line on the console */
    struct journal journal; /* its fd is given to pump_run; -1: none survives us */
    bool open;
};

struct pump {
    struct loop loop;
    struct console console;
    bool shows;                     /* there is a console copy */
    struct route route[PUMP_FILES]; /* of lines, of events */
    struct pump_input input[PUMP_INPUTS];
    int state_fd; /* of the state; -1: none survives us */
    struct state state;
    int taken_over;      /* log directories, of a predecessor: those behind are as it left them */
    struct str notes;    /* messages on their way into the log */
    struct lines noting; /* those that are being written there */
    enum flow flow;      /* of the streams; events never hold and are never held */
    bool lost;           /* a log directory is gone: a successor will go on */
    bool failed;         /* something is refused that we cannot do without: the same */
    struct timer rest;   /* gives memory back after a while of silence */
    bool active;
    void (*settle)(void *pump); /* for struct sink_rules, as the next three */
    bool (*commit)(void *pump);
    void (*moved)(void *pump);
    void (*lost_directory)(void *pump);
};

/* Zeroes p, opens its loop and takes the signals, so that none is lost while the rest is prepared.
 */
int pump_open(struct pump *p, struct error *e);

/* Takes over what a predecessor left in journals and state, then reads until the end. Returns the
 * exit code. */
int pump_run(struct pump *p);

/* A whole line that the console does not take goes into the log, as soon as that is possible. */
bool pump_note(struct pump *p, const char *text, size_t length);

#endif
