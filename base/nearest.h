/* The word that somebody may have meant who wrote another one. Pure. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/str.h"

enum { NEAREST_FAR = 64 };

/* The number of letters to change, add, leave out or exchange with the next one that turns a into
 * b; NEAREST_FAR when one of them is longer than that. */
unsigned int nearest_distance(const char *a, const char *b);

/* The word of the list that is nearest to `text`: with a change for each three of its letters, and
 * two at most. Else one that `text` is a part of. NULL: there is none. */
const char *nearest_word(const struct words *list, const char *text);

#endif
