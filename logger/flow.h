/* Whether a logger reads: the only place where a hold begins and ends. Pure.
 *
 * A logger asks flow_next after every event, whatever that event was, and does what it is told
 * until it is told to wait. The answer depends on the present alone, so that it does not matter
 * which attempt, rotation or signal made the disk work again.
 */
#ifndef LOGGER_FLOW_H
#define LOGGER_FLOW_H

#include <stdbool.h>

enum flow {
    FLOW_READING,
    FLOW_HELD,     /* something takes no more: nothing is read until it does */
    FLOW_CATCHING, /* it takes something again: what was read meanwhile is written first */
    FLOW_ENDING,   /* nothing is read any more, and not everything is written */
    FLOW_LEAVING,  /* everything was read and written */
};

enum flow_step {
    FLOW_WAIT,  /* for the next event */
    FLOW_PAUSE, /* stop reading, then wait */
    FLOW_WRITE, /* write what was read and not written, then ask again */
    FLOW_READ,  /* read again, then wait */
    FLOW_LEAVE, /* nothing is left to do here */
};

/* Moves the flow on and returns what to do now. held: something cannot be written now, and nothing
 * may be read until it is. */
enum flow_step flow_next(enum flow *f, bool held);

/* Ends reading: nothing more is to be read, and the caller has stopped. Harmless when it has ended.
 */
void flow_end(enum flow *f);

/* Reading has come to its end. */
static inline bool flow_ends(enum flow f)
{
    return f == FLOW_ENDING || f == FLOW_LEAVING;
}

#endif
