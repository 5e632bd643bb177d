/* What tests of pid 1 need who give it a world of their own: mounts, signals, settings, and what is
 * left at the end. */
#ifndef TESTS_SIMULATION_OWN_WORLD_H
#define TESTS_SIMULATION_OWN_WORLD_H

#include "supervisor/remaining.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline bool own_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return good;
}

/* Mounts of our own, as root or in a user namespace. */
static inline bool own_mounts(void)
{
    char uid[32], gid[32];
    snprintf(uid, sizeof uid, "0 %u 1\n", (unsigned int)geteuid());
    snprintf(gid, sizeof gid, "0 %u 1\n", (unsigned int)getegid());
    if (unshare(CLONE_NEWNS) < 0 &&
        !(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
          (own_write("/proc/self/setgroups", "deny") || access("/proc/self/setgroups", F_OK) < 0) &&
          own_write("/proc/self/uid_map", uid) && own_write("/proc/self/gid_map", gid)))
        return false;
    return mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* SIGCHLD, as the kernel sends it for that child: one that still waits to be taken stands for all
 * that come meanwhile. */
static inline void own_child_changes(pid_t pid)
{
    siginfo_t info = {.si_signo = SIGCHLD};
    info.si_code = CLD_EXITED;
    info.si_pid = pid;
    syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info);
}

/* Those that an earlier one has sent to nobody. */
static inline void own_forget_signals(void)
{
    const struct timespec none = {.tv_sec = 0};
    sigset_t all;
    sigfillset(&all);
    while (sigtimedwait(&all, NULL, &none) > 0)
        ;
}

/* For settings_read. */
static inline char *own_no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static inline bool own_is_spared(const struct remaining *r, pid_t pid)
{
    for (size_t i = 0; i < r->excluded_count; i++)
        if (r->excluded[i] == pid)
            return true;
    return false;
}

/* Names one more, of whom there are count. */
static inline void own_name(const struct remaining *r, long count, const char *label)
{
    if (r->names != NULL)
        snprintf(r->names + strlen(r->names), r->names_size - strlen(r->names), "%s%s",
                 count > 0 ? ", " : "", label);
}

#endif
