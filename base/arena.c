#include "base/arena.h"
#include <stdalign.h>
#include <stdint.h>

enum { ALIGN = 16, END = ARENA_SIZE - ALIGN, TAKEN = 0xb10c };

/* In front of each block, which begins at a multiple of ALIGN. */
struct head {
    uint16_t size; /* with the head, a multiple of ALIGN */
    uint16_t taken;
    uint32_t unused;
};

_Static_assert(sizeof(struct head) == ALIGN / 2, "a head lies in the last half of a unit");

static struct {
    alignas(ALIGN) unsigned char bytes[ARENA_SIZE];
    size_t most; /* no free place is larger; 0: nothing was taken yet */
} arena;

static struct head *head_at(size_t offset)
{
    return (struct head *)(void *)(arena.bytes + sizeof(struct head) + offset);
}

static struct head *head_of(const void *block)
{
    return head_at((size_t)((const unsigned char *)block - arena.bytes) - ALIGN);
}

static void join_free(struct head *h, size_t offset)
{
    while (h->taken != TAKEN && offset + h->size < END && head_at(offset + h->size)->taken != TAKEN)
        h->size = (uint16_t)(h->size + head_at(offset + h->size)->size);
}

static void *take_from(struct head *h, size_t offset, size_t size)
{
    if (h->size > size)
        *head_at(offset + size) = (struct head){.size = (uint16_t)(h->size - size)};
    h->size = (uint16_t)size;
    h->taken = TAKEN;
    return h + 1;
}

/* The first place that is large enough. */
void *arena_take(size_t size)
{
    size_t whole = (sizeof(struct head) + size + ALIGN - 1) / ALIGN * ALIGN;
    size_t most = 0;
    if (arena.most == 0)
        head_at(0)->size = (uint16_t)(arena.most = END);
    if (size > ARENA_BLOCK_MOST || whole > arena.most)
        return NULL;
    for (size_t at = 0; at < END; at += head_at(at)->size) {
        struct head *h = head_at(at);
        join_free(h, at);
        if (h->taken != TAKEN && h->size >= whole)
            return take_from(h, at, whole);
        if (h->taken != TAKEN && h->size > most)
            most = h->size;
    }
    arena.most = most > 0 ? most : 1;
    return NULL;
}

bool arena_has(const void *block)
{
    return (uintptr_t)block - (uintptr_t)arena.bytes < ARENA_SIZE;
}

size_t arena_room(const void *block)
{
    return head_of(block)->size - sizeof(struct head);
}

void arena_give(void *block)
{
    struct head *h = head_of(block);
    if (h->taken != TAKEN)
        __builtin_trap(); /* freed twice, or written over */
    h->taken = 0;
    arena.most = END;
}
