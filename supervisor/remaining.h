/* Processes that are still there when the services are down: everything but us and the loggers.
 * As pid 1 that is every process of the namespace; elsewhere only our descendants. Reads /proc;
 * without it, pid 1 can still ask for every number there may be. Takes no memory. Used during a
 * stop only. */
#ifndef SUPERVISOR_REMAINING_H
#define SUPERVISOR_REMAINING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct remaining {
    pid_t *excluded; /* loggers: they and what descends from them are left alone; gets sorted */
    size_t excluded_count;
    bool everything; /* we are pid 1 */
    char *names;     /* NULL, or where remaining_signal writes what the first of them are called */
    size_t names_size;
};

/* How many there are; signal is sent to each (0: only count). -1: cannot know (no /proc). Zombies
 * do not count. */
long remaining_signal(const struct remaining *r, int signal);

/* The same for pid 1 without /proc: numbers up to some way above top, the highest that is known,
 * but none from REMAINING_PROBED on: so many take some 50 ms. A logger's helpers are known by its
 * session. Zombies that are not ours count. */
enum { REMAINING_PROBED = 1 << 18 };
long remaining_probe(const struct remaining *r, pid_t top, int signal);

#endif
