/* supervise/ and event/ of a service directory, which pid 1 keeps for others to see and to write
 * to. services/supervise_format.h says what the files hold. */
#ifndef SUPERVISOR_SUPERVISE_H
#define SUPERVISOR_SUPERVISE_H

#include "base/error.h"
#include "base/loop.h"
#include "services/supervise_format.h"
#include <stddef.h>
#include <sys/types.h>

struct supervise {
    struct watch control; /* the fifo, open for both so that it never ends; fd -1: none */
    dev_t device;         /* of the service directory, as is its inode; kept when it is closed */
    ino_t inode;
    int lock; /* -1: none of its own. Never opened twice: closing one would drop the lock */
};

#define SUPERVISE_INIT ((struct supervise){.control = {.fd = -1}, .lock = -1})

/* Makes supervise/ and event/ under the service directory path, removes the death tally, takes the
 * lock, writes that first status and opens the fifo, whose ready function the caller sets and whom
 * it watches. locked: a file whose lock we hold for good, of which supervise/lock becomes another
 * name where that is possible; NULL: none. -1 with e: nothing is open. */
int supervise_open(struct supervise *s, const char *path, const char *locked,
                   const struct supervise_status *status, struct error *e);
/* Closes what is open; the files stay. */
void supervise_close(struct supervise *s);

/* A descriptor that holds the write lock of the file path, made if it is not there; the caller's.
 * -1 with errno: another process holds it, or the file cannot be opened. */
int supervise_lock(int at, const char *path);
/* A descriptor of the fifo path, made if it is not there, for reading that neither ends nor waits;
 * the caller's. -1 with errno. */
int supervise_fifo(int at, const char *path);

/* Replaces supervise/status of the service directory path. -1 with e. */
int supervise_write_status(const char *path, const struct supervise_status *s, struct error *e);
/* Appends a death to the tally, of which the last `most` records are kept; 0: nothing is written.
 * wait_status is waitpid's. -1 with e. */
int supervise_add_death(const char *path, const struct timespec *when, int wait_status,
                        unsigned int most, struct error *e);
/* Writes events, a byte each, to every listener in event/; the fifo of one that is gone is removed.
 * -1 with errno: some could not be told for lack of descriptors or memory, and it is worth another
 * try. */
int supervise_notify(const char *path, const char *events);
/* Has supervise_notify find out anew what sizes tell on this file system; for a new tree in /run.
 */
void supervise_forget(void);

#endif
