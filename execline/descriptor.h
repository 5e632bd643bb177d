/* Descriptors as commands name and arrange them. Those that a program is to inherit lose their
 * close-on-exec flag. */
#ifndef EXECLINE_DESCRIPTOR_H
#define EXECLINE_DESCRIPTOR_H

#include "base/error.h"
#include "base/file.h"
#include "execline/child.h"
#include <stdbool.h>

/* Digits only: 0, else -1. */
int descriptor_read(const char *text, int *fd);

/* from becomes to, and is closed. -1 with errno. */
int descriptor_move(int to, int from);

int descriptor_block(int fd, bool block);

/* Starts the child with one end of a new pipe as its stdin (child_reads) or stdout; the other end,
 * close-on-exec. */
int descriptor_pipeline(struct child *child, bool child_reads, pid_t *pid, struct error *e);

#endif
