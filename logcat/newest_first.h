/* Shows the history from its end: the newest lines first, or the last few that match. It reads no
 * more than needed where the stamps are in order, and keeps little in memory. */
#ifndef LOGCAT_NEWEST_FIRST_H
#define LOGCAT_NEWEST_FIRST_H

#include "logcat/view.h"

/* Both functions need sources that were surveyed (view_survey). A directory that cannot be read is
 * said, and its source marked broken. */

/* Shows the last `lines` entries (0: all), the newest first if reverse. Only where stamps step back
 * in no source, and no lines of context or whole entries are wanted: reads window after window of
 * time, from the newest. */
void newest_first_windows(struct view *v, bool reverse, unsigned long long lines);

/* Shows all entries, the newest first, wherever stamps step: reads everything once for each part
 * that fits into memory. */
void newest_first_parts(struct view *v);

#endif
