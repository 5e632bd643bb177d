/* How a service has ended so far, by the event log (docs/event-log.md). Pure. */
#ifndef COMMAND_OVERLOG_HISTORY_H
#define COMMAND_OVERLOG_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { HISTORY_ENDS = 5, HISTORY_RECENT = 101, HISTORY_REASON = 200 };

/* An end, or an attempt to start it that failed. */
struct history_end {
    struct timespec began;  /* {0, 0}: not known */
    struct timespec at;     /* when it ended */
    struct timespec before; /* the next start, or {0, 0}: what is logged later is not its */
    long pid;               /* -1: not known */
    int code, signal;       /* -1: not so; both: a failure with a reason */
    bool oom, core, was_ready;
    bool in_stop;         /* the container was being stopped */
    unsigned int repeats; /* further attempts that failed for the same reason */
    char reason[HISTORY_REASON];
};

/* How one of many ended, by itself: an end that somebody asked for is no death. */
struct history_death {
    struct timespec at;
    int code, signal; /* -1: not so */
};

/* An end of a job of schedule. */
struct history_job {
    struct timespec at;
    int code, signal; /* -1: not so */
    long ms;          /* how long it took */
    bool limit;       /* it was ended for its limit */
};

struct history {
    const char *service;
    struct history_job job[HISTORY_ENDS]; /* the last ones, the oldest first */
    size_t job_count;
    struct history_end end[HISTORY_ENDS]; /* the last ones, the oldest first */
    size_t count;
    struct history_death recent[HISTORY_RECENT]; /* the last deaths, the oldest first */
    size_t recent_count;
    struct history_counts {                        /* since the last boot */
        unsigned long long starts, ends, failures; /* the last: to start it */
        unsigned long long codes, signals, ooms; /* of the ends: by an exit code that is not 0, by a
                                                    signal, for lack of memory */
        unsigned long long floods;
        unsigned long long lost_events;
        unsigned long long container_ooms; /* processes of the container that the kernel killed, but
                                              for those of which it is known whose they were */
    } counts;
    struct timespec container_oom; /* the last time that it did; {0, 0}: never */
    struct timespec flood_at;      /* the last flood of its log; {0, 0}: never since the boot */
    long long flood_rate;          /* bytes a minute then */
    bool gave_up;
    char gave_up_reason[HISTORY_REASON];
    /* --- the instance that runs --- */
    struct timespec began;
    long pid; /* -1: none runs */
    bool is_ready, stopping;
};

/* An empty history of that service; the name is kept. */
void history_init(struct history *h, const char *service);
/* Takes a line of the event log without its time, which is the other argument; those of other
 * services are passed over. Lines come in the order of the log. */
void history_take(struct history *h, const struct timespec *time, const char *line);

#endif
