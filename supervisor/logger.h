/* The logger of one service: the pipes that the service writes to, with the journals of what was
 * read from them, and the process that reads them (docs/logger-contract.md). Pipes and journals
 * live from logger_open to logger_release; processes come and go in between.
 *
 *   NONE      no pipes: the service has no logger of its own
 *   FRESH     pipes, and no process yet
 *   RUNNING   a process reads
 *   WAITING   it died, and the timer is set for the next one
 *   ENDING    it gets no more to read: a clean exit is its last; with a process or without
 *   DRAINED   everything was read, or given up: no other process is started
 */
#ifndef SUPERVISOR_LOGGER_H
#define SUPERVISOR_LOGGER_H

#include "contract/logger.h"
#include "supervisor/logging.h"
#include "supervisor/supervise_dir.h"

enum logger_state {
    LOGGER_NONE = 0,
    LOGGER_FRESH,
    LOGGER_RUNNING,
    LOGGER_WAITING,
    LOGGER_ENDING,
    LOGGER_DRAINED
};

enum { LOGGER_SCRIPT_MAX = 256 }; /* words */

struct logger_pipes {
    /* If the read and the write end are the same number, it is one descriptor open for both; -1:
     * closed. */
    int out_read, out_write, err_read, err_write;
    int journal[3];  /* of stdout, of stderr and, of .init, of the events; the state is behind the
                        first, which is a gate: closed until the boundary was read */
    int events_read; /* -1 but for .init */
};

struct logger_process {
    pid_t pid;         /* 0: none */
    bool restarted;    /* one was started before: the next resumes what that one left */
    uint32_t failures; /* that follow one upon the other */
    int64_t started;   /* monotonic ns */
    int64_t retry_at;  /* monotonic ns: when the next one is due */
};

struct logger {
    const struct logging *shared;
    uint32_t index; /* of children: 0 is .init, 1 .cmd, 2 + i that of longrun i */
    enum logger_state state;
    char *name;          /* of the service; owned */
    struct words script; /* empty: the container's; owned */
    enum logging_mode mode;
    struct logger_pipes pipes;
    struct logger_process process;
    bool boundary; /* The service ended and has not restarted: a process that starts now is to be
                      sent the boundary again. */
    struct supervise_dir seen; /* NAME/log; not of .init and .cmd */
    struct timer timer;        /* of the next process */
    struct retry retry;        /* of the end of file that could not be made */
};

/* In the state NONE. */
void logger_init(struct logger *l, const struct logging *shared, uint32_t index);
/* Makes pipes and journals, and starts nothing. mode: BOTH, DISK, AUTO, or CONSOLE (it only passes
 * lines on). script empty: the container's. events: the read end of the event pipe, which it takes
 * over, or -1. -1 with e: it is in the state NONE still. */
int logger_open(struct logger *l, const char *name, enum logging_mode mode,
                const struct words *script, int events, struct error *e);
/* Closes everything: NONE. The process, if there is one, is nobody's then. */
void logger_release(struct logger *l);
/* Makes the directory NAME/log and lets others see it there; path is that of NAME and is kept, as
 * is name. Harmless in the state NONE, and when it can be seen already. */
int logger_show(struct logger *l, const char *name, const char *path, struct error *e);

/* Starts a process, now or, when that fails, later. Harmless where one runs or none is to. */
void logger_start(struct logger *l);
/* Writes the last line of stderr of the instance that ended last, as far as the logger knows it by
 * now, with a NUL; "" when there is none. */
void logger_last_words(const struct logger *l, char out[LAST_WORDS_SIZE + 1]);
/* Its process was reaped, with that raw wait status. A notice GONE tells when it is drained. */
void logger_reaped(struct logger *l, int status);
/* ENDING: closes our write ends, so that it sees the end of file once nobody else writes, and
 * starts a process if none reads. DRAINED at once if none ever did. Harmless in the state NONE. */
void logger_hang_up(struct logger *l);
/* DRAINED: it is waited for no longer. */
void logger_give_up(struct logger *l);
/* How many bytes it has still to read. */
int64_t logger_unread(const struct logger *l);
/* NONE or DRAINED: nothing will be read any more. */
bool logger_is_over(const struct logger *l);
/* l, which is FRESH, becomes the logger of another of its name that is ENDING, with pipes and
 * process; that one is NONE then. 0 also when one of them has none. -1 with errno: it cannot be
 * had. */
int logger_inherit(struct logger *l, struct logger *ending);

void logger_signal(const struct logger *l, int signal); /* to its process, if there is one */
/* An instance of the service ended: the logger is to end what that left begun. */
void logger_boundary(struct logger *l);
/* For struct process_spawn: which of 1 and 2 the child opens itself, where they are our pipes. */
unsigned int logger_writes(const struct logger *l);

/* --- between its files ---------------------------------------------------------------------- */

/* Forks a process of the pipes, and nothing else. Its pid; -1 with e. */
pid_t logger_spawn(const struct logger *l, struct error *e);

#endif
