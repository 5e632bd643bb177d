/* From a member to what it is part of: a watch or a timer of the loop to the object that has it. */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stddef.h>

/* The object of that type whose member the pointer, never NULL, points to. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
