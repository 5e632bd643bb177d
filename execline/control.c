/* Commands that decide what runs next. */
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { FALSE_CODE = 1 };

/* A condition runs argv and judges its end. */
struct condition {
    bool negate;             /* -n */
    bool crash_is_false;     /* -X */
    unsigned long long code; /* -t, -x: to exit with when it does not hold */
    bool has_code;
    bool holds;
    int status;
};

/* 0 with holds set, else the exit code, after saying what happened. */
static int judge(struct condition *k, char **argv)
{
    struct error e = ERROR_INIT;
    k->status = child_run(argv, &e);
    if (k->status < 0) {
        e.code = EXIT_SYSTEM; /* a condition that cannot be asked is no answer */
        return message_error(&e);
    }
    if (WIFSIGNALED(k->status) && !k->crash_is_false) {
        message_fatal("child crashed with signal %d", WTERMSIG(k->status));
        return child_approximation(k->status);
    }
    k->holds = (k->status == 0) != k->negate;
    return 0;
}

static int read_condition(struct invocation *c, struct condition *k)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'n':
            k->negate = true;
            break;
        case 'X':
            k->crash_is_false = true;
            break;
        case 't':
            k->has_code = true;
            k->code = 0;
            break;
        case 'x':
            k->has_code = true;
            if (number_parse(c->argument, 255, &k->code) == 0)
                break;
            message_fatal("invalid exit code: %s", c->argument);
            return EXIT_USAGE;
        default:
            return EXIT_USAGE;
        }
    }
    return 0;
}

/* Reads count blocks from the operands; what follows them is left in r->next. */
static int read_blocks(struct invocation *c, struct block_reader *r, size_t count, char **blocks[])
{
    struct error e = ERROR_INIT;
    block_begin(r, command_operands(c));
    for (size_t i = 0; i < count; i++)
        if (block_read(r, &blocks[i], NULL, &e) < 0)
            return message_error(&e);
    return 0;
}

static int run_if(struct invocation *c)
{
    struct condition k = {.code = 0};
    struct block_reader r;
    char **block[1];
    int code = read_condition(c, &k);
    if (code == 0)
        code = read_blocks(c, &r, 1, block);
    if (code == 0)
        code = judge(&k, block[0]);
    if (code != 0)
        return code;
    if (k.holds)
        return command_chain(c, r.next);
    if (k.has_code)
        return (int)k.code;
    return k.negate ? FALSE_CODE : child_approximation(k.status);
}

static int run_ifelse(struct invocation *c)
{
    struct condition k = {.code = 0};
    struct block_reader r;
    char **block[2];
    int code = read_condition(c, &k);
    if (code == 0)
        code = read_blocks(c, &r, 2, block);
    if (code == 0)
        code = judge(&k, block[0]);
    return code != 0 ? code : command_chain(c, k.holds ? block[1] : r.next);
}

static int run_ifte(struct invocation *c)
{
    struct condition k = {.code = 0};
    struct block_reader r;
    char **block[2];
    int code = read_condition(c, &k);
    if (code == 0)
        code = read_blocks(c, &r, 2, block);
    if (code != 0)
        return code;
    if (r.next[0] == NULL) {
        message_fatal("no condition after the blocks");
        return EXIT_USAGE;
    }
    code = judge(&k, r.next);
    return code != 0 ? code : command_chain(c, block[k.holds ? 0 : 1]);
}

/* Runs argv, whatever comes of it; "?" says how it ended. */
static int run_step(char **argv)
{
    struct error e = ERROR_INIT;
    int status = child_run(argv, &e);
    if (status < 0) {
        if (e.code == EXIT_SYSTEM)
            return message_error(&e);
        message_warning("%s", e.text);
        status = e.code << 8; /* as a child that exits with that code */
    }
    return child_set_status(status, &e) < 0 ? message_error(&e) : 0;
}

static int run_ifthenelse(struct invocation *c)
{
    struct condition k = {.code = 0};
    struct block_reader r;
    char **block[3];
    int code = read_condition(c, &k);
    if (code == 0)
        code = read_blocks(c, &r, 3, block);
    if (code == 0)
        code = judge(&k, block[0]);
    if (code == 0)
        code = run_step(block[k.holds ? 1 : 2]);
    return code != 0 ? code : command_chain(c, r.next);
}

static int run_foreground(struct invocation *c)
{
    struct block_reader r;
    char **block[1];
    int code = read_blocks(c, &r, 1, block);
    if (code == 0)
        code = run_step(block[0]);
    return code != 0 ? code : command_chain(c, r.next);
}

static int run_background(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct child child = {.orphan = false};
    struct block_reader r;
    char **block[1];
    for (int option; (option = command_option(c)) != 0;) {
        if (option != 'd')
            return EXIT_USAGE;
        child.orphan = true;
    }
    int code = read_blocks(c, &r, 1, block);
    if (code != 0)
        return code;
    child.argv = block[0];
    if (block[0][0] == NULL)
        error_set(&e, EXIT_USAGE, "empty block");
    else if (child_start_and_tell(&child, &e) == 0)
        return command_chain(c, r.next);
    return message_error(&e);
}

static const char if_options[] = "-n       negate the condition\n"
                                 "-X       a crash counts as false\n"
                                 "-t       exit 0 when the condition does not hold\n"
                                 "-x CODE  exit CODE when the condition does not hold\n";

static const char condition_options[] = "-n  negate the condition\n"
                                        "-X  a crash counts as false\n";

static const char ifthenelse_options[] = "-X  a crash counts as false\n";

static const char background_options[] = "-d  fork twice, so that nobody needs to wait for it\n";

const struct command execline_control[] = {
    {"background", "[-d] { prog1... } prog2...", "start a program and go on", background_options,
     run_background},
    {"foreground", "{ prog1... } prog2...", "run a program, then another", NULL, run_foreground},
    {"if", "[-X] [-n] [-t|-x code] { prog1... } prog2...", "go on if a program exits 0", if_options,
     run_if},
    {"ifelse", "[-X] [-n] { condition... } { then... } else...",
     "execute one of two programs, by a condition", condition_options, run_ifelse},
    {"ifte", "[-X] [-n] { then... } { else... } condition...",
     "execute one of two programs, by a condition", condition_options, run_ifte},
    {"ifthenelse", "[-X] { condition... } { then... } { else... } prog...",
     "run one of two programs, by a condition, and go on", ifthenelse_options, run_ifthenelse},
    {.name = NULL}};
