/* Descriptors as commands name and arrange them. Those that a program is to inherit lose their
 * close-on-exec flag. */
#ifndef EXECLINE_DESCRIPTOR_H
#define EXECLINE_DESCRIPTOR_H

#include "base/error.h"
#include "base/file.h"
#include "execline/child.h"
#include <stdbool.h>

/* Reads the number of a descriptor: digits alone. 0, or -1. */
int descriptor_read(const char *text, int *fd);

/* Makes to the descriptor that from is, and closes from. 0, or -1 with errno. */
int descriptor_move(int to, int from);

/* Makes fd blocking, or non-blocking. 0, or -1 with errno. */
int descriptor_block(int fd, bool block);

/* Starts the child with one end of a new pipe as its stdin (child_reads) or stdout. Returns the
 * other end, close-on-exec, and the pid; or -1 with e. */
int descriptor_pipeline(struct child *child, bool child_reads, pid_t *pid, struct error *e);

#endif
