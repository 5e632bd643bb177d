/* Commands that run a program again and again. */
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/descriptor.h"
#include "execline/loop_input.h"
#include "execline/variable.h"
#include "execline/wait_set.h"
#include <string.h>
#include <unistd.h>

enum { PARALLEL_MAX = 10000 };

struct iteration {
    const char *name; /* of the variable */
    char *const *program;
    bool import;       /* -E */
    uint64_t parallel; /* -p, -P; 1: one after the other */
    bool has_codes;    /* -o, -x */
    bool listed_break; /* -x */
    bool codes[256];
    bool chomp; /* not -N */
    struct loop_input input;
    struct wait_set children;
    bool failed; /* one that ran in parallel asked for a break */
};

/* "1,2,3": 0, or -1. */
static int read_codes(const char *text, bool codes[256])
{
    memset(codes, 0, 256 * sizeof codes[0]);
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        char digits[4] = "";
        unsigned long long code;
        if (n < sizeof digits)
            memcpy(digits, p, n);
        if (number_parse(digits, 255, &code) < 0)
            return -1;
        codes[code] = true;
        p += n;
        if (*p == '\0')
            return 0;
    }
}

/* The options of an iteration, and of loopwhilex -o and -x; at least so many operands. 0, or
 * EXIT_USAGE after saying what is wrong. */
static int read_iteration(struct invocation *c, struct iteration *it, int operands)
{
    if (options_read(c, operands) != 0)
        return EXIT_USAGE;
    char codes = options_last("ox");
    char parallel = options_last("pP");
    it->import = options_last("eE") == 'E';
    it->chomp = options_last("nN") != 'N';
    it->parallel = parallel == 'p' ? PARALLEL_MAX : 1;
    if (parallel == 'P' && options_number(c, argument_of('P'), PARALLEL_MAX, &it->parallel) != 0)
        return EXIT_USAGE;
    if (codes != 0) {
        it->has_codes = true;
        it->listed_break = codes == 'x';
    }
    if (it->parallel == 0 || (codes != 0 && read_codes(argument_of(codes), it->codes) < 0))
        return command_usage(c);
    it->name = options.operand[0];
    it->program = options.operand + 1;
    return 0;
}

/* The same for what reads its values. */
static int read_input_iteration(struct invocation *c, struct iteration *it)
{
    int code = read_iteration(c, it, 2);
    char delimiter = options_last("0d");
    it->input.delimiters = delimiter == 0 ? "\n" : argument_of(delimiter);
    return code;
}

/* Does a child that ended so end the loop? Lists are of what would be exited with. */
static bool breaks(const struct iteration *it, int status)
{
    return it->has_codes && it->codes[child_approximation(status)] == it->listed_break;
}

/* --- one turn --------------------------------------------------------------------------------- */

/* The reference runs importas, which then cannot execute the program: one turn has failed, not the
 * loop. */
static pid_t fail_as_importas(struct error *e)
{
    message_warning("%s", e->text);
    pid_t pid = fork();
    if (pid == 0)
        _exit(e->code); /* child */
    return pid < 0 ? (pid_t)error_system(e, "unable to fork") : pid;
}

static pid_t start(const struct iteration *it, const char *value, struct error *e)
{
    struct words words = WORDS_INIT;
    struct child child = {.argv = it->program};
    if (it->import) {
        if (variable_import(it->program, it->name, value, &words) < 0) {
            words_release(&words);
            return error_system(e, "unable to substitute %s", it->name);
        }
        child.argv = words.item;
    } else if (variable_set(it->name, value, e) < 0) {
        return -1;
    }
    pid_t pid = child.argv == NULL || child.argv[0] == NULL ? 0 : child_start(&child, e);
    if (pid < 0 && it->import && (e->code == EXIT_NOTFOUND || e->code == EXIT_NOEXEC))
        pid = fail_as_importas(e);
    words_release(&words);
    return pid;
}

/* Waits for one of ours; false when there is none. */
static bool collect(struct iteration *it, int *status)
{
    if (wait_set_next(&it->children, 0, status) <= 0)
        return false;
    if (breaks(it, *status))
        it->failed = true;
    return true;
}

/* 0, 1 the loop is over with *code, -1 with e. */
static int turn(struct iteration *it, const char *value, int *code, struct error *e)
{
    int status;
    pid_t pid = start(it, value, e);
    if (pid < 0)
        return -1;
    if (pid == 0)
        return 0;
    if (wait_set_add(&it->children, pid, e) < 0)
        return -1;
    while (it->children.alive >= it->parallel && collect(it, &status))
        if (it->parallel == 1 && it->failed) {
            *code = child_approximation(status);
            return 1;
        }
    return 0;
}

static int begin(struct iteration *it, struct error *e)
{
    process_keep_statuses();
    if (variable_check(it->name, e) < 0)
        return -1;
    /* An imported variable is not in the environment besides. */
    return it->import ? variable_set(it->name, NULL, e) : 0;
}

/* What is still running is waited for; then the exit code. */
static int finish(struct iteration *it, int result, int code, const struct error *e)
{
    int status;
    while (collect(it, &status))
        ;
    wait_set_release(&it->children);
    return result < 0 ? (message_error(e), EXIT_SYSTEM) : code;
}

/* --- forx ------------------------------------------------------------------------------------- */

static int run_forx(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.name = NULL};
    struct block_reader r;
    char **value;
    int result = 0;
    int code = read_iteration(c, &it, 2);
    if (code == 0)
        code = blocks_read(&r, options.operand + 1, 1, &value);
    if (code != 0)
        return code;
    if (begin(&it, &e) < 0)
        return message_error(&e);
    it.program = r.next;
    for (; result == 0 && *value != NULL; value++)
        result = turn(&it, *value, &code, &e);
    code = finish(&it, result, code, &e);
    return result == 0 && it.failed ? 1 : code;
}

/* --- forstdin, forbacktickx ------------------------------------------------------------------- */

static int loop_over_input(struct iteration *it)
{
    struct error e = ERROR_INIT;
    struct str item = STR_INIT;
    int code = 1; /* nothing was there to loop over */
    int result = 0;
    int got;
    while (result == 0 && (got = loop_input_next(&it->input, &item, &e)) > 0) {
        bool ended = got == INPUT_ENDED;
        bool empty = item.length == (ended && !it->input.raw ? 1 : 0);
        if (it->chomp && !ended)
            break;
        if (options_last("cC") == 'C' && ended && empty)
            continue;
        if (it->chomp && !it->input.raw)
            item.data[item.length - 1] = '\0';
        code = 0;
        result = turn(it, item.data, &code, &e);
    }
    if (result == 0 && got < 0)
        result = -1;
    str_release(&item);
    loop_input_close(&it->input);
    return finish(it, result, code, &e);
}

static int run_forstdin(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.name = NULL};
    if (read_input_iteration(c, &it) != 0)
        return EXIT_USAGE;
    return begin(&it, &e) < 0 ? message_error(&e) : loop_over_input(&it);
}

static int run_forbacktickx(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.name = NULL};
    struct block_reader r;
    char **block;
    pid_t pid;
    int code = read_input_iteration(c, &it);
    if (code == 0)
        code = blocks_read(&r, options.operand + 1, 1, &block);
    if (code != 0)
        return code;
    if (block[0] == NULL || r.next[0] == NULL)
        return command_usage(c);
    it.program = r.next;
    struct child generator = {.argv = block};
    if (begin(&it, &e) < 0)
        return message_error(&e);
    it.input.fd = descriptor_pipeline(&generator, false, &pid, &e);
    return it.input.fd < 0 ? message_error(&e) : loop_over_input(&it);
}

/* --- loopwhilex ------------------------------------------------------------------------------- */

static int run_loopwhilex(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.has_codes = true, .codes = {[0] = true}};
    if (read_iteration(c, &it, 1) != 0)
        return EXIT_USAGE;
    for (;;) {
        int status = child_run(options.operand, &e);
        if (status < 0)
            return message_error(&e), EXIT_SYSTEM;
        if (breaks(&it, status) != given('n'))
            return child_approximation(status);
    }
}

#define CODES                                                                                      \
    "-o CODES  go on only after these exit codes, separated by commas\n"                           \
    "-x CODES  stop after these exit codes, separated by commas\n"

#define ITERATION                                                                                  \
    "-E    substitute it in the program, instead of setting the variable\n"                        \
    "-e    set the variable (the default)\n"                                                       \
    "-p    do not wait for one to end before the next\n"                                           \
    "-P N  the same, at most so many at a time\n" CODES

static const char forx_options[] = ITERATION;

static const char input_options[] =
    ITERATION "-N             keep the delimiter at the end\n"
              "-n             remove it; a last item without one is lost (the default)\n"
              "-C             pass over empty items\n"
              "-c             do not (the default)\n"
              "-0             items end at null characters\n"
              "-d DELIMITERS  items end at one of these, instead of newlines; none: netstrings\n";

static const char loopwhilex_options[] = CODES "-n  negate the test\n";

const struct command execline_loops[] = {
    {"forx", "[-E] [-p|-P n] [-o codes|-x codes] variable { values... } prog...",
     "run a program for each value", forx_options, run_forx},
    {"forstdin", "[-E] [-p|-P n] [-o codes|-x codes] [-N] [-C] [-0|-d delimiters] variable prog...",
     "run a program for each line of stdin", input_options, run_forstdin},
    {"forbacktickx",
     "[-E] [-p|-P n] [-o codes|-x codes] [-N] [-C] [-0|-d delimiters] variable { gen... } prog...",
     "run a program for each line that another writes", input_options, run_forbacktickx},
    {"loopwhilex", "[-n] [-o codes|-x codes] prog...", "run a program as long as it exits 0",
     loopwhilex_options, run_loopwhilex},
    {.name = NULL}};
