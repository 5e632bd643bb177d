/* Where pid 1 says things: a descriptor it must never wait for. What does not fit is dropped and
 * counted, and the count is said when there is room again. */
#ifndef SUPERVISOR_CONSOLE_H
#define SUPERVISOR_CONSOLE_H

#include "contract/logger.h"
#include <stdbool.h>
#include <stddef.h>

/* Writes the whole of a short text (at most 4096 bytes) to fd or nothing of it, without waiting and
 * without touching O_NONBLOCK, which the open file shares with others. */
bool console_try(int fd, const void *bytes, size_t length);

/* From now on messages of this process go to fd. */
void console_messages_to(int fd);

/* How messages that go to descriptor 2, and to no logger, look from now on; they go there without
 * waiting, if console_messages_to has not said otherwise. Opens nothing. */
void console_look(enum console_form form);
/* Loggers share the console by that file (contract/logger.h), which stays the caller's: a line that
 * one of them has begun on descriptor 2 is ended before the next message. */
void console_shared_by(int lock);

#endif
