/* The seam: all that pid 1 past the mark asks of the system. The product has one table of it; a
 * test brings its own, and then the whole of pid 1 runs in one process on simulated time. Each call
 * is as the function named beside it, and none may wait but `loop.wait`. */
#ifndef SUPERVISOR_PID1_CALLS_H
#define SUPERVISOR_PID1_CALLS_H

#include "base/error.h"
#include "base/loop.h"
#include "base/process.h"
#include "supervisor/remaining.h"
#include "supervisor/supervise.h"
#include <sys/types.h>
#include <time.h>

struct pid1_calls {
    struct loop_calls loop; /* the monotonic clock, and which events there are, in which order */
    struct timespec (*wall)(void); /* clock_wall */

    /* --- processes --- */
    pid_t (*spawn)(const struct process_spawn *s, int *report, struct error *e); /* process_spawn */
    pid_t (*close_slowly)(int fd);                                               /* process_close */
    pid_t (*changed)(pid_t pid, int *status); /* process_changed: who died or was stopped */
    int (*kill)(pid_t pid, int signal);       /* kill */
    pid_t (*session_of)(pid_t pid);           /* getsid */
    pid_t (*parent_of)(pid_t pid);            /* process_parent */
    long (*signal_rest)(const struct remaining *r, int signal);           /* remaining_signal */
    long (*probe_rest)(const struct remaining *r, pid_t top, int signal); /* remaining_probe */

    /* --- pipes, fifos and sockets of ours --- */
    int (*report)(int fd, struct process_failure *f);  /* process_report */
    ssize_t (*read)(int fd, void *bytes, size_t size); /* read */
    ssize_t (*peek)(int fd, void *bytes, size_t size); /* recv, MSG_PEEK | MSG_DONTWAIT */
    void (*messages_to)(int fd);                       /* console_messages_to */

    /* --- files under /run --- */
    int (*write_status)(const char *path, const struct supervise_status *s,
                        struct error *e);              /* supervise_write_status */
    int (*tell)(const char *path, const char *events); /* supervise_notify */
    int (*add_death)(const char *path, const struct timespec *when, int wait_status,
                     unsigned int most, struct error *e);     /* supervise_add_death */
    int (*create)(const char *path, int access, mode_t mode); /* open, O_CREAT | O_EXCL */
    int (*create_empty)(const char *path, mode_t mode); /* mknod of a regular file, one call */
    ssize_t (*write_at)(int fd, const void *bytes, size_t size, off_t at); /* pwrite */
    int (*write_file)(int at, const char *path, const void *bytes, size_t size, mode_t mode,
                      struct error *e); /* file_write */
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);

    /* --- our control group --- */
    int (*memory_open)(bool *tells);   /* cgroup_kills_open */
    long long (*memory_kills)(int fd); /* cgroup_kills */
    long long (*memory_limit)(void);   /* cgroup_memory_limit */
};

/* The product's. */
extern const struct pid1_calls pid1_system;

#endif
