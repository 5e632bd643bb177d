/* What scenario tests need inside a root and no shell does well. Static: it runs in a scratch root.
 *
 * helper tick N               prints N numbered lines, then waits for a signal
 * helper say TEXT [CODE]      prints TEXT on both streams and exits CODE
 * helper wait [TEXT]          waits for SIGTERM, prints TEXT, exits 0
 * helper count TOTAL FILE     see count() below
 * helper orphans N            leaves N orphans behind that all die at once
 * helper segv                 dies of SIGSEGV
 * helper cat FILE             prints FILE
 * helper open PATH TEXT       opens PATH for writing and writes TEXT
 * helper exitcode FILE CODE   writes CODE to FILE
 * helper -- PROGRAM [ARG...]  runs it as an engine's --init does: passes TERM on, reaps, exits with its code
 * helper serve PORT [N]       answers HTTP requests by "ok"; the Nth and all after it are taken, never answered,
 *                             and SIGTERM means nothing from then on
 * helper ready ...            writes a newline to descriptor 3 and waits for SIGTERM
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int say(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
    return 0;
}

static int fail(const char *what)
{
    dprintf(2, "helper: %s: %s\n", what, strerror(errno));
    return 111;
}

/* Writes numbered lines to stdout and stderr in turn, "INSTANCE NUMBER\n", until TOTAL lines stand on
 * each stream over all instances. FILE, shared by all of them, holds 8-byte numbers: lines completed on
 * stdout by all instances, the same on stderr, the number of instances, and then for each instance its
 * two numbers of lines. A line counts once its write returned: in one store, that of the instance, from
 * which the sums follow, so that a kill between the two loses nothing. Every seventh is written in two
 * pieces, so that some instances die within a line. */
static int count(uint64_t total, const char *path)
{
    size_t size = 64 * 1024;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        return fail(path);
    volatile uint64_t *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        return fail(path);
    uint64_t instance = ++shared[2];
    volatile uint64_t *mine = shared + 3 + 2 * (instance - 1);
    uint64_t before[2] = {0, 0};
    for (volatile uint64_t *other = shared + 3; other < mine; other += 2)
        for (int stream = 0; stream < 2; stream++)
            before[stream] += other[stream];
    for (int stream = 0; stream < 2; stream++)
        shared[stream] = before[stream];
    while (shared[0] < total || shared[1] < total) {
        for (int stream = 0; stream < 2; stream++) {
            char line[128];
            if (shared[stream] >= total)
                continue;
            uint64_t number = mine[stream] + 1;
            int length = snprintf(line, sizeof line, "%ju %ju %s\n", (uintmax_t)instance,
                                  (uintmax_t)number, "the quick brown fox jumps over the lazy dog");
            size_t first = number % 7 == 0 ? (size_t)length / 2 : (size_t)length;
            if (say(stream + 1, line, first) != 0 ||
                say(stream + 1, line + first, (size_t)length - first) != 0)
                return fail("write");
            mine[stream] = number;
            shared[stream] = before[stream] + number;
        }
    }
    for (;;)
        pause();
}

static int orphans(int number)
{
    int gate[2], ready[2];
    struct rlimit limit = {(rlim_t)number + 4000, (rlim_t)number + 4000};
    setrlimit(RLIMIT_NPROC, &limit);
    if (pipe(gate) != 0 || pipe(ready) != 0)
        return fail("pipe");
    pid_t middle = fork();
    if (middle < 0)
        return fail("fork");
    if (middle == 0) {
        for (int i = 0; i < number; i++) {
            char byte;
            pid_t pid = fork();
            if (pid < 0)
                _exit(1);
            if (pid == 0) {
                close(gate[1]);
                close(ready[1]);
                if (read(gate[0], &byte, 1) < 0)
                    _exit(2);
                _exit(3);
            }
        }
        _exit(0);
    }
    close(ready[1]);
    char byte;
    while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
        continue;
    int status;
    if (waitpid(middle, &status, 0) != middle || status != 0)
        return fail("fork");
    close(gate[0]);
    close(gate[1]); /* the last end: all of them read EOF now, and their parent is gone */
    dprintf(1, "released %d\n", number);
    return 0;
}

static int copy(const char *path)
{
    char bytes[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return fail(path);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        say(1, bytes, (size_t)n);
    return 0;
}

static int put(const char *path, int flags, const char *text)
{
    char line[4096]; /* in one write, or somebody else's line gets in between */
    int fd = open(path, flags | O_WRONLY, 0644);
    int length = snprintf(line, sizeof line, "%s\n", text);
    return fd < 0 || say(fd, line, (size_t)length) != 0 ? fail(path) : 0;
}

static volatile sig_atomic_t told;

static void on_term(int number)
{
    told = number;
}

static sigset_t unblocked;

/* From here on SIGTERM waits for wait_term: before anything is said that a test waits for. */
static void mind_term(void)
{
    sigset_t set;
    struct sigaction action = {.sa_handler = on_term};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &unblocked);
    sigaction(SIGTERM, &action, NULL);
}

static int wait_term(const char *text)
{
    while (!told)
        sigsuspend(&unblocked);
    if (text)
        dprintf(1, "%s\n", text);
    return 0;
}

static volatile pid_t main_child;

static void pass_on(int number)
{
    kill(main_child, number);
}

static int be_init(char **argv)
{
    struct sigaction action = {.sa_handler = pass_on};
    int status;
    pid_t pid;
    main_child = fork();
    if (main_child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    sigaction(SIGTERM, &action, NULL);
    while ((pid = waitpid(-1, &status, 0)) != main_child)
        if (pid < 0 && errno != EINTR)
            return fail("wait");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int serve(int port, int most)
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const char *answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    char request[4096];
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&a, sizeof a) < 0 || listen(listener, 10) < 0)
        return fail("serve");
    dprintf(1, "serving\n");
    for (int i = 1;; i++) {
        int fd = accept(listener, NULL, NULL);
        if (most > 0 && i >= most) {
            signal(SIGTERM, SIG_IGN);
            for (;;)
                pause();
        }
        if (fd >= 0 && read(fd, request, sizeof request) > 0)
            say(fd, answer, strlen(answer));
        close(fd);
    }
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--") == 0 && argc > 2)
        return be_init(argv + 2);
    if (strcmp(verb, "tick") == 0 || strcmp(verb, "wait") == 0 || strcmp(verb, "ready") == 0)
        mind_term();
    if (strcmp(verb, "tick") == 0 && argc == 3) {
        for (int i = 1; i <= atoi(argv[2]); i++)
            dprintf(1, "tick %d\n", i);
        return wait_term(NULL);
    }
    if (strcmp(verb, "say") == 0 && argc >= 3) {
        dprintf(1, "%s\n", argv[2]);
        dprintf(2, "%s\n", argv[2]);
        return argc > 3 ? atoi(argv[3]) : 0;
    }
    if (strcmp(verb, "wait") == 0)
        return wait_term(argv[2]);
    if (strcmp(verb, "count") == 0 && argc == 4)
        return count(strtoull(argv[2], NULL, 10), argv[3]);
    if (strcmp(verb, "orphans") == 0 && argc == 3)
        return orphans(atoi(argv[2]));
    if (strcmp(verb, "segv") == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        return 1;
    }
    if (strcmp(verb, "cat") == 0 && argc == 3)
        return copy(argv[2]);
    if (strcmp(verb, "open") == 0 && argc == 4)
        return put(argv[2], 0, argv[3]);
    if (strcmp(verb, "exitcode") == 0 && argc == 4)
        return put(argv[2], O_CREAT | O_TRUNC, argv[3]);
    if (strcmp(verb, "serve") == 0 && argc >= 3)
        return serve(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 0);
    if (strcmp(verb, "ready") == 0)
        return write(3, "\n", 1) == 1 ? wait_term(NULL) : fail("3");
    dprintf(2, "usage: helper tick|say|wait|count|orphans|segv|cat|open|exitcode|serve|ready ...\n");
    return 100;
}
