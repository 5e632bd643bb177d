/* livecheck: a service that lives, but no longer works, is restarted. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/options.h"
#include "base/signals.h"
#include "command/commands.h"
#include "command/tools/beside.h"
#include "command/tools/livecheck_watch.h"
#include "command/tools/timeout_kill.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    INTERVAL_MS = 10000,
    TIMEOUT_MS = 3000,
    FAILURES = 3,
    GRACE_MS = 10000, /* where there is no timeout-kill */
    TIME_MAX = INT32_MAX
};

static int read_act(const char *word, struct livecheck *l)
{
    l->plan.once = true;
    if (word == NULL || strcmp(word, "restart") == 0) {
        l->act = LIVECHECK_RESTART;
        l->plan.kills = true;
        return 0;
    }
    if (strcmp(word, "exit") == 0) {
        l->act = LIVECHECK_EXIT;
        return 0;
    }
    l->plan.once = false;
    l->act = LIVECHECK_SIGNAL;
    l->signal = signal_number(word, SIGNAL_LAST);
    if (l->signal > 0)
        return 0;
    return refuse(EXIT_USAGE, "%s is neither restart, exit nor a signal", word);
}

/* How long pid 1 would wait before a kill. */
static int64_t read_grace(void)
{
    int64_t grace = timeout_kill();
    return grace > 0 ? grace : GRACE_MS * CLOCK_MS;
}

static int read_options(struct invocation *c, struct livecheck *l, uint64_t *service)
{
    uint64_t interval = INTERVAL_MS, timeout = TIMEOUT_MS, failures = FAILURES, silence = 0;
    if (options_read(c, 1) != 0 ||
        options_duration(c, argument_of('i'), TIME_MAX, &interval) != 0 ||
        options_duration(c, argument_of('T'), TIME_MAX, &timeout) != 0 ||
        options_duration(c, argument_of('q'), TIME_MAX, &silence) != 0 ||
        options_number(c, argument_of('f'), INT_MAX, &failures) != 0 ||
        options_number(c, argument_of('X'), INT_MAX, service) != 0)
        return EXIT_USAGE;
    uint64_t start = interval;
    if (options_duration(c, argument_of('s'), TIME_MAX, &start) != 0)
        return EXIT_USAGE;
    if (interval == 0 || timeout == 0 || failures == 0 || (given('q') && silence == 0))
        return refuse(EXIT_USAGE, "-i, -T, -f and -q must be more than 0");
    l->check = argument_of('c');
    l->plan = (struct live_plan){.interval = (int64_t)interval * CLOCK_MS,
                                 .timeout = (int64_t)timeout * CLOCK_MS,
                                 .start = (int64_t)start * CLOCK_MS,
                                 .silence = (int64_t)silence * CLOCK_MS,
                                 .grace = read_grace(),
                                 .failures = (unsigned int)failures,
                                 .checks = l->check != NULL || access("data/check", F_OK) == 0};
    return read_act(argument_of('a'), l);
}

/* What would only be seen when it is needed is looked at before the service runs. */
static int check_place(const struct livecheck *l)
{
    int fd = open("supervise/control", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        const char *cure =
            errno == EACCES
                ? "livecheck has to stand before s6-setuidgid, or what else changes the user"
            : errno == ENXIO ? "nobody supervises this service"
                             : "livecheck has to run in the directory of a service";
        return refuse(EXIT_SYSTEM, "unable to open supervise/control: %s (%s)", strerror(errno),
                      cure);
    }
    close(fd);
    if (l->plan.checks || l->plan.silence > 0)
        return 0;
    return refuse(EXIT_USAGE, "there is nothing to look at: write ./data/check, or use -c or -q");
}

static int run_livecheck(struct invocation *c)
{
    struct livecheck l = {.check = NULL};
    uint64_t service = 0;
    char us[32];
    int code = read_options(c, &l, &service);
    if (code == 0 && service != 0)
        return livecheck_watch(&l, (pid_t)service);
    if (code == 0)
        code = check_place(&l);
    if (code == 0)
        code = beside_start(c, NULL, 0);
    if (code != 0)
        return code;
    snprintf(us, sizeof us, "%lld", (long long)(live_watchdog(&l.plan) / 1000));
    unsetenv("WATCHDOG_PID");
    if (setenv("WATCHDOG_USEC", us, 1) < 0)
        return fail("set", "WATCHDOG_USEC");
    return command_chain(c, options.operand);
}

static const char livecheck_options[] =
    "-i TIME     from one check to the next (10s)\n"
    "-T TIME     a check that takes longer has failed, and is killed (3s)\n"
    "-f COUNT    failures in a row until something is done (3)\n"
    "-s TIME     from readiness to the first check (as -i)\n"
    "-a ACT      what is done then: restart, exit (of the container), or a signal (restart)\n"
    "-q SILENCE  no line logged for that long is a failure, too\n"
    "-c CHECK    the check, an execline command line (./data/check)\n"
    "-X pid\n"
    /* our own: be the one that checks */;

const struct command command_livecheck[] = {
    {"livecheck",
     "[-i TIME] [-T TIME] [-f COUNT] [-s TIME] [-a ACT] [-q SILENCE] [-c CHECK] prog...",
     "run a service, and restart it when checks of it fail", livecheck_options, run_livecheck},
    {.name = NULL}};
