/* A kernel for one life of pid 1, behind the seam (supervisor/pid1_calls.h): processes that do what
 * their script says, signals, deaths, clocks and faults, all drawn from a seed. Pipes, fifos, files
 * under /run and the control socket are real: who holds which end of a pipe counts as in life.
 *
 * Time goes on only when pid 1 waits and nothing is ready. Then what is due next happens: a step of
 * a process, or of the life (lives.h).
 */
#ifndef TESTS_SIMULATION_WORLD_H
#define TESTS_SIMULATION_WORLD_H

#include "supervisor/parts.h"
#include "tests/simulation/random.h"
#include <stdint.h>

enum { WORLD_PROCESSES = 256, PROCESS_FDS = 6, PROCESS_STEPS = 6 };

#define WORLD_START (1000 * INT64_C(1000000000)) /* monotonic ns at which a life begins */
#define NEVER INT64_MAX

enum process_kind {
    PROCESS_NONE = 0, /* a free place */
    PROCESS_RUN,
    PROCESS_FINISH,
    PROCESS_LOGGER,
    PROCESS_ONESHOT,
    PROCESS_CMD,
    PROCESS_CLOSER, /* closes a connection for pid 1 */
    PROCESS_PARENT, /* of a RUN or FINISH */
    PROCESS_OTHER,  /* of pid 1, and soon over */
    PROCESS_ORPHAN  /* made by a service, which it may outlive */
};

enum step_kind {
    STEP_SESSION,
    STEP_BEAR,
    STEP_EXECUTE,
    STEP_READY,
    STEP_GARBAGE,
    STEP_FORK,
    STEP_END
};

struct step {
    int64_t at; /* monotonic ns, NEVER: done */
    enum step_kind what;
    int detail; /* of EXECUTE and BEAR: errno, 0 none; of END: raw wait status */
};

struct process {
    enum process_kind kind;
    pid_t pid, group;
    bool alive; /* not alive: a zombie */
    bool child; /* of pid 1 */
    bool stopped, stop_untold;
    bool told_ready;
    bool foreign;     /* pid 1 may not signal it */
    pid_t above;      /* its parent, if that is not pid 1 and lives; 0 */
    pid_t mother;     /* the same for good */
    bool born;        /* with a parent: it is there */
    bool ends;        /* a parent: it is about to */
    bool eof_ends;    /* a consumer or a logger: it ends once nobody writes to what it reads */
    uint32_t held;    /* bits of signals that came while it was stopped */
    int64_t patience; /* ns from TERM to its end; NEVER: it ignores it */
    int end_status;   /* that of an end which was asked for */
    bool down;        /* of a oneshot */
    int64_t limit;    /* time limit of that, as of the last turn; monotonic ns, 0 none */
    bool late;        /* that limit, or one before it, has passed */
    ino_t directory;  /* inode, of RUN and FINISH: which service it is */
    int report;       /* write end; -1: it was told whether it was executed */
    int reads[2];     /* -1, or copies of what it reads to the end */
    struct process_fd fd[PROCESS_FDS]; /* copies of its descriptors: who holds which pipe */
    size_t fds;
    struct step step[PROCESS_STEPS];
    size_t steps;
    uint64_t seed;
    char label[64];
};

struct world {
    struct supervisor *sv;
    uint64_t seed;
    struct random order; /* of events within a turn */
    int64_t now;         /* monotonic ns */
    int64_t wall_step;   /* ns, what the wall clock was set by */
    uint32_t wild;       /* percent of behaviour that is bad */
    bool reuses_pids;
    bool no_proc;
    bool refuses; /* some processes run as others, and we lack CAP_KILL */
    bool console_blocks;
    bool many_children; /* for pid 1 every number of them is large */
    int console[2];     /* a pipe; the life reads [0] */
    uint32_t spawn_fails, files_fail, memory_fails, fds_fail; /* percent, while a fault lasts */
    int64_t accepts_refused; /* monotonic ns: when nobody could be let in, last; 0 never */
    bool in_product;         /* memory and descriptors are its own */
    struct process process[WORLD_PROCESSES];
    size_t top; /* of these places, so many have ever been used */
    pid_t last_pid;
    uint32_t spawned;
    uint32_t turns_now; /* since time went on */
    bool over;
};

extern struct world world;

/* Everything anew. The supervisor is the caller's. */
void world_open(uint64_t seed, struct supervisor *sv);
/* Closes what processes hold. */
void world_close(void);
const struct pid1_calls *world_calls(void);
/* True in so many of a hundred cases; of 0 no number is drawn. */
bool world_draws(uint32_t percent);
int __real_pipe2(int ends[2], int flags); /* which is never refused (libc.c) */

/* By pid, alive or a zombie; NULL: there is none. */
struct process *world_find(pid_t pid);
/* kill, as root of the machine may. */
int world_kill(pid_t pid, int signal);
/* kill, as pid 1 may. */
int world_kill_by_pid1(pid_t pid, int signal);

/* --- processes.c: between its files --------------------------------------------------------- */

/* A free place with that pid to be; it is alive. */
struct process *process_new(enum process_kind kind, const char *label);
/* Draws what it does from its seed. */
void process_plan(struct process *p);
/* It ends with that raw wait status; those it leaves are pid 1's. */
void process_die(struct process *p, int status);
/* The time of the next step of anybody; NEVER: none. */
int64_t process_next(void);
/* What is due now. */
void process_due(void);
/* Those who read to the end of a pipe find it. True: one did. */
bool process_ends_of_file(void);
void process_free(struct process *p);

/* --- parents.c -------------------------------------------------------------------------------- */

/* Gives it a parent, which bears it soon: the pid of that. */
pid_t parent_add(struct process *p);
void parent_bears(struct process *above, int error);
/* True: its death, or stop, is its parent's to see. */
bool parent_waits(const struct process *p);
void parent_died(const struct process *above);

#endif
