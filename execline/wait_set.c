#include "execline/wait_set.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/str.h"
#include <signal.h>
#include <stdlib.h>

int wait_set_add(struct wait_set *s, pid_t pid, struct error *e)
{
    if (LIST_ROOM(s->pid, s->count, s->capacity) < 0)
        return error_system(e, "unable to remember a child");
    s->pid[s->count++] = pid;
    s->alive++;
    return 0;
}

void wait_set_release(struct wait_set *s)
{
    free(s->pid);
    *s = WAIT_SET_INIT;
}

/* One that is dead already; WAIT_TIMEOUT: all live. */
static pid_t look(struct wait_set *s, int *status)
{
    if (s->all)
        return process_reap(status);
    for (size_t i = 0; i < s->count; i++) {
        pid_t pid = s->pid[i];
        pid_t got = pid == 0 ? 0 : process_reap_one(pid, status);
        if (got == 0)
            continue;
        s->pid[i] = 0;
        s->alive--;
        if (got > 0)
            return got;
    }
    return s->alive == 0 ? WAIT_NONE : WAIT_TIMEOUT;
}

/* false at the deadline. */
static bool await_signal(const sigset_t *set, int64_t deadline)
{
    if (deadline == 0) {
        sigwaitinfo(set, NULL);
        return true;
    }
    int64_t left = deadline - clock_monotonic();
    if (left <= 0)
        return false;
    struct timespec t = clock_timespec(left);
    sigtimedwait(set, NULL, &t);
    return true;
}

pid_t wait_set_next(struct wait_set *s, int64_t deadline, int *status)
{
    struct sigaction action;
    sigset_t child;
    sigset_t before;
    pid_t pid;
    /* Blocked, a death between the look and the wait is not missed. */
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    sigaction(SIGCHLD, NULL, &action);
    process_keep_statuses(); /* an ignored one does not come either */
    while ((pid = look(s, status)) == WAIT_TIMEOUT && await_signal(&child, deadline))
        ;
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}
