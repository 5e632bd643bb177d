/* For the differential test: many runs of a program, and the small programs that those runs use.
 *
 *   batch FOLDER FIRST END PROGRAM   runs PROGRAM in FOLDER/N for each N, with the words of FOLDER/N.argv
 *                                    and FOLDER/N.env (each ended by NUL); FOLDER/N.in, .out and .err are
 *                                    0, 1 and 2. Wait statuses go to stdout, one a line.
 *   p WORD...       shows its words
 *   probe WORD...   and everything else that it was given
 *   r               shows what stdin holds
 *   x N             exits with N; with -N, dies of signal N
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void show(char *const *words)
{
    for (; *words != NULL; words++)
        printf("[%s]", *words);
    printf("\n");
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show_descriptor(int fd)
{
    char path[32];
    char target[PATH_MAX];
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = '\0';
    if (strncmp(target, "pipe:", 5) == 0 || strstr(target, "heredoc") != NULL)
        strcpy(target, "pipe or memory"), flags &= ~O_ACCMODE;
    printf("fd %d %o %s\n", fd, (unsigned)(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)), target);
}

static void show_signals(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        sigaction(i, NULL, &action);
        if (sigismember(&mask, i) || action.sa_handler != SIG_DFL)
            printf("signal %d %d %d\n", i, sigismember(&mask, i), action.sa_handler != SIG_DFL);
    }
}

static void probe(char **argv)
{
    char path[PATH_MAX];
    size_t count = 0;
    show(argv);
    while (environ[count] != NULL)
        count++;
    qsort(environ, count, sizeof *environ, compare);
    show(environ);
    for (int fd = 0; fd < 64; fd++)
        show_descriptor(fd);
    show_signals();
    mode_t mask = umask(0);
    umask(mask);
    printf("in %s mask %o\n", getcwd(path, sizeof path), (unsigned)mask);
}

static int read_all(void)
{
    char buffer[4096];
    ssize_t n;
    printf("<");
    while ((n = read(0, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t)n, stdout);
    printf(n < 0 ? "unreadable>\n" : ">\n");
    return 0;
}

static char **words_of(const char *folder, long number, const char *what)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%ld.%s", folder, number, what);
    int fd = open(path, O_RDONLY);
    static char buffers[2][65536];
    static char *lists[2][1024];
    int which = what[0] == 'e';
    ssize_t n = read(fd, buffers[which], sizeof buffers[which] - 1);
    size_t count = 0;
    close(fd);
    for (ssize_t at = 0; at < n; at += (ssize_t)strlen(buffers[which] + at) + 1)
        lists[which][count++] = buffers[which] + at;
    lists[which][count] = NULL;
    return lists[which];
}

static void place(const char *folder, long number, const char *what, int flags, int to)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%ld.%s", folder, number, what);
    int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, to) < 0)
        _exit(99);
    if (fd != to)
        close(fd);
}

static void run(const char *folder, long number, const char *program)
{
    char path[PATH_MAX];
    char **argv = words_of(folder, number, "argv");
    environ = words_of(folder, number, "env");
    snprintf(path, sizeof path, "%s/%ld", folder, number);
    place(folder, number, "in", O_RDONLY, 0);
    place(folder, number, "out", O_WRONLY | O_CREAT | O_APPEND, 1);
    place(folder, number, "err", O_WRONLY | O_CREAT | O_APPEND, 2);
    signal(SIGPIPE, SIG_DFL);
    umask(022);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    setpgid(0, 0);
    alarm(20);
    if (chdir(path) == 0)
        execv(program, argv);
    _exit(98);
}

static int batch(char **argv)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setvbuf(stdout, NULL, _IOFBF, 65536);
    for (long i = atol(argv[2]); i < atol(argv[3]); i++) {
        int status;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            run(argv[1], i, argv[4]);
        waitpid(pid, &status, 0);
        while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
            ; /* what it left behind is ours now, and may still be writing */
        printf("%d\n", status);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    if (strcmp(name, "p") == 0)
        show(argv + 1);
    else if (strcmp(name, "probe") == 0)
        probe(argv + 1);
    else if (strcmp(name, "r") == 0)
        return read_all();
    else if (strcmp(name, "x") == 0 && argc > 1 && argv[1][0] == '-')
        return kill(getpid(), atoi(argv[1] + 1));
    else if (strcmp(name, "x") == 0)
        return argc > 1 ? atoi(argv[1]) : 0;
    else if (argc == 5)
        return batch(argv);
    else
        return 100;
    return 0;
}
