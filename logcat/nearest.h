/* The word that somebody may have meant who wrote another one. Pure. */
#ifndef LOGCAT_NEAREST_H
#define LOGCAT_NEAREST_H

#include "base/str.h"

/* The word of the list that becomes `text` with the fewest letters changed, added, left out or
 * exchanged with the next one: one for each three of its letters, and two at most. Else one that
 * `text` is a part of. NULL: there is none. */
const char *nearest_word(const struct words *list, const char *text);

#endif
