/* Pid 1: performs what the pure machines ask for. One process, one loop. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "base/error.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/process.h"
#include "overlay/settings.h"
#include "services/definition.h"
#include "services/graph.h"
#include "services/livedir.h"
#include "services/machine.h"
#include "services/servicedir.h"
#include "services/transition.h"
#include "supervisor/children.h"
#include "supervisor/control.h"
#include "supervisor/event_log.h"
#include "supervisor/logged.h"
#include "supervisor/pid1.h"
#include "supervisor/scandir.h"
#include "supervisor/shortage.h"
#include "supervisor/status.h"
#include "supervisor/supervise.h"

struct supervisor;

/* So many runs may be about to be executed before another service is begun: each costs pid 1 a
 * descriptor or two meanwhile. */
enum { PUMP_REPORTS = 256 };

/* A service directory as others see it. */
struct controlled {
    struct supervisor *supervisor;
    const char *name; /* of the service */
    const char *path; /* of the service; NULL: nobody sees it */
    bool is_logger;
    bool marked_down; /* by the file down */
    struct supervise supervise;
    struct supervise_status status;
    unsigned char written[SUPERVISE_STATUS_SIZE]; /* what supervise/status holds */
    char owed[5]; /* events that nobody could be told yet, in order */
    bool stale;   /* something is to be written again */
};

#define NO_NODE UINT32_MAX /* of what is none of s6-rc's */

/* A logger with its restart timer. Index 0 is .init, 1 is .cmd, 2 + i that of longrun i. */
struct logger_slot {
    struct supervisor *supervisor;
    struct logged logged;
    struct controlled controlled; /* NAME/log; not of .init and .cmd */
    struct timer timer;
    uint32_t index;
    bool ending;   /* it gets no more to read: a clean exit is its last */
    bool done;     /* drained for good */
    bool boundary; /* an instance ended and no other started: a successor must hear of it too */
};

struct longrun {
    struct supervisor *supervisor;
    const struct definition *definition;
    struct definition *scanned; /* the same, its own, if it is none of s6-rc's; else NULL */
    uint32_t node;              /* NO_NODE: none of s6-rc's */
    uint32_t index;
    char *path; /* of the service directory, links resolved */
    dev_t device;
    ino_t inode;
    bool listed;              /* the last scan of /run/service found it */
    bool due;                 /* that scan is to start it */
    bool leaving;             /* removal has begun */
    bool going;               /* its supervisor is gone; what is left drains */
    bool told;                /* to end, by scandir_stop */
    bool refused;             /* it was said that we may not signal it */
    bool same_pids;           /* it was said that there is no pid namespace for it */
    struct service_keys keys; /* as read last */
    struct service machine;
    struct service_rules rules;
    struct controlled controlled;
    struct timer timer;     /* machine.deadline */
    struct watch report;    /* of the run being executed; fd -1 when there is none */
    struct watch notify;    /* readiness pipe; fd -1 */
    struct timespec forked; /* when this instance was */
    size_t unready_bytes;   /* read from it so far */
    bool flooded;           /* it was said that it wrote too many */
    bool exec_failed;       /* the report said so */
    char *why;              /* the last time; NULL: never, or no memory for it */
    struct {                /* for who asks */
        uint32_t starts;
        int64_t died_at; /* monotonic ns of the last end, 0 none */
        bool gave_up;    /* finish said 125 */
    } history;
    struct logger_slot logger; /* logger.logged.open: it is paired */
    int input[2];              /* of a consumer: its pipe; -1 */
    uint32_t consumer;         /* of a producer: index of its consumer's longrun; else UINT32_MAX.
                                  longrun_remove of the consumer clears it */
    uint32_t record;           /* 1 + its index in the status file; 0: not there */
    struct timer drain;        /* of a consumer being stopped: when it gets its signal after all */
};

struct rc_waiting {
    struct control_connection *from;
    struct words words;
    int64_t deadline; /* monotonic ns, 0 none */
};

/* What somebody asked for at run time: one job at a time. */
struct rc {
    bool busy;
    struct control_connection *caller; /* of the job; NULL: nobody waits for it */
    int verbosity;                     /* the caller's */
    bool essential_too;
    int64_t deadline;    /* of the whole job, monotonic ns, 0 none */
    unsigned char *next; /* nodes to be brought up once the others are down; NULL */
    uint32_t reloading;  /* services that are not reloaded yet */
    bool reload_failed;
    struct timer reload_limit;
    struct rc_waiting waiting[CONTROL_CONNECTIONS]; /* for their turn, the first first */
    uint32_t waiters;
    struct timer waiting_limit;
    int64_t resumed;       /* the deadline of the one whose turn has come */
    struct update *update; /* of s6-rc-update; NULL */
};

/* Services that are late, whose last lines are shown. */
struct tail {
    unsigned char *late; /* by node */
    pid_t pid;           /* of logcat */
    int64_t end;         /* when none is begun any more, monotonic ns */
    struct timer limit;
};

/* By node, of longruns too for the record. */
struct oneshot {
    uint32_t record; /* 1 + its index in the status file; 0: not there */
    pid_t pid;       /* 0: not running */
    int report;
    bool stopping; /* its down runs */
    bool refused;  /* it was said that we may not signal it */
    bool put_off;  /* it could not be forked; node.since says since when */
    bool ended;    /* up did, last with: */
    int wait_status;
    pid_t reload; /* of its reload; 0: not running */
    int reload_report;
};

struct status_source {
    uint32_t node; /* NO_NODE: none of s6-rc's */
    uint32_t longrun;
};

/* The file RUN_STATUS, open and locked as long as it is kept. */
struct status_file {
    int fd; /* -1: there is none */
    struct status_image image;
    uint32_t generation;
    pid_t self;                   /* our pid */
    struct status_source *source; /* by record */
    uint32_t count;
    bool put_off; /* it is tried again by status_again */
    struct shortage lack;
};

struct supervisor {
    struct pid1 pid1;
    char **given;     /* CMD and its arguments, NULL-terminated, maybe empty */
    struct words cmd; /* the same after S6_CMD_ARG0 */
    const char *workdir;
    script_check *check_script;
    char **oneshot_environment; /* the same, with room for RC_NAME */
    size_t oneshot_variables;

    int64_t began;        /* monotonic ns */
    int64_t waits_said;   /* when any of it was named last; 0 never */
    struct timer refused; /* of a stop: when what refuses our signals is waited for no longer */
    struct definitions definitions;
    struct graph graph;
    struct transition transition;
    struct timer wake;        /* transition_wakeup */
    struct longrun **longrun; /* by index; each stays where it is: loop and children point to it;
                                 NULL: a free place */
    uint32_t longruns;        /* places in use or free */
    uint32_t places_free;
    uint32_t longrun_room;   /* places that there is memory for, with all that goes with them */
    uint32_t *longrun_of;    /* by node */
    struct oneshot *oneshot; /* by node */
    uint32_t reports;        /* runs of which it is not known yet whether they were executed */
    struct timer reap_more;
    struct timer resume; /* when those go on that somebody has stopped */

    struct logging logging;
    struct logger_slot init;
    struct logger_slot cmd_logger;
    struct control control;
    struct status_file status;
    struct watch scan; /* .s6-svscan/control */
    bool sweep;        /* a removed service may have nothing left */
    bool scan_again;   /* a name was found again while its service ended */
    struct rc rc;
    struct tail tail;
    bool over_held; /* a transition is over, but for its tail */

    pid_t hook;
    bool fixes_attrs; /* there is a fix-attrs.d */
    bool runs_init;   /* there is a cont-init.d */
    pid_t cmd_pid;
    int cmd_report; /* of CMD, and before of the hook */
    int exit_code;  /* -1: the exit code file's */
    enum final_act final;
    struct timer halt; /* asked for on the control socket: begins after the reply, or later */
    enum final_act halt_final;
    uint32_t halt_grace; /* ms: S6_KILL_GRACETIME, or what shutdown -t said */
    struct timer stop_poll;
    struct timer stop_limit;
    int64_t stop_deadline; /* of the stage TERM, KILL or DRAIN */
    int64_t stop_end;      /* of the whole stop; 0: no limit */
    unsigned int diverted; /* scripts of signals that run */
    bool stop_asked;       /* by a signal: another one means hurry */
    bool drain_urged;      /* USR2 was sent */
    pid_t *spare;          /* room for the pids of all loggers */
    unsigned char *all;    /* the set of all nodes */

    struct retry retry; /* of all that was put off */
    bool cmd_put_off;
};

struct supervisor_start {
    const struct settings *settings; /* taken over */
    const char *program;
    char **cmd;
    bool guest; /* the terminal and the machine are not ours: it ends with the terminal */
    const char *workdir;
    script_check *check_script; /* of logging scripts: the logger's */
    struct rlimit nofile;
};

/* The whole life of the container after /run was prepared; the exit code of pid 1. */
int supervisor_run(const struct supervisor_start *start);

/* --- between the files of the shell --------------------------------------------------------- */

/* descriptors.c */
int descriptors_suffice(const struct supervisor *sv,
                        struct error *e); /* raises the limit if it may */
/* A number that no process here can have is better said than found out by dup2. */
int descriptors_exist(const struct service_keys *keys, struct error *e);

/* longrun_make.c */
bool longrun_is_paired(const struct supervisor *sv, const struct definition *d,
                       enum logging_mode *mode);
int longruns_make(struct supervisor *sv, struct error *e); /* before the mark: takes all memory */
/* Room for that many more, with timers, children and pids of loggers. */
int longruns_reserve(struct supervisor *sv, uint32_t more, struct error *e);
/* Takes everything that one needs but its pipeline. The service directory path is there. node:
 * NO_NODE or its own. NULL: nothing was kept. */
struct longrun *longrun_add(struct supervisor *sv, const struct definition *d, uint32_t node,
                            const char *path, struct error *e);
/* Of one that is down for good: its supervisor is gone for everybody. The memory is given back by
 * a later longruns_sweep, when its logger has read everything; its place is free then. */
void longrun_remove(struct longrun *l);
/* An update has made it and is not there yet: nobody but the update has a say about it. */
bool longrun_is_prepared(const struct longrun *l);
/* l, not started yet, gets the logger of one of its name that is going. -1: it cannot be had. */
int longrun_inherit_logger(struct longrun *l, struct longrun *going);
/* Another definition and node for one that goes on. */
void longrun_define(struct longrun *l, const struct definition *d, uint32_t node);
/* The pipes of a logger of its own, if it is to have one by that definition. */
int longrun_open_logger(struct supervisor *sv, struct longrun *l, const struct definition *d,
                        struct error *e);
void longruns_sweep(struct supervisor *sv);

/* longrun.c */
void longrun_feed(struct longrun *l, enum service_event event, int detail);
void longrun_reaped(struct longrun *l, pid_t pid, int status);

/* rc.c */
int rc_request(struct supervisor *sv, struct control_connection *from, const char *const *words,
               size_t count);
void rc_over(struct supervisor *sv, enum transition_result result);
void rc_idle(struct supervisor *sv);  /* the next one's turn, if none has it */
void rc_abort(struct supervisor *sv); /* its job begins nothing more */
/* A transition of the job, by its time limit, sparing what is essential. */
void rc_begin(struct supervisor *sv, const unsigned char *set, bool up);
/* update.c */
void update_over(struct supervisor *sv, enum transition_result result);
void update_drop(struct supervisor *sv); /* it ends where it is; harmless without one */

void rc_reloaded(struct supervisor *sv, uint32_t node, const char *failure);
void rc_gone(struct supervisor *sv, const struct control_connection *caller);
void rc_interrupt(struct supervisor *sv); /* the stop begins: who waits is told so */

/* controlled.c */
int controlled_open(struct longrun *l, struct error *e);
int controlled_open_logger(struct longrun *l, struct error *e); /* if it has one */
void controlled_close(struct longrun *l);                       /* its logger's, too */
void controlled_event(struct longrun *l, char event);           /* one of u U d D O x s */
void controlled_refresh(struct longrun *l); /* after any change of the machine */
void controlled_death(struct longrun *l);
void controlled_forget(struct longrun *l);               /* as if never started */
void controlled_mark_down(struct longrun *l, bool down); /* the file down: as s6-rc left it */
void controlled_logger(struct logger_slot *s, bool up, int wait_status);
void controlled_again(struct supervisor *sv); /* writes what could not be written */

/* logger_slot.c */
void logger_slot_start(struct logger_slot *s);
void logger_slot_first(struct logger_slot *s); /* unless it ever was started */
void logger_slot_reaped(struct logger_slot *s, int status);
void logger_slot_hang_up(struct logger_slot *s); /* the end of file, once nobody else writes */
void logger_slots_again(struct supervisor *sv);  /* those that could not be hung up on */
struct logger_slot *logger_slot_at(struct supervisor *sv, uint32_t index); /* NULL: a free place */

/* oneshot.c */
void oneshot_begin(struct supervisor *sv, uint32_t node, bool stopping);
void oneshot_reaped(struct supervisor *sv, uint32_t node, int status);
void oneshot_late(struct supervisor *sv, uint32_t node);
/* Its up, if that runs, is told to end; false: it does not run. */
bool oneshot_interrupt(struct supervisor *sv, uint32_t node);
void oneshot_reload(struct supervisor *sv, uint32_t node);
void oneshot_reload_reaped(struct supervisor *sv, uint32_t node, int status);
void oneshot_reload_late(struct supervisor *sv, uint32_t node);
/* Whether a process is, or comes from, a oneshot that runs. */
bool oneshot_is_ancestor(const struct supervisor *sv, pid_t pid);
void oneshots_again(struct supervisor *sv); /* those that were put off */

/* tail.c */
/* Shows the last lines of a service that is late, soon and not for long. */
void tail_want(struct supervisor *sv, uint32_t node);
bool tail_is_busy(const struct supervisor *sv);
void tail_reaped(struct supervisor *sv);

/* boot.c */
int boot_begin(struct supervisor *sv, struct error *e); /* loggers, control, hook */
void boot_hook_reaped(struct supervisor *sv, int status);
void boot_services_over(struct supervisor *sv, enum transition_result result);

/* cmd.c */
int cmd_prepare(struct supervisor *sv, struct error *e); /* before the mark */
void cmd_start(struct supervisor *sv);                   /* if there is one */
void cmd_again(struct supervisor *sv);                   /* if it was put off */
void cmd_reaped(struct supervisor *sv, int status);
/* Whether the signal was CMD's: by S6_CMD_RECEIVE_SIGNALS. */
bool cmd_signal(const struct supervisor *sv, int signal);
/* Says why an exec failed, if it did; the report is closed. */
void cmd_explain(const struct pid1 *p, int *report, const char *program);
/* Splits at blanks, as a shell does with what it expanded. -1: no memory. */
int cmd_split(const char *text, struct words *out);
/* The same, and each word that is a pattern of files becomes their names, if there are any: what a
 * shell makes of a variable without quotes. Only before the mark. */
int cmd_expand(const char *text, struct words *out);

/* status_file.c: what anybody may know, written once a turn of the loop at most. */
void status_flush(struct supervisor *sv); /* at the end of a turn */
void status_again(struct supervisor *sv); /* what could not be written */

/* diverted.c */
/* Whether a script in /run/service was begun in the place of what the signal does. */
bool diverted_begin(struct supervisor *sv, int signal);
/* Of one that was begun and has ended: whether it could not be executed, which is said. */
bool diverted_failed(struct supervisor *sv, int signal, int status);

/* waits.c */
void waits_open(struct supervisor *sv); /* what is waited for is named when it takes long */

/* refusal.c */
/* As kill, of a process of that service. Where it is refused, that is said unless *said, and a stop
 * waits for its services no longer than S6_KILL_GRACETIME. */
void refusal_kill(struct supervisor *sv, const char *name, pid_t pid, int signal, bool *said);

/* halt.c */
int halt_request(struct supervisor *sv, struct control_connection *from, const char *const *words,
                 size_t count);

/* stop.c */
/* code -1: leave it to the exit code file. Harmless when a stop is under way. */
void stop_begin(struct supervisor *sv, const char *reason, int signal, int code,
                enum final_act final);
void stop_hurry(struct supervisor *sv); /* skip the waits */
void stop_services_over(struct supervisor *sv);
void stop_end_services(struct supervisor *sv); /* no more waiting for them; harmless later */
/* How many processes are left, and what the first are called. */
long stop_remaining(struct supervisor *sv, char *names, size_t size);
void stop_step(struct supervisor *sv); /* after every turn of the loop */

/* supervisor.c */
/* What could not be done for lack of something is to be tried again soon. */
void supervisor_put_off(struct supervisor *sv);
void supervisor_resume(struct supervisor *sv); /* those that were stopped and are waited for */
void supervisor_over(struct supervisor *sv);   /* the transition is, and all that it wanted said */
void supervisor_node_done(struct supervisor *sv, uint32_t node, bool up, bool success);
/* A longrun that an earlier transition left under way, once another is begun that wants something
 * of it. One that is to turn round may never get to where it was sent: it does so now. One that is
 * not is told again if s6-svc has told it otherwise. Anything else is left alone. */
void supervisor_take_up(struct supervisor *sv, uint32_t node);
const struct definition *supervisor_definition(const struct supervisor *sv, uint32_t node);

#endif
