/* The bytes that tools find in supervise/ and event/ of a service directory: the formats of
 * upstream's tools, so that those of any s6 package work on our services (spec/supervise.md
 * sections 4 and 10). Pure. */
#ifndef SERVICES_SUPERVISE_FORMAT_H
#define SERVICES_SUPERVISE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* --- supervise/status ------------------------------------------------------------------------- */

/* Bytes. s6 2.13 alone has the process group in its status: GROUPED. */
enum { SUPERVISE_STATUS_SIZE = 35, SUPERVISE_STATUS_GROUPED = 43, SUPERVISE_STATUS_MOST = 43 };

struct supervise_status {
    struct timespec changed; /* last start or end of run, wall clock */
    struct timespec ready;   /* when the service became ready, wall clock */
    pid_t pid;               /* of run or finish, 0 none */
    int wait_status;         /* of the last run, as from waitpid */
    bool paused, finishing, want_up, is_ready;
    bool grouped; /* the record has room for group */
    pid_t group;  /* process group of run or finish, or of the last one; 0: there was none */
};

/* Writes the record of s to out; its size in bytes. */
size_t supervise_pack(unsigned char out[SUPERVISE_STATUS_MOST], const struct supervise_status *s);
/* Fills s from a record in either format, told apart by length; any bytes make a status, and bytes
 * behind it are ignored. -1 with errno EPIPE: too short. */
int supervise_unpack(struct supervise_status *s, const void *in, size_t length);
/* True: the service was not started yet since its supervisor began. */
bool supervise_is_fresh(const struct supervise_status *s);

/* --- supervise/death_tally -------------------------------------------------------------------- */

/* Bytes of a record, and records in a file at most, which is also the most that max-death-tally may
 * ask for. */
enum { SUPERVISE_DEATH_SIZE = 14, SUPERVISE_DEATHS_MAX = 4096 };

struct supervise_death {
    struct timespec when; /* wall clock */
    unsigned char code;   /* exit code, or 128 + signal */
    unsigned char signal; /* 0: it exited */
};

/* Writes the record of a death at that time of the wall clock; wait_status is waitpid's. */
void supervise_death_pack(unsigned char out[SUPERVISE_DEATH_SIZE], const struct timespec *when,
                          int wait_status);
/* Fills d from a record; any bytes make a death. */
void supervise_death_unpack(struct supervise_death *d,
                            const unsigned char in[SUPERVISE_DEATH_SIZE]);

/* --- event/ ----------------------------------------------------------------------------------- */

/* How the name of a fifo in event/ begins to which events are written. */
#define SUPERVISE_LISTENER "ftrig1:"

/* --- supervise/control ------------------------------------------------------------------------ */

/* The wish that a control byte stands for. */
enum supervise_wish {
    SUPERVISE_NOTHING = 0,
    SUPERVISE_SIGNAL,        /* send a signal to the process */
    SUPERVISE_GROUP,         /* send it to the process group */
    SUPERVISE_DOWN_SIGNAL,   /* send the down-signal */
    SUPERVISE_RELOAD_SIGNAL, /* send the reload-signal */
    SUPERVISE_UP,            /* start, and start again after each end */
    SUPERVISE_DOWN,          /* end, and stay down */
    SUPERVISE_ONCE,          /* start, and stay down after the end */
    SUPERVISE_STAY_DOWN,     /* stay down after the end */
    SUPERVISE_LEAVE          /* the supervisor leaves after the end */
};

/* The change that a control byte makes to the file down of the service directory, besides. */
enum supervise_mark { SUPERVISE_KEEP, SUPERVISE_MARK_DOWN, SUPERVISE_UNMARK_DOWN };

struct supervise_letter {
    char letter;
    enum supervise_wish wish;
    int signal; /* of SUPERVISE_SIGNAL and SUPERVISE_GROUP, else 0 */
    enum supervise_mark mark;
};

/* The row of a letter; NULL: it means nothing. */
const struct supervise_letter *supervise_letter(char letter);
/* The letter that sends a signal to the process; '\0': none does. */
char supervise_letter_of(int signal);

#endif
