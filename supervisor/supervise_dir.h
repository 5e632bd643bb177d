/* A service directory as others see it, supervise/ and event/ in it: what is written there for
 * them, and what they ask for. */
#ifndef SUPERVISOR_SUPERVISE_DIR_H
#define SUPERVISOR_SUPERVISE_DIR_H

#include "supervisor/pid1.h"
#include "supervisor/supervise.h"

struct supervise_dir;

/* Letters came through the control fifo. */
typedef void supervise_asked(struct supervise_dir *d, const char *letters, size_t count);

struct supervise_due {
    struct timespec when;
    int wait_status;
    unsigned int most; /* how many are kept; 0: there is nothing to note */
};

struct supervise_dir {
    struct pid1 *pid1;
    const char *name; /* of the service, for messages */
    const char *path; /* of the service directory; NULL: nobody sees it */
    bool is_logger;   /* it is PATH/log */
    bool marked_down; /* by the file down */
    struct supervise supervise;
    struct supervise_status status;               /* what is to be written; its owner sets it */
    unsigned char written[SUPERVISE_STATUS_MOST]; /* what supervise/status holds */
    char queued[5];                               /* events that nobody was told yet, in order */
    struct supervise_dir *next_untold;
    bool is_untold;           /* it is in the list of pid1 */
    struct supervise_due due; /* the last, where it could not be noted yet */
    bool stale;               /* something is to be written again, which retry does */
    struct retry retry;
    supervise_asked *asked;
};

#define SUPERVISE_DIR_INIT ((struct supervise_dir){.supervise = SUPERVISE_INIT})

/* Fills d of that name and path, which are kept; nothing is made. */
void supervise_dir_init(struct supervise_dir *d, struct pid1 *p, const char *name, const char *path,
                        bool is_logger, supervise_asked *asked);
/* Makes supervise/ and event/, of a logger the directory, too, and watches the control fifo. */
int supervise_dir_open(struct supervise_dir *d, struct error *e);
/* It is open: somebody supervises the service. */
bool supervise_dir_is_open(const struct supervise_dir *d);
/* Its supervisor is gone for everybody, who were told all until then. Harmless when it is not open.
 */
void supervise_dir_close(struct supervise_dir *d);

/* Where the directory was removed nothing of the following is done, or tried again.
 *
 * Writes the status, if it has changed. */
void supervise_dir_refresh(struct supervise_dir *d);
/* Writes it; one of u U d D O x s is told to all who listen by supervise_dir_tell_all. Without
 * memory or room this, and all that follows, is told later, in its order; of more than four the
 * oldest are lost. */
void supervise_dir_event(struct supervise_dir *d, char event);
/* The same of one that another follows at once, by which it is written. */
void supervise_dir_note(struct supervise_dir *d, char event);
/* To be called when all is written that somebody may look at who is told. */
void supervise_dir_tell_all(struct pid1 *p);
/* Tells the events of one at once, whose directory is about to go. */
void supervise_dir_tell(struct supervise_dir *d);
/* The status of a logger that is up, or has ended with that wait status; told. */
void supervise_dir_set(struct supervise_dir *d, bool up, pid_t pid, int wait_status);
/* Notes a death, with that raw wait status, and keeps the last `most` of them. Without room it is
 * noted later, if it is the last one then. */
void supervise_dir_death(struct supervise_dir *d, int wait_status, unsigned int most);
void supervise_dir_forget_deaths(struct supervise_dir *d);
/* Makes the file down, or removes it. */
void supervise_dir_mark_down(struct supervise_dir *d, bool down);

#endif
