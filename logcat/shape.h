/* The shape of a line: the line with a placeholder for what differs from one line of its kind to
 * the next. Pure.
 *
 *   <time>  a date, a time of day or both
 *   <ip>    an IPv4 address
 *   <n>     digits
 *   <hex>   hexadecimal digits, eight or more, or behind 0x
 *   <id>    a UUID, or a long word of digits and letters
 *   <text>  what is in quotes, but for the message and the level of JSON and logfmt */
#ifndef LOGCAT_SHAPE_H
#define LOGCAT_SHAPE_H

#include "base/str.h"
#include <stddef.h>

enum { SHAPE_MAX = 400 }; /* bytes; a longer shape ends there, and with "..." */

/* Puts the shape of the line into *out, in the place of what is there. 0, or -1: no memory. */
int shape_of(const char *message, size_t length, struct str *out);

#endif
