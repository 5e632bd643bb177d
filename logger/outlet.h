/* The action that writes to stdout. In SINK_GROW nothing waits for who reads it: what it does not
 * take yet stays in memory, though the descriptor is shared with others and must stay as it is. */
#ifndef LOGGER_OUTLET_H
#define LOGGER_OUTLET_H

#include "logger/sink.h"

/* Writes what the sink has collected. An error closes it for good. */
void outlet_flush(struct sink *s);

/* struct sink's watch: there is room again. */
void outlet_ready(struct watch *w, uint32_t events);

#endif
