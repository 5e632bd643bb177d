/* One line of a service as logcat handles it: a line of the log directory, or several CRI pieces
 * joined. The message is owned by the source or tail that made the entry. */
#ifndef LOGCAT_ENTRY_H
#define LOGCAT_ENTRY_H

#include "logcat/severity.h"
#include "logger/stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct entry {
    struct timespec time;  /* {0, 0}: not known */
    struct timespec order; /* by which it is sorted among other sources' entries (source_key) */
    bool stamped;          /* the time is the stamp of the line itself */
    bool cut;              /* the line goes on in the next entry of its stream */
    unsigned int head;     /* number, in its source, of the entry that it is or continues */
    bool continues;        /* it continues the entry before it: a line of a stack trace, say */
    bool traced;           /* it does so by its form, not by its blanks: its order is its own */
    bool apart;            /* lines between the entry shown before and this one are left out */
    enum stamp_stream stream;
    enum severity severity; /* of it or of the entry that it continues; if the view rates lines */
    char *message;          /* message[length] is NUL */
    size_t length;          /* bytes of message */
    const char *name;       /* of the service; NULL: the source's */
};

#endif
