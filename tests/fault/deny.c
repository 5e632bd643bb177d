/* Executes a program whose system calls of some names fail, its children's too: a kernel that does
 * not know them, or a filter that does not want them.
 *
 * deny ERRNO NAME[,NAME...] PROGRAM [ARG...]   exit 100: there is no such name
 *
 * The name "share" stands for a child in the memory of its parent, which goes on meanwhile; "execmem" for memory files that
 * could be executed, as vm.memfd_noexec=2 refuses them with EACCES (13).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) {#name, SYS_##name}

static const struct {
    const char *name;
    unsigned int number;
} calls[] = {
    CALL(renameat2), CALL(getrandom), CALL(memfd_create), CALL(execveat), CALL(membarrier),
    CALL(copy_file_range), CALL(preadv2), CALL(pwritev2), CALL(statx), CALL(clone3),
    CALL(pidfd_open), CALL(pidfd_send_signal), CALL(pidfd_getfd), CALL(close_range), CALL(openat2),
    CALL(faccessat2), CALL(fchown), CALL(fchownat), CALL(splice), CALL(fallocate), CALL(rseq),
    CALL(sched_setattr), CALL(seccomp), CALL(epoll_pwait2), CALL(unshare), CALL(madvise),
    CALL(setgroups), CALL(setresuid), CALL(setresgid),
    {"fchmodat2", 452}, /* newer than the headers */
};

enum { CALLS = sizeof calls / sizeof calls[0] };

#define LOAD(what) (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define SKIP_UNLESS(value, count) (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define REFUSE(error) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)(error))

/* Neither vfork nor a thread. The flags are in the low half of a little-endian argument. */
static unsigned short refuse_share(struct sock_filter *code, int error)
{
    const struct sock_filter part[] = {
        SKIP_UNLESS(SYS_clone, 5),
        LOAD(args[0]),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, CLONE_VM | CLONE_VFORK | CLONE_THREAD),
        SKIP_UNLESS(CLONE_VM, 1),
        REFUSE(error),
        LOAD(nr),
    };
    memcpy(code, part, sizeof part);
    return sizeof part / sizeof part[0];
}

static unsigned short refuse_execmem(struct sock_filter *code, int error)
{
    enum { NOEXEC_SEAL = 8 };
    const struct sock_filter part[] = {
        SKIP_UNLESS(SYS_memfd_create, 5),
        LOAD(args[1]),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, NOEXEC_SEAL),
        SKIP_UNLESS(0, 1),
        REFUSE(error),
        LOAD(nr),
    };
    memcpy(code, part, sizeof part);
    return sizeof part / sizeof part[0];
}

static unsigned int number_of(const char *name)
{
    for (int i = 0; i < CALLS; i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].number;
    fprintf(stderr, "deny: no call %s\n", name);
    exit(100);
}

int main(int argc, char **argv)
{
    struct sock_filter code[2 * CALLS + 14];
    unsigned short n = 0;
    if (argc < 4)
        return 100;
    int error = strcmp(argv[1], "ENOSYS") == 0 ? ENOSYS : strcmp(argv[1], "EPERM") == 0 ? EPERM : atoi(argv[1]);
    code[n++] = LOAD(nr);
    for (char *name = strtok(argv[2], ","); name != NULL && n < 2 * CALLS; name = strtok(NULL, ",")) {
        if (strcmp(name, "execmem") == 0) {
            n += refuse_execmem(code + n, error);
            continue;
        }
        if (strcmp(name, "share") == 0) {
            n += refuse_share(code + n, error);
            continue;
        }
        code[n++] = SKIP_UNLESS(number_of(name), 1);
        code[n++] = REFUSE(error);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog filter = {n, code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
        perror("deny: unable to filter");
        return 111;
    }
    execvp(argv[3], argv + 3);
    perror("deny: unable to execute");
    return 127;
}
