/* Keeps the status file (status.h): who asks how services are reads it, and asks nothing of pid 1.
 */
#ifndef SUPERVISOR_STATUS_FILE_H
#define SUPERVISOR_STATUS_FILE_H

#include "supervisor/cmd.h"
#include "supervisor/longruns.h"
#include "supervisor/status.h"

/* Whom a record is about. */
struct status_source {
    uint32_t node;    /* or NO_NODE: none of s6-rc's, but: */
    uint32_t longrun; /* its index */
};

struct status_file {
    struct pid1 *pid1;
    struct catalogue *catalogue;
    struct longruns *longruns;
    const struct cmd *cmd;
    int64_t began; /* monotonic ns: when the container did */
    int fd;        /* of RUN_STATUS, open and locked as long as it is kept; -1: there is none */
    struct status_image image;
    uint32_t generation;
    pid_t self;                   /* our pid */
    struct status_source *source; /* by record; owned */
    uint32_t count;
    struct shortage lack;
    struct retry retry;
};

/* Fills f; the file is written by the first status_flush. */
void status_file_init(struct status_file *f, struct longruns *ls, const struct cmd *cmd);
/* Writes what has changed (status_changes.h): at the end of a turn. */
void status_flush(struct status_file *f);

#endif
