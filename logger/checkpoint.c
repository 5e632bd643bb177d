#include "logger/checkpoint.h"
#include "base/clock.h"
#include "base/process.h"
#include "contract/logger.h"
#include "logger/journal.h"
#include <stddef.h>
#include <sys/mman.h>

struct state_slots {
    struct checkpoint slot[2];
    uint32_t counting;
    unsigned char reserved[STATE_SIZE - 2 * sizeof(struct checkpoint) - sizeof(uint32_t)];
};

_Static_assert(sizeof(struct state_slots) == STATE_SIZE, "a successor reads the same layout");
_Static_assert(STATE_OFFSET >= JOURNAL_SIZE && STATE_OFFSET % 65536 == 0,
               "mapped by itself, behind the journal, whatever the page size");

static bool is_time(const struct timespec *t)
{
    return t->tv_sec >= 0 && clock_is_usual(t);
}

void checkpoint_check(struct checkpoint *c)
{
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        if (c->stream[i].done > JOURNAL_SIZE || c->stream[i].shown > JOURNAL_SIZE ||
            c->stream[i].cut > JOURNAL_SIZE)
            c->stream[i] = (struct checkpoint){.stream = {{0}}}.stream[0];
    for (int i = 0; i < CHECKPOINT_FILES; i++) {
        uint32_t batch = c->file[i].batch;
        if (c->file[i].size < 0 || !is_time(&c->file[i].time) || batch > CHECKPOINT_STREAMS ||
            (batch > 0 && checkpoint_file((int)batch - 1) != i))
            c->file[i] = (struct checkpoint){.file = {{0}}}.file[0];
    }
}

int state_open(struct state *s, int fd, struct error *e)
{
    bool survives;
    *s = (struct state){.kept = memory_map(fd, STATE_OFFSET, sizeof *s->kept, &survives)};
    if (s->kept == NULL)
        return error_system(e, "unable to map the state");
    s->gate = survives || memory_is(fd) ? fd : -1;
    s->now = s->kept->slot[s->kept->counting & 1];
    checkpoint_check(&s->now);
    return 0;
}

void state_commit(struct state *s)
{
    uint32_t other = ~s->kept->counting & 1;
    s->kept->slot[other] = s->now;
    /* A kill stops us between two instructions: only the compiler could get the order wrong. */
    __atomic_store_n(&s->kept->counting, other, __ATOMIC_RELEASE);
}

bool state_is_awaited(const struct state *s)
{
    return s->gate < 0 || process_gate_is_closed(s->gate);
}

void state_open_gate(struct state *s)
{
    if (s->gate >= 0)
        process_gate(s->gate, false);
}

/* Not every file can give memory back. */
void state_trim(struct state *s)
{
    s->now = (struct checkpoint){.stream = {{.done = 0}}};
    if (madvise(s->kept, sizeof *s->kept, MADV_REMOVE) < 0)
        state_commit(s);
}

void state_close(struct state *s)
{
    if (s->kept != NULL)
        munmap(s->kept, sizeof *s->kept);
    s->kept = NULL;
}
