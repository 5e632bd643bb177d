/* The life of one longrun: what upstream's s6-supervise does, as a pure table indexed by state and
 * event (spec/supervise.md section 3). Time is a parameter; what is to be done comes back as
 * actions, in order.
 *
 *   DOWN      no process; with want up, waiting for the restart deadline
 *   STARTING  run was forked, exec is not yet known to have worked
 *   UP        run lives
 *   FINISH    finish lives
 *
 * Throttle: a service that was ready may restart one second after it became ready, every other one
 * second after finish ended. An explicit UP in DOWN starts at once. A run that cannot be executed
 * is tried again after 1 s, doubling to 60 s (to 8 s when what it lacked may come back).
 *
 * LEAVE is what is left of "the supervisor exits when the service is down": x is told, then s, as
 * by a supervisor that begins anew, and starts the service a second later if it normally is up.
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
    SERVICE_WANT_UP = 0,
    SERVICE_WANT_DOWN, /* and end it: down-signal, CONT */
    SERVICE_WANT_ONCE, /* start if down, do not restart */
    SERVICE_STAY_DOWN, /* O: want down, do not signal */
    SERVICE_LEAVE,     /* x: the same, and say x */
    SERVICE_SIGNAL,    /* detail: a signal for run, negative: for its process group */
    SERVICE_SPAWNED,   /* exec worked */
    SERVICE_UNSPAWNED, /* fork or exec failed; the child, if any, was reaped; detail 1: for lack of
                          something that may come back */
    SERVICE_READIED,   /* newline on the notification fd */
    SERVICE_DIED,      /* the process of the current state was reaped: detail = raw wait status */
    SERVICE_DEADLINE,  /* service_deadline passed */
    SERVICE_EVENTS
};

enum service_act {
    SERVICE_ACT_RUN,      /* spawn ./run; answer SPAWNED or UNSPAWNED; set pid */
    SERVICE_ACT_FINISH,   /* spawn ./finish with the codes of wait_status; set pid; if it cannot be
                             spawned, feed DIED with 0 */
    SERVICE_ACT_END,      /* down-signal then SIGCONT to pid */
    SERVICE_ACT_KILL,     /* SIGKILL then SIGCONT to pid (its group if so defined) */
    SERVICE_ACT_SIGNAL,   /* detail as above */
    SERVICE_ACT_BOUNDARY, /* tell the logger that an instance ended */
    SERVICE_ACT_EVENT,    /* write detail (one of s u U d D O x) to event/ and renew status */
    SERVICE_ACT_TALLY,    /* note the death */
    SERVICE_ACT_STARTED,  /* counts as started for the transition engine */
    SERVICE_ACT_STOPPED,  /* counts as stopped */
    SERVICE_ACT_FAILED    /* permanent failure: finish said 125 */
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

/* What the table needs to know of the definition. */
struct service_rules {
    bool notifies; /* has notification-fd: started means ready */
    bool has_finish;
    bool normally_up;        /* a supervisor that begins starts it */
    uint32_t timeout_kill;   /* ms, 0 never */
    uint32_t timeout_finish; /* ms, 0 never */
};

enum service_want { WANT_DOWN = 0, WANT_UP };

/* Runtime only. */
struct service {
    enum service_state state;
    enum service_want want;
    bool ready;
    bool ever_started;
    bool paused;       /* it was sent SIGSTOP last */
    bool leaving;      /* x is due */
    pid_t pid;         /* of run or finish; the shell sets it at RUN and FINISH; 0 none */
    pid_t run_pid;     /* of the last run, for finish's fourth argument */
    int wait_status;   /* of the last run */
    uint32_t failures; /* consecutive failures to execute run */
    int64_t since;     /* monotonic ns of the last change of state */
    int64_t ready_at;  /* monotonic ns, 0 never in this life */
    int64_t deadline;  /* monotonic ns of the next DEADLINE event, 0 none: restart in DOWN, kill in
                          UP once ended, kill in FINISH */
};

/* Takes one event, changes s, fills in actions. Returns -1 for an impossible pair (a bug: s is
 * unchanged and actions empty). */
int service_step(struct service *s, const struct service_rules *rules, enum service_event event,
                 int detail, int64_t now, struct service_actions *actions);

/* There is no process, and none is to be. */
bool service_at_rest(const struct service *s);

const char *service_state_name(enum service_state state);
const char *service_event_name(enum service_event event);

#endif
