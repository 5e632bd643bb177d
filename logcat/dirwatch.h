/* Being told when log directories change, by inotify through the loop.
 *
 * Two kinds of watches: log directories, told apart by a tag of the caller's, and places, where log
 * directories appear and vanish. A place that does not exist is waited for at its nearest existing
 * ancestor. Where inotify does not serve, everything counts as changed twice a second; that is said
 * once. Nothing is read here but events.
 */
#ifndef LOGCAT_DIRWATCH_H
#define LOGCAT_DIRWATCH_H

#include "base/error.h"
#include "base/loop.h"
#include <stdbool.h>
#include <stddef.h>

struct dirwatch_calls {
    void (*changed)(void *context, size_t tag); /* that directory may have more to read */
    void (*removed)(void *context, size_t tag, const char *name); /* that file of it */
    void (*unsure)(void *context);  /* events were lost: any directory may, and places too */
    void (*places)(void *context);  /* watch the places anew, then look what is there */
    void (*settled)(void *context); /* all events known now have been told */
};

struct dirwatch_watch {
    int descriptor;
    size_t tag; /* DIRWATCH_PLACE: a place */
};

#define DIRWATCH_PLACE ((size_t)-1)

struct dirwatch {
    struct loop *loop;
    const struct dirwatch_calls *calls;
    void *context;
    struct watch watch;
    struct timer poll;
    bool polling;
    struct dirwatch_watch *list;
    size_t count, capacity;
};

int dirwatch_open(struct dirwatch *f, struct loop *l, const struct dirwatch_calls *calls,
                  void *context, struct error *e);
void dirwatch_close(struct dirwatch *f);

/* Watches a log directory; before it is opened, so that nothing is missed. 0, or -1 with e when
 * there is no such directory. */
int dirwatch_directory(struct dirwatch *f, const char *path, size_t tag, struct error *e);
void dirwatch_forget(struct dirwatch *f, size_t tag);

/* Watches a place, or what of its path exists. */
int dirwatch_place(struct dirwatch *f, const char *path, struct error *e);
void dirwatch_forget_places(struct dirwatch *f);

/* Tells what has happened until now, without waiting, all but settled. */
void dirwatch_collect(struct dirwatch *f);

#endif
