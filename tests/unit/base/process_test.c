#include "base/process.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/slots.h"
#include "tests/simulation/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE = 60000 /* ms, of a machine that has much else to do */ };

/* A child that is slow to begin would be killed (SLOTS_WAIT_MS), and another one forked. Here time
 * stands still for the product, so that each has as long as it needs. */
DECLARE(int64_t, clock_monotonic, void)
{
    return CLOCK_SECOND;
}

static struct error err;
static char root_path[64];
static char *const plain_env[] = {"PATH=/usr/bin:/bin", NULL};

static int make_root(void **state)
{
    (void)state;
    strcpy(root_path, "/tmp/overlog-process-XXXXXX");
    return mkdtemp(root_path) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return file_remove_tree(AT_FDCWD, root_path, &err);
}

static const char *in_root(const char *name)
{
    static char path[2][128];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root_path, name);
    return path[turn];
}

static void write_program(const char *name, const char *text, mode_t mode)
{
    assert_int_equal(file_write(AT_FDCWD, in_root(name), text, strlen(text), mode, &err), 0);
}

/* Waits for the report, then for the child; its raw status. */
static int result_of(pid_t pid, int report, int expected, struct process_failure *f)
{
    assert_true(pid > 0);
    struct pollfd p = {.fd = report, .events = POLLIN};
    assert_int_equal(poll(&p, 1, DEADLINE), 1);
    assert_int_equal(process_report(report, f), expected);
    close(report);
    return process_wait(pid);
}

static int run(struct process_spawn *s, int expected, struct process_failure *f)
{
    int report;
    if (!s->envp)
        s->envp = plain_env;
    pid_t pid = process_spawn(s, &report, &err);
    return result_of(pid, report, expected, f);
}

/* Runs argv with its output on a file; the output. */
static void run_argv(struct process_spawn *s, char **argv, char *output, size_t size)
{
    int out = open(in_root("output"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct process_fd fds[] = {{.from = out, .to = 1}};
    struct process_failure f;
    s->program = argv[0];
    s->argv = argv;
    if (!s->fds) {
        s->fds = fds;
        s->fd_count = 1;
    }
    assert_int_equal(run(s, 1, &f), 0);
    ssize_t n = pread(out, output, size - 1, 0);
    assert_true(n >= 0);
    output[n] = '\0';
    close(out);
}

static void run_shell(struct process_spawn *s, const char *text, char *output, size_t size)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)text, NULL};
    run_argv(s, argv, output, size);
}

/* No shell in between: it would clear the mask itself. */
static void signals_of_child(struct process_spawn *s, char *output, size_t size)
{
    char *argv[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
    run_argv(s, argv, output, size);
}

static void exit_codes(void **state)
{
    (void)state;
    struct process_failure f;
    char *seven[] = {"sh", "-c", "exit 7", NULL};
    struct process_spawn s = {.program = "/bin/sh", .argv = seven};
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 7);
    char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
    s.argv = killed;
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 137);
}

static void a_missing_program_is_reported(void **state)
{
    (void)state;
    struct process_failure f;
    char *argv[] = {"x", NULL};
    struct process_spawn s = {.program = in_root("none"), .argv = argv};
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 127);
    assert_int_equal(f.error, ENOENT);
    assert_string_equal(f.step, "exec");
    write_program("plain", "#!/bin/sh\n", 0644);
    s.program = in_root("plain");
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 126);
    assert_int_equal(f.error, EACCES);
}

static void a_missing_directory_is_reported(void **state)
{
    (void)state;
    struct process_failure f;
    char *argv[] = {"true", NULL};
    struct process_spawn s = {.program = "/bin/true", .argv = argv, .directory = in_root("none")};
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 127);
    assert_int_equal(f.error, ENOENT);
    assert_string_equal(f.step, "chdir");
}

static void a_bad_descriptor_is_reported(void **state)
{
    (void)state;
    struct process_failure f;
    char *argv[] = {"true", NULL};
    struct process_fd fds[] = {{.from = 987, .to = 3}};
    struct process_spawn s = {.program = "/bin/true", .argv = argv, .fds = fds, .fd_count = 1};
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 126);
    assert_int_equal(f.error, EBADF);
    assert_string_equal(f.step, "fd");
}

static void without_a_report_the_exit_code_tells(void **state)
{
    (void)state;
    char *argv[] = {"x", NULL};
    struct process_spawn s = {.program = "/nonexistent", .argv = argv, .envp = plain_env};
    pid_t pid = process_spawn(&s, NULL, &err);
    assert_true(pid > 0);
    assert_int_equal(process_exit_code(process_wait(pid)), 127);
    assert_int_equal(process_wait(pid), -1);
}

static void no_report_yet(void **state)
{
    (void)state;
    int ends[2];
    struct process_failure f;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(process_report(ends[0], &f), -1);
    assert_int_equal(errno, EAGAIN);
    close(ends[1]);
    assert_int_equal(process_report(ends[0], &f), 1);
    close(ends[0]);
}

static void path_is_that_of_the_child(void **state)
{
    (void)state;
    struct process_failure f;
    assert_int_equal(mkdir(in_root("one"), 0755), 0);
    assert_int_equal(mkdir(in_root("two"), 0755), 0);
    write_program("one/tool", "#!/bin/sh\nexit 1\n", 0644);
    write_program("two/tool", "#!/bin/sh\nexit 22\n", 0755);
    char path[200];
    snprintf(path, sizeof path, "PATH=/nonexistent:%s/one:%s/two", root_path, root_path);
    char *envp[] = {"A=b", path, NULL};
    char *argv[] = {"tool", NULL};
    struct process_spawn s = {.program = "tool", .argv = argv, .envp = envp};
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 22);
    snprintf(path, sizeof path, "PATH=%s/one", root_path);
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 126);
    assert_int_equal(f.error, EACCES);
    /* An empty element is the working directory. */
    strcpy(path, "PATH=:/bin");
    s.directory = in_root("two");
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 22);
    s.program = "";
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 127);
}

static void without_path_the_default_is_searched(void **state)
{
    (void)state;
    struct process_failure f;
    char *envp[] = {NULL};
    char *argv[] = {"sh", "-c", "exit 5", NULL};
    struct process_spawn s = {.program = "sh", .argv = argv, .envp = envp};
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 5);
}

static void a_start_waits_for_the_exec(void **state)
{
    (void)state;
    struct process_failure f;
    sigset_t mask;
    sigset_t after;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    int out = open(in_root("output"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct process_fd fds[] = {{.from = out, .to = 1}};
    char *argv[] = {"grep", "-s", "SigBlk", "self/status", "nosuch", NULL};
    struct process_spawn s = {.program = "grep",
                              .argv = argv,
                              .envp = plain_env,
                              .directory = "/proc",
                              .fds = fds,
                              .fd_count = 1,
                              .signal_mask = &mask};
    pid_t pid = process_start(&s, &f, &err);
    assert_true(pid > 0);
    assert_int_equal(process_exit_code(process_wait(pid)), 2);
    char got[64] = "";
    assert_true(pread(out, got, sizeof got - 1, 0) > 0);
    assert_string_equal(got, "self/status:SigBlk:\t0000000000000800\n");
    close(out);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_true(sigismember(&after, SIGUSR2) == 1 && sigismember(&after, SIGTERM) == 0);
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void a_start_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct process_failure f;
    char *argv[] = {"x", NULL};
    struct process_spawn s = {.program = "nosuch", .argv = argv, .envp = plain_env};
    assert_int_equal(process_start(&s, &f, &err), 0);
    assert_int_equal(f.error, ENOENT);
    assert_string_equal(f.step, "exec");
    s.program = "/";
    assert_int_equal(process_start(&s, &f, &err), 0);
    assert_int_equal(f.error, EACCES);
    struct process_fd bad[] = {{.from = 77, .to = 0}};
    s.fds = bad;
    s.fd_count = 1;
    assert_int_equal(process_start(&s, &f, &err), 0);
    assert_string_equal(f.step, "fd");
    s.fd_count = 65;
    assert_int_equal(process_start(&s, &f, &err), -1);
    assert_string_equal(err.text, "unable to pass 65 descriptors: Invalid argument");
    int status;
    assert_int_equal(process_reap(&status), -1);
}

/* Each descriptor in the child must show what was written for it. */
static void overlapping_descriptors_arrive(void **state)
{
    (void)state;
    int fd[4];
    for (int i = 0; i < 4; i++) {
        char name[8] = {'f', (char)('0' + i), '\0'};
        char text[2] = {(char)('a' + i), '\0'};
        write_program(name, text, 0600);
        int raw = open(in_root(name), O_RDONLY | O_CLOEXEC);
        fd[i] = fcntl(raw, F_DUPFD_CLOEXEC, 20);
        close(raw);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(dup3(fd[i], 5 + i, O_CLOEXEC), 5 + i);
    int out = open(in_root("output2"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    out = dup3(out, 9, O_CLOEXEC);
    /* A ring, one that stays, one used twice, and stdin and stdout. */
    struct process_fd fds[] = {{.from = 5, .to = 6}, {.from = 6, .to = 7}, {.from = 7, .to = 5},
                               {.from = 8, .to = 8}, {.from = 8, .to = 4}, {.from = 5, .to = 0},
                               {.from = 9, .to = 1}};
    struct process_spawn s = {.fds = fds, .fd_count = 7};
    char ignored[8];
    run_shell(&s,
              "for f in 0 4 5 6 7 8; do cat /proc/self/fd/$f; done; set -- /proc/$$/fd/*; echo $#",
              ignored, sizeof ignored);
    char got[32] = "";
    assert_true(pread(out, got, sizeof got - 1, 0) > 0);
    /* 0 to 2, 4 to 8, and the one by which they are listed: ours do not leak. */
    assert_string_equal(got, "adcabd9\n");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fcntl(5 + i, F_GETFD), FD_CLOEXEC);
        close(5 + i);
        close(fd[i]);
    }
    close(out);
}

static void signals_are_reset(void **state)
{
    (void)state;
    sigset_t set;
    sigset_t before;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    /* One that the C library keeps for itself, as some parents hand it down. */
    const unsigned long ignore[4] = {1};
    assert_int_equal(syscall(SYS_rt_sigaction, 32, ignore, NULL, 8), 0);
    struct process_spawn s = {.program = NULL};
    char got[256];
    signals_of_child(&s, got, sizeof got);
    assert_string_equal(got, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    sigset_t now;
    sigprocmask(SIG_SETMASK, &before, &now);
    assert_int_equal(sigismember(&now, SIGTERM), 1);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
}

static void signals_can_be_blocked_from_the_start(void **state)
{
    sigset_t blocked;
    char got[256];
    (void)state;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGUSR1);
    struct process_spawn s = {.blocked = &blocked};
    signals_of_child(&s, got, sizeof got);
    assert_string_equal(got, "SigBlk:\t0000000000000201\nSigIgn:\t0000000000000000\n");
}

static void signals_can_stay_as_ours_are(void **state)
{
    sigset_t mask;
    char got[256];
    (void)state;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    signal(SIGHUP, SIG_IGN);
    struct process_spawn s = {.signal_mask = &mask};
    signals_of_child(&s, got, sizeof got);
    signal(SIGHUP, SIG_DFL);
    unsigned long long blocked;
    unsigned long long ignored; /* our parent may have had us ignore others */
    assert_int_equal(sscanf(got, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0x200);
    assert_int_equal(ignored & 0x201, 1);
}

static void session_umask_directory_and_limit(void **state)
{
    (void)state;
    struct rlimit limit = {.rlim_cur = 99, .rlim_max = 111};
    struct process_spawn s = {.new_session = true,
                              .set_umask = true,
                              .umask = 0137,
                              .directory = root_path,
                              .nofile = &limit};
    char got[256];
    char expected[256];
    run_shell(
        &s, "umask; pwd; ulimit -S -n; ulimit -H -n; cut -d' ' -f6 /proc/$$/stat | grep -c ^$$\\$",
        got, sizeof got);
    snprintf(expected, sizeof expected, "0137\n%s\n99\n111\n1\n", root_path);
    assert_string_equal(got, expected);
    struct process_spawn plain = {.new_session = false};
    run_shell(&plain, "cut -d' ' -f6 /proc/$$/stat", got, sizeof got);
    snprintf(expected, sizeof expected, "%d\n", (int)getsid(0));
    assert_string_equal(got, expected);
}

static void reap_takes_them_all(void **state)
{
    (void)state;
    int status;
    assert_int_equal(process_reap(&status), -1);
    char *wait_forever[] = {"cat", NULL};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct process_fd fds[] = {{.from = ends[0], .to = 0}};
    struct process_spawn s = {
        .program = "cat", .argv = wait_forever, .envp = plain_env, .fds = fds, .fd_count = 1};
    pid_t pid = process_spawn(&s, NULL, &err);
    assert_int_equal(process_reap(&status), 0);
    close(ends[1]);
    close(ends[0]);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_reap(&status), pid);
    assert_int_equal(process_exit_code(status), 0);
    assert_int_equal(process_reap(&status), -1);
}

static void one_can_be_reaped_before_others(void **state)
{
    (void)state;
    int status;
    char *argv[] = {"sh", "-c", "exit 3", NULL};
    struct process_spawn s = {.program = "sh", .argv = argv, .envp = plain_env};
    pid_t first = process_spawn(&s, NULL, &err);
    pid_t second = process_spawn(&s, NULL, &err);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)first, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(waitid(P_PID, (id_t)second, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_reap_one(second, &status), second);
    assert_int_equal(process_exit_code(status), 3);
    assert_int_equal(process_reap_one(second, &status), -1);
    assert_int_equal(process_changed(second, &status), -1);
    assert_int_equal(process_changed(first, &status), first);
    assert_int_equal(process_reap(&status), -1);
}

static void of_one_or_of_any_it_is_told_that_it_was_stopped(void **state)
{
    (void)state;
    int status;
    char *argv[] = {"sh", "-c", "kill -STOP $$; kill -STOP $$", NULL};
    struct process_spawn s = {.program = "sh", .argv = argv, .envp = plain_env};
    pid_t pid = process_spawn(&s, NULL, &err);
    siginfo_t info;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
        assert_int_equal(process_changed(i == 0 ? pid : -1, &status), pid);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(process_changed(pid, &status), 0);
        kill(pid, SIGCONT);
    }
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_changed(-1, &status), pid);
    assert_true(WIFEXITED(status));
}

/* Sends these as descriptors with a packet. */
static void pass(int socket, int *fds, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } rights = {.bytes = ""};
    struct iovec part = {.iov_base = "packet", .iov_len = 6};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = rights.bytes,
                       .msg_controllen = CMSG_SPACE(count * sizeof *fds)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
    assert_int_equal(sendmsg(socket, &m, 0), 6);
}

/* What a child says on descriptors 1 and 2, of which fallback is the pipe of both that we gave it.
 */
static void say_passed(int socket, const int to[PROCESS_PASSED], int fallback)
{
    char *argv[] = {"sh", "-c", "echo one; echo two >&2", NULL};
    struct process_fd fds[] = {{fallback, 1}, {fallback, 2}};
    struct process_spawn s = {.program = "sh",
                              .argv = argv,
                              .envp = plain_env,
                              .fds = fds,
                              .fd_count = 2,
                              .passed = socket,
                              .passed_to = {to[0], to[1], to[2]}};
    pid_t pid = process_spawn(&s, NULL, &err);
    assert_true(pid > 0);
    assert_int_equal(process_wait(pid), 0);
}

static void pipe_says(int fd, const char *expected)
{
    char got[64] = "";
    ssize_t n = read(fd, got, sizeof got - 1);
    assert_string_equal(n < 0 ? "" : got, expected);
}

/* As often as one likes, each child takes them itself; in the socket they stay. */
static void descriptors_come_out_of_a_socket(void **state)
{
    static const int as_they_are[] = {0, 1, 2}, third_first[] = {-1, -1, 1};
    int pair[2], ours[2], out[2], errors[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe2(ours, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(errors, O_CLOEXEC | O_NONBLOCK), 0);
    say_passed(pair[0], as_they_are, ours[1]); /* nothing was sent */
    pipe_says(ours[0], "one\ntwo\n");
    pass(pair[1], (int[]){0, out[1], errors[1]}, 3);
    for (int i = 0; i < 2; i++) {
        say_passed(pair[0], as_they_are, ours[1]);
        pipe_says(out[0], "one\n");
        pipe_says(errors[0], "two\n");
    }
    say_passed(pair[0], third_first, ours[1]);
    pipe_says(errors[0], "one\n");
    pipe_says(ours[0], "two\n");
    for (int i = 0; i < 2; i++)
        close(pair[i]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pass(pair[1], (int[]){0, out[1]}, 2); /* one too few */
    say_passed(pair[0], as_they_are, ours[1]);
    pipe_says(out[0], "one\n");
    pipe_says(ours[0], "two\n");
    for (int i = 0; i < 2; i++)
        close(pair[i]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pass(pair[1], (int[]){0, out[1], errors[1], ours[1]}, 4); /* one too many */
    say_passed(pair[0], as_they_are, ours[1]);
    pipe_says(out[0], "one\n");
    pipe_says(errors[0], "two\n");
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(ours[i]);
        close(out[i]);
        close(errors[i]);
    }
}

/* A socket whose last owner waits for an hour when it closes it. */
static int stuck_socket(int *server, int *peer)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger hour = {.l_onoff = 1, .l_linger = 3600};
    socklen_t size = sizeof a;
    static char bytes[65536];
    *server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*server, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(*server, 1), 0);
    assert_int_equal(getsockname(*server, (struct sockaddr *)&a, &size), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, size), 0);
    *peer = accept(*server, NULL, NULL);
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof hour), 0);
    return fd;
}

/* Elsewhere, in no time for us; it ends when it has done so, or is told to. */
static void a_close_waits_in_a_child(void **state)
{
    int server, peer, status;
    (void)state;
    int fd = stuck_socket(&server, &peer);
    pid_t pid = process_close(fd);
    assert_true(pid > 0);
    while (fcntl(fd, F_GETFD) >= 0)
        sched_yield();
    assert_int_equal(process_reap_one(pid, &status), 0); /* it waits */
    assert_int_equal(kill(pid, SIGTERM), 0);
    status = process_wait(pid);
    assert_true(WIFSIGNALED(status) || WIFEXITED(status));
    close(peer);
    close(server);
}

static void an_orphan_is_no_child_of_ours(void **state)
{
    (void)state;
    int ends[2];
    int status;
    char got[32] = "";
    char expected[32];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct process_fd fds[] = {{.from = ends[1], .to = 1}};
    char *argv[] = {"sh", "-c", "echo $$", NULL};
    struct process_spawn s = {.program = "sh",
                              .argv = argv,
                              .envp = plain_env,
                              .fds = fds,
                              .fd_count = 1,
                              .orphan = true};
    pid_t pid = process_spawn(&s, NULL, &err);
    assert_true(pid > 0);
    assert_int_equal(process_reap(&status), -1);
    close(ends[1]);
    assert_true(read(ends[0], got, sizeof got - 1) > 0);
    close(ends[0]);
    snprintf(expected, sizeof expected, "%d\n", (int)pid);
    assert_string_equal(got, expected);
}

static void scripts_run_on_a_noexec_mount(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", root_path, "tmpfs", MS_NOEXEC, NULL) < 0)
        skip();
    struct process_failure f;
    write_program("run", "#! /bin/sh  -e  \nfalse\nexit 0\n", 0755);
    write_program("args",
                  "#!/bin/sh\n[ \"$0 $1 $2 $#\" = \"$SELF one two words 2\" ] || exit 9\nexit 42\n",
                  0755);
    write_program("notx", "#!/bin/sh\nexit 1\n", 0644);
    write_program("noscript", "exit 1\n", 0755);
    char *argv[] = {"./run", "one", "two words", NULL};
    struct process_spawn s = {.program = "./run", .argv = argv, .directory = root_path};
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 1);
    s.program = in_root("args");
    char self[160];
    snprintf(self, sizeof self, "SELF=%s", s.program);
    char *envp[] = {self, NULL};
    s.envp = envp;
    assert_int_equal(process_exit_code(run(&s, 1, &f)), 42);
    s.program = "./notx";
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 126);
    assert_int_equal(f.error, EACCES);
    s.program = "./noscript";
    assert_int_equal(process_exit_code(run(&s, 0, &f)), 126);
    assert_int_equal(f.error, EACCES);
    char text[256];
    char expected[256];
    process_explain(in_root("noscript"), &f, text, sizeof text);
    snprintf(expected, sizeof expected,
             "unable to execute %s/noscript: its file system is mounted noexec "
             "(mount it with exec, or begin the file with #! and an interpreter)",
             root_path);
    assert_string_equal(text, expected);
    umount(root_path);
}

static void explained(const char *name, int code, const char *reason)
{
    struct process_failure f;
    char *argv[] = {"x", NULL};
    struct process_spawn s = {.program = in_root(name), .argv = argv};
    assert_int_equal(process_exit_code(run(&s, 0, &f)), code);
    char text[512];
    char expected[512];
    process_explain(in_root(name), &f, text, sizeof text);
    snprintf(expected, sizeof expected, "unable to execute %s/%s: %s", root_path, name, reason);
    assert_string_equal(text, expected);
    char small[12];
    process_explain(in_root(name), &f, small, sizeof small);
    assert_string_equal(small, "unable to e");
}

static void failures_are_explained_with_their_cure(void **state)
{
    (void)state;
    write_program("notx", "#!/bin/sh\n", 0644);
    explained("notx", 126, "it has no x bit (chmod +x)");
    assert_int_equal(mkdir(in_root("folder"), 0755), 0);
    explained("folder", 126, "it is a directory");
    explained("none", 127, "No such file or directory");
    write_program("crlf", "#!/bin/sh\r\necho\r\n", 0755);
    explained("crlf", 127, "its first line ends with CR LF (convert the file to Unix line ends)");
    write_program("lost", "#!/usr/bin/nosuchshell -e\n", 0755);
    explained(
        "lost", 127,
        "its interpreter /usr/bin/nosuchshell is missing (install it or correct the #! line)");
    write_program("empty", "", 0755);
    explained("empty", 126, "it is empty");
    write_program("mark", "\xef\xbb\xbf#!/bin/sh\necho\n", 0755);
    explained("mark", 126, "a byte order mark stands before #! (save it without one)");
    write_program("wide", "\xff\xfe#", 0755);
    explained("wide", 126, "it is a text in UTF-16 (save it in UTF-8)");
    write_program("text", "echo hello\n", 0755);
    explained("text", 126,
              "it is not a program and has no #! line (begin it with #! and an interpreter)");
}

static void another_architecture_is_explained(void **state)
{
    (void)state;
    struct str program = STR_INIT;
    assert_int_equal(file_read(AT_FDCWD, "/bin/true", 1 << 20, &program, &err), 0);
    program.data[18] = 0x16; /* S/390 */
    program.data[19] = 0;
    assert_int_equal(
        file_write(AT_FDCWD, in_root("alien"), program.data, program.length, 0755, &err), 0);
    str_release(&program);
    explained("alien", 126,
              "it is for another processor architecture (use a program or image for this one)");
}

static void a_name_is_explained(void **state)
{
    (void)state;
    struct process_failure f = {.error = ENOENT, .step = "exec"};
    char text[128];
    process_explain("nosuchtool", &f, text, sizeof text);
    assert_string_equal(text, "unable to execute nosuchtool: not found in PATH");
    f = (struct process_failure){.error = ENOENT, .step = "chdir"};
    process_explain("x", &f, text, sizeof text);
    assert_string_equal(text, "unable to execute x: No such file or directory (changing the "
                              "working directory)");
}

/* --- with descriptor numbers set aside --- */

static int reserve(void **state)
{
    (void)state;
    return slots_reserve() && slots_reserve() ? 0 : -1;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

static void a_child_of_many_has_few_descriptors(void **state)
{
    (void)state;
    enum { MANY = 600 };
    int many[MANY];
    write_program("list", "#!/bin/sh\ncd /proc/$$/fd && echo * >&5 && cat <&7 >&5\n", 0755);
    write_program("input", "of seven\n", 0644);
    for (int i = 0; i < MANY; i++) {
        many[i] = fcntl(2, F_DUPFD_CLOEXEC, 3);
        assert_true(many[i] >= 0);
    }
    int input = open(in_root("input"), O_RDONLY | O_CLOEXEC);
    int output = open(in_root("output"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(input > MANY && output > MANY);
    size_t before = open_descriptors();
    const struct process_fd fds[] = {{input, 7}, {output, 5}};
    char *const argv[] = {"list", NULL};
    const struct process_spawn s = {
        .program = in_root("list"), .argv = argv, .envp = plain_env, .fds = fds, .fd_count = 2};
    int report;
    struct process_failure f;
    pid_t pid = process_spawn(&s, &report, &err);
    assert_int_equal(result_of(pid, report, 1, &f), 0);
    assert_int_equal(open_descriptors(), before);
    for (int i = 0; i < MANY; i++)
        close(many[i]);
    close(input);
    close(output);
    char text[128] = "";
    int fd = open(in_root("output"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    /* 10 is the shell's script, 3 the folder that it lists. */
    assert_string_equal(text, "0 1 10 2 3 5 7\nof seven\n");
}

static void what_the_child_does_is_not_done_to_us(void **state)
{
    (void)state;
    struct stat was[2];
    struct stat now[2];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(null >= 0 && fstat(1, &was[0]) == 0 && fstat(2, &was[1]) == 0);
    const struct process_fd fds[] = {{null, 0}, {null, 1}, {null, 2}, {null, 9}};
    char *const argv[] = {"true", NULL};
    const struct process_spawn s = {
        .program = "true", .argv = argv, .envp = plain_env, .fds = fds, .fd_count = 4};
    for (int i = 0; i < 50; i++) {
        int report;
        struct process_failure f;
        pid_t pid = process_spawn(&s, &report, &err);
        assert_int_equal(fstat(1, &now[0]) | fstat(2, &now[1]), 0);
        assert_true(now[0].st_ino == was[0].st_ino && now[1].st_ino == was[1].st_ino);
        assert_int_equal(fcntl(9, F_GETFD), -1);
        assert_int_equal(result_of(pid, report, 1, &f), 0);
    }
    close(null);
}

/* From here on, whoever takes a table of its own is killed. */
static int kill_at_close_range(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static pid_t fork_that_leaves(void *context, int flags, void (*leave)(void))
{
    (void)context;
    pid_t pid = fork_flags(flags);
    if (pid == 0)
        leave();
    return pid;
}

static void a_child_that_is_killed_at_once_is_not_waited_for(void **state)
{
    (void)state;
    int status;
    pid_t outer = fork();
    assert_true(outer >= 0);
    if (outer == 0) {
        const int from[] = {2};
        int to[1];
        alarm(120);
        if (kill_at_close_range() < 0)
            _exit(2);
        pid_t pid = slots_fork(from, to, 1, 0, fork_that_leaves, NULL);
        if (pid <= 0)
            _exit(3);
        _exit(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
                  ? 0
                  : 4);
    }
    assert_int_equal(waitpid(outer, &status, 0), outer);
    assert_int_equal(status, 0);
}

/* --- with a parent ---------------------------------------------------------------------------- */

/* Reads on until it is no birth; the pid that was told. */
static pid_t read_birth(int report, int *result, struct process_failure *f)
{
    pid_t pid = 0;
    struct pollfd p = {.fd = report, .events = POLLIN};
    do {
        assert_int_equal(poll(&p, 1, DEADLINE), 1);
        *result = process_report(report, f);
        if (*result == 2 && pid != 0)
            assert_int_equal(f->error, pid); /* both tell the same */
        pid = *result == 2 ? f->error : pid;
    } while (*result == 2 || *result < 0);
    close(report);
    return pid;
}

static int wait_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void name_of(pid_t pid, char name[17])
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%16s", name), 1);
    fclose(file);
}

/* The program does not wait for ever until its parent has that name. */
static void await_name(pid_t pid, const char *expected)
{
    int64_t deadline = __real_clock_monotonic() + DEADLINE * CLOCK_MS;
    for (char name[17] = ""; strcmp(name, expected) != 0; sched_yield()) {
        assert_true(__real_clock_monotonic() < deadline);
        name_of(pid, name);
    }
}

enum turn { ENDS, PARENT_IS_KILLED, IS_KILLED, TURNS };

/* The wait status of the program comes to us as its own, in either order of ends. The parent here
 * is one that could not be executed, and does without. */
static void one_with_a_parent(enum turn turn)
{
    char *parent_argv[] = {(char[]){"keeper"}, (char[]){"web"}, NULL};
    const struct parent_command parent = {.program = "/no/such/program", .argv = parent_argv};
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"read x; exit 7"}, NULL};
    int gate[2], report, result;
    struct process_failure f;
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    const struct process_fd fds[] = {{gate[0], 0}};
    const struct process_spawn s = {.program = "sh",
                                    .argv = argv,
                                    .envp = plain_env,
                                    .fds = fds,
                                    .fd_count = 1,
                                    .parent = &parent};
    pid_t above = process_spawn(&s, &report, &err);
    assert_true(above > 0);
    pid_t pid = read_birth(report, &result, &f);
    assert_int_equal(result, 1);
    assert_int_equal(process_parent(pid), above);
    await_name(above, "keeper");
    assert_true(getsid(pid) == pid && getsid(above) == above);
    kill(above, SIGTERM); /* does nothing */
    if (turn == PARENT_IS_KILLED) {
        kill(above, SIGKILL);
        assert_int_equal(WTERMSIG(wait_status(above)), SIGKILL);
        assert_int_equal(process_parent(pid), getpid());
    }
    if (turn == IS_KILLED)
        kill(pid, SIGUSR1);
    close(gate[0]);
    close(gate[1]);
    if (turn != PARENT_IS_KILLED)
        assert_int_equal(wait_status(above), 0);
    int status = wait_status(pid);
    assert_true(turn == IS_KILLED ? WTERMSIG(status) == SIGUSR1 : WEXITSTATUS(status) == 7);
}

/* The name has what ends names, and fields. */
static void what_proc_says(void **state)
{
    struct process_stat first, again;
    char before[17] = "";
    (void)state;
    prctl(PR_GET_NAME, before);
    prctl(PR_SET_NAME, "a) Z 1 (b");
    assert_int_equal(process_self(), getpid());
    assert_int_equal(process_stat(getpid(), &first), 0);
    prctl(PR_SET_NAME, before);
    assert_int_equal(first.state, 'R');
    assert_int_equal(first.parent, getppid());
    assert_true(first.born > 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    siginfo_t dead;
    waitid(P_PID, (id_t)pid, &dead, WEXITED | WNOWAIT);
    assert_int_equal(process_stat(pid, &again), 0);
    assert_int_equal(again.state, 'Z');
    assert_int_equal(again.parent, getpid());
    assert_true(again.born >= first.born);
    wait_status(pid);
    assert_int_equal(process_stat(pid, &again), -1);
    assert_int_equal(process_parent(pid), -1);
}

static void a_parent_in_between(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int turn = ENDS; turn < TURNS; turn++)
        one_with_a_parent((enum turn)turn);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void a_parent_of_what_cannot_be_executed(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"x"}, NULL};
    const struct parent_command parent = {.program = "/no/such/program", .argv = argv};
    const struct process_spawn s = {
        .program = "/no/such/file", .argv = argv, .envp = plain_env, .parent = &parent};
    int report, result;
    struct process_failure f;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t above = process_spawn(&s, &report, &err);
    pid_t pid = read_birth(report, &result, &f);
    assert_int_equal(result, 0);
    assert_int_equal(f.error, ENOENT);
    assert_int_equal(wait_status(above), 0);
    assert_int_equal(WEXITSTATUS(wait_status(pid)), 127);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* In a process that has none, whatever a test that failed has left of ours. */
static void nobody_waits_without_a_child(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(parent_wait("x") == -1 ? 0 : 1);
    assert_int_equal(wait_status(pid), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    close_range(3, ~0U, 0); /* what we were given would count as leaks of ours */
    const struct CMUnitTest tests[] = {
        TEST(exit_codes),
        TEST(a_missing_program_is_reported),
        TEST(a_missing_directory_is_reported),
        TEST(a_bad_descriptor_is_reported),
        TEST(without_a_report_the_exit_code_tells),
        TEST(no_report_yet),
        TEST(path_is_that_of_the_child),
        TEST(without_path_the_default_is_searched),
        TEST(a_start_waits_for_the_exec),
        TEST(a_start_that_fails_leaves_nothing),
        TEST(overlapping_descriptors_arrive),
        TEST(signals_can_be_blocked_from_the_start),
        TEST(signals_are_reset),
        TEST(signals_can_stay_as_ours_are),
        TEST(session_umask_directory_and_limit),
        TEST(reap_takes_them_all),
        TEST(one_can_be_reaped_before_others),
        TEST(of_one_or_of_any_it_is_told_that_it_was_stopped),
        TEST(descriptors_come_out_of_a_socket),
        TEST(a_close_waits_in_a_child),
        TEST(an_orphan_is_no_child_of_ours),
        TEST(what_proc_says),
        TEST(a_parent_in_between),
        TEST(a_parent_of_what_cannot_be_executed),
        TEST(nobody_waits_without_a_child),
        TEST(scripts_run_on_a_noexec_mount),
        TEST(failures_are_explained_with_their_cure),
        TEST(another_architecture_is_explained),
        TEST(a_name_is_explained),
    };
    const struct CMUnitTest slots[] = {
        TEST(a_child_of_many_has_few_descriptors),
        TEST(what_the_child_does_is_not_done_to_us),
        TEST(a_child_that_is_killed_at_once_is_not_waited_for),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += cmocka_run_group_tests(slots, reserve, NULL);
    /* With slots, all is to be as without. */
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
