/* Commands that keep a stream in a variable. */
#include "base/failure.h"
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

enum { CODE_NUL = 124 };

/* capital: what -I means, which is not the same for both commands. */
static enum unfit read_unfit(enum unfit usual, enum unfit capital)
{
    switch (options_last("iIxD")) {
    case 'i':
        return UNFIT_EXIT;
    case 'I':
        return capital;
    case 'x':
        return UNFIT_UNSET;
    case 'D':
        return UNFIT_DEFAULT;
    default:
        return usual;
    }
}

static void chomp(struct str *s)
{
    size_t length = strlen(s->data);
    if (length > 0 && s->data[length - 1] == '\n')
        s->data[length - 1] = '\0';
}

/* What the variable becomes; NULL: unset. */
static const char *captured(enum unfit unfit, struct str *stream, bool fit)
{
    if (!fit && unfit != UNFIT_KEEP)
        return unfit == UNFIT_DEFAULT ? argument_of('D') : NULL;
    if (options_last("nN") != 'N')
        chomp(stream);
    return stream->data;
}

/* --- backtick --------------------------------------------------------------------------------- */

/* Says why the stream is unfit; the code to exit with under UNFIT_EXIT. */
static int say_unfit(enum unfit unfit, int status)
{
    if (status == 0 && unfit == UNFIT_EXIT)
        return refuse(CODE_NUL, "the output contains a null character");
    if (status == 0) {
        if (unfit != UNFIT_KEEP)
            message_warning("the output contains a null character");
        return 0;
    }
    if (unfit != UNFIT_EXIT)
        return 0;
    int code = child_approximation(status);
    return refuse(code, code > 128 ? "the program crashed" : "the program failed");
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
    struct error e = ERROR_INIT;
    struct str stream = STR_INIT;
    struct block_reader r;
    char **block;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    enum unfit unfit = read_unfit(UNFIT_EXIT, UNFIT_KEEP);
    bool import = options_last("eE") == 'E';
    const char *name = options.operand[0];
    if (variable_check(name, &e) < 0)
        return message_error(&e);
    int code = blocks_read(&r, options.operand + 1, 1, &block);
    if (code != 0)
        return code;
    if (block[0] == NULL)
        return refuse(EXIT_USAGE, "empty block");
    int status = child_output(block, &stream, &e);
    if (status < 0) {
        e.code = EXIT_SYSTEM;
        return message_error(&e);
    }
    bool fit = status == 0 && strlen(stream.data) == stream.length;
    code = fit ? 0 : say_unfit(unfit, status);
    if (code == 0 && unfit != UNFIT_EXIT)
        code = tell_status(status, import, &r.next);
    /* An unset variable stays as it is written in the rest. */
    const char *value = captured(unfit, &stream, fit);
    if (code == 0)
        code = variable_chain(c, name, value, import && value != NULL, r.next);
    str_release(&stream);
    return code;
}

/* --- withstdinas ------------------------------------------------------------------------------ */

static int run_withstdinas(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct str stream = STR_INIT;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    enum unfit unfit = read_unfit(UNFIT_KEEP, UNFIT_UNSET);
    const char *name = options.operand[0];
    if (variable_check(name, &e) < 0 || child_read_all(0, &stream, &e) < 0)
        return message_error(&e);
    bool fit = strlen(stream.data) == stream.length;
    if (!fit && unfit == UNFIT_EXIT)
        return refuse(1, "the input contains a null character");
    int code = variable_chain(c, name, captured(unfit, &stream, fit), options_last("eE") == 'E',
                              options.operand + 1);
    str_release(&stream);
    return code;
}

#define STORING                                                                                    \
    "-N        keep a final newline\n"                                                             \
    "-n        remove one final newline (the default)\n"                                           \
    "-E        substitute it in the rest, instead of setting the variable\n"                       \
    "-e        set the variable (the default)\n"

static const char backtick_options[] =
    "-i        exit if the program fails or writes a null character (the default)\n"
    "-I        keep what it wrote; ? says how it ended\n"
    "-x        unset the variable if it fails; ? says how it ended\n"
    "-D VALUE  set the variable to this if it fails; ? says how it ended\n" STORING;

static const char withstdinas_options[] =
    "-i        exit 1 if there is a null character\n"
    "-I        unset the variable if there is a null character\n"
    "-D VALUE  set the variable to this if there is a null character\n" STORING;

const struct command execline_capture[] = {
    {"backtick", "[-i|-I|-x|-D value] [-N|-n] [-E] variable { prog1... } prog2...",
     "set a variable to what a program writes", backtick_options, run_backtick},
    {"withstdinas", "[-i|-I|-D value] [-N|-n] [-E] variable prog...",
     "set a variable to what stdin holds", withstdinas_options, run_withstdinas},
    {.name = NULL}};
