/* What the status file says, as a table or as JSON. Pure but for the sizes of log directories,
 * which the caller looks up. */
#ifndef COMMAND_OVERLOG_STATUS_H
#define COMMAND_OVERLOG_STATUS_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* Texts are never NULL. */
struct status_row {
    const char *name, *type, *state, *why, *log;
    bool wanted, ready;
    long long pid, starts, code, signal, ms, ready_ms, died_ms; /* -1: not said */
    long long log_bytes;                                        /* -1: not known */
};

struct status {
    const char *version, *stage;
    long long pid, cmd, ms;
    struct status_row *row;
    size_t count;
    char *bytes; /* which the texts are in */
};

/* Reads a status file's bytes, which status_check found good and s owns from here on. now:
 * monotonic ns. 0, or -1: no memory. */
int status_rows(struct status *s, char *bytes, int64_t now);
/* Frees the rows and bytes. */
void status_release(struct status *s);

/* Whether the service is as it should be. */
bool status_row_is_well(const struct status_row *r);
/* Whether the container runs and all rows are well. */
bool status_is_well(const struct status *s);

/* Append it as a line of JSON, and as a table for people. */
void status_json(const struct status *s, struct str *out);
void status_table(const struct status *s, struct str *out);
/* Appends a line for each service that is not well; when all are, one line, which names the
 * longruns that ran and are down now because nothing wants them up. */
void status_health(const struct status *s, struct str *out);

#endif
