/* When people are told what we wait for, and in which words: the first time after a while, then
 * ever more rarely, so that a wait of hours is a dozen of lines. Pure: time is a parameter, all
 * times are monotonic ns. */
#ifndef SUPERVISOR_PATIENCE_H
#define SUPERVISOR_PATIENCE_H

#include <stdint.h>

enum { PATIENCE_BOOT_MS = 10000, PATIENCE_STOP_MS = 3000, PATIENCE_LINE_MAX = 640 };

/* When a wait that began at since is to be named next, after anything was named at said (0: nothing
 * was): first_ms after its begin, twice that, four times and so on. */
int64_t patience_due(int64_t since, int64_t said, uint32_t first_ms);

/* The subject of a wait, and when it ends by itself; times are monotonic ns. */
struct patience_wait {
    const char *who, *what; /* "web", "is still stopping" */
    int64_t since;
    int64_t limit;   /* 0: never */
    const char *end; /* what happens then: "it is killed" */
};

/* Writes "WHO WHAT after N s (END in M s)". */
void patience_line(char line[PATIENCE_LINE_MAX], const struct patience_wait *w, int64_t now);

#endif
