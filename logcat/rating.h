/* The severity of a source's entries: of each line, or of the entry that it continues. */
#ifndef LOGCAT_RATING_H
#define LOGCAT_RATING_H

#include "logcat/source.h"

/* Fills in the severity of s->entry, which was read after the entry rated last. A line that
 * continues an entry is as bad as the lines before it, and worse where it is one of a trace. */
void rating_take(struct source *s);

#endif
