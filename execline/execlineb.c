/* execlineb: lexes a script once into an argv and executes it (spec/execline.md section 3). */
#include "base/failure.h"
#include "base/file.h"
#include "base/lexer.h"
#include "base/message.h"
#include "base/options.h"
#include "execline/bindings.h"
#include "execline/commands.h"
#include "execline/frames.h"
#include "execline/variable.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum how { PUSH = 0, OVERWRITE, IGNORE, SUBSTITUTE };

struct script {
    enum how how;
    unsigned long long strict;
    const char *text; /* -c */
    struct positional given;
};

enum { SCRIPT_MAX = 1 << 24, ARGS_MAX = 1 << 16 };

/* --- the environment of positional parameters ------------------------------------------------- */

static int set_positional(const struct script *s, struct error *e)
{
    if (s->how == PUSH && frames_push(frame_is_positional, e) < 0)
        return -1;
    return variable_set("0", s->given.zero, e) < 0
               ? -1
               : positional_write(s->given.args, s->given.count, 0, e);
}

/* --- substitution of positional parameters ---------------------------------------------------- */

/* How strict the script is run; unset warns about arguments, too. */
static unsigned long long strictness(void)
{
    unsigned long long value;
    const char *text = getenv("EXECLINE_STRICT");
    if (text != NULL && number_parse(text, UINT_MAX, &value) == 0)
        return value;
    if (text != NULL) {
        message_warning("EXECLINE_STRICT is not a number, and unset: %s", text);
        unsetenv("EXECLINE_STRICT");
    }
    return 1;
}

static int check_count(const struct script *s)
{
    if (s->given.count >= s->given.wanted || s->strict == 0)
        return 0;
    struct error e;
    error_set(&e, EXIT_USAGE, "too few arguments: expecting at least %llu but got %zu",
              s->given.wanted, s->given.count);
    if (s->strict > 1)
        return message_error(&e);
    message_warning("%s", e.text);
    return 0;
}

static int substitute_positional(const struct script *s, char *const *words, struct words *out,
                                 struct error *e)
{
    struct bindings b = {.bad_key = EXIT_USAGE};
    int bad = bindings_positional(&b, &s->given, e);
    if (bad == 0)
        bad = bindings_apply(&b, words, out, e);
    bindings_release(&b);
    return bad;
}

/* --- the script ------------------------------------------------------------------------------- */

static int syntax_error(const struct lexer_error *le, const char *file)
{
    bool brace = strncmp(le->text, "unmatched", 9) == 0;
    return refuse(EXIT_USAGE, "%s%s%s%s (line %u, column %u)",
                  brace ? "" : "syntax error: ", le->text, file == NULL ? "" : " in file ",
                  file == NULL ? "" : file, le->line, le->column);
}

static int lex(const struct script *s, const char *file, struct words *out)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    struct lexer_error le;
    int code = 0;
    if (file != NULL && file_read_any(AT_FDCWD, file, SCRIPT_MAX, &text, &e) < 0)
        return message_error(&e);
    const char *from = file == NULL ? s->text : text.data == NULL ? "" : text.data;
    size_t length = file == NULL ? strlen(from) : text.length;
    if (lexer_words(from, length, out, &le) < 0)
        code = syntax_error(&le, file);
    str_release(&text);
    return code;
}

/* 0, or EXIT_USAGE after saying what is wrong. */
static int read_options(struct invocation *c, struct script *s)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char strict = options_last("qwW");
    char how = options_last("pPSs");
    if (strict == 'q')
        unsetenv("EXECLINE_STRICT");
    else if (strict != 0)
        setenv("EXECLINE_STRICT", strict == 'w' ? "1" : "2", 1);
    s->strict = given('q') ? 0 : strictness();
    s->text = argument_of('c');
    s->how = how == 'p' ? OVERWRITE : how == 'P' ? IGNORE : how == 0 ? PUSH : SUBSTITUTE;
    how = options_last("Ss");
    if (how != 0 && number_parse(argument_of(how), ARGS_MAX, &s->given.wanted) < 0)
        return refuse(EXIT_USAGE, "%s is not a number of arguments", argument_of(how));
    s->given.rest = how == 's' ? s->given.wanted : 0;
    return 0;
}

static int run_execlineb(struct invocation *c)
{
    struct words words = WORDS_INIT; /* neither is released: what is executed outlives us */
    struct words result = WORDS_INIT;
    struct script s = {.how = PUSH, .given.zero = c->argv[0]};
    struct error e = ERROR_INIT;
    const char *file = NULL;
    if (read_options(c, &s) != 0)
        return EXIT_USAGE;
    s.given.args = options.operand;
    s.given.count = (size_t)options.count;
    if (s.text == NULL) {
        if (s.given.count == 0)
            return command_usage(c);
        s.given.zero = file = *s.given.args++;
        s.given.count--;
    }
    int code = lex(&s, file, &words);
    if (code != 0 || words.count == 0)
        return code;
    if (s.how == SUBSTITUTE) {
        code = check_count(&s);
        if (code != 0)
            return code;
        if (substitute_positional(&s, words.item, &result, &e) < 0)
            return message_error(&e);
        return result.count == 0 ? 0 : command_chain(c, result.item);
    }
    if (s.how != IGNORE && set_positional(&s, &e) < 0)
        return message_error(&e);
    return command_chain(c, words.item);
}

static const char execlineb_options[] =
    "-c SCRIPT  the script itself, instead of a file\n"
    "-P         leave positional parameters alone\n"
    "-p         set positional parameters in the environment, without saving older ones\n"
    "-S N       substitute $#, $0, $1 ... and $@ (at least N arguments)\n"
    "-s N       the same, but $@ begins after the first N\n"
    "-q         unset EXECLINE_STRICT: be silent about too few and unquoted arguments\n"
    "-w         EXECLINE_STRICT=1: warn\n"
    "-W         EXECLINE_STRICT=2: refuse\n"
    "-e         ignored\n";

const struct command execline_language[] = {
    {"execlineb", "[-q|-w|-W] [-p|-P|-S n|-s n] -c SCRIPT | FILE [ARG...]",
     "run an execline script", execlineb_options, run_execlineb},
    {NULL, NULL, NULL, NULL, NULL}};
