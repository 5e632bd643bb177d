/* That a service is not logged on disk: the note that logcat reads, and the line on the console. */
#ifndef LOGGER_UNLOGGED_H
#define LOGGER_UNLOGGED_H

#include <stdbool.h>

/* Notes in RUN_UNLOGGED why nothing is logged in directory; reason NULL: it is, and an earlier note
 * goes. As far as that can be done: where there is no /run/s6, nothing is noted. */
void unlogged_note(const char *name, const char *directory, const char *reason);

/* True for the first logger of the container that asks; lock is the console lock, which all of them
 * share. Without one (-1), always. */
bool unlogged_say(int lock);

#endif
