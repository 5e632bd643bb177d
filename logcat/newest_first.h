/* The history from its end: the newest lines first, or the last few of those that match, with no
 * more read than that takes where the stamps are in order, and little kept in memory. */
#ifndef LOGCAT_NEWEST_FIRST_H
#define LOGCAT_NEWEST_FIRST_H

#include "logcat/view.h"

/* Both show what the view's sources hold, which were surveyed. What cannot be read is said, and
 * marks its source broken. */

/* Where stamps step back in no source, and no lines of context or whole entries are shown.
 * lines: only the last so many, 0: all. */
void newest_first_windows(struct view *v, bool reverse, unsigned long long lines);

/* Everything, newest first, wherever stamps step: reads it all once for each part that is kept. */
void newest_first_parts(struct view *v);

#endif
