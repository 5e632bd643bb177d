/* What the control group of this process says of its memory: version 2 (memory.events, memory.max)
 * or 1 (memory.oom_control, memory.limit_in_bytes), where they are mounted. Only reads. */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Opens the file that counts the processes of the group that the kernel killed for lack of memory:
 * a descriptor, close-on-exec and the caller's, or -1 with errno: there is none, or it does not
 * count them (version 1 before Linux 4.13). *tells: poll says POLLPRI when it has changed since it
 * was read last, which only version 2 does. */
int cgroup_kills_open(bool *tells);
/* The count that the file has now; -1: it cannot be read. Never waits. */
long long cgroup_kills(int fd);

/* The memory that the group may use, in bytes; -1: not known, or there is no limit. */
long long cgroup_memory_limit(void);

/* --- pure ------------------------------------------------------------------------------------- */

/* Finds the path of the group, "/docker/x", in the text of /proc/self/cgroup: of version 1 the one
 * of that controller, of version 2 (controller NULL) the only one. False: there is none, or it does
 * not fit. */
bool cgroup_path(const char *text, const char *controller, char *out, size_t size);
/* The number behind "oom_kill " in the text of the file that counts; -1: there is none. */
long long cgroup_kills_of(const char *text);
/* The limit by the text of memory.max or memory.limit_in_bytes; -1: none. */
long long cgroup_limit_of(const char *text);

#endif
