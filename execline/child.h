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

/* Starts the program with our environment and directory, and waits until it is executed. The pid,
 * or -1 with e: the code is 127 or 126 when it cannot be executed, 111 otherwise. An orphan that
 * cannot be executed is only a warning. */
pid_t child_start(const struct child *c, struct error *e);

/* Starts the program and sets the variable "!" to its pid. 0, or -1 with e, whose code is always
 * 111: a program beside us that cannot be executed is a failure of ours. */
int child_start_and_tell(const struct child *c, struct error *e);

/* Runs argv to its end; an empty argv counts as a program that exits 0. The raw wait status, or -1
 * with e as child_start. */
int child_run(char *const *argv, struct error *e);

/* The same, with its stdout appended to out; argv is not empty. */
int child_output(char *const *argv, struct str *out, struct error *e);

/* Appends everything that can be read from fd; out->data is never NULL then. 0, or -1 with e. */
int child_read_all(int fd, struct str *out, struct error *e);

/* The exit code for a child that ended: 128 + signal, 128 for anything above 127, else its own
 * code. */
int child_approximation(int status);

/* Sets the variable "?" to the exit code of a raw status, or to 256 + signal. -1 with e: no memory.
 */
int child_set_status(int status, struct error *e);
/* Sets the variable "!". -1 with e: no memory. */
int child_set_pid(pid_t pid, struct error *e);

#endif
