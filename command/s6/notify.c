/* Commands that wait beside a program: until services are as wanted, or until it is ready. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/process.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/s6/service.h"
#include "command/tools/beside.h"
#include "execline/block.h"
#include "services/keys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

/* --- s6-svlisten ------------------------------------------------------------------------------ */

static int run_svlisten(struct invocation *c)
{
    struct block_reader blocks;
    struct error e = ERROR_INIT;
    char **services;
    size_t count;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    block_begin(&blocks, options.operand);
    if (block_read(&blocks, &services, &count, &e) < 0 || blocks.next[0] == NULL)
        return command_usage(c);
    if (count == 0)
        return command_chain(c, blocks.next); /* nothing to wait for */
    return service_wait_given(c, services, count, blocks.next);
}

static int run_svlisten1(struct invocation *c)
{
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    return service_wait_given(c, options.operand, 1, options.operand + 1);
}

/* --- s6-notifyoncheck ------------------------------------------------------------------------- */

enum {
    READY = 0,
    TRIES_OVER = 1,
    SERVICE_GONE = 2,
    TIME_OVER = 3,
    STEP_MS = 50, /* between two looks, where the kernel has no pidfd */
};

struct polling {
    uint64_t sleep, all, each, wait, tries;
    int fd;
    pid_t service;
    int service_fd; /* -1: to be asked for now and then */
};

static int open_pid(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool lives(pid_t pid)
{
    return kill(pid, 0) == 0 || errno == EPERM;
}

/* Waits until the check (0: none) or the service ends, at most until due (0: for ever): READY when
 * the check did, else SERVICE_GONE or TIME_OVER. */
static int wait_step(const struct polling *p, pid_t check, int64_t due, int *status)
{
    int check_fd = check > 0 ? open_pid(check) : -1;
    int result = -1;
    while (result < 0) {
        struct pollfd fds[] = {{.fd = p->service_fd, .events = POLLIN},
                               {.fd = check_fd, .events = POLLIN}};
        int64_t left = due == 0 ? -1 : (due - clock_monotonic() + CLOCK_MS - 1) / CLOCK_MS;
        bool blind = p->service_fd < 0 || (check > 0 && check_fd < 0);
        if (check > 0 && process_reap_one(check, status) != 0)
            result = READY;
        else if (p->service_fd < 0 && !lives(p->service))
            result = SERVICE_GONE;
        else if (due != 0 && left <= 0)
            result = TIME_OVER;
        else if (poll(fds, 2, blind && (left < 0 || left > STEP_MS) ? STEP_MS : (int)left) > 0 &&
                 fds[0].revents != 0)
            result = SERVICE_GONE;
    }
    fd_close(check_fd);
    return result;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static pid_t start_check(const char *command)
{
    char *inlined[] = {(char[]){"execlineb"}, (char[]){"-Pc"}, strdup(command ? command : ""),
                       NULL};
    char *script[] = {(char[]){"./data/check"}, NULL};
    struct process_spawn s = {.program = command != NULL ? command_program : script[0],
                              .argv = command != NULL ? inlined : script,
                              .envp = environ};
    struct error e = ERROR_INIT;
    pid_t pid = process_start_explain(&s, &e);
    free(inlined[2]);
    if (pid < 0)
        message_warning("%s", e.text);
    return pid;
}

/* One attempt: READY, TRIES_OVER when it failed, or why to give up. */
static int try_once(const struct polling *p, const char *command, int64_t end)
{
    int status = -1; /* not known */
    pid_t check = start_check(command);
    if (check < 0)
        return TRIES_OVER;
    int result = wait_step(p, check, earlier(clock_deadline(p->each), end), &status);
    if (result == READY)
        return status == 0 ? READY : TRIES_OVER;
    kill(check, SIGKILL);
    process_wait(check);
    return result == TIME_OVER && (end == 0 || clock_monotonic() < end) ? TRIES_OVER : result;
}

static int poll_service(const struct polling *p, const char *command)
{
    int64_t end = clock_deadline(p->all);
    uint64_t wait = p->sleep;
    for (uint64_t i = 0; p->tries == 0 || i < p->tries; i++) {
        int64_t due = clock_monotonic() + (int64_t)wait * CLOCK_MS;
        int result = wait_step(p, 0, earlier(due, end), NULL);
        if (result == SERVICE_GONE)
            return result;
        if (end != 0 && clock_monotonic() >= end)
            return TIME_OVER;
        result = try_once(p, command, end);
        if (result == READY)
            return fd_write_all(p->fd, "\n", 1) == 0 ? READY : fail("write to", "notification-fd");
        if (result != TRIES_OVER)
            return result;
        wait = p->wait;
    }
    return TRIES_OVER;
}

static int read_notification_fd(uint64_t *fd)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int64_t value = 0;
    const struct key_row *k = key_find("notification-fd", DEFINITION_LONGRUN);
    int result = file_read(AT_FDCWD, k->name, 4096, &text, &e);
    if (result < 0) {
        message_fatal("%s (write a number into it, or use -3)", e.text);
    } else if (key_parse(k, text.data == NULL ? "" : key_line(text.data), &value) != KEY_GOOD) {
        message_fatal("%s does not hold a number up to %lld", k->name, (long long)k->high);
        result = -1;
    }
    str_release(&text);
    *fd = (uint64_t)value;
    return result;
}

int service_notification_fd(const struct invocation *c, int *fd)
{
    uint64_t value = 0;
    if (options_number(c, argument_of('3'), INT_MAX, &value) != 0 ||
        (!given('3') && read_notification_fd(&value) < 0))
        return EXIT_USAGE;
    *fd = (int)value;
    if (fcntl(*fd, F_GETFD) < 0)
        return refuse(EXIT_USAGE,
                      "descriptor %d is not open: this has to run under a supervisor, with "
                      "notification-fd",
                      *fd);
    return 0;
}

static int run_notifyoncheck(struct invocation *c)
{
    struct polling p = {.sleep = 10, .wait = 1000, .tries = 7, .service_fd = -1};
    uint64_t service = 0;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('s'), INT_MAX, &p.sleep) != 0 ||
        options_number(c, argument_of('T'), INT_MAX, &p.all) != 0 ||
        options_number(c, argument_of('t'), INT_MAX, &p.each) != 0 ||
        options_number(c, argument_of('w'), INT_MAX, &p.wait) != 0 ||
        options_number(c, argument_of('n'), INT_MAX, &p.tries) != 0 ||
        options_number(c, argument_of('X'), INT_MAX, &service) != 0)
        return EXIT_USAGE;
    if (service_notification_fd(c, &p.fd) != 0)
        return EXIT_USAGE;
    if (service == 0) {
        struct process_spawn poller = {.orphan = given('d')};
        int code = beside_execute(c, &poller);
        if (code != 0)
            return code;
        close(p.fd);
        return command_chain(c, options.operand);
    }
    fd_cloexec(p.fd, 1);
    process_keep_statuses();
    p.service = (pid_t)service;
    p.service_fd = open_pid(p.service);
    return poll_service(&p, given('c') ? argument_of('c') : NULL);
}

static const char check_options[] =
    "-d          be no child of prog\n"
    "-3 fd       where readiness is told (what ./notification-fd says)\n"
    "-s ms       before the first check (10)\n"
    "-T ms       for all checks together (0: for ever)\n"
    "-t ms       for one check (0: for ever)\n"
    "-w ms       between two checks (1000)\n"
    "-n count    of checks (7; 0: without end)\n"
    "-c command  the check, an execline command line (./data/check)\n"
    "-d, --doublefork\n-3, --notification-fd=fd\n-s, --initial-sleep=ms\n"
    "-T, --global-timeout=ms\n-t, --local-timeout=ms\n-w, --waiting-time=ms\n-n, --tries=count\n"
    "-c, --check-program=command\n"
    "-X pid\n"
    /* our own: be the one that checks */;

static const char svlisten_options[] = WAIT_STATES WAIT_OF WAIT_TIME;
static const char svlisten1_options[] = WAIT_STATES WAIT_TIME;

const struct command command_notify[] = {
    {"s6-svlisten", "[-uUdDrRao] [-t ms] servicedir... \"\" prog...",
     "run a program and wait until services are up, ready or down", svlisten_options, run_svlisten},
    {"s6-svlisten1", "[-uUdDrR] [-t ms] servicedir prog...",
     "run a program and wait until a service is up, ready or down", svlisten1_options,
     run_svlisten1},
    {"s6-notifyoncheck", "[options] prog...",
     "run a service, and tell its readiness once a check succeeds", check_options,
     run_notifyoncheck},
    {.name = NULL}};
