/* The first small blocks of memory that a process takes. Most of our processes never need more than
 * a few hundred bytes of it, and of some there are hundreds: these blocks lie beside the rest of
 * what the program writes (base/image.ld), so that they cost neither pages of their own nor calls.
 *
 * malloc and its kin come here (base/arena_wrap.c), and go on to the C library when the arena has
 * no room or the block is large. For one thread; only in the product, with musl. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

enum { ARENA_SIZE = 1664, ARENA_BLOCK_MOST = 1024 };

/* As malloc: NULL when there is no room, or the block is too large for the arena. */
void *arena_take(size_t size);
bool arena_has(const void *block); /* it is a block of the arena */
/* How much it holds: what was asked for, rounded up. */
size_t arena_room(const void *block);
/* As free; of a block of the arena. */
void arena_give(void *block);

#endif
