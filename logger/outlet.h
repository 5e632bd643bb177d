/* The action `1` of a logging script: lines go to stdout. All of a script collect in one buffer, to
 * keep their order. An error closes stdout for good.
 *
 * In SINK_GROW no line waits for the reader of stdout: what it does not take yet stays in memory,
 * though the descriptor is shared with others and must stay as it is (blocking).
 */
#ifndef LOGGER_OUTLET_H
#define LOGGER_OUTLET_H

#include "logger/sink.h"

/* SINK_GROW: the owner saw that stdout takes bytes again: the next flush writes. */
void outlet_ready(struct sink *s);

/* SINK_GROW: the owner cannot watch stdout: from now on flushing waits for its reader. */
void outlet_block(struct sink *s);

#endif
