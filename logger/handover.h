/* What a paired logger keeps for a successor, and how it goes on from what a predecessor kept: the
 * state beside the journals. docs/logger-contract.md has the whole. */
#ifndef LOGGER_HANDOVER_H
#define LOGGER_HANDOVER_H

#include "logger/pump.h"

/* Keeps what was read, shown and written; a route that is held up stays as it was kept last. False:
 * lines are held up. For struct sink_rules. */
bool handover_commit(void *pump);
/* Keeps that a current is another file. The same. */
void handover_moved(void *pump);

/* Opens journals and state as they were left; empty at first. */
int handover_open(struct pump *p, struct error *e);
/* current of a route may have the beginning of a batch that a kill cut short: makes the batch
 * again. The route is to be flushed then. 0 or -1. */
int handover_complete(struct pump *p, int file);

#endif
