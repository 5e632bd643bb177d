#include "logger/checkpoint.h"
#include "logger/journal.h"
#include <stddef.h>
#include <sys/mman.h>

enum { STATE_SIZE = 4096, STATE_AT = JOURNAL_SIZE /* behind a journal in the same file */ };

struct state_slots {
    struct checkpoint slot[2];
    uint32_t counting;
    unsigned char reserved[STATE_SIZE - 2 * sizeof(struct checkpoint) - sizeof(uint32_t) - 1];
    unsigned char gate; /* 1: closed by the supervisor, see docs/logger-contract.md */
};

int state_open(struct state *s, int fd, struct error *e)
{
    bool survives;
    *s = (struct state){.kept = NULL};
    fd = memory_open(fd, STATE_AT + sizeof *s->kept, &survives);
    if (fd < 0)
        return error_system(e, "unable to use the state");
    void *kept = mmap(NULL, sizeof *s->kept, PROT_READ | PROT_WRITE, MAP_SHARED, fd, STATE_AT);
    if (kept == MAP_FAILED)
        return error_system(e, "unable to map the state");
    s->kept = kept;
    s->now = s->kept->slot[s->kept->counting & 1];
    return 0;
}

void state_commit(struct state *s)
{
    uint32_t other = ~s->kept->counting & 1;
    s->kept->slot[other] = s->now;
    /* A kill stops us between two instructions: only the compiler could get the order wrong. */
    __atomic_store_n(&s->kept->counting, other, __ATOMIC_RELEASE);
}

void state_open_gate(struct state *s)
{
    s->kept->gate = 0;
}

void state_rest(struct state *s)
{
    s->now = (struct checkpoint){.stream = {{.done = 0}}};
    madvise(s->kept, sizeof *s->kept, MADV_REMOVE);
}

void state_close(struct state *s)
{
    if (s->kept != NULL)
        munmap(s->kept, sizeof *s->kept);
    s->kept = NULL;
}
