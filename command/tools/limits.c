/* Chain loaders that change the process before the program: limits, a lock, a session, niceness,
 * a root. */
#include "base/failure.h"
#include "base/options.h"
#include "command/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* --- s6-softlimit --- */

enum { SOFT = 1, HARD = 2 };

static const struct {
    char letter;
    unsigned char resource;
} limited[] = {{'a', RLIMIT_AS},      {'c', RLIMIT_CORE},    {'d', RLIMIT_DATA},
               {'f', RLIMIT_FSIZE},   {'l', RLIMIT_MEMLOCK}, {'o', RLIMIT_NOFILE},
               {'p', RLIMIT_NPROC},   {'P', RLIMIT_RTPRIO},  {'r', RLIMIT_RSS},
               {'s', RLIMIT_STACK},   {'t', RLIMIT_CPU},     {'m', RLIMIT_AS},
               {'m', RLIMIT_MEMLOCK}, {'m', RLIMIT_DATA},    {'m', RLIMIT_STACK}};

static int set_limit(struct invocation *c, int resource, int what)
{
    struct rlimit limit;
    uint64_t value;
    if (getrlimit(resource, &limit) < 0)
        return fail("get", "limits");
    value = limit.rlim_max;
    if (strcmp(c->argument, "=") != 0 && options_number(c, c->argument, UINT64_MAX, &value) != 0)
        return EXIT_USAGE;
    if (what & HARD)
        limit.rlim_max = value;
    if ((what & SOFT) || limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    return setrlimit(resource, &limit) < 0 ? fail("set", "limits") : 0;
}

static int run_softlimit(struct invocation *c)
{
    int what = SOFT;
    int code = 0;
    for (int letter; (letter = command_option(c)) != 0;) {
        if (letter == '?')
            return EXIT_USAGE;
        if (letter == 'h' || letter == 'H')
            what = letter == 'h' ? HARD : HARD | SOFT;
        for (size_t i = 0; i < sizeof limited / sizeof limited[0] && code == 0; i++)
            if (limited[i].letter == letter)
                code = set_limit(c, limited[i].resource, what);
        if (code != 0)
            return code;
    }
    return command_operand_count(c) < 1 ? command_usage(c) : command_chain(c, command_operands(c));
}

/* --- s6-setlock --- */

enum { EXIT_LOCKED = 1 };

static void wake(int signal)
{
    (void)signal;
}

/* Waits at most so many milliseconds. The timer repeats, so that one which fires before the wait
 * began loses nothing. Whoever started us may have blocked the signal. */
static int lock_timed(int fd, struct flock *lock, uint64_t ms)
{
    const struct itimerval off = {.it_value = {.tv_sec = 0}};
    const struct itimerval on = {.it_interval = {.tv_usec = 10000},
                                 .it_value = {.tv_sec = (time_t)(ms / 1000),
                                              .tv_usec = (suseconds_t)(ms % 1000 * 1000 + 1)}};
    struct sigaction action = {.sa_handler = wake};
    struct sigaction before;
    sigset_t one, mask;
    sigemptyset(&one);
    sigaddset(&one, SIGALRM);
    sigaction(SIGALRM, &action, &before);
    sigprocmask(SIG_UNBLOCK, &one, &mask);
    setitimer(ITIMER_REAL, &on, NULL);
    int result = fcntl(fd, F_SETLKW, lock);
    int saved = errno == EINTR ? ETIMEDOUT : errno;
    setitimer(ITIMER_REAL, &off, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGALRM, &before, NULL);
    errno = saved;
    return result;
}

static int run_setlock(struct invocation *c)
{
    uint64_t ms = 0;
    uint64_t to = 0;
    if (options_read(c, 2) != 0 || options_number(c, argument_of('t'), INT_MAX, &ms) != 0 ||
        options_number(c, argument_of('d'), INT_MAX, &to) != 0)
        return EXIT_USAGE;
    const char *file = options.operand[0];
    bool shared = options_last("rw") == 'r';
    char how = options_last("nNt");
    int fd = open(file, (shared ? O_RDONLY : O_WRONLY) | O_CREAT | O_NONBLOCK, 0666);
    if (fd < 0)
        return fail("open", file);
    struct flock lock = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
    int bad = how == 'n'             ? fcntl(fd, F_SETLK, &lock)
              : how == 't' && ms > 0 ? lock_timed(fd, &lock, ms)
                                     : fcntl(fd, F_SETLKW, &lock);
    if (bad < 0) {
        fail("lock", file);
        return EXIT_LOCKED;
    }
    /* A lock goes with the first descriptor of its file that is closed: the other stays open. */
    if (given('d') && fd != (int)to && dup2(fd, (int)to) < 0)
        return fail("make a descriptor", argument_of('d'));
    return command_chain(c, options.operand + 1);
}

/* --- s6-setsid --- */

/* terminal: -1 for /dev/tty. */
static const char *enter_group(char how, int terminal)
{
    if (how == 's' || how == 0)
        return setsid() < 0 ? "setsid" : NULL;
    if (setpgid(0, 0) < 0)
        return "setpgid";
    if (how == 'b')
        return NULL;
    int fd = terminal >= 0 ? terminal : open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return "open /dev/tty";
    /* A process in the background that may not be stopped for it must not hear of it. */
    void (*before)(int) = how == 'g' ? signal(SIGTTOU, SIG_IGN) : SIG_DFL;
    int bad = tcsetpgrp(fd, getpid());
    if (how == 'g')
        signal(SIGTTOU, before);
    int saved = errno;
    if (terminal < 0)
        close(fd);
    errno = saved;
    return bad < 0 ? "tcsetpgrp" : NULL;
}

static int run_setsid(struct invocation *c)
{
    uint64_t fd = 0;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('d'), INT_MAX, &fd) != 0)
        return EXIT_USAGE;
    const char *failed = enter_group(options_last("sbfg"), given('d') ? (int)fd : -1);
    char how = options_last("iIq");
    if (failed != NULL && how == 'i')
        return fail(failed, "");
    if (failed != NULL && how != 'q')
        complain(failed, "");
    return command_chain(c, options.operand);
}

/* --- s6-nice, s6-chroot --- */

static int run_nice(struct invocation *c)
{
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    const char *word = given('n') ? argument_of('n') : "10";
    uint64_t value = 0;
    if (options_number(c, word + (*word == '-'), 1000, &value) != 0)
        return EXIT_USAGE;
    errno = 0;
    if (nice(*word == '-' ? -(int)value : (int)value) == -1 && errno != 0) {
        if (options_last("iI") == 'i')
            return fail("nice to", word);
        complain("nice to", word);
    }
    return command_chain(c, options.operand);
}

static int run_chroot(struct invocation *c)
{
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    if (chdir(options.operand[0]) < 0 || chroot(".") < 0)
        return fail("chroot to", options.operand[0]);
    return command_chain(c, options.operand + 1);
}

static const char softlimit_options[] = "-H        what follows sets soft and hard limits\n"
                                        "-h        what follows sets hard limits\n"
                                        "-a limit  bytes of address space\n"
                                        "-c limit  bytes of a core file\n"
                                        "-d limit  bytes of the data segment\n"
                                        "-f limit  bytes of a file\n"
                                        "-l limit  bytes of locked memory\n"
                                        "-m limit  bytes; the same as -a, -d, -l and -s\n"
                                        "-o limit  open files\n"
                                        "-p limit  processes of this user\n"
                                        "-P limit  real-time priority\n"
                                        "-r limit  bytes of resident memory\n"
                                        "-s limit  bytes of the stack\n"
                                        "-t limit  seconds of processor time\n";

static const char setlock_options[] = "-n     exit 1 at once when the file is locked\n"
                                      "-N     wait for the lock (the default)\n"
                                      "-t ms  wait that long, then exit 1\n"
                                      "-r     a shared lock\n"
                                      "-w     an exclusive lock (the default)\n"
                                      "-d fd  keep the lock at that descriptor\n";

static const char setsid_options[] = "-s     a new session (the default)\n"
                                     "-b     a new process group in the background\n"
                                     "-f     a new process group in the foreground\n"
                                     "-g     the same, taking the terminal by force\n"
                                     "-i     exit 111 when it cannot be done\n"
                                     "-I     only warn (the default)\n"
                                     "-q     not even warn\n"
                                     "-d fd  descriptor of the controlling terminal\n"
                                     "-s, --session\n-b, --background-process-group\n"
                                     "-f, --foreground-process-group\n"
                                     "-g, --foreground-process-group-grab\n"
                                     "-i, --strict\n-I, --no-strict\n-q, --quiet\n-d, --ctty=fd\n";

static const char nice_options[] = "-n value  what is added to the nice value (10)\n"
                                   "-i        exit 111 when it cannot be done\n"
                                   "-I        only warn (the default)\n";

const struct command command_limits[] = {
    {"s6-softlimit", "[-H|-h] [-acdflmoPprst limit]... prog...", "run a program with limits",
     softlimit_options, run_softlimit},
    {"s6-setlock", "[-n|-N|-t ms] [-r|-w] [-d fd] file prog...", "run a program holding a lock",
     setlock_options, run_setlock},
    {"s6-setsid", "[-s|-b|-f|-g] [-i|-I|-q] [-d fd] prog...",
     "run a program in a session or process group of its own", setsid_options, run_setsid},
    {"s6-nice", "[-i|-I] [-n value] prog...", "run a program with another priority", nice_options,
     run_nice},
    {"s6-chroot", "dir prog...", "run a program with another root", NULL, run_chroot},
    {.name = NULL}};
