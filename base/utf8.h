/* UTF-8, and how text that others wrote is shown. Pure.
 *
 * Names of services and files, and what stands in files, may hold bytes that a terminal acts on, or
 * a newline that would look like the next line. Every message, and every table for people, shows
 * them by utf8_visible, also where it goes to a pipe or file: that is shown on a terminal later.
 * Forms for programs (JSON, dot, lists of names) have their own quoting, or the bytes as they are;
 * lines of services go out as they are unless logcat writes to a terminal. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed sequence at the beginning (1 to 4) and its code point; 0: none is there
 * (overlong, surrogate, beyond 10FFFF, cut off). */
size_t utf8_decode(const char *bytes, size_t length, unsigned int *point);

/* C1 controls, line and paragraph separators, what changes the direction of writing, and what takes
 * no room: a terminal or a reader may be misled. ASCII is the caller's. */
bool utf8_is_harmful(unsigned int point);

/* How many bytes at the end are the beginning of a sequence that goes on behind them: 0 to 3. */
size_t utf8_torn(const char *bytes, size_t length);

enum { UTF8_SHOWN_MAX = 12 };
/* Returns how many bytes the first character has, 1 or more; length is at least 1. Writes how it is
 * shown: "^X" for a control character other than TAB, "\u009b" for a harmful one, "\xff" for a byte
 * that is no UTF-8; "" when it is shown as it is. */
size_t utf8_show(const char *bytes, size_t length, char shown[UTF8_SHOWN_MAX]);

/* How many columns of a terminal the text takes; a byte that is no UTF-8 takes one. */
size_t utf8_width(const char *bytes, size_t length);

/* Appends the text as it is shown. -1: no memory. */
int utf8_visible(const char *bytes, size_t length, struct str *out);
/* The same into out, of that size, with a NUL and cut where it is full; its length. */
size_t utf8_visible_into(char *out, size_t size, const char *bytes, size_t length);

#endif
