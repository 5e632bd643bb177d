#include "base/parent.h"
#include "base/file.h"
#include "base/image.h"
#include "base/process.h"
#include "base/slots.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NAMED = 3 /* the parent's descriptor that is closed once it has its name */,
    NAMED_MS = 2000 /* the program is executed without, later */
};

/* One write, which a pipe takes as a whole. */
static int tell(int report, int number, const char *step)
{
    struct process_failure f = {.error = number};
    memcpy(f.step, step, strlen(step) + 1);
    return write(report, &f, sizeof f) == (ssize_t)sizeof f ? 0 : -1;
}

/* --- the parent ------------------------------------------------------------------------------- */

/* Signals are for the program, and go there without us. */
static void ignore_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        signal(i, i == SIGCHLD ? SIG_DFL : SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It has no environment: that would be memory for nothing. */
static void become_parent(const struct parent_command *parent, const int named[2])
{
    char *none[] = {NULL};
    ignore_signals();
    setsid();
    if (named[1] == NAMED)
        fcntl(NAMED, F_SETFD, 0);
    else
        dup2(named[1], NAMED);
    execve(parent->program, parent->argv, none);
    fd_close_from(NAMED + 1); /* it is as good without, only larger */
    parent_wait(parent->argv[0]);
    _exit(0); /* child */
}

int parent_wait(const char *name)
{
    siginfo_t child = {.si_pid = 0};
    if (waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) < 0)
        return -1;
    image_discard_tables();
    prctl(PR_SET_NAME, name);
    close(NAMED);
    for (;;) {
        if (waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WNOWAIT) < 0) {
            if (errno != EINTR)
                return 0;
        } else if (child.si_code != CLD_STOPPED && child.si_code != CLD_TRAPPED) {
            return 0;
        } else {
            waitid(P_ALL, 0, &child, WSTOPPED | WNOHANG);
            kill(getppid(), SIGCHLD);
        }
    }
}

/* --- the program's process -------------------------------------------------------------------- */

/* A program that looks at once finds the name. The end of the parent will do as well. */
static void await_name(int named)
{
    struct pollfd end = {.fd = named, .events = POLLIN};
    while (poll(&end, 1, NAMED_MS) < 0 && errno == EINTR)
        ;
    close(named);
}

/* What cannot be told of must not live: nobody would know its pid. */
static void begin(int report, pid_t pid, const char *step)
{
    setsid();
    if (tell(report, (int)pid, step) < 0)
        _exit(EXIT_SYSTEM); /* child */
}

void parent_split(const struct parent_command *parent, int flags, int report)
{
    int named[2];
    const char *born = PROCESS_BORN;
    pid_t pid = -1;
    /* The kernel writes there, before the child runs, its pid as its parent sees it, so that even
     * the child of a parent that is killed at once can tell it. */
    pid_t *seen =
        mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen != MAP_FAILED && pipe2(named, O_CLOEXEC) == 0)
        pid = fork_seen(flags, seen);
    if (pid < 0 && errno == EPERM && flags != 0) {
        born = PROCESS_BORN_HERE;
        pid = fork_seen(0, seen);
    }
    if (pid < 0) {
        tell(report, errno, PROCESS_UNBORN);
        _exit(EXIT_SYSTEM); /* child */
    }
    if (pid > 0) {
        tell(report, (int)pid, born); /* as it does itself: one of us may be stopped, or killed */
        close(report);
        become_parent(parent, named);
    }
    close(named[1]);
    begin(report, *seen > 0 ? *seen : getpid(), born);
    munmap(seen, sizeof *seen);
    await_name(named[0]);
}
