/* The stop: services down, the rest told to end, then killed, loggers drained. Each stage ends the
 * moment there is nothing left to wait for. */
#ifndef SUPERVISOR_STOP_H
#define SUPERVISOR_STOP_H

#include "supervisor/rc.h"
#include "supervisor/resume.h"
#include "supervisor/scandir.h"

struct stop {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct longruns *longruns;
    struct oneshots *oneshots;
    struct engine *engine;
    struct scandir *scandir;
    struct rc *rc;
    struct resume *resume;
    int code; /* the exit code of the container; -1: the exit code file's */
    enum final_act final;
    int64_t deadline;     /* of this stage, monotonic ns; 0: s6-rc's services are stopped still */
    int64_t end;          /* of the whole stop; 0: no limit */
    struct timer poll;    /* the next look: stop_step runs after every turn */
    struct timer limit;   /* when what is left is killed */
    struct timer refused; /* when what refuses our signals is waited for no longer */
    bool urged;           /* loggers were told to hurry, when this was left: */
    int64_t left;         /* loggers, and bytes that they had to read, together */
};

/* Begins the stop. code -1: the exit code file's. signal 0: none asked for it. Harmless when a stop
 * is under way. */
void stop_begin(struct stop *s, const char *reason, int signal, int code, enum final_act final);
/* Skips the waits. From the stage KILL on, loggers only get less time, if they had more. */
void stop_hurry(struct stop *s);
/* s6-rc's services are down, or nobody waits for them: the others are told to end. Harmless in any
 * stage but STOPPING. */
void stop_services_over(struct stop *s);
/* A service refuses our signals: as pid 1 we can end without it, after S6_KILL_GRACETIME; the
 * kernel then ends the rest. */
void stop_refused(struct stop *s);
/* After every turn of the loop: goes on as far as that is possible. */
void stop_step(struct stop *s);

/* How many processes are left, besides us and the loggers; names: what the first are called. */
long stop_remaining(struct stop *s, char *names, size_t size);

#endif
