/* The way of a line through a logging script: selections and sinks in order. */
#ifndef LOGGER_ROUTE_H
#define LOGGER_ROUTE_H

#include "base/error.h"
#include "logger/line.h"
#include "logger/script.h"
#include "logger/sink.h"
#include <stdbool.h>
#include <sys/types.h>

struct route {
    struct sink *sink; /* selections too, as the script has them */
    size_t count;
    bool selects;       /* there is a selection */
    bool exact;         /* the last sink is */
    struct str subject; /* the line being matched */
};

/* own: a step added at the end (a paired logger's directory, an exact sink), or NULL. Directories
 * are not opened yet. The script must outlive the route. */
int route_open(struct route *r, const struct script *script, const struct script_step *own,
               const struct sink_rules *rules, struct error *e);

/* Begins a batch: lines that arrived together on one stream, at that time. */
void route_begin(struct route *r, enum stamp_stream stream, const struct timespec *now);
/* Moves what l holds to the sinks until one of them waits and holds its reader. 0, or -1: out of
 * memory, nothing is lost. */
int route_lines(struct route *r, struct lines *l);
/* After a kill: the exact sink's file has the first bytes of what the lines of l make. Moves those
 * lines, these bytes not to be written again. 0 or -1. */
int route_repeat(struct route *r, struct lines *l, size_t bytes);
/* Writes what the sinks have, and remembers it. */
void route_flush(struct route *r);

/* The exact sink, or NULL. */
struct sink *route_own(const struct route *r);
/* A sink waits for its next attempt. */
bool route_waits(const struct route *r);
/* And nothing may be read until then. */
bool route_holds(const struct route *r);
/* Makes that attempt now. */
void route_retry(struct route *r);
void route_rotate(struct route *r);
/* True when the child was a helper of a directory. */
bool route_reaped(struct route *r, pid_t pid, int status);
/* A processor runs, or is due. */
bool route_processing(const struct route *r);
/* That, or archives are being compressed. */
bool route_busy(const struct route *r);

/* Gives memory back when there is nothing in it. */
void route_shrink(struct route *r);
void route_close(struct route *r, bool clean);

#endif
