/* One instance of a longrun's run: whether it was executed, and whether it is ready. */
#ifndef SUPERVISOR_RUN_H
#define SUPERVISOR_RUN_H

#include "services/machine.h"
#include "supervisor/pid1.h"

struct run;

/* SERVICE_SPAWNED or SERVICE_READIED. */
typedef void run_event(struct run *r, enum service_event event);

struct run {
    struct pid1 *pid1;
    const char *name;       /* of the service */
    const char *path;       /* of its directory */
    uint32_t *pending;      /* counts the runs whose report is not known yet */
    run_event *event;       /* its owner's */
    struct watch report;    /* fd -1: it is known whether it was executed */
    struct watch notify;    /* the readiness pipe; fd -1 */
    int notify_to;          /* its number in the child */
    size_t unready_bytes;   /* read from it so far */
    bool flooded;           /* it was said that it wrote too many */
    bool failed;            /* it could not be executed */
    char *why;              /* the last time; NULL: never, or no memory for it; owned */
    struct timespec forked; /* wall clock */
};

/* Nothing runs. name and path are kept; event and pending, too. */
void run_init(struct run *r, struct pid1 *p, const char *name, const char *path, uint32_t *pending,
              run_event *event);
/* Closes what is open and gives back what it owns. */
void run_release(struct run *r);

/* A pipe whose write end becomes descriptor `to` of the child; returns that end, which the caller
 * closes, or -1 with errno. */
int run_open_notify(struct run *r, int to);
/* A child was forked whose report comes there; r takes it over. 1: it cannot be watched, so believe
 * that it was executed; else 0. */
int run_begin(struct run *r, int report);
/* The child is dead: its report, if it was not read yet, is read before. True: it was never
 * executed, and why says the reason. */
bool run_has_failed(struct run *r);
/* The child is dead, or was never executed: reads what it wrote before that, if ready counts, and
 * closes the readiness pipe. */
void run_end(struct run *r, bool ready_counts);

#endif
