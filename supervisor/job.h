/* One request of s6-rc at a time: the lock that a job holds, who waits for it, and who hears of the
 * job. */
#ifndef SUPERVISOR_JOB_H
#define SUPERVISOR_JOB_H

#include "supervisor/engine.h"
#include "supervisor/request.h"

enum { JOB_TIMED_OUT = 2 }; /* exit code */

/* A request that waits for the lock. */
struct job_waiting {
    struct control_connection *from;
    struct words words; /* of the request; owned */
    int64_t deadline;   /* monotonic ns, 0 none */
};

struct job {
    struct pid1 *pid1;
    const struct catalogue *catalogue;
    const struct engine *engine;
    const struct oneshots *oneshots;
    bool busy;
    struct control_connection *caller; /* of the job; NULL: nobody waits for it */
    int verbosity;                     /* the caller's */
    bool essential_too;
    int64_t deadline;                                /* of the whole job, monotonic ns, 0 none */
    struct job_waiting waiting[CONTROL_CONNECTIONS]; /* the first first */
    uint32_t waiters;
    struct timer waiting_limit;
};

/* Takes the lock. 0: the job is the request's, with its caller and verbosity; else the answer:
 * refused, or CONTROL_PENDING for a request that waits and will be asked again. */
int job_lock(struct job *j, struct request *r);
/* Gives the lock back and answers the caller, if there is one. */
void job_unlock(struct job *j, int code);
/* The job goes on, and nobody hears of it any more. */
void job_forget_caller(struct job *j);

/* Takes the first that waits, if the lock is free; what w holds is the caller's then. */
bool job_next(struct job *j, struct job_waiting *w);

/* A caller is gone: one that waits is forgotten. True: it was the job's own. */
bool job_gone(struct job *j, const struct control_connection *caller);
/* The stop begins: those who wait are told so. */
void job_refuse_waiting(struct job *j);
/* The same of the job, which ends where it is. */
void job_interrupt(struct job *j);

#endif
