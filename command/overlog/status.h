/* What the status file says, as a table or as JSON. Pure but for reading the file, and for the
 * sizes of log directories, which the caller looks up. */
#ifndef COMMAND_OVERLOG_STATUS_H
#define COMMAND_OVERLOG_STATUS_H

#include "base/error.h"
#include "base/str.h"
#include "command/overlog/overlog.h"
#include "command/overlog/usage.h"
#include "command/tools/schedule_state.h"
#include "services/restart.h"
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { STATUS_SAYS_MAX = 600 };

/* Texts are never NULL. */
struct status_row {
    const char *name, *type, *state, *why, *log;
    bool wanted, ready, oom, core; /* the last two: of the last end (supervisor/status.h) */
    long long pid, starts, code, signal, ms, ready_ms, died_ms; /* -1: not said */
    long long log_bytes;                                        /* -1: not known */
    /* What it writes, as its logger counts; -1: not known. The caller reads it. */
    long long log_rate;    /* bytes a minute */
    long long log_written; /* bytes since the container began */
    bool floods;           /* lately it wrote more than OVERLOG_FLOOD */
    bool has_use;          /* the next is known; the caller sets both */
    struct usage use;
    char restart[RESTART_LINE_MAX]; /* its policy; "": none. The caller reads it */
    char says[STATUS_SAYS_MAX];     /* of itself, by notify; "": nothing. The caller reads it */
    struct schedule_state job;      /* job_is() tells whether there is one. The caller reads it */
};

struct status {
    const char *version, *stage;
    long long pid, cmd, ms;
    long long memory_limit; /* bytes; -1: not known, or none. The caller sets it */
    struct timespec now;    /* when it was read; {0, 0} after status_rows */
    struct status_row *row;
    size_t count;
    char *bytes; /* which the texts are in */
};

/* Reads a status file's bytes, which status_check found good and s owns from here on. now:
 * monotonic ns. 0, or -1: no memory. */
int status_rows(struct status *s, char *bytes, int64_t now);
/* Frees the rows and bytes. */
void status_release(struct status *s);

/* The same of the file of that /run ("/run"), which pid 1 keeps. 0, or -1 with e. */
int status_read(struct status *s, const char *run, struct error *e);
/* Reads all of a row that "the caller reads", in that /run, and the size of its log directory. */
void status_read_files(struct status_row *r, const char *run);
/* Writes the path of a file of a service directory in that /run: in s6-rc/servicedirs/NAME if s6-rc
 * has the service, for service/NAME leads there by a path that begins with /run; else there. */
void status_service_path(char path[PATH_MAX], const char *run, const char *name, const char *file);
/* Reads its policy as it counts at its next end, in that /run; "" where that makes no sense. */
void status_read_restart(struct status_row *r, const char *run);
/* Leaves only the rows that are asked for, by names and patterns; all of them for none. False: one
 * matches nothing; said. */
bool status_choose(struct status *s, char *const *names);
/* Says that there is no service of that name, and which one may be meant. */
void status_say_unknown(const struct status *s, const char *name);
/* The row of that name; NULL: there is none. */
const struct status_row *status_find(const struct status *s, const char *name);

/* Whether it is in that state ("up"), and whether it is a oneshot. */
bool status_row_is(const struct status_row *r, const char *state);
bool status_row_is_oneshot(const struct status_row *r);
/* How often it was started again; -1: not said. */
long long status_restarts(const struct status_row *r);
/* Whether the service is as it should be. */
bool status_row_is_well(const struct status_row *r);
/* Whether the container runs and all rows are well. */
bool status_is_well(const struct status *s);

/* How a process ended. */
struct status_end {
    long long code, signal; /* -1: not so */
    long long limit;        /* of memory, in bytes; -1: not known */
    bool oom, core;
};
/* "exit 1", "SIGSEGV (core dumped)", "SIGKILL (out of memory, limit 512M)"; "-": it did not. */
void status_end_text(const struct status_end *e, char *out, size_t size);
struct status_end status_end_of(const struct status *s, const struct status_row *r);
/* The colour of its state. */
enum style status_style(const struct status_row *r);

/* Append the members that say how it is, and the member "uses". */
void status_row_json(const struct status_row *r, struct str *out);
void status_use_json(const struct usage *u, struct str *out);
/* Append it as a line of JSON, and as a table for people, of 80 columns. */
void status_json(const struct status *s, struct str *out);
void status_table(const struct status *s, struct str *out);
/* Appends what the services that run use as a table of 80 columns, and sorts them by that. */
void status_use_table(struct status *s, struct str *out);
/* Appends a line for each service that is not well; when all are, one line, which names the
 * longruns that ran and are down now because nothing wants them up. */
void status_health(const struct status *s, struct str *out);

#endif
