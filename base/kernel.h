/* What newer kernels have, and what does instead where a kernel, from Linux 3.10 on, or a filter of
 * system calls does not let us have it. */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* An empty file without a name, in memory: memfd_create, or a file of /run, /dev/shm or /tmp that
 * is removed at once. A descriptor, close-on-exec, or -1 with errno. */
int kernel_memory(const char *name);

/* Bytes that nobody else has at the same time: getrandom, /dev/urandom or the clock. Never waits,
 * never fails, keeps no secrets. */
void kernel_noise(void *bytes, size_t length);

/* Whether our effective user may do that (R_OK, W_OK, X_OK): faccessat2, or what the C library and
 * access have instead. */
bool kernel_permits(const char *path, int mode);

/* The errno of a system call that is not there, or that a filter refuses. */
bool kernel_lacks(int why);

#endif
