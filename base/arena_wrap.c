/* What the linker takes for malloc and its kin, in the product. */
#include "base/arena.h"
#include <stdint.h>
#include <string.h>

#ifndef __GLIBC__

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    void *block = arena_take(size);
    return block != NULL ? block : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = size == 0 || count <= ARENA_BLOCK_MOST / size ? arena_take(count * size) : NULL;
    if (block == NULL)
        return __real_calloc(count, size);
    return memset(block, 0, count * size);
}

void __wrap_free(void *block)
{
    if (arena_has(block))
        arena_give(block);
    else
        __real_free(block);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (old == NULL)
        return __wrap_malloc(size);
    if (!arena_has(old))
        return __real_realloc(old, size);
    size_t room = arena_room(old);
    if (size <= room)
        return old;
    void *block = __wrap_malloc(size);
    if (block == NULL)
        return NULL;
    memcpy(block, old, room);
    arena_give(old);
    return block;
}

#endif
