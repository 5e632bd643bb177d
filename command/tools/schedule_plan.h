/* When schedule starts its job, and ends it. Pure: time and events in, actions out.
 *
 * Times of the calendar are of the wall clock, all others of the monotonic one. At each look the
 * two are compared. A difference is a clock that was set, or a machine that slept:
 *
 *     up to a minute              the job starts late
 *     forward, up to three hours  fixed times that were passed over start it, once; patterns do not
 *     back, up to three hours     fixed times that have passed do not come again; patterns do
 *     more                        what was passed over is left out; what comes again, comes again
 *
 * The same holds when the process itself is late, as in a container that was paused. */
#ifndef COMMAND_TOOLS_SCHEDULE_PLAN_H
#define COMMAND_TOOLS_SCHEDULE_PLAN_H

#include "base/timetable.h"
#include <stdbool.h>
#include <stdint.h>

enum schedule_overlap { SCHEDULE_SKIP, SCHEDULE_QUEUE, SCHEDULE_REPLACE };

enum { SCHEDULE_EXIT_LIMIT = 99 /* of a job that took too long, and then said 0 */ };

/* Times in ns. */
struct schedule_rules {
    struct timetable table;
    int64_t jitter; /* a start may be so much later */
    int64_t limit;  /* of a job; 0: none */
    int64_t grace;  /* from its TERM to its KILL */
    int64_t stop;   /* from our TERM to our KILL; 0: none comes */
    enum schedule_overlap overlap;
    bool at_start;           /* the job runs at the beginning, too */
    bool once;               /* it ends after one run */
    bool pass;               /* TERM goes to the job at once */
    unsigned int fail_after; /* failures in a row; 0: any number */
};

/* A moment, in ns: since 1970, and monotonic. */
struct schedule_now {
    int64_t wall, clock;
};

enum schedule_event {
    SCHEDULE_LOOK,  /* a time may have come, or the clock was set */
    SCHEDULE_ENDED, /* the job, with a code */
    SCHEDULE_ASKED, /* somebody wants it to run now */
    SCHEDULE_STOPPED
};

/* A set of what the caller has to do, in this order. */
enum schedule_action {
    SCHEDULE_SAY_LIMIT = 1,   /* the job has taken too long */
    SCHEDULE_SAY_SKIPPED = 2, /* a time has come while it runs */
    SCHEDULE_SAY_MISSED = 4,  /* times have passed over, and are left out */
    SCHEDULE_TERM = 8,        /* to the job */
    SCHEDULE_KILL = 16,
    SCHEDULE_START = 32, /* its end is ENDED, also where it cannot be started */
    SCHEDULE_END = 64    /* the process, with the plan's code */
};

enum schedule_job { SCHEDULE_IDLE, SCHEDULE_RUNNING, SCHEDULE_ENDING, SCHEDULE_KILLED };

struct schedule_counts {
    int64_t runs;    /* so many have begun: a run has a number, from 1 on */
    int64_t ended;   /* the number of the last one that ended */
    int64_t failed;  /* so many ended with another code than 0 */
    int64_t late;    /* so many were ended for their limit */
    int64_t skipped; /* so many times came and began none */
};

struct schedule_plan {
    struct schedule_rules rules;
    uint64_t seed; /* of the jitter */
    struct schedule_now looked;
    int64_t done;    /* wall: fixed times until then are over */
    int64_t nominal; /* wall: the next time of the calendar; TIMETABLE_NEVER */
    int64_t due;     /* wall: the same with its jitter */
    struct schedule_beat {
        int64_t nominal, due; /* monotonic; TIMETABLE_NEVER */
    } beat[TIMETABLE_PARTS];  /* of each part that is a period */

    enum schedule_job job;
    struct schedule_now begun; /* the job that runs, or ran last */
    int64_t deadline;          /* monotonic: the next step of its end; TIMETABLE_NEVER */
    int64_t kill_by;           /* monotonic: our own end; TIMETABLE_NEVER */
    bool queued;               /* another one is to follow */
    bool over_limit;
    bool replaced; /* it is ended for the one that is queued: that is no failure */
    bool found;    /* it ran before us: its end is no result of ours */
    bool stopping;
    unsigned int failures; /* in a row */
    int result;            /* the exit code of the last job */
    int code;              /* ours, with END */
    int64_t answer;        /* the run that answers the last wish for one; 0: none does */
    struct schedule_counts counts;
};

/* Begins; counts: those to go on with; since: when the job began that runs already, NULL: none
 * does. The actions. */
unsigned int schedule_begin(struct schedule_plan *p, const struct schedule_rules *rules,
                            const struct schedule_counts *counts, uint64_t seed,
                            const struct schedule_now *now, const struct schedule_now *since);
/* Takes an event; code: of ENDED. The actions. */
unsigned int schedule_step(struct schedule_plan *p, enum schedule_event event, int code,
                           const struct schedule_now *now);

/* When the plan is to look again: by the monotonic clock; TIMETABLE_NEVER. By the wall clock it is
 * p->due. */
int64_t schedule_wake(const struct schedule_plan *p);
/* When the job starts next as far as is known, by the wall clock; TIMETABLE_NEVER. */
int64_t schedule_next(const struct schedule_plan *p, const struct schedule_now *now);

#endif
