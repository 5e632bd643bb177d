/* The world of one service's machine: the kernel, those who ask for something, and what an observer
 * knows of both. Times are what is left until a deadline and how long readiness lasts, so that
 * there are finitely many states. */
#ifndef TESTS_SIMULATION_MACHINE_WORLD_H
#define TESTS_SIMULATION_MACHINE_WORLD_H

#include "services/machine.h"
#include <stdint.h>

/* The files of the service, as bits. */
enum {
    RULE_NOTIFIES = 1,
    RULE_FINISH = 2,
    RULE_NORMALLY_UP = 4,
    RULE_KILL = 8,   /* timeout-kill is KILL_MS, else 0 */
    RULE_LIMIT = 16, /* timeout-finish is FINISH_MS, else 0 */
    RULE_SETS = 32
};

/* The files restart and container-exit, which stay as they are, by number; 0: neither is there. */
enum { POLICIES = 8 };
struct machine_policy {
    const char *line; /* NULL: there is no restart */
    enum definition_exit exit;
    unsigned int rules; /* with which it is explored when it is to be quick */
};
extern const struct machine_policy machine_policies[POLICIES];

enum { KILL_MS = 3000, FINISH_MS = 4000 };

/* What the kernel has. */
enum process {
    PROCESS_NONE = 0,
    PROCESS_FORKED,  /* it is not known yet whether it could execute run */
    PROCESS_REFUSED, /* it could not, and is not reaped yet */
    PROCESS_RUN,
    PROCESS_FINISH
};

/* The request of the transition engine that is not answered yet. */
enum waits { WAITS_NOT = 0, WAITS_START, WAITS_STOP };

enum {
    FLAG_READY = 1,
    FLAG_EVER_STARTED = 2,
    FLAG_PAUSED = 4,
    FLAG_LEAVING = 8,
    FLAG_ASKED = 256,
    FLAG_LOOPS = 512,
    /* What only the observer knows. */
    SEEN_ENDED = 16,    /* this process was told to end, with a limit */
    SEEN_COUNTER = 32,  /* somebody else wished the contrary of what the engine waits for */
    SEEN_STOPPED = 64,  /* the last of STOP and CONT that this process got is STOP */
    SEEN_LEAVING = 128, /* LEAVE came, and x was not told yet */
    SEEN_ASKED = 1024   /* somebody asked for the next start */
};

enum {
    NEVER = 0xffff,
    LONG_AGO_MS = 1000,
    MOST_FAILURES = 7,
    MOST_DEATHS = 3,
    MOST_STREAK = 4, /* one more than what is said first */
    UNIT_MS = 500,
    NO_DEATH = 0xff
};

/* Without padding: struct explore compares its bytes. */
struct machine_state {
    uint16_t left;      /* ms until the deadline, or NEVER */
    uint16_t ready_for; /* ms since it became ready, LONG_AGO_MS at most, or NEVER */
    uint16_t lived;     /* by a policy: ms since run was executed, the same */
    uint16_t flags;
    uint8_t rules;
    uint8_t state;
    uint8_t want;
    uint8_t failures; /* MOST_FAILURES at most */
    uint8_t process;
    uint8_t waits;
    uint8_t policy;
    uint8_t ended; /* by a policy, while finish runs: how run ended; number of a move */
    uint8_t verdict;
    uint8_t failed;
    uint8_t wait;                    /* in units of UNIT_MS, as are those that follow */
    uint8_t streak;                  /* MOST_STREAK at most */
    uint8_t death[MOST_DEATHS];      /* how long ago, the oldest first, or NO_DEATH */
    uint8_t seen_death[MOST_DEATHS]; /* the same, as the observer counts */
    uint8_t seen_verdict;            /* as the observer has it, while finish runs */
    uint8_t unused;
};

/* One step of the machine, before and after. */
struct machine_step {
    struct service before;
    struct service after;
    struct service_rules rules;
    enum service_event event;
    int detail;
    int64_t now;
    int result;
    struct service_actions actions;
    /* What the observer knows. */
    unsigned int deaths;          /* within TIME before now, since it was asked for */
    bool asked;                   /* somebody asked for the next start */
    enum restart_verdict verdict; /* about the run that finish runs for */
};

/* What the policy has to make of an end of run in this step; with *counts whether it is a death
 * that counts. */
enum restart_verdict machine_verdict(const struct machine_step *step, bool *counts);
/* Somebody asks for a start that would not come, or not yet: it begins with a clean tally. */
bool machine_is_wish_to_start(const struct service *s, enum service_event event);

/* Returns which law the step breaks, or NULL. */
const char *machine_laws(const struct machine_step *step);

/* The same for what the turn of the loop left, when all is done that was to be done at once. */
const char *machine_laws_at_rest(const struct machine_state *s);

/* True: it counts as started for the transition engine. */
bool machine_is_started(const struct service *s, const struct service_rules *rules);

enum world_result { WORLD_CANNOT, WORLD_OK, WORLD_BROKEN };

/* A move: what happens, how the spawn that follows ends, and what the files say when they are read.
 */
uint32_t world_move(unsigned int what, unsigned int outcome, unsigned int rules);
/* Performs a move. WORLD_CANNOT: it cannot happen there, or it is the same as another move.
 * WORLD_BROKEN: why is filled. */
enum world_result world_perform(struct machine_state *s, uint32_t move, const char **why);
/* How many moves there are, and whether one of them has the files read. */
unsigned int world_moves(void);
bool world_reads_files(const struct machine_state *s, unsigned int what);
/* What follows a move that spawns. */
enum { OUTCOME_LATER = 0, OUTCOME_AT_ONCE, OUTCOME_REFUSED, OUTCOME_SHORT, OUTCOMES };

/* Moves by their name, for those that look for a way. */
enum {
    MOVE_UP = 0,
    MOVE_DOWN,
    MOVE_ONCE,
    MOVE_STAY,
    MOVE_LEAVE,
    MOVE_START,
    MOVE_STOP,
    MOVE_LATE_START,
    MOVE_LATE_STOP,
    MOVE_EXECUTED,
    MOVE_REFUSED,
    MOVE_REAPED,
    MOVE_READY,
    MOVE_DEADLINE,
    MOVE_TIME,
    MOVE_RESTART,
    MOVE_DIES,
    MOVE_OTHERS
};

void world_tell(const struct machine_state *s, uint32_t move, char *text, size_t size);
void world_show(const struct machine_state *s, char *text, size_t size);

#endif
