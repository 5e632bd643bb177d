/* One life of pid 1: what its seed has planned, what happens, and what must hold all the time.
 * lives.c runs them, plan.c draws them, callers.c acts, invariants.c looks. */
#ifndef TESTS_SIMULATION_LIVES_H
#define TESTS_SIMULATION_LIVES_H

#include "tests/simulation/world.h"
#include <stddef.h>

enum { SERVICES_MAX = 8, DIRECTORIES = 3, EVENTS_MAX = 64, CROWDS_MAX = 8 };

enum service_kind { KIND_ONESHOT, KIND_LONGRUN, KIND_BUNDLE, KIND_CONSUMER, KIND_PRODUCER };

/* A file restart, and what it makes of a failure for good. */
struct restart_plan {
    const char *line;
    bool exits; /* then exit */
    int code;   /* of then CODE; -1: it has none */
};

struct service_plan {
    bool dropped;
    enum service_kind kind;
    uint32_t needs; /* bits of earlier ones; of a bundle: its members */
    bool essential, finish, notifies, reloads;
    uint32_t timeout_up, timeout_down, timeout_kill; /* ms, 0 none */
    const char *container_exit;                      /* NULL: none */
    const struct restart_plan *restart;              /* NULL: none */
};

enum event_kind {
    EVENT_SVC,    /* letters to supervise/control */
    EVENT_RC,     /* s6-rc */
    EVENT_UPDATE, /* s6-rc-update to a tree with other services */
    EVENT_SCAN,   /* s6-svscanctl */
    EVENT_LINK,   /* a services.d directory comes */
    EVENT_UNLINK, /* and goes */
    EVENT_FILES,  /* its files change: down, log/down, modes, finish */
    EVENT_SIGNAL, /* to pid 1 */
    EVENT_HALT,   /* halt or shutdown */
    EVENT_KILL,   /* somebody signals a process */
    EVENT_LEAVE,  /* a caller goes before its answer */
    EVENT_FAULT,  /* memory, descriptors, processes or room in /run are short, or not any more */
    EVENT_CLOCK,  /* the wall clock is set, or the machine slept */
    EVENT_EXIT,   /* somebody writes the exit code file */
    EVENT_CROWD,  /* callers who do not read */
    EVENT_KINDS
};

struct event {
    bool dropped;
    int64_t at; /* monotonic ns */
    enum event_kind kind;
    uint64_t seed; /* of what exactly */
};

struct plan {
    uint64_t seed;
    struct service_plan service[SERVICES_MAX];
    size_t services;
    struct event event[EVENTS_MAX + CROWDS_MAX];
    size_t events;
    bool crowded;              /* callers come who do not read, and sockets hold little */
    int64_t stop_at, hurry_at; /* SIGTERM, and another one */
    bool no_cmd;
    bool calm; /* no faults of processes: they all behave; shrinking tries it */
};

/* What is known of the life that runs, beside the world. */
struct life {
    struct plan *plan;
    size_t next;                     /* event */
    bool stopped, hurried;           /* the signals were sent */
    bool stopping;                   /* it was seen */
    int64_t stop_began, hurry_began; /* monotonic ns, 0 not yet */
    int allowed[64];                 /* exit codes that something has called for */
    size_t allowed_count;
    bool cmd_ended;
    bool reason;   /* something was said to be fatal */
    int file_code; /* of the exit code file */
    uint32_t databases;
    uint64_t turns;
    bool tells;     /* the story goes to stdout as it happens */
    uint64_t *hash; /* of the story and of what pid 1 calls, so far; NULL: not wanted */
};

extern struct life life;

/* --- lives.c --- */

/* A line of the story, with its time. */
void story(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same of a call of pid 1: it counts for the hash alone. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* This life fails: kind says which invariant it is, in a word or two. Does not return. */
void life_fails(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/* Writes to where pid 1 writes its messages. */
void life_write(const char *line);
/* Somebody has called for that exit code. */
void life_allow(int code);
/* The run of that service has ended so, and no stop has begun. */
void life_died(const char *service, int code);
/* When the life has something planned next, NEVER: nothing; and what is due now happens. */
int64_t life_next(void);
void life_due(void);

/* --- plan.c --- */

void plan_draw(struct plan *p, uint64_t seed);
/* Writes the tree of definitions: below /run, which goes as a whole. */
#define PLAN_TREE "/run/tree"
void plan_write(const struct plan *p);
const char *plan_name(size_t service);
void plan_tell(const struct plan *p);

/* --- updates.c --- */

void update_any(struct random *r);
/* That of the database of that number has its answer. */
void update_answered(uint32_t number);
void update_forget(void); /* the tree, which the next life has another of */

/* --- files.c: of the test, beside the product --- */

void files_write(const char *path, const char *content, mode_t mode);
void files_remove(const char *path);
void files_enter(void); /* mounts of our own, once, and nothing of our environment */
void files_open(void);  /* a fresh /run; /etc is that of the life before */
void files_close(void);

/* --- callers.c --- */

void callers_open(void);
void callers_act(const struct event *e);
/* Letters into a fifo; into that of s6-svscanctl. */
void callers_write(const char *path, const char *letters);
void callers_scan(const char *letters);
enum { CALLER_WHAT = 80, CALLER_WORDS = 16 };
/* A connection to the control socket that asks that, words joined in what; words NULL: it says
 * nothing. -1: there is none to be had. */
int callers_connect(const char *const *words, char what[CALLER_WHAT]);
/* The words of s6-rc, with a NULL behind them. */
void callers_draw_rc(struct random *r, const char *words[CALLER_WORDS]);
/* How many are connected. */
size_t callers_count(void);
/* Somebody asks at the control socket. update: 1 + the number of a database; 0: it is no update. */
void callers_ask(const char *const *words, uint32_t update);
/* Takes what they were answered. */
void callers_listen(void);
/* Pid 1 is over: who was not answered? */
void callers_end(void);
void callers_close(void);

/* --- crowd.c: callers who read late, or never --- */

void crowd_open(void);
void crowd_come(struct random *r);
/* Those whose time has come read. */
void crowd_listen(void);
/* How many pid 1 holds, and what for them. */
void crowd_limits(const struct supervisor *sv);
void crowd_close(void);

/* --- links.c: services.d --- */

void links_open(void);
const char *link_name(uint32_t directory);
void links_come(struct random *r);
void links_go(struct random *r);
void links_change(struct random *r);
/* s6-svlink and s6-svunlink go on, if what they wait for is true. */
void links_wait(void);

/* --- invariants.c --- */

void invariants_open(void);
/* After every turn. */
void invariants_turn(void);
/* Nothing is ready, and time is about to go on. */
void invariants_quiet(void);
/* A process of a service is about to be. */
void invariants_spawn(struct process *p);
/* Pid 1 is about to signal a process, or a group. */
void invariants_kill(pid_t pid, int signal);
void invariants_end(int code);

#endif
