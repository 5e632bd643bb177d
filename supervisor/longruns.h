/* Longruns come and go: memory, pipes, places in the table. */
#ifndef SUPERVISOR_LONGRUNS_H
#define SUPERVISOR_LONGRUNS_H

#include "supervisor/longrun.h"

/* Makes all of the catalogue, with all memory that they need: before the mark. -1 with e. */
int longruns_make(struct longruns *ls, struct error *e);

/* Takes everything that one needs but its pipeline; the service directory path is there. node: its
 * own, or NO_NODE. own: d, which is taken over, or NULL where d is of the catalogue or of an
 * update. NULL with e: nothing was kept, but own is the caller's still. */
struct longrun *longruns_add(struct longruns *ls, const struct definition *d,
                             struct definition *own, uint32_t node, const char *path,
                             struct error *e);
/* GONE: its supervisor is gone for everybody; it is down for good. Whoever fed it has no consumer
 * any more. A later longruns_sweep gives the memory back, when its logger has read everything. */
void longruns_remove(struct longrun *l);
/* The logger of gone goes on as that of l, which was just added. -1 with e: it is about to end. */
int longruns_inherit(struct longrun *l, struct longrun *gone, struct error *e);
/* Frees those that are GONE, and whose loggers have nothing left. */
void longruns_sweep(struct longruns *ls);

/* Another definition, which is kept, and node for one that goes on; a PREPARED one is LISTED then.
 * One that is no consumer has no pipe any more. */
void longruns_define(struct longrun *l, const struct definition *d, uint32_t node);
/* Makes what l lacks by another definition: the pipe of a consumer, a logger. -1 with e. */
int longruns_complete(struct longrun *l, const struct definition *d, struct error *e);

/* The longrun of that node. */
struct longrun *longruns_of(const struct longruns *ls, uint32_t node);
/* The one of that name, one that is GONE only where there is no other; NULL: there is none. */
struct longrun *longruns_named(const struct longruns *ls, const char *name);
/* One that is GONE, whose logger may still read; NULL: there is none. */
struct longrun *longruns_gone(const struct longruns *ls, const char *name);
/* Reads the reports of those whose pid is not known yet: a process that nobody knows has died. */
void longruns_look(struct longruns *ls);
/* That of a child: 0 is .init, 1 .cmd, 2 + i that of longrun i; NULL: a free place. */
struct logger *longruns_logger(struct longruns *ls, uint32_t index);
/* How many indices that takes. */
uint32_t longruns_loggers(const struct longruns *ls);
/* Fills logger_pids, or few where there is no memory for services yet, with the pids of all
 * loggers; returns how many. */
size_t longruns_logger_pids(struct longruns *ls, pid_t few[2], pid_t **pids);

#endif
