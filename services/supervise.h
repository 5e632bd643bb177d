/* supervise/ and event/ of a service directory, in the formats of upstream's tools, so that those
 * of any s6 package work on our services (spec/supervise.md sections 4 and 10). */
#ifndef SERVICES_SUPERVISE_H
#define SERVICES_SUPERVISE_H

#include "base/error.h"
#include "base/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* --- pure ------------------------------------------------------------------------------------- */

enum { SUPERVISE_STATUS_SIZE = 35, SUPERVISE_DEATH_SIZE = 14, SUPERVISE_DEATHS_MAX = 4096 };

struct supervise_status {
    struct timespec changed; /* last up or down, wall clock */
    struct timespec ready;
    pid_t pid; /* of run or finish, 0 none */
    int wait_status;
    bool paused, finishing, want_up, is_ready;
};

void supervise_pack(unsigned char out[SUPERVISE_STATUS_SIZE], const struct supervise_status *s);
void supervise_unpack(struct supervise_status *s, const unsigned char in[SUPERVISE_STATUS_SIZE]);
/* Not started yet: never ran since its supervisor began. */
bool supervise_is_fresh(const struct supervise_status *s);

void supervise_death_pack(unsigned char out[SUPERVISE_DEATH_SIZE], const struct timespec *when,
                          int wait_status);

struct supervise_death {
    struct timespec when;
    unsigned char code; /* 128 + signal if killed */
    unsigned char signal;
};
void supervise_death_unpack(struct supervise_death *d,
                            const unsigned char in[SUPERVISE_DEATH_SIZE]);

/* How the names of those fifos in event/ begin that events are written to. */
#define SUPERVISE_LISTENER "ftrig1:"

/* What a byte on supervise/control asks for. */
enum supervise_wish {
    SUPERVISE_NOTHING = 0,
    SUPERVISE_SIGNAL, /* to the process */
    SUPERVISE_GROUP,  /* to its process group */
    SUPERVISE_DOWN_SIGNAL,
    SUPERVISE_RELOAD_SIGNAL,
    SUPERVISE_UP,
    SUPERVISE_DOWN,
    SUPERVISE_ONCE,
    SUPERVISE_STAY_DOWN,
    SUPERVISE_LEAVE
};

enum supervise_mark { SUPERVISE_KEEP, SUPERVISE_MARK_DOWN, SUPERVISE_UNMARK_DOWN };

struct supervise_letter {
    char letter;
    enum supervise_wish wish;
    int signal;
    enum supervise_mark mark; /* the file down */
};

/* The table; ends with an all-zero row. */
extern const struct supervise_letter supervise_letters[];
/* NULL: a letter that means nothing. */
const struct supervise_letter *supervise_letter(char letter);

/* --- pid 1's side ------------------------------------------------------------------------------
 */

struct supervise {
    struct watch control; /* the fifo, open for both so that it never ends; fd -1: none */
    int lock; /* -1: not of its own. Never opened twice: closing one would drop the lock */
};

#define SUPERVISE_INIT                                                                             \
    {                                                                                              \
        .control = {.fd = -1}, .lock = -1                                                          \
    }

/* Makes supervise/ and event/ under the service directory path, removes the death tally, takes the
 * lock, opens the fifo. control's ready is the caller's to set and watch. locked: a file that we
 * hold locked for good, of which supervise/lock becomes another name where that is possible; NULL:
 * none. */
int supervise_open(struct supervise *s, const char *path, const char *locked,
                   const struct supervise_status *first, struct error *e);
void supervise_close(struct supervise *s);

/* Its two parts, also of a scan directory: a descriptor that holds the lock of a file, -1 if that
 * was impossible; one of a fifo, made if it is not there, that never ends and never waits. */
int supervise_lock(int at, const char *path);
int supervise_fifo(int at, const char *path);

/* The bytes that wait on the fifo, at most size; never waits. */
size_t supervise_read(const struct supervise *s, char *bytes, size_t size);

int supervise_write_status(const char *path, const struct supervise_status *s, struct error *e);
/* Appends to the death tally, of which at most as many records are kept. */
int supervise_add_death(const char *path, const struct timespec *when, int wait_status,
                        unsigned int most, struct error *e);
/* Tells every listener in event/; one that is gone is removed. -1 with errno: some could not be
 * told, for lack of something that may come back. */
int supervise_notify(const char *path, char event);

#endif
