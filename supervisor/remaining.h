/* Processes that are still there when the services are down: everything but us and the loggers.
 * As pid 1 that is every process of the namespace; elsewhere only our descendants. Reads /proc;
 * without it, nothing can be known. Takes no memory. Used during a stop only. */
#ifndef SUPERVISOR_REMAINING_H
#define SUPERVISOR_REMAINING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct remaining {
    pid_t *spare; /* loggers: they and what descends from them are left alone; gets sorted */
    size_t spare_count;
    bool everything; /* we are pid 1 */
};

/* How many there are; signal is sent to each (0: only count). -1: cannot know (no /proc). Zombies
 * do not count. */
long remaining_signal(const struct remaining *r, int signal);

#endif
