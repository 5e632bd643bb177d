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
 * With the file restart (services/restart.h) its policy decides after the end of an instance, run's
 * or that of a run which cannot be executed: again, with its own wait if it has one; clean, and the
 * service stays down; or given up, a failure for good like exit 125 of finish. The policy is not
 * asked about an end that somebody asked for: by RESTART, by a wish to be up that came while finish
 * ran, or after one to be down. Such a wish, and WANT_UP, WANT_ONCE and LEAVE of a
 * service that is down, begin with a clean tally.
 *
 * The container ends with the service (ACT_EXIT) by container-exit, and by `then` of the policy
 * when it has failed for good; never with 0 in that case, unless `then` says 0. An end that may
 * turn out to be a failure for good is waited for until finish has ended.
 *
 * LEAVE stands for "the supervisor exits when the service is down": one process supervises all
 * services and does not exit, so listeners are told x, and then s as by a new supervisor, which
 * starts the service a second later if it normally is up.
 */
#ifndef SERVICES_MACHINE_H
#define SERVICES_MACHINE_H

#include "services/keys.h"
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
    SERVICE_RESTART,     /* send the signal detail to run, so that it starts again */
    SERVICE_SPAWNED,     /* run was executed */
    SERVICE_UNSPAWNED,   /* run could not be forked or executed, and no child is left. detail
                            SERVICE_LACK: memory, processes or descriptors were short; else the exit
                            code that a shell has for it, or 0 */
    SERVICE_READIED,     /* run wrote a newline to its notification-fd */
    SERVICE_DIED,        /* run or finish was reaped; detail: its status as from waitpid */
    SERVICE_DEADLINE,    /* the deadline of struct service passed */
    SERVICE_EVENTS
};

enum { SERVICE_LACK = 1 };

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
    SERVICE_ACT_UNREADY,  /* tell it that the start failed: a clean end before it was ready */
    SERVICE_ACT_FAILED,   /* tell it, and people, that the service failed for good */
    SERVICE_ACT_LOOPS,    /* tell people that it ends again and again: streak of the tally */
    SERVICE_ACT_EXIT      /* end the container with the code detail */
};

struct service_action {
    enum service_act act;
    int detail;
};

enum { SERVICE_ACTIONS_MAX = 12 };

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
    enum definition_exit container_exit;
    struct restart_policy restart;
};

enum service_want { WANT_DOWN = 0, WANT_UP };

/* Why a service has failed for good. */
enum service_failure {
    FAILURE_NONE = 0,
    FAILURE_FINISH, /* finish said 125 */
    FAILURE_DEATHS, /* more deaths than the policy allows */
    FAILURE_NEVER   /* the policy says never */
};

/* Owns nothing; all zero is a service that was never started and is wanted down. */
struct service {
    enum service_state state;
    enum service_want want;
    bool ready;
    bool ever_started;
    bool paused;  /* the last of SIGSTOP and SIGCONT that was sent is SIGSTOP */
    bool leaving; /* LEAVE came, and x is not told yet */
    bool asked;   /* somebody asked for the next start: the policy has no say in it */
    enum restart_verdict verdict; /* of the policy, about the end that finish runs for */
    enum service_failure failed;  /* until the next start */
    struct restart_tally tally;
    int spawn_code;    /* of a run that could not be executed, and no other has ended since: what a
                          shell exits with for it, 126 where that is not known; else 0 */
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

/* What of the files of a service is to be read before an event, for the rules of that step: they
 * matter for a start, an end and a death. A run keeps the notification-fd that it was started with.
 */
enum service_reading { READS_NOTHING = 0, READS_FOR_A_RUN, READS_FOR_A_START };
enum service_reading service_reads(const struct service *s, enum service_event event);
/* Puts what was read in the place of the rules so far. */
void service_take_rules(struct service_rules *rules, const struct service_rules *read,
                        enum service_reading how);

/* True: there is no process, and none will start by itself. */
bool service_at_rest(const struct service *s);

/* The names, for messages; any number has one. */
const char *service_state_name(enum service_state state);
const char *service_event_name(enum service_event event);

#endif
