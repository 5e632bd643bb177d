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
    bool import;                 /* -E */
    unsigned long long parallel; /* -p, -P; 1: one after the other */
    bool has_codes;              /* -o, -x */
    bool listed_break;           /* -x */
    bool codes[256];
    bool chomp;
    bool crunch;
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

/* Options that more than one of the loops have; false for any other, and for a wrong argument. */
static bool loop_option(struct iteration *it, int option, const char *argument)
{
    switch (option) {
    case 'e':
    case 'E':
        it->import = option == 'E';
        return true;
    case 'p':
        it->parallel = PARALLEL_MAX;
        return true;
    case 'P':
        return number_parse(argument, PARALLEL_MAX, &it->parallel) == 0 && it->parallel > 0;
    case 'o':
    case 'x':
        it->has_codes = true;
        it->listed_break = option == 'x';
        return read_codes(argument, it->codes) == 0;
    case 'n':
    case 'N':
        it->chomp = option == 'n';
        return true;
    case 'c':
    case 'C':
        it->crunch = option == 'C';
        return true;
    case '0':
        it->input.delimiters = NULL;
        return true;
    case 'd':
        it->input.delimiters = argument;
        return true;
    default:
        return false;
    }
}

static int read_iteration(struct invocation *c, struct iteration *it)
{
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (!loop_option(it, option, c->argument))
            return command_usage(c);
    }
    return command_operand_count(c) < 2 ? command_usage(c) : 0;
}

/* Does a child that ended so end the loop? Lists are of what would be exited with. */
static bool breaks(const struct iteration *it, int status)
{
    return it->has_codes && it->codes[child_approximation(status)] == it->listed_break;
}

/* --- one turn -----------------------------------------------------------------------------------
 */

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

/* --- forx ---------------------------------------------------------------------------------------
 */

static int run_forx(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.parallel = 1};
    struct block_reader r;
    char **value;
    int code = 0;
    int result = 0;
    if (read_iteration(c, &it) != 0)
        return EXIT_USAGE;
    it.name = command_operands(c)[0];
    block_begin(&r, command_operands(c) + 1);
    if (block_read(&r, &value, NULL, &e) < 0 || begin(&it, &e) < 0)
        return message_error(&e);
    it.program = r.next;
    for (; result == 0 && *value != NULL; value++)
        result = turn(&it, *value, &code, &e);
    code = finish(&it, result, code, &e);
    return result == 0 && it.failed ? 1 : code;
}

/* --- forstdin, forbacktickx ---------------------------------------------------------------------
 */

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
        if (it->crunch && ended && empty)
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

static struct iteration input_iteration(void)
{
    return (struct iteration){.parallel = 1, .chomp = true, .input = {.fd = 0, .delimiters = "\n"}};
}

static int run_forstdin(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = input_iteration();
    if (read_iteration(c, &it) != 0)
        return EXIT_USAGE;
    it.name = command_operands(c)[0];
    it.program = command_operands(c) + 1;
    return begin(&it, &e) < 0 ? message_error(&e) : loop_over_input(&it);
}

static int run_forbacktickx(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = input_iteration();
    struct child generator = {.argv = NULL};
    struct block_reader r;
    char **block;
    pid_t pid;
    if (read_iteration(c, &it) != 0)
        return EXIT_USAGE;
    it.name = command_operands(c)[0];
    block_begin(&r, command_operands(c) + 1);
    if (block_read(&r, &block, NULL, &e) < 0)
        return message_error(&e);
    if (block[0] == NULL || r.next[0] == NULL)
        return command_usage(c);
    it.program = r.next;
    generator.argv = block;
    if (begin(&it, &e) < 0)
        return message_error(&e);
    it.input.fd = descriptor_pipeline(&generator, false, &pid, &e);
    return it.input.fd < 0 ? message_error(&e) : loop_over_input(&it);
}

/* --- loopwhilex ---------------------------------------------------------------------------------
 */

static int run_loopwhilex(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct iteration it = {.has_codes = true, .codes = {[0] = true}};
    bool negate = false;
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'n')
            negate = true;
        else if (!loop_option(&it, option, c->argument))
            return command_usage(c);
    }
    char **program = command_operands(c);
    if (program[0] == NULL)
        return command_usage(c);
    for (;;) {
        int status = child_run(program, &e);
        if (status < 0) {
            message_error(&e);
            return EXIT_SYSTEM;
        }
        if (breaks(&it, status) != negate)
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
