/* The part of a sink that is a log directory: when it is written, rotated and tried again. What
 * others call is in sink.h. */
#ifndef LOGGER_DISK_H
#define LOGGER_DISK_H

#include "logger/sink.h"

/* Sets the timers of a sink that was zeroed. */
void disk_init(struct sink *s);

/* Raises the limit of file sizes as far as we may, and makes it an error instead of a signal. What
 * is left of it makes sink_open rotate earlier. */
void disk_lift_limit(void);

/* A batch begins: tries again what is due, and looks whether somebody has deleted something. */
void disk_begin(struct sink *s);

/* Writes everything, or what can be written; the state says which. */
void disk_flush(struct sink *s);

/* sink_close for the directory; harmless with any other sink. */
void disk_close(struct sink *s, bool clean);

#endif
