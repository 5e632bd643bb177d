/* How far a paired logger has come, in a memory file that the supervisor keeps over the logger's
 * death, behind JOURNAL_SIZE bytes that are a journal's. It has two slots, of which one counts: a
 * new state is written into the other one, and then that one counts. Wherever a kill falls, the
 * state is whole.
 */
#ifndef LOGGER_CHECKPOINT_H
#define LOGGER_CHECKPOINT_H

#include "base/error.h"
#include <stdint.h>
#include <time.h>

enum { CHECKPOINT_STREAMS = 3, CHECKPOINT_FILES = 2 };

/* All zero is the state at the beginning. */
struct checkpoint {
    struct {
        uint32_t done;  /* bytes of the journal that are in the log directory */
        uint32_t shown; /* bytes of the journal that are on the console */
        uint8_t inside; /* a piece of the line at done is in the log directory */
        uint8_t begun;  /* the console shows the beginning of a line */
    } stream[CHECKPOINT_STREAMS];
    /* current of each log directory. The same file, but longer: it holds the beginning of what the
     * batch makes, lines of that stream from done on with this time. */
    struct {
        uint64_t inode;
        int64_t size;
        struct timespec time;
        uint32_t batch; /* 1 + the stream; 0: none, what is more is not from a journal */
        uint32_t torn;  /* it ends within a line that nobody will complete */
    } file[CHECKPOINT_FILES];
};

struct state {
    struct checkpoint now; /* changed by its user, then kept by state_commit */
    struct state_slots *kept;
};

/* fd as for memory_open. s->now is what was committed last. */
int state_open(struct state *s, int fd, struct error *e);
void state_commit(struct state *s);
/* The line end that the supervisor asked for is made: what waits for it may start. */
void state_open_gate(struct state *s);
/* Gives the memory back: the state at the beginning counts again, and nothing must depend on
 * another. */
void state_rest(struct state *s);
void state_close(struct state *s);

#endif
