/* Commands that keep a stream in a variable. */
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/variable.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What becomes of a stream that cannot be the variable: it has a NUL byte, or its program failed.
 */
enum unfit { UNFIT_EXIT, UNFIT_KEEP, UNFIT_UNSET, UNFIT_DEFAULT };

struct capture {
    enum unfit unfit;
    const char *value; /* of UNFIT_DEFAULT */
    bool raw;          /* -N: the final newline stays */
    bool import;       /* -E */
};

enum { CODE_NUL = 124 };

/* -I is not the same for both commands. */
static int read_capture(struct invocation *c, struct capture *k, enum unfit capital)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'i':
            k->unfit = UNFIT_EXIT;
            break;
        case 'I':
            k->unfit = capital;
            break;
        case 'x':
            k->unfit = UNFIT_UNSET;
            break;
        case 'D':
            k->unfit = UNFIT_DEFAULT;
            k->value = c->argument;
            break;
        case 'n':
        case 'N':
            k->raw = option == 'N';
            break;
        case 'e':
        case 'E':
            k->import = option == 'E';
            break;
        default:
            return EXIT_USAGE;
        }
    }
    return command_operand_count(c) < 1 ? command_usage(c) : 0;
}

static void chomp(struct str *s)
{
    size_t length = strlen(s->data);
    if (length > 0 && s->data[length - 1] == '\n')
        s->data[length - 1] = '\0';
}

/* What the variable becomes; NULL: unset. */
static const char *captured(const struct capture *k, struct str *stream, bool fit)
{
    if (fit || k->unfit == UNFIT_KEEP) {
        if (!k->raw)
            chomp(stream);
        return stream->data;
    }
    return k->unfit == UNFIT_DEFAULT ? k->value : NULL;
}

/* --- backtick -----------------------------------------------------------------------------------
 */

/* Says why the stream is unfit; the code to exit with under UNFIT_EXIT. */
static int complain(const struct capture *k, int status)
{
    if (status == 0 && k->unfit == UNFIT_EXIT) {
        message_fatal("the output contains a null character");
        return CODE_NUL;
    }
    if (status == 0) {
        if (k->unfit != UNFIT_KEEP)
            message_warning("the output contains a null character");
        return 0;
    }
    if (k->unfit != UNFIT_EXIT)
        return 0;
    int code = child_approximation(status);
    message_fatal(code > 128 ? "the program crashed" : "the program failed");
    return code;
}

/* "?" goes the way of the variable itself. */
static int tell_status(int status, bool import, char ***rest)
{
    struct words words = WORDS_INIT; /* never released: what is executed outlives us */
    struct error e = ERROR_INIT;
    if (child_set_status(status, &e) < 0)
        return message_error(&e);
    if (!import)
        return 0;
    if (variable_import(*rest, "?", getenv("?"), &words) < 0) {
        error_system(&e, "unable to substitute ?");
        return message_error(&e);
    }
    *rest = words.item;
    return variable_set("?", NULL, &e) < 0 ? message_error(&e) : 0;
}

static int run_backtick(struct invocation *c)
{
    struct capture k = {.unfit = UNFIT_EXIT};
    struct error e = ERROR_INIT;
    struct str stream = STR_INIT;
    struct block_reader r;
    char **block;
    if (read_capture(c, &k, UNFIT_KEEP) != 0)
        return EXIT_USAGE;
    const char *name = command_operands(c)[0];
    block_begin(&r, command_operands(c) + 1);
    if (variable_check(name, &e) < 0 || block_read(&r, &block, NULL, &e) < 0)
        return message_error(&e);
    if (block[0] == NULL) {
        message_fatal("empty block");
        return EXIT_USAGE;
    }
    int status = child_output(block, &stream, &e);
    if (status < 0) {
        e.code = EXIT_SYSTEM;
        return message_error(&e);
    }
    bool fit = status == 0 && strlen(stream.data) == stream.length;
    int code = fit ? 0 : complain(&k, status);
    if (code == 0 && k.unfit != UNFIT_EXIT)
        code = tell_status(status, k.import, &r.next);
    /* An unset variable stays as it is written in the rest. */
    const char *value = captured(&k, &stream, fit);
    if (code == 0)
        code = variable_chain(c, name, value, k.import && value != NULL, r.next);
    str_release(&stream);
    return code;
}

/* --- withstdinas --------------------------------------------------------------------------------
 */

static int run_withstdinas(struct invocation *c)
{
    struct capture k = {.unfit = UNFIT_KEEP};
    struct error e = ERROR_INIT;
    struct str stream = STR_INIT;
    if (read_capture(c, &k, UNFIT_UNSET) != 0)
        return EXIT_USAGE;
    char **operands = command_operands(c);
    if (variable_check(operands[0], &e) < 0 || child_read_all(0, &stream, &e) < 0)
        return message_error(&e);
    bool fit = strlen(stream.data) == stream.length;
    if (!fit && k.unfit == UNFIT_EXIT) {
        message_fatal("the input contains a null character");
        return 1;
    }
    int code = variable_chain(c, operands[0], captured(&k, &stream, fit), k.import, operands + 1);
    str_release(&stream);
    return code;
}

static const char backtick_options[] =
    "-i        exit if the program fails or writes a null character (the default)\n"
    "-I        keep what it wrote; ? says how it ended\n"
    "-x        unset the variable if it fails; ? says how it ended\n"
    "-D VALUE  set the variable to this if it fails; ? says how it ended\n"
    "-N        keep a final newline\n"
    "-n        remove one final newline (the default)\n"
    "-E        substitute it in the rest, instead of setting the variable\n"
    "-e        set the variable (the default)\n";

static const char withstdinas_options[] =
    "-i        exit 1 if there is a null character\n"
    "-I        unset the variable if there is a null character\n"
    "-D VALUE  set the variable to this if there is a null character\n"
    "-N        keep a final newline\n"
    "-n        remove one final newline (the default)\n"
    "-E        substitute it in the rest, instead of setting the variable\n"
    "-e        set the variable (the default)\n";

const struct command execline_capture[] = {
    {"backtick", "[-i|-I|-x|-D value] [-N|-n] [-E] variable { prog1... } prog2...",
     "set a variable to what a program writes", backtick_options, run_backtick},
    {"withstdinas", "[-i|-I|-D value] [-N|-n] [-E] variable prog...",
     "set a variable to what stdin holds", withstdinas_options, run_withstdinas},
    {.name = NULL}};
