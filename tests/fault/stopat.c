/* Executes a program and kills it, with all its children, as it enters its Nth system call.
 *
 * stopat N FILE PROGRAM [ARG...]   exit 137 when it came to that; else the program's code. FILE gets
 *                                  the number of system calls that were entered
 *
 * In the environment, REFUSED=N[,N...] makes the system calls of those numbers fail with ENOSYS, as on a
 * kernel that has not got them.
 *
 * Children are followed until they execute another program: what they do from then on is not ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACED_MAX = 256 };

static struct {
    pid_t pid;
    int inside; /* a system call */
} traced[TRACED_MAX];

static int *inside(pid_t pid)
{
    for (int i = 0; i < TRACED_MAX; i++)
        if (traced[i].pid == pid)
            return &traced[i].inside;
    for (int i = 0; i < TRACED_MAX; i++)
        if (traced[i].pid == 0) {
            traced[i].pid = pid;
            traced[i].inside = 0;
            return &traced[i].inside;
        }
    abort();
}

static void forget(pid_t pid)
{
    for (int i = 0; i < TRACED_MAX; i++)
        if (traced[i].pid == pid)
            traced[i].pid = 0;
}

/* Those of which we have not heard yet die with us. */
static void kill_all(void)
{
    int status;
    for (int i = 0; i < TRACED_MAX; i++)
        if (traced[i].pid != 0)
            kill(traced[i].pid, SIGKILL);
    for (int i = 0; i < TRACED_MAX; i++)
        while (traced[i].pid != 0 && waitpid(traced[i].pid, &status, __WALL) > 0 &&
               !WIFEXITED(status) && !WIFSIGNALED(status))
            ;
}

static void follow(pid_t pid)
{
    ptrace(PTRACE_SETOPTIONS, pid, 0,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
               PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    ptrace(PTRACE_SYSCALL, pid, 0, 0);
}

static void refuse(const char *numbers)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    while (numbers != NULL && *numbers != '\0') {
        filter[1].k = (unsigned int)strtoul(numbers, NULL, 10);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
            abort();
        numbers = strchr(numbers, ',');
        numbers = numbers == NULL ? NULL : numbers + 1;
    }
}

static unsigned long calls;

static int report(const char *path, int code)
{
    FILE *f = fopen(path, "w");
    if (f != NULL) {
        fprintf(f, "%lu\n", calls);
        fclose(f);
    }
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 100;
    unsigned long last = strtoul(argv[1], NULL, 10);
    int status;
    pid_t first = fork();
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        refuse(getenv("REFUSED"));
        execv(argv[3], argv + 3);
        _exit(127);
    }
    for (int fd = 3; fd < 256; fd++)
        close(fd); /* pipes must not be held open here */
    signal(SIGTERM, SIG_IGN);
    waitpid(first, &status, 0);
    inside(first);
    follow(first);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0)
            return report(argv[2], 111);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            forget(pid);
            if (pid != first)
                continue;
            int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            kill_all();
            return report(argv[2], code);
        }
        int sig = WSTOPSIG(status), event = status >> 16;
        int *in = inside(pid);
        if (sig == (SIGTRAP | 0x80)) {
            *in = !*in;
            if (*in && ++calls == last) {
                kill_all();
                return report(argv[2], 137);
            }
            sig = 0;
        } else if (event == PTRACE_EVENT_EXEC && pid != first) {
            ptrace(PTRACE_DETACH, pid, 0, 0);
            forget(pid);
            continue;
        } else if (event != 0 || sig == SIGSTOP || sig == SIGTRAP) {
            sig = 0;
        }
        ptrace(PTRACE_SYSCALL, pid, 0, sig);
    }
}
