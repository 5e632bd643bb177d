/* The state of a paired logger in the memory that its supervisor keeps. Whatever lies there, a
 * successor begins with a state that makes sense; a state that does is taken as it is; and a kill
 * within a commit leaves the one before or the one after.
 *
 * Input: what lies in the memory; it begins with the two slots. */
#include "logger/checkpoint.h"
#include "base/clock.h"
#include "contract/logger.h"
#include "tests/fuzz/fuzz.h"
#include <sys/mman.h>

enum { SLOT = sizeof(struct checkpoint) };

/* A calendar of four digits: what a stamp can say. */
static bool is_sound(const struct checkpoint *c)
{
    bool sound = true;
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        sound = sound && c->stream[i].done <= JOURNAL_SIZE && c->stream[i].shown <= JOURNAL_SIZE &&
                c->stream[i].cut <= JOURNAL_SIZE;
    for (int i = 0; i < CHECKPOINT_FILES; i++) {
        const struct timespec *t = &c->file[i].time;
        uint32_t batch = c->file[i].batch;
        sound = sound && c->file[i].size >= 0 && t->tv_sec >= 0 && t->tv_sec < 253402300800LL &&
                t->tv_nsec >= 0 && t->tv_nsec < 1000000000 && batch <= CHECKPOINT_STREAMS &&
                (batch == 0 || (batch == 3) == (i == 1));
    }
    return sound;
}

static bool same(const struct checkpoint *a, const struct checkpoint *b)
{
    bool same = true;
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        same = same && a->stream[i].done == b->stream[i].done &&
               a->stream[i].shown == b->stream[i].shown && a->stream[i].cut == b->stream[i].cut &&
               a->stream[i].inside == b->stream[i].inside &&
               a->stream[i].begun == b->stream[i].begun;
    for (int i = 0; i < CHECKPOINT_FILES; i++)
        same = same && a->file[i].inode == b->file[i].inode && a->file[i].size == b->file[i].size &&
               clock_compare(&a->file[i].time, &b->file[i].time) == 0 &&
               a->file[i].batch == b->file[i].batch && a->file[i].torn == b->file[i].torn;
    return same;
}

static void read_state(int fd, struct checkpoint *c)
{
    struct state s;
    struct error e = ERROR_INIT;
    MUST(state_open(&s, fd, &e) == 0);
    *c = s.now;
    state_close(&s);
}

/* Another state is committed; then its slot is torn, as by a kill before it counts. */
static void check_commit(int fd, const struct checkpoint *before, const char *rest)
{
    struct state s;
    struct error e = ERROR_INIT;
    struct checkpoint again, next = *before;
    next.stream[0].done = before->stream[0].done ^ 1;
    next.file[1].inode = ~before->file[1].inode;
    checkpoint_check(&next);
    MUST(state_open(&s, fd, &e) == 0);
    s.now = next;
    state_commit(&s);
    state_close(&s);
    read_state(fd, &again);
    MUST(same(&again, &next));
    uint32_t counting;
    MUST(pread(fd, &counting, sizeof counting, STATE_OFFSET + 2 * SLOT) == sizeof counting);
    MUST(pwrite(fd, rest, SLOT, STATE_OFFSET + (counting & 1 ? 0 : SLOT)) == SLOT);
    read_state(fd, &again);
    MUST(same(&again, &next));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct checkpoint beginning;
    char bytes[STATE_SIZE] = {0};
    struct checkpoint raw, now, again;
    uint32_t counting;
    int fd = memfd_create("state", MFD_CLOEXEC);
    memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
    MUST(fd >= 0 && ftruncate(fd, STATE_OFFSET + STATE_SIZE) == 0);
    MUST(pwrite(fd, bytes, sizeof bytes, STATE_OFFSET) == sizeof bytes);
    memcpy(&counting, bytes + 2 * SLOT, sizeof counting);
    memcpy(&raw, bytes + (counting & 1 ? SLOT : 0), SLOT);
    read_state(fd, &now);
    MUST(is_sound(&now));
    MUST(!is_sound(&raw) || same(&raw, &now));
    again = now;
    checkpoint_check(&again);
    MUST(same(&again, &now));
    for (int i = 0; i < CHECKPOINT_FILES; i++) /* a part that makes no sense is not half taken */
        MUST(now.file[i].inode == raw.file[i].inode ||
             (now.file[i].inode == 0 && now.file[i].size == 0));
    check_commit(fd, &now, bytes);
    struct state s;
    struct error e = ERROR_INIT;
    MUST(state_open(&s, fd, &e) == 0);
    state_trim(&s);
    state_close(&s);
    read_state(fd, &again);
    MUST(same(&again, &beginning));
    close(fd);
    return 0;
}
