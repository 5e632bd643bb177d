/* One supervised program: performs the actions of the service machine (services/machine.h), and
 * tells it what happened. What a service has beside its process, a logger or a pipe to another,
 * stands here, too. */
#ifndef SUPERVISOR_LONGRUN_H
#define SUPERVISOR_LONGRUN_H

#include "services/keys.h"
#include "services/machine.h"
#include "supervisor/catalogue.h"
#include "supervisor/finish.h"
#include "supervisor/logger.h"
#include "supervisor/run.h"
#include "supervisor/supervise_dir.h"
#include <sys/stat.h>

struct longruns;

/* Whether /run/service knows it:
 *
 *   PREPARED  an update has made it and is not there yet: nobody else has a say about it
 *   LISTED    the last scan found it, or it is too new for that
 *   DUE       the same, and that scan is to start it
 *   UNLISTED  the last scan did not find it
 *   REMOVING  it is to go, and may live still; of those with a definition of their own only
 *   GONE      its supervisor is gone for everybody; what is left of its logger drains
 */
enum membership {
    MEMBER_PREPARED = 0,
    MEMBER_LISTED,
    MEMBER_DUE,
    MEMBER_UNLISTED,
    MEMBER_REMOVING,
    MEMBER_GONE
};

/* For those who ask. */
struct history {
    uint32_t starts;
    int64_t died_at; /* monotonic ns of the last end, 0 none */
    bool oom;        /* that end: the kernel killed it for lack of memory */
    bool asked;      /* that end: somebody asked for it, or it was to stay down after it */
    char *failed;    /* why it has failed for good, where there is memory for it, while
                        machine.failed says that it has */
};

/* Its pipe as a consumer, and whom it feeds as a producer. */
struct pipeline {
    int input[2];       /* -1: it is no consumer */
    uint32_t consumer;  /* index of its consumer, or NO_LONGRUN; longruns_remove of the consumer
                           clears it */
    struct timer drain; /* of a consumer that is to end: when it gets its signal after all */
    bool loss_said;     /* what its producers had written and it had not read */
};

struct longrun {
    struct longruns *all;
    const struct definition *definition; /* of the catalogue, or own */
    struct definition *own;              /* NULL: it is one of s6-rc's, or of an update */
    uint32_t node;                       /* NO_NODE: none of s6-rc's */
    uint32_t index;
    char *path;                 /* of the service directory, links resolved; owned */
    struct longrun *next_spare; /* of one whose place is free again */
    enum membership member;
    bool told;                /* to end, by the stop */
    bool refused;             /* it was said that we may not signal it */
    bool same_pids;           /* it was said that there is no pid namespace for it */
    struct service_keys keys; /* as read last */
    struct service_rules rules;
    struct service machine;
    struct timer deadline; /* machine.deadline */
    struct run run;
    struct finish finish;
    struct history history;
    struct supervise_dir seen; /* what others see of it */
    struct logger logger;
    struct pipeline pipe;
    uint32_t record; /* of the status file */
};

/* The table of all longruns, and what they share. Indices into it stay; a longrun stays where it
 * is. */
struct longruns {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct logging *logging;
    struct longrun **item; /* by index; NULL: a free place; owned */
    uint32_t count;        /* places in use or free */
    uint32_t free;
    uint32_t room; /* places that there is memory for, with all that goes with them */
    struct run_counts runs;
    struct logger init;    /* the logger of all output without one of its own */
    struct logger cmd;     /* that of CMD */
    pid_t *logger_pids;    /* room for the pids of all loggers; owned */
    struct longrun *block; /* room for those of the boot, where they are many */
    uint32_t block_used, block_room;
    struct longrun *spare; /* places in it that are free again, each leads to the next */
};

/* Fills l, which is all zero but for all, index, definition, node, own, path and member. */
void longrun_init(struct longrun *l);
/* Whether its service directory is, or was, the one with that stat. */
bool longrun_is_at(const struct longrun *l, const struct stat *st);
/* Feeds the machine, performs what it asks for, and arms the next deadline. */
void longrun_feed(struct longrun *l, enum service_event event, int detail);
/* As s6-svc -l: sends its reload-signal to run, if that lives. */
void longrun_reload(struct longrun *l);
/* Its process was reaped, with that raw wait status; a stranger's pid is ignored. */
void longrun_reaped(struct longrun *l, pid_t pid, int status);

/* --- between its files ---------------------------------------------------------------------- */

/* Sends a signal, and CONT behind it, to the process, or to its group. A pid that is not known yet
 * is waited for; a signal that is refused is said once. */
void longrun_signal(struct longrun *l, int signal, bool group);
/* Sends what somebody asked for, as it is; negative: to the process group. */
void longrun_pass_signal(struct longrun *l, int signal);
/* Ends the service: by its down-signal, or, for a consumer during the stop, by end of file first.
 */
void longrun_end(struct longrun *l);
/* Forks ./run. 0; 1: its report cannot be watched, so believe that it was executed; -1 with e. */
int longrun_spawn_run(struct longrun *l, struct error *e);
/* Forks ./finish. 0, or -1 with e. */
int longrun_spawn_finish(struct longrun *l, struct error *e);
/* Says that the service has failed for good, and keeps why. */
void longrun_say_failed(struct longrun *l);
/* Says that it ends again and again, and was started once more. */
void longrun_say_loops(const struct longrun *l);
/* Writes the event of its failure. */
void longrun_event_failed(const struct longrun *l);
/* Says, once, that there is no pid namespace for it. */
void longrun_say_same_pids(struct longrun *l);
/* By its definition it has a logger of its own, which is open. An update can leave it one that its
 * definition has no use for. */
bool longrun_has_logger(const struct longrun *l);

#endif
