/* Limits the number of sources with open descriptors. Where more services are read than descriptors
 * allow, the sources that were not read for the longest time are parked (reader_park), and woken
 * when they are read again. */
#ifndef LOGCAT_POOL_H
#define LOGCAT_POOL_H

#include "logcat/source.h"

/* Sets the number of descriptors that the process may have; 0: no limit. */
void pool_limit(size_t descriptors);

/* To be called before a source is opened: parks others until there is room. */
void pool_make_room(void);
/* To be called after a source was opened. */
void pool_add(struct source *s);
/* To be called before the source's reader is used: wakes it if it is parked. Returns as reader_wake
 * does. */
int pool_use(struct source *s, struct error *e);
/* To be called before the source's reader is closed. */
void pool_remove(struct source *s);

#endif
