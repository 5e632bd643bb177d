/* Reports changes of log directories, by inotify through the loop.
 *
 * There are two kinds of watches: log directories, told apart by a tag of the caller's, and places,
 * directories in which log directories appear and vanish. A place that does not exist yet is
 * watched for at its nearest existing ancestor. Where inotify does not work, everything counts as
 * changed twice a second; a warning says so once. Nothing is read here but events.
 */
#ifndef LOGCAT_DIRWATCH_H
#define LOGCAT_DIRWATCH_H

#include "base/error.h"
#include "base/loop.h"
#include <stdbool.h>
#include <stddef.h>

/* The caller's functions, called by the loop and by dirwatch_collect. NULL: that does not matter to
 * the caller. */
struct dirwatch_calls {
    /* The directory of that tag may have more to read. */
    void (*changed)(void *context, size_t tag);
    /* The file of that name was removed from the directory. */
    void (*removed)(void *context, size_t tag, const char *name);
    /* Events were lost: any directory may have more to read. places is called, too. */
    void (*unsure)(void *context);
    /* Something happened in a place: watch the places anew, then look for log directories. */
    void (*places)(void *context);
    /* All events known now have been reported. */
    void (*settled)(void *context);
};

struct dirwatch_watch {
    int descriptor; /* inotify's number of the watch */
    size_t tag;     /* the caller's, or DIRWATCH_PLACE */
};

#define DIRWATCH_PLACE ((size_t)-1)

struct dirwatch {
    struct loop *loop;
    const struct dirwatch_calls *calls;
    void *context;               /* for calls */
    struct watch watch;          /* of inotify's descriptor, which is owned; fd -1: none */
    struct timer poll;           /* twice a second, while polling */
    bool polling;                /* inotify cannot tell of every change */
    struct dirwatch_watch *list; /* owned; one inotify watch may stand there with several tags */
    size_t count, capacity;
};

/* Begins with no watches. l, calls and context must outlive f, which stays in its place. 0, or -1
 * with e. */
int dirwatch_open(struct dirwatch *f, struct loop *l, const struct dirwatch_calls *calls,
                  void *context, struct error *e);
/* Ends all watches. A zeroed struct is safe to close. */
void dirwatch_close(struct dirwatch *f);

/* Watches a log directory. To be called before the directory is opened, so that no change is
 * missed. 0, or -1 with e: there is no such directory. */
int dirwatch_directory(struct dirwatch *f, const char *path, size_t tag, struct error *e);
/* Ends the watches with that tag, or those of all places (DIRWATCH_PLACE). */
void dirwatch_forget(struct dirwatch *f, size_t tag);

/* Watches a place, or the part of its path that exists. 0, or -1 with e. */
int dirwatch_place(struct dirwatch *f, const char *path, struct error *e);

/* Reports all events so far, without waiting, and without calling settled. */
void dirwatch_collect(struct dirwatch *f);

#endif
