/* The way of a line through a logging script: its sinks and selections, in order.
 *
 * 1. route_open; 2. route_begin for each batch, route_lines and route_flush in turn while
 * route_lines says 1; route_wake and route_flush when route_due has come; 3. route_flush,
 * route_close.
 */
#ifndef LOGGER_ROUTE_H
#define LOGGER_ROUTE_H

#include "base/error.h"
#include "logger/line.h"
#include "logger/script.h"
#include "logger/sink.h"
#include <stdbool.h>
#include <sys/types.h>

struct disk;

struct route {
    struct sink **sink; /* selections too, as the script has them */
    size_t count;
    const struct sink_rules *rules;
    struct disk *own;   /* the last one if it is exact, else NULL */
    bool selects;       /* there is a selection */
    bool joins;         /* who reads what the sinks write can join the pieces of any line */
    struct str subject; /* the line being matched */
};

/* Makes the sinks of the script and, at the end, of its own directory, which is exact. Directories
 * are not opened yet. script and rules must outlive the route. 0, or -1 with e. */
int route_open(struct route *r, const struct script *script, const struct sink_rules *rules,
               struct error *e);

/* Its log directories, one after the other: the first from number *next on, which moves behind it;
 * NULL: there is none. */
struct disk *route_directory(const struct route *r, size_t *next);

/* Begins a batch: lines that arrived together on one stream, at that time. DONE; or what the exact
 * sink says, TURN_DUE (for a current that somebody took away) or LOST. */
enum sink_result route_begin(struct route *r, enum stamp_stream stream, const struct timespec *now);

/* Moves lines from l to the sinks. 1: a sink is full; flush, then call again. 0: l has no other
 * whole line, or the route holds. -1: out of memory; l and the sinks are as they were before the
 * line that has none. */
int route_lines(struct route *r, struct lines *l);

/* After a kill: the exact sink's file has the first bytes of what the lines of l make. Moves those
 * lines; these bytes will not be written again. 0, or -1: out of memory. */
int route_repeat(struct route *r, struct lines *l, size_t bytes);

/* Writes what the sinks have. What the exact sink says, or else DONE, or WAITS if some sink does.
 */
enum sink_result route_flush(struct route *r);

/* No sink has anything to write. */
bool route_is_empty(const struct route *r);
/* Nothing of the lines that were moved can be lost any more, except what is given up (SINK_DROP):
 * they may be remembered as written. */
bool route_is_settled(const struct route *r);
/* A sink waits for its next attempt. */
bool route_waits(const struct route *r);
/* The same, and nothing may be read until then (SINK_HOLD). */
bool route_holds(const struct route *r);

/* When a directory wants route_wake: monotonic ns; 0: none does. */
int64_t route_due(const struct route *r);
/* Does what is due at now. A flush must follow, as after the next three. */
void route_wake(struct route *r, int64_t now);
/* That flush tries to write everything that waits, whether it is due or not. */
void route_urge(struct route *r);
/* Directories are rotated by that flush. */
void route_rotate(struct route *r);
/* True when the child was a helper of a directory. */
bool route_reaped(struct route *r, pid_t pid, int status);

/* A processor runs, or is due. */
bool route_processing(const struct route *r);
/* The same, or archives are being compressed. */
bool route_busy(const struct route *r);

/* Frees the memory of sinks that have nothing to write. */
void route_shrink(struct route *r);
/* Closes and frees the sinks; what is unwritten is dropped. clean: marks the directories so. */
void route_close(struct route *r, bool clean);

#endif
