/* How far a paired logger has come, in a memory file that the supervisor keeps over the logger's
 * death, behind JOURNAL_SIZE bytes that are a journal's. It has two slots, of which one counts: a
 * new state is written into the other one, and then that one counts. Wherever a kill falls, the
 * state is whole. Others may have written there, too: what makes no sense counts as the beginning.
 *
 * Whether the supervisor waits for a line end is kept elsewhere, because this memory is given back:
 * in O_NONBLOCK of the open file, which is the supervisor's as well and means nothing to a memory
 * file. It sets it and we clear it (docs/logger-contract.md, USR1).
 */
#ifndef LOGGER_CHECKPOINT_H
#define LOGGER_CHECKPOINT_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { CHECKPOINT_STREAMS = 3, CHECKPOINT_FILES = 2 };

/* The log directory that lines of a stream go to: events have one of their own. */
static inline int checkpoint_file(int stream)
{
    return stream == CHECKPOINT_STREAMS - 1;
}

/* All zero is the state at the beginning. */
struct checkpoint {
    struct {
        uint32_t done;  /* bytes of the journal that are in the log directory */
        uint32_t shown; /* bytes of the journal that are on the console */
        uint32_t cut;   /* bytes of the journal up to where a piece of a line ends; 0: nowhere */
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
    int gate; /* the memory file; -1: there is none */
};

/* Sets what no logger can have written to the state at the beginning: numbers beyond the journal, a
 * negative size, a time that is none, lines of a stream that do not go to that file. */
void checkpoint_check(struct checkpoint *c);

/* Maps the state in fd, which is as for memory_map and stays the caller's. s->now is what was
 * committed last, checked. 0, or -1 with e: no memory. */
int state_open(struct state *s, int fd, struct error *e);
/* Makes s->now what a successor finds, at once and as a whole. */
void state_commit(struct state *s);
/* Whether the supervisor waits for a line end. Without a file, nobody knows: it may. */
bool state_is_awaited(const struct state *s);
/* Tells the supervisor that the line end it asked for is in place: what waits for it may start. */
void state_open_gate(struct state *s);
/* Gives the memory back. The state at the beginning counts again: no successor may need another. */
void state_trim(struct state *s);
/* Unmaps the state, which stays in fd. Harmless when it was not opened. */
void state_close(struct state *s);

#endif
