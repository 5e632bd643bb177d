/* The pipes of one logged stream pair and the logger process that reads them
 * (docs/logger-contract.md). Pipes, journals and state live from logged_open to logged_release,
 * loggers come and go in between. */
#ifndef SUPERVISOR_LOGGED_H
#define SUPERVISOR_LOGGED_H

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "overlay/settings.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What all loggers of the container share. */
struct logging {
    const struct settings *settings;
    const char *program;
    char user[32];            /* "UID:GID", or "" to stay */
    char catchall[32];        /* the same for .init */
    struct words environment; /* PATH and TZ */
    int null;                 /* /dev/null */
    int lock;                 /* the console lock */
    struct rlimit nofile;
};

enum { LOGGED_SCRIPT_MAX = 256 }; /* words */

struct logged {
    bool open;
    char *name;
    enum logging_mode mode;
    struct words script;                          /* empty: the container's */
    int out_read, out_write, err_read, err_write; /* two that are equal: open for both */
    int journal[3];                               /* the state is behind the first */
    int events_read;                              /* -1 but for .init */
    pid_t pid;                                    /* 0: none */
    bool restarted;
    int64_t started; /* monotonic ns */
    uint32_t failures;
    int64_t retry_at; /* monotonic ns; 0 none: a new logger is due then */
};

/* Resolves users, opens /dev/null and the lock. Reads account files: before the mark only. */
int logging_open(struct logging *g, const struct settings *s, const char *program,
                 const struct rlimit *nofile, struct error *e);

/* How many descriptors one of them costs, with its control fifo. */
unsigned long logged_descriptors(const struct logging *g);

/* Makes pipes and journals; starts nothing. mode is LOGGING_BOTH, DISK
 * or AUTO, or CONSOLE (prefix only). script empty: the container's. events: read end of the event
 * pipe or -1. */
int logged_open(struct logged *l, const struct logging *g, const char *name, enum logging_mode mode,
                const struct words *script, int events, struct error *e);

/* Forks a logger: its pid, or -1 with errno (retry_at is then set). */
pid_t logged_start(struct logged *l, const struct logging *g, int64_t now, struct error *e);

/* The logger was reaped: sets retry_at. Now after exit 0 and after a first failure, which may have
 * been a kill; ever later after failures that follow soon. */
void logged_died(struct logged *l, int status, int64_t now);

void logged_signal(const struct logged *l, int signal);

/* An instance of the service ended: the logger is to end what it left begun. */
void logged_boundary(const struct logged *l);
/* For struct process_spawn, of a child whose 1 and 2 are out_write and err_write. */
unsigned int logged_writes(const struct logged *l);
/* For struct process_spawn: closed until that is done; 0 without a logger. */
int logged_gate(const struct logged *l);

/* Closes our write ends: the logger sees end of file once nobody else writes. -1: for lack of
 * descriptors or of /proc one is still open; to be called again, or the logger told by a signal. */
int logged_hang_up(struct logged *l);
/* Nothing is left in the pipes and nobody can write to them any more. */
bool logged_at_end(const struct logged *l);
/* After logged_hang_up: we write again. -1: there is no /proc, or no descriptor. What the logger
 * has seen the end of it reads no more: it is to leave to a successor. */
int logged_resume(struct logged *l);
/* Closes everything. */
void logged_release(struct logged *l);

#endif
