/* One line of a service as logcat handles it: a line of the log directory, or several CRI pieces
 * joined. The message belongs to whoever produced the entry. */
#ifndef LOGGER_ENTRY_H
#define LOGGER_ENTRY_H

#include "logger/stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct entry {
    struct timespec time; /* {0, 0}: not known */
    bool stamped;         /* false: the time is not the line's own */
    bool cut;             /* the line goes on in the next entry of its stream */
    enum stamp_stream stream;
    char *message; /* message[length] is NUL */
    size_t length;
};

#endif
