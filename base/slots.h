/* Children with few descriptors of a process with many.
 *
 * fork copies the whole table of descriptors, and the exec that follows closes nearly all of the
 * copies: with 18,000 of them that is most of what a start costs. Here the child shares our table
 * for a moment, then takes a copy of its low numbers alone, among which stands, in slots set aside
 * for that, what it is to have. Linux 5.9 or newer; where that cannot be done, fork serves.
 */
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SLOTS_MAX = 16, SLOTS_WAIT_MS = 300 };

/* Sets descriptor numbers aside, once, while we have few. False: not possible here; nothing has
 * changed then. */
bool slots_reserve(void);

/* Whether count descriptors can be given to slots_fork. */
bool slots_serve(size_t count);

/* Makes the child, with these flags of clone: its pid, 0 in the child, or -1 with errno. The child
 * calls leave, which makes kernel calls and an atomic store only, before anything else. */
typedef pid_t slots_child(void *context, int flags, void (*leave)(void));

/* As fork; flags: of clone, CLONE_NEWPID or 0. child is called with context. The child has what our
 * numbers in from stand for, as its to[i], close-on-exec, and our other low numbers; -1 where ours
 * is not open. Returns in us once the child is on its own, which takes as long as its first steps;
 * our signals are to be blocked. One that somebody stops meanwhile is continued. -1 with ETIMEDOUT:
 * it did not get there in SLOTS_WAIT_MS and was killed (its death is to be reaped); for a while
 * slots do not serve. */
pid_t slots_fork(const int *from, int *to, size_t count, int flags, slots_child *child,
                 void *context);

/* As fork, with flags of clone such as CLONE_FILES. -1 with errno: EINVAL where flags are not
 * supported (qemu-user). */
pid_t fork_flags(int flags);

/* The same; before the child runs, its pid as we see it is written to *seen. */
pid_t fork_seen(int flags, pid_t *seen);

#endif
