/* One line of a service as logcat handles it: a line of the log directory, or several CRI pieces
 * joined. The message belongs to whoever produced the entry. */
#ifndef LOGCAT_ENTRY_H
#define LOGCAT_ENTRY_H

#include "logger/stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct entry {
    struct timespec time;  /* {0, 0}: not known */
    struct timespec order; /* where it belongs among other sources' entries, but for steps */
    bool stamped;          /* false: the time is not the line's own */
    bool cut;              /* the line goes on in the next entry of its stream */
    unsigned int head;     /* counts, within a source, the entries that continue no other */
    bool continues;        /* belongs to the entry before it of its source: a stack trace, say */
    bool apart;            /* lines between this one and the one shown before it are left out */
    enum stamp_stream stream;
    char *message; /* message[length] is NUL */
    size_t length;
    const char *name; /* NULL: the source's */
};

#endif
