/* System calls of newer kernels, with a substitute for kernels from Linux 3.10 on and for filters
 * (seccomp) that refuse them. */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* An empty file without a name, in memory: memfd_create, or a file of /run, /dev/shm or /tmp that
 * is removed at once. A descriptor, close-on-exec, or -1 with errno. */
int kernel_memory(const char *name);

/* Fills bytes with random ones, from getrandom, /dev/urandom or the clock: good for unique names,
 * not for secrets. Never waits, never fails. */
void kernel_noise(void *bytes, size_t length);

/* Whether our effective user may access path that way (R_OK, W_OK, X_OK): faccessat2, or the C
 * library's substitute, or access. */
bool kernel_permits(const char *path, int mode);

/* Writes without waiting to a descriptor that others share and that must stay one that blocks:
 * pwritev2 with RWF_NOWAIT. Where there is none for this kind of file, what polls as writable gets
 * PIPE_BUF bytes at most, for which a pipe then has room. The number of bytes, or -1 with errno:
 * EAGAIN, there is no room now. */
ssize_t kernel_write_now(int fd, const void *bytes, size_t length);

/* Whether this errno says that the system call is missing, or that a filter refuses it. */
bool kernel_lacks(int why);

#endif
