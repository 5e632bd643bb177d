/* The life of one longrun, as upstream's s6-supervise leads it: a table indexed by state and event
 * (spec/supervise.md section 3). Pure: time is a parameter, and the caller gets actions to perform,
 * in order.
 *
 *   DOWN      there is no process; when the service is wanted up, it starts at the deadline
 *   STARTING  run was forked, and it is not known yet whether it could be executed
 *   UP        run is alive
 *   FINISH    finish is alive
 *
 * Restarts: a service that became ready starts again one second after that moment at the earliest,
 * any other service one second after the end of finish. WANT_UP in DOWN starts it at once. A run
 * that cannot be executed is tried again after 1 s, then after twice the time, up to 60 s (8 s when
 * memory, processes or descriptors were short).
 *
 * LEAVE stands for "the supervisor exits when the service is down": one process supervises all
 * services and does not exit, so listeners are told x, and then s as by a new supervisor, which
 * starts the service a second later if it normally is up.
 */
#ifndef SERVICES_MACHINE_H
#define SERVICES_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum service_state {
    SERVICE_DOWN = 0,
    SERVICE_STARTING,
    SERVICE_UP,
    SERVICE_FINISH,
    SERVICE_STATES
};

enum service_event {
    SERVICE_WANT_UP = 0, /* start, and start again after each end */
    SERVICE_WANT_DOWN,   /* end run with the down-signal, and stay down */
    SERVICE_WANT_ONCE,   /* start if it is down, and stay down after the end */
    SERVICE_STAY_DOWN,   /* stay down after the end, without a signal */
    SERVICE_LEAVE,       /* the same, then the supervisor leaves */
    SERVICE_SIGNAL,      /* send a signal. detail: its number, for run; negative: for its group */
    SERVICE_SPAWNED,     /* run was executed */
    SERVICE_UNSPAWNED,   /* run could not be forked or executed, and no child is left. detail 1:
                            memory, processes or descriptors were short */
    SERVICE_READIED,     /* run wrote a newline to its notification-fd */
    SERVICE_DIED,        /* run or finish was reaped; detail: its status as from waitpid */
    SERVICE_DEADLINE,    /* the deadline of struct service passed */
    SERVICE_EVENTS
};

enum service_act {
    SERVICE_ACT_RUN,      /* fork ./run and set pid; SPAWNED or UNSPAWNED is the answer */
    SERVICE_ACT_FINISH,   /* fork ./finish with the codes of wait_status and set pid; when that is
                             impossible, DIED with detail 0 is the answer */
    SERVICE_ACT_END,      /* send the down-signal, then SIGCONT, to pid */
    SERVICE_ACT_KILL,     /* send SIGKILL, then SIGCONT, to pid (flag-timeout-killpg: its group) */
    SERVICE_ACT_SIGNAL,   /* send a signal, detail as in SERVICE_SIGNAL */
    SERVICE_ACT_BOUNDARY, /* tell the logger that an instance ended */
    SERVICE_ACT_EVENT,    /* write detail (one of s u U d D O x) to event/, and the status anew */
    SERVICE_ACT_TALLY,    /* add the death to the tally */
    SERVICE_ACT_STARTED,  /* tell the transition engine that the service is started */
    SERVICE_ACT_STOPPED,  /* tell it that the service is stopped */
    SERVICE_ACT_FAILED    /* tell it that the start failed for good: finish exited 125 */
};

struct service_action {
    enum service_act act;
    int detail;
};

enum { SERVICE_ACTIONS_MAX = 8 };

struct service_actions {
    struct service_action item[SERVICE_ACTIONS_MAX];
    unsigned int count;
};

/* The part of the service's files that the table depends on. */
struct service_rules {
    bool notifies;           /* has a notification-fd: it is started when it is ready */
    bool has_finish;         /* there is a finish */
    bool normally_up;        /* a new supervisor starts the service */
    uint32_t timeout_kill;   /* ms, 0 never */
    uint32_t timeout_finish; /* ms, 0 never */
};

enum service_want { WANT_DOWN = 0, WANT_UP };

/* Owns nothing; all zero is a service that was never started and is wanted down. */
struct service {
    enum service_state state;
    enum service_want want;
    bool ready;
    bool ever_started;
    bool paused;       /* the last of SIGSTOP and SIGCONT that was sent is SIGSTOP */
    bool leaving;      /* LEAVE came, and x is not told yet */
    pid_t pid;         /* of run or finish, 0 none; the caller sets it at ACT_RUN and ACT_FINISH */
    pid_t run_pid;     /* of the last run: the fourth argument of finish */
    int wait_status;   /* of the last run, as from waitpid */
    uint32_t failures; /* consecutive failures to execute run */
    int64_t since;     /* monotonic ns of the last change of state */
    int64_t ready_at;  /* monotonic ns, 0 never in this life */
    int64_t deadline;  /* monotonic ns of the next DEADLINE event, 0 none: restart in DOWN, kill in
                          UP once ended, kill in FINISH */
};

/* Changes s by one event and fills actions. detail: as the event says, else 0. now: monotonic ns.
 * 0; -1 when the event is impossible in this state, which is a bug of the caller: s is as before
 * and there are no actions. */
int service_step(struct service *s, const struct service_rules *rules, enum service_event event,
                 int detail, int64_t now, struct service_actions *actions);

/* True: there is no process, and none will start by itself. */
bool service_at_rest(const struct service *s);

/* The names, for messages; any number has one. */
const char *service_state_name(enum service_state state);
const char *service_event_name(enum service_event event);

#endif
