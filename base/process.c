#include "base/process.h"
#include "base/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 64, SCRIPT_ARGS_MAX = 1024, HEAD_MAX = 256, PATH_BYTES = 4096 };
enum { OTHERS = 3 /* gate, lock, report: descriptors of a child before it executes */ };

#define DEFAULT_PATH "/command:/usr/bin:/bin"

/* --- in the child: no memory is taken, only the stack is used --- */

static void reset_signals(const sigset_t *blocked)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    const unsigned long kernel_default[4] = {0};
    for (int i = 1; i < 65; i++)
        /* The C library refuses its own, 32 to 34, which we may have inherited ignored. */
        if (sigaction(i, &action, NULL) < 0)
            syscall(SYS_rt_sigaction, i, kernel_default, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, blocked == NULL ? &none : blocked, NULL);
}

static bool is_target(const struct process_spawn *s, int fd)
{
    for (size_t i = 0; i < s->fd_count; i++)
        if (s->fds[i].to == fd)
            return true;
    return false;
}

static int first_free_above_targets(const struct process_spawn *s)
{
    int top = 3;
    for (size_t i = 0; i < s->fd_count; i++)
        if (s->fds[i].to >= top)
            top = s->fds[i].to + 1;
    return top;
}

int process_open_side(int fd, int flags)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

/* from stands in no target's way. */
static int place_one(const struct process_spawn *s, int from, int to)
{
    int own = -1;
    unsigned int bit = to < 32 ? 1U << to : 0;
    if (((s->reads | s->writes) & bit) != 0) {
        from = own = process_open_side(from, (s->reads & bit) != 0 ? O_RDONLY : O_WRONLY);
        if (own < 0)
            return -1;
    }
    if (from != to) {
        int result = dup2(from, to);
        if (own >= 0)
            close(own);
        return result;
    }
    int flags = fcntl(from, F_GETFD);
    return flags < 0 ? -1 : fcntl(from, F_SETFD, flags & ~FD_CLOEXEC);
}

/* Sources that some target would overwrite are moved out of the way first. */
static int place_fds(const struct process_spawn *s)
{
    int from[FDS_MAX];
    int top = first_free_above_targets(s);
    for (size_t i = 0; i < s->fd_count; i++) {
        from[i] = s->fds[i].from;
        if (from[i] != s->fds[i].to && is_target(s, from[i])) {
            from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, top);
            if (from[i] < 0)
                return -1;
        }
    }
    for (size_t i = 0; i < s->fd_count; i++)
        if (place_one(s, from[i], s->fds[i].to) < 0)
            return -1;
    return 0;
}

/* The words of a "#!" line, cut in place: 0, or -1 when it is not one. As the kernel does it:
 * everything after the interpreter is one argument. */
static int split_first_line(char *line, char **interpreter, char **argument)
{
    if (line[0] != '#' || line[1] != '!')
        return -1;
    char *end = strchr(line, '\n');
    if (!end)
        return -1;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    char *p = line + 2 + strspn(line + 2, " \t");
    if (!*p)
        return -1;
    *interpreter = p;
    p += strcspn(p, " \t");
    *argument = NULL;
    if (*p) {
        *p++ = '\0';
        *argument = p + strspn(p, " \t");
    }
    return 0;
}

/* The first bytes of a file as text: 0, or -1. Never waits for a fifo. */
static int read_head(const char *path, char head[HEAD_MAX + 1], size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, head, HEAD_MAX);
    close(fd);
    if (n < 0)
        return -1;
    head[n] = '\0';
    *length = (size_t)n;
    return 0;
}

static bool on_noexec(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC);
}

static bool has_x_bit(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* What the kernel would do with the script if its file system were not mounted noexec. */
static void exec_script(const char *path, char *const *argv, char *const *envp)
{
    char head[HEAD_MAX + 1];
    size_t length;
    char *interpreter;
    char *argument;
    if (read_head(path, head, &length) < 0 || split_first_line(head, &interpreter, &argument) < 0) {
        errno = EACCES;
        return;
    }
    char *args[SCRIPT_ARGS_MAX + 4];
    size_t n = 0;
    args[n++] = interpreter;
    if (argument)
        args[n++] = argument;
    char script[PATH_BYTES];
    size_t size = strlen(path) + 1;
    if (size > sizeof script) {
        errno = ENAMETOOLONG;
        return;
    }
    memcpy(script, path, size);
    args[n++] = script;
    for (size_t i = 1; argv[0] && argv[i]; i++) {
        if (n == SCRIPT_ARGS_MAX + 3) {
            errno = E2BIG;
            return;
        }
        args[n++] = argv[i];
    }
    args[n] = NULL;
    execve(interpreter, args, envp);
}

static void exec_path(const char *path, char *const *argv, char *const *envp)
{
    execve(path, argv, envp);
    if (errno == EACCES && has_x_bit(path) && on_noexec(path))
        exec_script(path, argv, envp);
}

/* Fails in silence: the program then has no job control, which is no reason not to run it. */
static void take_terminal(enum process_terminal how)
{
    if (how == PROCESS_TERMINAL_OWN)
        ioctl(0, TIOCSCTTY, 0);
    if (how != PROCESS_TERMINAL_FRONT || setpgid(0, 0) < 0)
        return;
    signal(SIGTTOU, SIG_IGN); /* or we would be stopped for it */
    tcsetpgrp(0, getpid());
    signal(SIGTTOU, SIG_DFL);
}

static const char *path_of(char *const *envp)
{
    for (size_t i = 0; envp[i]; i++)
        if (strncmp(envp[i], "PATH=", 5) == 0)
            return envp[i] + 5;
    return NULL;
}

bool process_candidate(struct process_search *s)
{
    size_t length = strlen(s->program);
    if (strchr(s->program, '/')) {
        s->file = s->program;
        s->program = "";
        return true;
    }
    while (length > 0 && s->next) {
        const char *folder = s->next;
        size_t size = strcspn(folder, ":");
        s->next = folder[size] ? folder + size + 1 : NULL;
        if (size + length + 3 > sizeof s->path)
            continue;
        memcpy(s->path, folder, size);
        if (size == 0)
            s->path[size++] = '.'; /* an empty element is the working directory */
        s->path[size++] = '/';
        memcpy(s->path + size, s->program, length + 1);
        s->file = s->path;
        return true;
    }
    return false;
}

struct process_search process_search(const char *program, const char *path)
{
    return (struct process_search){.program = program, .next = path ? path : DEFAULT_PATH};
}

void process_exec(const char *program, const char *path, char *const *argv, char *const *envp)
{
    struct process_search s = process_search(program, path);
    int reason = ENOENT;
    while (process_candidate(&s)) {
        exec_path(s.file, argv, envp);
        if (s.file == program)
            return;
        if (errno == EACCES)
            reason = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    errno = reason;
}

static void pass_gate(int gate)
{
    enum { STEP_US = 200 };
    const struct timespec pause = {.tv_nsec = STEP_US * 1000L};
    for (long i = 0; i < PROCESS_GATE_MS * 1000L / STEP_US; i++) {
        char closed = 0;
        if (pread(gate, &closed, 1, PROCESS_GATE_BYTE) != 1 || closed == 0)
            return;
        nanosleep(&pause, NULL);
    }
}

/* Everything up to the exec; comes back with the name of the step that failed. */
static const char *become(const struct process_spawn *s)
{
    if (s->gate > 0)
        pass_gate(s->gate);
    if (s->signal_mask)
        sigprocmask(SIG_SETMASK, s->signal_mask, NULL);
    else
        reset_signals(s->blocked);
    if (s->new_session)
        setsid();
    while (s->lock > 0 && flock(s->lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    if (place_fds(s) < 0)
        return "fd";
    if (s->terminal != PROCESS_TERMINAL_NONE)
        take_terminal(s->terminal);
    if (s->directory && chdir(s->directory) < 0)
        return "chdir";
    if (s->set_umask)
        umask(s->umask);
    if (s->nofile)
        setrlimit(RLIMIT_NOFILE, s->nofile);
    process_exec(s->program, path_of(s->envp), s->argv, s->envp);
    return "exec";
}

static void run_child(const struct process_spawn *s, int report)
{
    struct process_failure f = {.error = 0};
    if (report >= 0)
        report = fcntl(report, F_DUPFD_CLOEXEC, first_free_above_targets(s));
    const char *step = become(s);
    f.error = errno;
    memcpy(f.step, step, strlen(step) + 1);
    if (report >= 0) {
        ssize_t n = write(report, &f, sizeof f);
        (void)n; /* the exit code says it too */
    }
    _exit(f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC); /* child */
}

/* --- in the parent --- */

static void close_report(int pipe[2])
{
    for (int i = 0; i < 2; i++)
        if (pipe[i] >= 0)
            close(pipe[i]);
}

/* By slots, when there are some. */
static pid_t fork_with_slots(const struct process_spawn *s, int report, int flags)
{
    int from[SLOTS_MAX];
    int to[SLOTS_MAX];
    struct process_fd fds[SLOTS_MAX];
    size_t count = s->fd_count;
    for (size_t i = 0; i < count; i++)
        from[i] = s->fds[i].from;
    from[count] = s->gate > 0 ? s->gate : -1;
    from[count + 1] = s->lock > 0 ? s->lock : -1;
    from[count + 2] = report;
    pid_t pid = slots_fork(from, to, count + OTHERS, flags);
    if (pid != 0)
        return pid;
    struct process_spawn own = *s;
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct process_fd){to[i], s->fds[i].to};
    own.fds = fds;
    own.gate = to[count];
    own.lock = to[count + 1];
    run_child(&own, to[count + 2]);
    return 0;
}

static pid_t fork_child(const struct process_spawn *s, int report)
{
    int flags = s->new_pids ? CLONE_NEWPID : 0;
    if (slots_serve(s->fd_count + OTHERS) && !s->orphan)
        return fork_with_slots(s, report, flags);
    pid_t pid = flags != 0 ? fork_flags(flags) : fork();
    if (pid == 0)
        run_child(s, report);
    return pid;
}

/* The child in between says the pid of its own child and is gone. */
static pid_t fork_orphan(const struct process_spawn *s, int report)
{
    int told[2];
    pid_t pid = -1;
    if (pipe2(told, O_CLOEXEC) < 0)
        return -1;
    pid_t between = fork();
    if (between == 0) {
        pid = fork_child(s, report);
        ssize_t n = write(told[1], &pid, sizeof pid);
        _exit(n == (ssize_t)sizeof pid ? 0 : EXIT_SYSTEM); /* child */
    }
    int saved = errno;
    close(told[1]);
    if (between > 0) {
        saved = EAGAIN;
        if (read(told[0], &pid, sizeof pid) != (ssize_t)sizeof pid)
            pid = -1;
        process_wait(between);
    }
    close(told[0]);
    errno = saved;
    return pid;
}

pid_t process_spawn(const struct process_spawn *s, int *report, struct error *e)
{
    int ends[2] = {-1, -1};
    if (s->fd_count > FDS_MAX) {
        errno = EINVAL;
        return error_system(e, "unable to pass %zu descriptors", s->fd_count);
    }
    if (report && pipe2(ends, O_CLOEXEC) < 0)
        return error_system(e, "unable to make a pipe");
    /* The child writes once, less than the pipe holds: only the reading end must not block. */
    if (report)
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = s->orphan ? fork_orphan(s, ends[1]) : fork_child(s, ends[1]);
    int saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        close_report(ends);
        errno = saved;
        return error_system(e, "unable to fork");
    }
    if (report) {
        close(ends[1]);
        *report = ends[0];
    }
    return pid;
}

/* All signals are blocked, so that no handler runs in the memory that child and parent share. */
static pid_t start_blocked(const struct process_spawn *s, struct process_failure *f)
{
    pid_t pid = vfork();
    if (pid == 0) {
        const char *step = become(s);
        f->error = errno;
        memcpy(f->step, step, strlen(step) + 1);
        _exit(EXIT_NOEXEC); /* child */
    }
    return pid;
}

pid_t process_start(const struct process_spawn *s, struct process_failure *f, struct error *e)
{
    sigset_t all;
    sigset_t before;
    if (s->fd_count > FDS_MAX) {
        errno = EINVAL;
        return error_system(e, "unable to pass %zu descriptors", s->fd_count);
    }
    f->error = 0;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = start_blocked(s, f);
    int saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        errno = saved;
        return error_system(e, "unable to fork");
    }
    if (f->error == 0)
        return pid;
    process_wait(pid);
    return 0;
}

int process_report(int report, struct process_failure *f)
{
    ssize_t n;
    do
        n = read(report, f, sizeof *f);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    if (n < (ssize_t)sizeof *f)
        return 1;
    f->step[sizeof f->step - 1] = '\0';
    return 0;
}

pid_t process_reap(int *status)
{
    pid_t pid;
    do
        pid = waitpid(-1, status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    return pid;
}

pid_t process_reap_one(pid_t pid, int *status)
{
    pid_t got;
    do
        got = waitpid(pid, status, WNOHANG);
    while (got < 0 && errno == EINTR);
    return got;
}

int process_wait(pid_t pid)
{
    int status;
    pid_t got;
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -1 : status;
}

pid_t process_parent(pid_t pid)
{
    char path[32];
    char text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    const char *after = strrchr(text, ')'); /* "PID (NAME) S PARENT", and NAME may be anything */
    return after != NULL && strlen(after) > 4 ? (pid_t)atol(after + 4) : -1;
}

int process_exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- why it could not be executed --- */

static void say(char *text, size_t size, const char *program, const char *reason, const char *cure)
{
    size_t used = 0;
    const char *parts[] = {"unable to execute ", program, ": ", reason,
                           cure ? " (" : NULL,   cure,    ")"};
    size_t count = cure ? 7 : 4;
    if (size == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(parts[i]);
        if (length > size - 1 - used)
            length = size - 1 - used;
        memcpy(text + used, parts[i], length);
        used += length;
    }
    text[used] = '\0';
}

static bool is_elf(const char *head, size_t length)
{
    return length >= 20 && memcmp(head, "\177ELF", 4) == 0;
}

static bool other_machine(const char *head, size_t length)
{
    char own[HEAD_MAX + 1];
    size_t own_length;
    enum { CLASS_AT = 4, MACHINE_AT = 18 };
    if (!is_elf(head, length) || read_head("/proc/self/exe", own, &own_length) < 0 ||
        !is_elf(own, own_length))
        return false;
    return head[CLASS_AT] != own[CLASS_AT] || memcmp(head + MACHINE_AT, own + MACHINE_AT, 2) != 0;
}

static void explain_missing(const char *program, char *head, char *text, size_t size)
{
    char *interpreter;
    char *argument;
    if (split_first_line(head, &interpreter, &argument) < 0) {
        bool elf = head[0] == '\177';
        say(text, size, program, elf ? "its dynamic loader is missing" : strerror(ENOENT),
            elf ? "built for another C library" : NULL);
        return;
    }
    const char *last = argument ? argument : interpreter;
    size_t length = strlen(last);
    char reason[HEAD_MAX + 64];
    if (length > 0 && last[length - 1] == '\r') {
        say(text, size, program, "its first line ends with CR LF",
            "convert the file to Unix line ends");
        return;
    }
    const char *begin = "its interpreter ";
    const char *end = " is missing";
    size_t n = strlen(begin);
    memcpy(reason, begin, n);
    memcpy(reason + n, interpreter, strlen(interpreter));
    n += strlen(interpreter);
    memcpy(reason + n, end, strlen(end) + 1);
    say(text, size, program, reason, "install it or correct the #! line");
}

static void explain_format(const char *program, const char *head, size_t length, char *text,
                           size_t size)
{
    if (length == 0)
        say(text, size, program, "it is empty", NULL);
    else if (other_machine(head, length))
        say(text, size, program, "it is for another processor architecture",
            "use a program or image for this one");
    else if (!is_elf(head, length))
        say(text, size, program, "it is not a program and has no #! line",
            "begin it with #! and an interpreter");
    else
        say(text, size, program, strerror(ENOEXEC), NULL);
}

static void explain_denied(const char *program, char *text, size_t size)
{
    struct stat st;
    if (stat(program, &st) == 0 && S_ISDIR(st.st_mode))
        say(text, size, program, "it is a directory", NULL);
    else if (stat(program, &st) == 0 && !(st.st_mode & 0111))
        say(text, size, program, "it has no x bit", "chmod +x");
    else if (on_noexec(program))
        say(text, size, program, "its file system is mounted noexec",
            "mount it with exec, or begin the file with #! and an interpreter");
    else
        say(text, size, program, strerror(EACCES), NULL);
}

void process_explain(const char *program, const struct process_failure *f, char *text, size_t size)
{
    char head[HEAD_MAX + 1];
    size_t length;
    if (strcmp(f->step, "exec") != 0)
        say(text, size, program, strerror(f->error),
            strcmp(f->step, "chdir") == 0 ? "changing the working directory"
                                          : "passing descriptors");
    else if (!strchr(program, '/') && f->error == ENOENT)
        say(text, size, program, "not found in PATH", NULL);
    else if (f->error == EACCES && strchr(program, '/'))
        explain_denied(program, text, size);
    else if ((f->error != ENOENT && f->error != ENOEXEC) || !strchr(program, '/') ||
             read_head(program, head, &length) < 0)
        say(text, size, program, strerror(f->error), NULL);
    else if (f->error == ENOENT)
        explain_missing(program, head, text, size);
    else
        explain_format(program, head, length, text, size);
}

void process_trim_stack(void)
{
    enum { PAGE = 4096, DEPTH = 65536 };
    char here;
    uintptr_t below = (uintptr_t)&here - 512; /* what the call itself needs stays */
    uintptr_t end = below & ~(uintptr_t)(PAGE - 1);
    madvise((void *)(end - DEPTH), DEPTH, MADV_DONTNEED);
}
