/* Programs that a command runs beside itself: how they are started and what their end is reported
 * as (spec/execline.md section 6). */
#ifndef EXECLINE_CHILD_H
#define EXECLINE_CHILD_H

#include "base/error.h"
#include "base/process.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    char *const *argv; /* not empty */
    const struct process_fd *fds;
    size_t fd_count;
    bool orphan;
    const sigset_t *signal_mask; /* the child's; NULL: as ours is now */
};

/* Starts it with our environment, directory and signals, and waits until it is executed. The pid,
 * or -1 with e: what failed, code 127 or 126 when it is the exec, 111 otherwise. Of an orphan that
 * cannot be executed only a warning is said. */
pid_t child_start(const struct child *c, struct error *e);

/* Starts it and keeps its pid in "!". 0, or -1 with e, whose code is 111 also for an exec that
 * failed: what was started beside us was part of what we were asked to do. */
int child_start_and_tell(const struct child *c, struct error *e);

/* Starts argv and waits for its end. An empty argv is a program that exits 0. The raw wait status,
 * or -1 with e as above. */
int child_run(char *const *argv, struct error *e);

/* The same with its stdout appended to out. It must not be empty. */
int child_output(char *const *argv, struct str *out, struct error *e);

/* Appends what fd gives until its end; out->data is then never NULL. */
int child_read_all(int fd, struct str *out, struct error *e);

/* What to exit with for a child: 128 + signal, 128 for anything above 127, else its own code. */
int child_approximation(int status);

/* The variable "?": the exit code, or 256 + signal; "!": a pid. -1 with e: no memory. */
int child_set_status(int status, struct error *e);
int child_set_pid(pid_t pid, struct error *e);

#endif
