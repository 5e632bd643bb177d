/* wait: waits for children that were started before us in the same process. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/variable.h"
#include "execline/wait_set.h"
#include <limits.h>
#include <stdbool.h>

enum { CODE_TIMEOUT = 99, CODE_UNKNOWN = 127 };

struct waiting {
    bool strict;      /* -i: a timeout is fatal */
    bool one;         /* -o: the first that dies */
    int64_t deadline; /* 0: none */
};

static int read_waiting(struct invocation *c, struct waiting *w)
{
    uint64_t ms = 0;
    char limit = options_last("rt");
    if (limit == 't' && options_number(c, argument_of('t'), UINT_MAX, &ms) != 0)
        return EXIT_USAGE;
    *w = (struct waiting){.strict = options_last("iI") == 'i',
                          .one = options_last("oa") == 'o',
                          .deadline = limit == 0 ? 0 : clock_monotonic() + (int64_t)ms * CLOCK_MS};
    return 0;
}

static int read_pids(char *const *words, struct wait_set *set, struct error *e)
{
    set->all = words[0] == NULL;
    for (; *words != NULL; words++) {
        unsigned long long pid;
        if (number_parse(*words, INT_MAX, &pid) < 0 || pid == 0)
            return error_set(e, EXIT_USAGE, "not a process id: %s", *words);
        if (wait_set_add(set, (pid_t)pid, e) < 0)
            return -1;
    }
    return 0;
}

/* What became of one of the pids waited for. */
struct outcome {
    pid_t pid; /* WAIT_TIMEOUT, WAIT_NONE, or the one that died last */
    int status;
    int last_code; /* of the pid named last; 127: no child, or it lives */
};

static void wait_for(struct wait_set *set, const struct waiting *w, pid_t last, struct outcome *o)
{
    o->last_code = CODE_UNKNOWN;
    do {
        o->pid = wait_set_next(set, w->deadline, &o->status);
        if (o->pid > 0 && o->pid == last)
            o->last_code = child_approximation(o->status);
    } while (o->pid > 0 && !w->one);
}

static int timed_out(void)
{
    return refuse(CODE_TIMEOUT, "unable to wait: the time is over");
}

/* Which child it was, and how it ended; both unset when there was none. */
static int tell(const struct outcome *o, struct error *e)
{
    if (o->pid <= 0)
        return variable_set("!", NULL, e) < 0 ? -1 : variable_set("?", NULL, e);
    if (child_set_pid(o->pid, e) < 0)
        return -1;
    return variable_set_number("?", (unsigned long long)child_approximation(o->status), e);
}

static bool has_block(char *const *words)
{
    for (; *words != NULL; words++)
        if (words[0][0] == '\0')
            return true;
    return false;
}

/* The exit code of wait without a program. As POSIX has it, that of the pid named last, but with -o
 * that of the one that died. As execline has it, waiting for one of no children fails, unless for
 * a limited time. */
static int code_alone(const struct waiting *w, bool all, const struct outcome *o)
{
    if (w->one && o->pid > 0)
        return child_approximation(o->status);
    if (!all)
        return w->one ? CODE_UNKNOWN : o->last_code;
    if (o->pid == WAIT_TIMEOUT || (w->one && w->deadline == 0))
        return CODE_UNKNOWN;
    return 0;
}

static int wait_alone(const struct waiting *w, struct wait_set *set, struct error *e)
{
    struct outcome o;
    if (read_pids(options.operand, set, e) < 0)
        return message_error(e);
    pid_t last = set->count > 0 ? set->pid[set->count - 1] : 0;
    wait_for(set, w, last, &o);
    if (o.pid == WAIT_TIMEOUT && w->strict)
        return timed_out();
    return code_alone(w, set->all, &o);
}

static int wait_then_chain(struct invocation *c, const struct waiting *w, struct wait_set *set,
                           struct error *e)
{
    struct outcome o;
    struct block_reader r;
    char **pids;
    int code = blocks_read(&r, options.operand, 1, &pids);
    if (code != 0)
        return code;
    if (read_pids(pids, set, e) < 0)
        return message_error(e);
    wait_for(set, w, 0, &o);
    if (o.pid == WAIT_TIMEOUT && w->strict)
        return timed_out();
    if (w->one && tell(&o, e) < 0)
        return message_error(e);
    return command_chain(c, r.next);
}

static int run_wait(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct waiting w;
    struct wait_set set = WAIT_SET_INIT;
    if (options_read(c, 0) != 0 || read_waiting(c, &w) != 0)
        return EXIT_USAGE;
    int code =
        has_block(options.operand) ? wait_then_chain(c, &w, &set, &e) : wait_alone(&w, &set, &e);
    wait_set_release(&set);
    return code;
}

static const char wait_options[] = "-a     for all of them (the default)\n"
                                   "-o     for the first that dies: ! is its pid, ? its exit code\n"
                                   "-r     only look: as -t 0\n"
                                   "-t MS  at most this long\n"
                                   "-i     exit 99 when the time is over\n"
                                   "-I     go on when the time is over (the default)\n"
                                   "-a, --all\n-o, --one\n-r, --reap\n-t, --timeout=MS\n"
                                   "-i, --insist\n-I, --no-insist\n";

const struct command execline_waiting[] = {{"wait",
                                            "[-I|-i] [-a|-o] [-r|-t ms] { pids... } prog...",
                                            "wait for children", wait_options, run_wait},
                                           {.name = NULL}};
