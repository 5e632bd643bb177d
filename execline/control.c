/* Commands that decide what runs next. */
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include <stdbool.h>
#include <sys/wait.h>

enum { FALSE_CODE = 1 };

/* A condition runs argv and judges its end. */
struct condition {
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
    if (WIFSIGNALED(k->status) && !given('X'))
        return refuse(child_approximation(k->status), "child crashed with signal %d",
                      WTERMSIG(k->status));
    k->holds = (k->status == 0) != given('n');
    return 0;
}

/* Reads the options, then so many blocks. 0, or the exit code. */
static int read_blocks(struct invocation *c, struct block_reader *r, size_t count, char **blocks[])
{
    int code = options_read(c, 0);
    return code != 0 ? code : blocks_read(r, options.operand, count, blocks);
}

/* The same, and judges the first block. */
static int read_and_judge(struct invocation *c, struct block_reader *r, size_t count,
                          char **blocks[], struct condition *k)
{
    int code = read_blocks(c, r, count, blocks);
    return code != 0 ? code : judge(k, blocks[0]);
}

static int run_if(struct invocation *c)
{
    struct condition k;
    struct block_reader r;
    char **block[1];
    unsigned long long told = 0;
    int code = read_blocks(c, &r, 1, block);
    if (code != 0)
        return code;
    if (given('x') && number_parse(argument_of('x'), 255, &told) < 0)
        return refuse(EXIT_USAGE, "invalid exit code: %s", argument_of('x'));
    code = judge(&k, block[0]);
    if (code != 0)
        return code;
    if (k.holds)
        return command_chain(c, r.next);
    if (options_last("tx") != 0)
        return options_last("tx") == 't' ? 0 : (int)told;
    return given('n') ? FALSE_CODE : child_approximation(k.status);
}

static int run_ifelse(struct invocation *c)
{
    struct condition k;
    struct block_reader r;
    char **block[2];
    int code = read_and_judge(c, &r, 2, block, &k);
    return code != 0 ? code : command_chain(c, k.holds ? block[1] : r.next);
}

static int run_ifte(struct invocation *c)
{
    struct condition k;
    struct block_reader r;
    char **block[2];
    int code = read_blocks(c, &r, 2, block);
    if (code != 0)
        return code;
    if (r.next[0] == NULL)
        return refuse(EXIT_USAGE, "no condition after the blocks");
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
    struct condition k;
    struct block_reader r;
    char **block[3];
    int code = read_and_judge(c, &r, 3, block, &k);
    if (code == 0)
        code = run_step(block[k.holds ? 1 : 2]);
    return code != 0 ? code : command_chain(c, r.next);
}

static int run_foreground(struct invocation *c)
{
    struct block_reader r;
    char **block[1];
    int code = blocks_read(&r, c->argv + 1, 1, block);
    if (code == 0)
        code = run_step(block[0]);
    return code != 0 ? code : command_chain(c, r.next);
}

static int run_background(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct block_reader r;
    char **block[1];
    int code = read_blocks(c, &r, 1, block);
    if (code != 0)
        return code;
    struct child child = {.argv = block[0], .orphan = given('d')};
    if (block[0][0] == NULL)
        return refuse(EXIT_USAGE, "empty block");
    if (child_start_and_tell(&child, &e) < 0)
        return message_error(&e);
    return command_chain(c, r.next);
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
