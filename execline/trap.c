/* trap: runs a program and, when signals come, what was told for them. */
#include "base/message.h"
#include "base/options.h"
#include "base/signals.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/variable.h"
#include <signal.h>
#include <stdbool.h>
#include <string.h>

struct handler {
    char **program; /* NULL: none; empty: the signal is only swallowed */
    pid_t running;  /* 0: not now. A second signal finds it busy and is ignored */
};

struct trap {
    struct handler handler[SIGNAL_COUNT]; /* 0: default */
    bool forward;                         /* -x */
    pid_t main;
    sigset_t taken;
    sigset_t before;
};

enum { DEFAULT = 0 };

static bool can_be_trapped(int signal)
{
    return signal != SIGKILL && signal != SIGSTOP && signal != SIGCHLD;
}

static int read_directives(struct trap *t, char **words, struct error *e)
{
    struct block_reader r;
    block_begin(&r, words);
    while (r.next[0] != NULL) {
        const char *word = *r.next++;
        int signal = strcmp(word, "default") == 0 ? DEFAULT : signal_number(word, SIGNAL_COUNT - 1);
        char **program;
        if (signal < 0)
            return error_set(e, EXIT_USAGE, "unknown signal %s", word);
        if (signal != DEFAULT && !can_be_trapped(signal))
            return error_set(e, EXIT_USAGE, "%s cannot be trapped", word);
        if (t->handler[signal].program != NULL)
            return error_set(e, EXIT_USAGE, "%s is there twice", word);
        if (block_read(&r, &program, NULL, e) < 0)
            return -1;
        t->handler[signal].program = program;
    }
    return 0;
}

/* SIGCHLD, and what is trapped or forwarded. */
static void block_signals(struct trap *t)
{
    bool all = t->forward || t->handler[DEFAULT].program != NULL;
    process_keep_statuses();
    sigemptyset(&t->taken);
    sigaddset(&t->taken, SIGCHLD);
    for (int i = 1; i < SIGNAL_COUNT; i++)
        if (can_be_trapped(i) && (all || t->handler[i].program != NULL))
            sigaddset(&t->taken, i);
    sigprocmask(SIG_BLOCK, &t->taken, &t->before);
}

static void handle(struct trap *t, int signal)
{
    struct error e = ERROR_INIT;
    struct handler *h = &t->handler[signal];
    if (h->program == NULL)
        h = &t->handler[DEFAULT];
    if (h->program == NULL) {
        if (t->forward)
            kill(t->main, signal);
        return;
    }
    if (h->program[0] == NULL || h->running != 0)
        return;
    struct child child = {.argv = h->program, .signal_mask = &t->before};
    if (child_set_pid(t->main, &e) < 0 ||
        variable_set_number("SIGNAL", (unsigned long long)signal, &e) < 0 ||
        (h->running = child_start(&child, &e)) < 0) {
        h->running = 0;
        message_warning("%s", e.text);
    }
}

/* true when the program itself is dead, with its status. */
static bool reap(struct trap *t, int *status)
{
    pid_t pid;
    int one;
    while ((pid = process_reap(&one)) > 0) {
        if (pid == t->main) {
            *status = one;
            return true;
        }
        for (int i = 0; i < SIGNAL_COUNT; i++)
            if (t->handler[i].running == pid)
                t->handler[i].running = 0;
    }
    return false;
}

static int watch(struct trap *t)
{
    int status;
    while (!reap(t, &status)) {
        int signal = sigwaitinfo(&t->taken, NULL);
        if (signal > 0 && signal != SIGCHLD)
            handle(t, signal);
    }
    return child_approximation(status);
}

static int run_trap(struct invocation *c)
{
    struct trap t = {.main = 0};
    struct error e = ERROR_INIT;
    struct block_reader r;
    char **words;
    int code = options_read(c, 0);
    if (code == 0)
        code = blocks_read(&r, options.operand, 1, &words);
    if (code != 0)
        return code;
    t.forward = given('x');
    if (words[0] == NULL || r.next[0] == NULL)
        return command_usage(c);
    if (read_directives(&t, words, &e) < 0)
        return message_error(&e);
    block_signals(&t);
    struct child child = {.argv = r.next, .signal_mask = &t.before};
    t.main = child_start(&child, &e);
    if (t.main > 0)
        return watch(&t);
    message_error(&e);
    return EXIT_SYSTEM;
}

static const char trap_options[] =
    "-x  pass on to the program the signals that nothing is told for\n";

const struct command execline_trap[] = {
    {"trap", "[-x] { SIGNAL { prog1... } ... [default { prog1... }] } prog2...",
     "run a program, and others when signals come", trap_options, run_trap},
    {.name = NULL}};
