/* Shared by the files of calls: descriptors, and the form of every call. */
#ifndef TESTS_SIMULATION_LOGS_CALLS_H
#define TESTS_SIMULATION_LOGS_CALLS_H

#include "tests/simulation/logs/kernel.h"
#include "tests/simulation/wrap.h"
#include <errno.h>
#include <stdarg.h>

/* What a call of the product begins with; the life itself makes the real one. */
#define OUTSIDE (kernel.current == NULL)

/* The open file of a descriptor; NULL with EBADF. */
struct open *open_of(int fd);
/* A new descriptor, at least that number; -1 with errno. */
int open_add(struct node *n, int flags, int least);
/* The directory that paths begin at; NULL with errno. */
struct node *directory_of(int at);
/* Whether it is a file or directory of the disk: what happens to it can fail. */
bool is_of_disk(const struct node *n);
/* Sets errno; -1. */
int refuse(int why);

#endif
