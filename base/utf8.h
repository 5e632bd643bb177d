/* UTF-8, as far as showing log lines needs it. Pure. */
#ifndef LOGGER_UTF8_H
#define LOGGER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed sequence at the beginning (1 to 4) and its code point; 0: none is there
 * (overlong, surrogate, beyond 10FFFF, cut off). */
size_t utf8_decode(const char *bytes, size_t length, unsigned int *point);

/* C1 controls, line and paragraph separators, and what changes the direction of writing: a terminal
 * may act on them. ASCII is the caller's. */
bool utf8_is_harmful(unsigned int point);

/* How many bytes at the end begin a sequence that goes on behind them: 0 to 3. */
size_t utf8_torn(const char *bytes, size_t length);

#endif
