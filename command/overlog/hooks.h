/* Which hooks the lines of the event log (docs/event-log.md) ask for, with what facts, and the
 * queue of those that wait for their turn. Pure: lines and times are parameters. */
#ifndef COMMAND_OVERLOG_HOOKS_H
#define COMMAND_OVERLOG_HOOKS_H

#include "base/str.h"
#include "logcat/events.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The service that runs them, whose own ends ask for none. */
#define HOOKS_SERVICE "event-hooks"

enum hook_event { HOOK_DEATH = 0, HOOK_GAVE_UP, HOOK_OOM, HOOK_UNREADY, HOOK_FLOOD, HOOK_EVENTS };

/* By event; NULL-terminated. */
extern const char *const hook_names[HOOK_EVENTS + 1];

enum { HOOKS_MAX = 100, HOOK_PLACE_MAX = 300, HOOK_REASON_MAX = 200 };

/* ns from an event until its hook: by then the last lines are in the log. */
#define HOOK_SETTLES (CLOCK_SECOND / 2)

struct hook_job {
    enum hook_event event;
    char service[EVENTS_NAME_MAX]; /* "": it is about the container */
    struct timespec at;            /* of the event */
    struct timespec until;         /* the next start; {0, 0}: not known. Later lines are not its */
    struct timespec began;         /* of the instance; {0, 0}: not known */
    int64_t due;                   /* monotonic ns */
    int code, signal;              /* -1: not so */
    long deaths;                   /* since the boot, or those for which it was given up */
    long kills, limit;             /* of the container's oom; -1: not known */
    long rate;                     /* bytes a minute, of a flood; -1: it is none */
    bool oom, core;
    char reason[HOOK_REASON_MAX]; /* "": none */
    char place[HOOK_PLACE_MAX];   /* the event, as it is told from others */
};

/* What is known of a service. */
struct hook_service {
    char *name; /* owned */
    struct timespec began;
    long deaths;
};

/* All zero: nothing was read. */
struct hooks {
    struct hook_job job[HOOKS_MAX]; /* a ring */
    size_t first, count;
    unsigned long dropped;       /* of those for which there was no room, not told yet */
    char last[HOOK_PLACE_MAX];   /* the last event that asked for a hook */
    char resume[HOOK_PLACE_MAX]; /* hooks_resume; "": nothing was run before */
    bool stopping;
    struct hook_service *service; /* owned */
    size_t services, room;
};

/* Hooks were run for the events up to this place, by an earlier process: to be called first. */
void hooks_resume(struct hooks *h, const char *place);
/* Takes a line of the event log without its time, which is at; now: monotonic ns. Lines come in
 * order, from the oldest on: a boot, and the place to resume at, clear what came before. 0, or -1:
 * no memory. */
int hooks_take(struct hooks *h, const struct timespec *at, const char *line, int64_t now);
/* Takes the first job out of the queue, which is copied to job. Returns the place that has been
 * reached then; NULL: none is due at now. */
const char *hooks_next(struct hooks *h, int64_t now, struct hook_job *job);
/* When the next job is due, monotonic ns; 0: none waits. */
int64_t hooks_due(const struct hooks *h);
/* How many jobs were dropped since the last call that told so; 0 until the queue is empty. */
unsigned long hooks_dropped(struct hooks *h);
void hooks_release(struct hooks *h);

/* How each line of livecheck in a service's log begins. */
#define HOOK_LIVECHECK "livecheck: warning: "
/* Whether that line of a service's log is the one by which livecheck says that it restarts the
 * service. A job for unready is one only if there is such a line, which is its reason. */
bool hook_is_livechecks(const char *line);
/* Appends NAME=VALUE for each fact of a job, one word each, and NAME alone for each fact that it
 * has not. 0, or -1: no memory. */
int hook_facts(const struct hook_job *job, struct words *facts);

#endif
