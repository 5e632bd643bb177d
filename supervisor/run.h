/* One instance of a longrun's run: whether it was executed, and whether it is ready. With a parent
 * of its own (birth.h), one of finish as well: what its pid is. */
#ifndef SUPERVISOR_RUN_H
#define SUPERVISOR_RUN_H

#include "services/machine.h"
#include "supervisor/birth.h"
#include "supervisor/pid1.h"

struct run;

/* SERVICE_SPAWNED or SERVICE_READIED; SERVICE_UNSPAWNED: with a parent, it never was. */
typedef void run_event(struct run *r, enum service_event event);
/* Its pid is known. here: a pid namespace of its own was refused. */
typedef void run_born(struct run *r, pid_t pid, bool here);

/* Totals over the runs of all longruns. */
struct run_counts {
    uint32_t execs;  /* reports that are not read to their end yet */
    uint32_t births; /* those among them that have not told a pid yet */
};

struct run {
    struct pid1 *pid1;
    const char *name; /* of the service */
    const char *path; /* of its directory */
    struct run_counts *counts;
    run_event *event; /* its owner's */
    run_born *born;   /* its owner's */
    struct birth birth;
    struct retry look;      /* at a report that cannot be watched */
    bool finishes;          /* it is an instance of finish */
    struct watch report;    /* fd -1: it is known whether it was executed */
    struct watch notify;    /* the readiness pipe; fd -1 */
    int notify_to;          /* its number in the child */
    size_t unready_bytes;   /* read from it so far */
    bool flooded;           /* it was said that it wrote too many */
    bool failed;            /* it could not be executed */
    char *why;              /* the last time; NULL: never, or no memory for it; owned */
    int code;               /* this time: what a shell exits with for it; 0: none is known */
    struct timespec forked; /* wall clock */
};

/* Fills r, which is all zero but for pid1, name, path, counts, event and born: these are kept.
 * Nothing runs. */
void run_init(struct run *r);
/* Closes what is open and gives back what it owns. */
void run_release(struct run *r);

/* A pipe whose write end becomes descriptor `to` of the child; returns that end, which the caller
 * closes, or -1 with errno. */
int run_open_notify(struct run *r, int to);
/* A child was forked whose report comes there; r takes it over. parent: 0, or the child is that of
 * its parent. 1: it cannot be watched, so believe that it was executed; else 0. */
int run_begin(struct run *r, int report, pid_t parent);
/* The same of an instance of finish with a parent, until its pid is known. */
void run_begin_finish(struct run *r, int report, pid_t parent);
/* From born: the report is the caller's from now on. */
int run_take_report(struct run *r);
/* Keeps the reason for which none could be begun; what a report says is kept by itself. */
void run_keep_why(struct run *r, const char *why);
/* Reads what the report has to say by now. */
void run_look(struct run *r);
/* The parent was reaped: its child is ours now. A stranger's pid is ignored. */
void run_parent_reaped(struct run *r, pid_t pid);
/* The process is dead, or never was: the parent is a stranger from now on. */
void run_forget_parent(struct run *r);
/* The process is dead: its report, if it was not read yet, is read before. True: it was never
 * executed, and why says the reason. */
bool run_has_failed(struct run *r);
/* The child is dead, or was never executed: reads what it wrote before that, if ready counts, and
 * closes the readiness pipe. */
void run_end(struct run *r, bool ready_counts);

#endif
