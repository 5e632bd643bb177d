/* Tells the event log (docs/event-log.md) of a service that floods its log, and keeps its rate
 * where others find it. Made while privileged; counting costs no call but a look at the clock. */
#ifndef LOGGER_FLOOD_H
#define LOGGER_FLOOD_H

#include "logger/rate.h"

struct flood {
    struct rate rate;
    const char *service; /* the caller's, for as long as we live */
    uint64_t threshold;  /* bytes a minute; 0: nothing is a flood */
    int file;            /* of the rate; owned; -1: none */
    int events;          /* write end of the event pipe, the caller's; -1: nobody is told */
};

/* Fills in all but threshold and events. keep: what a predecessor has counted goes on. */
void flood_open(struct flood *f, const char *service, bool keep);
/* The service wrote that many bytes; now: monotonic ns. */
void flood_count(struct flood *f, size_t bytes, int64_t now);
/* Writes the rate to its file: to be called now and then while something is counted. */
void flood_save(const struct flood *f);
/* Saves it, and closes the file. */
void flood_close(struct flood *f);

#endif
