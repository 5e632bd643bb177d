/* Programs that are given a time or watched over: run beside us, waited for with signals blocked.
 */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/signals.h"
#include "base/str.h"
#include "command/commands.h"
#include "execline/child.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_TIMEOUT = 99, EXIT_HACKPIPE = 102, EXIT_FAILED = 1, SPARE_FDS = 30, PIDFILE_MAX = 64 };

/* Blocks every signal that can be waited for; the program gets the mask as it was. The pid, or -1
 * after saying why. */
static pid_t start_blocked(char **argv)
{
    struct error e = ERROR_INIT;
    static sigset_t before;
    static bool blocked;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, blocked ? NULL : &before);
    blocked = true;
    process_keep_statuses();
    pid_t pid = child_start(&(struct child){.argv = argv, .signal_mask = &before}, &e);
    if (pid < 0)
        message_fatal("%s", e.text);
    return pid;
}

/* The next signal, or 0 at the deadline (0: none). SIGCHLD counts when it is not ours to forward.
 */
static int next_signal(int64_t deadline)
{
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        int64_t left = deadline - clock_monotonic();
        if (deadline != 0 && left < 0)
            return 0;
        struct timespec t = clock_timespec(left);
        int signal = sigtimedwait(&all, NULL, deadline != 0 ? &t : NULL);
        if (signal > 0)
            return signal;
    }
}

/* Signals that end us, as long as nobody blocked them, do so here too. */
static void die_of(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    kill(getpid(), number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    sigprocmask(SIG_BLOCK, &one, NULL);
}

/* Runs argv for at most ms (0: no end). Its raw status; -1 after saying why it did not run, or that
 * its status is not known; -2 when its time was over. */
static int run_timed(char **argv, uint64_t ms, int kill_with)
{
    int status;
    int64_t deadline = clock_deadline(ms);
    pid_t pid = start_blocked(argv);
    if (pid < 0)
        return -1;
    for (;;) {
        pid_t dead = process_reap_one(pid, &status);
        if (dead < 0)
            complain("wait for", argv[0]);
        if (dead != 0)
            return dead < 0 ? -1 : status;
        int got = next_signal(deadline);
        if (got == 0) {
            if (kill_with != 0)
                kill(pid, kill_with);
            return -2;
        }
        if (got != SIGCHLD)
            die_of(got);
    }
}

/* --- s6-maximumtime, with-retries --- */

static int timeout_signal(char letter)
{
    static const char letters[] = "0abikqtx12";
    static const unsigned char signals[] = {0,       SIGALRM, SIGABRT, SIGINT,  SIGKILL,
                                            SIGQUIT, SIGTERM, SIGXCPU, SIGUSR1, SIGUSR2};
    return letter == 0 ? SIGTERM : signals[strchr(letters, letter) - letters];
}

static int run_maximumtime(struct invocation *c)
{
    uint64_t ms = 0;
    if (options_read(c, 2) != 0 || options_number(c, options.operand[0], UINT_MAX, &ms) != 0)
        return EXIT_USAGE;
    int status = run_timed(options.operand + 1, ms, timeout_signal(options_last("0abikqtx12")));
    if (status == -1)
        return EXIT_SYSTEM;
    if (status == -2) {
        message_warning("%s took more than %s milliseconds", options.operand[1],
                        options.operand[0]);
        return EXIT_TIMEOUT;
    }
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    message_warning("%s was killed by signal %d", options.operand[1], WTERMSIG(status));
    return EXIT_SYSTEM;
}

static int run_with_retries(struct invocation *c)
{
    uint64_t attempts = 3;
    uint64_t ms = 500;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('n'), UINT_MAX, &attempts) != 0 ||
        options_number(c, argument_of('t'), UINT_MAX, &ms) != 0)
        return EXIT_USAGE;
    for (; attempts > 0; attempts--)
        if (run_timed(options.operand, ms, SIGTERM) == 0)
            return 0;
    return EXIT_FAILED;
}

/* --- s6-fghack --- */

/* Descriptors by which the program and what it leaves behind betray that they are alive. */
static int open_spares(int spare[SPARE_FDS])
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    for (int i = 0; i < SPARE_FDS; i++)
        if ((spare[i] = fcntl(ends[1], F_DUPFD, 0)) < 0)
            return -1;
    close(ends[1]);
    return ends[0];
}

static int run_fghack(struct invocation *c)
{
    struct error e = ERROR_INIT;
    int spare[SPARE_FDS];
    char byte;
    ssize_t n;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    int end = open_spares(spare);
    if (end < 0)
        return fail("make", "a pipe");
    process_keep_statuses();
    pid_t pid = child_start(&(struct child){.argv = options.operand}, &e);
    if (pid < 0)
        return refuse(EXIT_SYSTEM, "%s", e.text);
    for (int i = 0; i < SPARE_FDS; i++)
        close(spare[i]);
    while ((n = read(end, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return fail("read", "the pipe");
    if (n > 0)
        return refuse(EXIT_HACKPIPE, "%s wrote to a descriptor that it was not given",
                      options.operand[0]);
    int status = process_wait(pid);
    if (status < 0)
        return fail("wait for", options.operand[0]);
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    return refuse(EXIT_SYSTEM, "%s was killed by signal %d", options.operand[0], WTERMSIG(status));
}

/* --- s6-background-watch --- */

/* Forwards signals until pid is dead; its exit code, or -1 at the deadline. Other children, which
 * nobody else can wait for, are reaped only when all is set: before, one of them may be the daemon.
 */
static int follow(pid_t pid, int64_t deadline, bool all)
{
    int status = 0;
    for (;;) {
        pid_t got = all ? process_reap(&status) : process_reap_one(pid, &status);
        if (got == pid)
            return process_exit_code(status);
        if (got > 0)
            continue;
        if (got < 0)
            return EXIT_SYSTEM;
        int signal = next_signal(deadline);
        if (signal == 0)
            return -1;
        if (signal != SIGCHLD)
            kill(pid, signal);
    }
}

static pid_t read_pidfile(const char *path)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    unsigned long long pid = 0;
    if (file_read(AT_FDCWD, path, PIDFILE_MAX, &text, &e) < 0) {
        message_error(&e);
        return -1;
    }
    text.data[strspn(text.data, "0123456789")] = '\0';
    if (number_parse(text.data, INT_MAX, &pid) < 0 || pid < 2 || kill((pid_t)pid, 0) < 0) {
        message_fatal("%s does not hold the number of a process that lives", path);
        pid = 0;
    }
    str_release(&text);
    return pid == 0 ? -1 : (pid_t)pid;
}

static int run_background_watch(struct invocation *c)
{
    uint64_t ms = 0;
    uint64_t notify = 0;
    if (options_read(c, 2) != 0 || options_number(c, argument_of('t'), INT_MAX, &ms) != 0 ||
        options_number(c, argument_of('d'), INT_MAX, &notify) != 0)
        return EXIT_USAGE;
    if (given('d') && fd_cloexec((int)notify, 1) < 0)
        return fail("use descriptor", argument_of('d'));
    /* What is left alone becomes our child, so that its end is seen. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return fail("become", "a reaper of processes");
    pid_t pid = start_blocked(options.operand + 1);
    if (pid < 0)
        return EXIT_SYSTEM;
    int code = follow(pid, clock_deadline(ms), false);
    if (code < 0) {
        message_fatal("%s did not go into the background in time", options.operand[1]);
        kill(pid, SIGKILL);
        code = follow(pid, 0, false);
    }
    if (code != 0)
        return code;
    pid = read_pidfile(options.operand[0]);
    if (pid < 0)
        return EXIT_SYSTEM;
    if (given('d')) {
        if (fd_write_all((int)notify, "\n", 1) < 0)
            complain("notify through descriptor", argument_of('d'));
        close((int)notify);
    }
    return follow(pid, 0, true);
}

/* --- s6-sleep, s6-pause --- */

static int run_sleep(struct invocation *c)
{
    uint64_t value = 0;
    if (options_read(c, 1) != 0 || options_number(c, options.operand[0], UINT_MAX, &value) != 0)
        return EXIT_USAGE;
    unsigned int unit = given('m') ? 1000 : 1;
    struct timespec left = {.tv_sec = (time_t)(value / unit),
                            .tv_nsec = (long)((int64_t)(value % unit) * (CLOCK_SECOND / unit))};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
    return command_chain(c, options.operand + 1);
}

static int run_pause(struct invocation *c)
{
    static const char letters[] = "thaqbi";
    static const unsigned char signals[] = {SIGTERM, SIGHUP, SIGALRM, SIGQUIT, SIGABRT, SIGINT};
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    for (size_t i = 0; i < sizeof signals; i++)
        if (options.place[(unsigned char)letters[i]] != 0)
            signal(signals[i], SIG_IGN);
    const char *word = argument_of('p');
    while (word != NULL && *word != '\0') {
        char name[12];
        size_t n = strcspn(word, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, word);
        word += n + (word[n] == ',');
        int number = signal_number(name, SIGNAL_COUNT - 1);
        if (number < 1)
            return command_usage(c);
        signal(number, SIG_IGN);
    }
    for (;;)
        pause();
}

static const char watch_options[] =
    "-t, --timeout-ready=ms    kill it when it is not in the background by then\n"
    "-d, --notification-fd=fd  where readiness is told\n";
static const char maximumtime_options[] = "-0  send no signal when the time is over\n"
                                          "-a  send SIGALRM\n"
                                          "-b  send SIGABRT\n"
                                          "-i  send SIGINT\n"
                                          "-k  send SIGKILL\n"
                                          "-q  send SIGQUIT\n"
                                          "-t  send SIGTERM (the default)\n"
                                          "-x  send SIGXCPU\n"
                                          "-1  send SIGUSR1\n"
                                          "-2  send SIGUSR2\n";

static const char with_retries_options[] = "-n count  attempts (3)\n"
                                           "-t ms     time for each attempt (500; 0: no limit)\n";

static const char sleep_options[] = "-m  the time is in milliseconds, not seconds\n";

static const char pause_options[] =
    "-t          ignore SIGTERM\n"
    "-h          ignore SIGHUP\n"
    "-a          ignore SIGALRM\n"
    "-q          ignore SIGQUIT\n"
    "-b          ignore SIGABRT\n"
    "-i          ignore SIGINT\n"
    "-p signals  ignore these, names or numbers separated by commas\n";

const struct command command_timed[] = {
    {"s6-maximumtime", "[-0abikqtx12] ms prog...", "run a program for a limited time",
     maximumtime_options, run_maximumtime},
    {"with-retries", "[-n count] [-t ms] prog...", "run a program until it succeeds",
     with_retries_options, run_with_retries},
    {"s6-fghack", "prog...", "run a program and wait for all that it leaves behind", NULL,
     run_fghack},
    {"s6-background-watch", "[-t ms] [-d fd] pidfile prog...",
     "run a daemon that puts itself into the background, and stay until it ends", watch_options,
     run_background_watch},
    {"s6-sleep", "[-m] time [prog...]", "wait, then run a program", sleep_options, run_sleep},
    {"s6-pause", "[-thaqbi] [-p signals]", "wait for ever", pause_options, run_pause},
    {.name = NULL}};
