/* The sources whose files are open. Where more services are read than descriptors are allowed,
 * those that were not read for the longest time are parked, and opened again when they are read. */
#ifndef LOGCAT_POOL_H
#define LOGCAT_POOL_H

#include "logcat/source.h"

/* How many descriptors there are for everything; 0: as many as are needed. */
void pool_limit(size_t descriptors);

/* One more source is about to be opened, or has been. */
void pool_make_room(void);
void pool_add(struct source *s);
/* Before its reader is used: 0, or as reader_wake. */
int pool_use(struct source *s, struct error *e);
/* Before its reader is closed. */
void pool_remove(struct source *s);

#endif
