/* What run and finish of a service directory are to be run by: the files that upstream's
 * s6-supervise reads each time that it needs them (spec/supervise.md section 1). */
#ifndef SERVICES_SERVICEDIR_H
#define SERVICES_SERVICEDIR_H

#include <stdbool.h>
#include <stdint.h>

struct servicedir {
    bool has_finish;
    bool down;           /* it starts down */
    int notification_fd; /* -1 none */
    int lock_fd;         /* -1 none */
    uint32_t timeout_kill;
    uint32_t timeout_finish; /* ms, 0 never */
    bool kill_group;         /* by timeout-kill */
    bool new_pids;           /* a pid namespace of its own */
    unsigned int max_death_tally;
    int down_signal;
    int reload_signal;
};

/* Reads them anew. What is not there or makes no sense has its default; name, unless NULL, is what
 * a warning about the latter begins with. A directory that is gone is one without files. */
void servicedir_read(struct servicedir *d, const char *path, const char *name);

#endif
