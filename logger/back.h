/* The history from its end: the newest lines first, or the last few of those that match, with no
 * more read than that takes and no more kept than a window of time holds. */
#ifndef LOGGER_BACK_H
#define LOGGER_BACK_H

#include "logger/view.h"

/* Shows what the view's sources hold, which need not be open; lines: only the last so many, 0: all.
 * What cannot be read is said, and marks its source broken. */
void back_show(struct view *v, bool reverse, unsigned long long lines);

#endif
