/* An end for what the C library does: its resolver waits for servers as long as it likes, through
 * any signal that a handler returns from, so that the process itself has to end. */
#ifndef COMMAND_TOOLS_LATE_H
#define COMMAND_TOOLS_LATE_H

#include <stdint.h>

/* After so many microseconds, more than 0, writes the message to stderr and exits with that code.
 * The message is the caller's, and must stay until late_end. */
void late_begin(int64_t us, const char *message, int code);
/* It was not too late. */
void late_end(void);

#endif
