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

/* bytes are good (status_check) and taken over; now: monotonic ns. -1: no memory. */
int status_rows(struct status *s, char *bytes, int64_t now);
void status_release(struct status *s);

/* It is as it should be. */
bool status_row_is_well(const struct status_row *r);
/* The container runs, and all rows are well. */
bool status_is_well(const struct status *s);

void status_json(const struct status *s, struct str *out);
void status_table(const struct status *s, struct str *out);
/* A line for each service that is not well; if all are, one that also names the longruns that ran
 * and are down now, because nothing wants them up. */
void status_health(const struct status *s, struct str *out);

#endif
