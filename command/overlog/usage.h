/* What the processes of a service use: its process, all that descend from it, and all of its
 * session, as /proc shows them. Pure but for usage_read
 * and usage_directory. */
#ifndef COMMAND_OVERLOG_USAGE_H
#define COMMAND_OVERLOG_USAGE_H

#include "base/error.h"
#include <stddef.h>
#include <sys/types.h>

struct usage_process {
    pid_t pid, parent, session;
    long long cpu_ms;      /* that it and the children that it waited for have run */
    long long memory;      /* resident bytes; what processes share counts for each */
    long long threads;     /* number */
    long long descriptors; /* open; -1: we may not know */
};

struct usage {
    long long processes; /* number; 0: none is there */
    long long cpu_ms, memory, threads;
    long long descriptors;  /* of those whose we may know; -1: of none */
    long long cpu_permille; /* of one processor, lately; usage_rate sets it */
};

/* Reads the text of a file /proc/PID/stat, but for the descriptors. tick: ticks of a second; page:
 * bytes. 0, or -1: it is no such text. */
int usage_parse(const char *text, long tick, long page, struct usage_process *p);

/* Reads all processes, sorted by pid, into *all, which the caller frees. 0, or -1 with e. */
int usage_read(struct usage_process **all, size_t *count, struct error *e);

/* Sums up those of the service with that process, among all, which are sorted by pid. */
void usage_sum(const struct usage_process *all, size_t count, pid_t service, struct usage *sum);

/* Sets the rate of now by the sum of that many ms before. */
void usage_rate(struct usage *now, const struct usage *before, long long ms);

/* The bytes of the files in a log directory; -1: it cannot be read, or path is "". */
long long usage_directory(const char *path);

#endif
