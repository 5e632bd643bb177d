/* The state that the parts of pid 1 share: the loop, its children, the environment they get, the
 * time, and the stage that the container is in. It knows no services.
 *
 *   HOOK -> STARTING -> RUNNING -> STOPPING -> TERM -> KILL -> DRAIN -> OVER
 *
 * HOOK and the loading of definitions that follows it are the boot stages: they may give up. From
 * STARTING on nothing ends the process but the stop.
 */
#ifndef SUPERVISOR_PID1_H
#define SUPERVISOR_PID1_H

#include "base/error.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/process.h"
#include "base/str.h"
#include "overlay/settings.h"
#include "supervisor/children.h"
#include "supervisor/event_log.h"
#include "supervisor/notice.h"
#include "supervisor/oom.h"
#include "supervisor/pid1_calls.h"
#include "supervisor/shortage.h"
#include "supervisor/status_changes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stage {
    STAGE_HOOK = 0,
    STAGE_STARTING, /* the services; the mark is passed */
    STAGE_RUNNING,
    STAGE_STOPPING, /* services in reverse order */
    STAGE_TERM,     /* what is left was told to end */
    STAGE_KILL,
    STAGE_DRAIN, /* loggers read to the end */
    STAGE_OVER
};

enum final_act { FINAL_EXIT = 0, FINAL_POWEROFF, FINAL_REBOOT };

/* Something to be tried again. Its owner keeps it in place while it is queued; zeroed before first
 * use but for again. */
struct retry {
    void (*again)(struct retry *r); /* may ask for another retry */
    struct retry *next;
    uint32_t round; /* of tries, when it was queued */
    bool queued;
};

/* Hears what services and transitions have to say, while a job of s6-rc has a caller. */
struct voice {
    void (*say)(void *context, enum message_level level, const char *text); /* NULL: nobody */
    void *context;
    int passed; /* its socket, from which children take its descriptors; 0 none */
};

struct supervise_dir;

struct pid1 {
    const struct pid1_calls *calls;
    struct loop loop;
    struct children children;
    struct settings settings;
    const char *program;      /* this program, to be executed again */
    bool is_init;             /* we are pid 1 */
    bool guest;               /* see supervisor_start */
    struct rlimit nofile;     /* the limit that we were given, for children */
    struct words environment; /* of children */
    char **with_variable;     /* room for the same with one more, for pid1_environment */
    int null;                 /* /dev/null */
    int out, err;             /* where output goes that has no logger of its own */

    enum stage stage;         /* set by pid1_enter alone */
    int64_t stage_since;      /* monotonic ns */
    struct timer *long_stage; /* NULL, or set while the stage has to end: that takes long */

    struct event_log events;
    struct notices notices;
    struct voice voice;
    struct status_changes changes;
    struct oom oom;

    struct timespec supervised; /* the wall clock when services were made last, one time for those
                                   of the boot */
    struct shortage shortage;   /* of what children need */
    struct shortage unwritten;  /* of what files under /run need */
    uint32_t stale;             /* service directories with something that is to be written again */
    struct supervise_dir *untold, *last_untold; /* those with events, in the order of the first */
    struct retry *retries;
    struct timer again;
    uint32_t round;
};

/* Opens the loop, with room for a few timers, and /dev/null. calls is kept; all else but the loop
 * is the caller's to fill. */
int pid1_open(struct pid1 *p, const struct pid1_calls *calls, struct error *e);

int64_t pid1_now(const struct pid1 *p); /* monotonic ns */
struct timespec pid1_wall(const struct pid1 *p);

/* The stage begins. */
void pid1_enter(struct pid1 *p, enum stage stage);
bool pid1_is_stopping(const struct pid1 *p); /* in the stage STOPPING, or later */

/* As process_spawn, with our environment and limit of descriptors where s has none; the child is
 * known by role and index from then on (CHILD_NONE: it is not). -1 with e. */
pid_t pid1_spawn(struct pid1 *p, struct process_spawn *s, enum child_role role, uint32_t index,
                 int *report, struct error *e);
/* That of children, with a variable "NAME=VALUE" in the place of one of its name: to be used at
 * once.
 */
char *const *pid1_environment(const struct pid1 *p, char *variable);
/* Reads the report of a child that is dead, unless it is -1, and closes it: -1 then. True: program
 * was never executed, and why says the reason with its cure (process_explain). */
enum { PID1_WHY_MAX = 1100 };
bool pid1_not_executed(const struct pid1 *p, int *report, const char *program,
                       char why[PID1_WHY_MAX]);
/* As kill; a child whose group is meant, and that has none yet, gets it itself. */
int pid1_kill(const struct pid1 *p, pid_t pid, int signal);

/* Notes that something could not be begun: it is said once (shortage.h). */
void pid1_lacks(struct pid1 *p, struct shortage *s, const char *what, const char *name,
                const struct error *e);
/* Calls r->again in 1 s, or in 100 ms while stopping, with all others that are due then. Harmless
 * for one that is queued. */
void pid1_retry(struct pid1 *p, struct retry *r);
void pid1_forget_retry(struct pid1 *p, struct retry *r); /* harmless when it is not queued */

/* Says something about a transition: to the caller of s6-rc if there is one, else where our
 * messages go. One line, without its newline. */
void pid1_say(struct pid1 *p, enum message_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes an event that happens now (event_log.h). */
void pid1_event(struct pid1 *p, const char *event, const char *service, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same of one that was at that time, by the wall clock. */
void pid1_event_at(struct pid1 *p, const struct timespec *when, const char *event,
                   const char *service, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
