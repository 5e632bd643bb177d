/* Values of settings in unit files of systemd. Pure. */
#ifndef COMMAND_OVERLOG_UNIT_VALUE_H
#define COMMAND_OVERLOG_UNIT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum { UNIT_FOREVER = -1, UNIT_NO_TIME = -2 };
/* Milliseconds of a time as "90", "1min 30s" or "1.5h", whose numbers without a unit are seconds;
 * UNIT_FOREVER: infinity; UNIT_NO_TIME: it is none. */
int64_t unit_time(const char *text);
/* 1, 0, or -1 when text is none. */
int unit_boolean(const char *text);
/* A number of a limit, with K, M, G, T, P and E where it is one of bytes; UNIT_FOREVER: infinity;
 * UNIT_NO_TIME: it is none. */
int64_t unit_number(const char *text, bool bytes);
/* An exit code of a name, as TEMPFAIL, or a number: 0 to 255; -1: it is none. */
int unit_exit_code(const char *text);

#endif
