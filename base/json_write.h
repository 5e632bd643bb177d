/* JSON as we write it: UTF-8 without control characters and without what misleads a terminal.
 * Pure. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Appends a JSON string with its quotes. *lossy, if there is one, is set to true when a byte was no
 * UTF-8 and was replaced. 0, or -1: no memory. */
int json_write_string(struct str *out, const char *bytes, size_t length, bool *lossy);
/* Appends a value that is JSON already, with what must not stand in a string escaped, and blanks
 * for CR and LF between its tokens. A tab stays. 0, or -1: no memory. */
int json_write_raw(struct str *out, const char *bytes, size_t length);

#endif
