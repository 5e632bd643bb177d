#include "execline/eltest.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/quantity.h"
#include "execline/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1 true, 0 false, -1 with e. */
typedef int unary(const char *a, struct error *e);
typedef int binary(const char *a, const char *b, struct error *e);

/* --- strings ---------------------------------------------------------------------------------- */

/* The expression is of the text a. */
#define TEST_TEXT(name, expression)                                                                \
    static int name(const char *a, struct error *e)                                                \
    {                                                                                              \
        (void)e;                                                                                   \
        return (expression);                                                                       \
    }

TEST_TEXT(is_empty, a[0] == '\0')
TEST_TEXT(is_full, a[0] != '\0')
TEST_TEXT(is_set, getenv(a) != NULL)

#define COMPARE_TEXT(name, op)                                                                     \
    static int name(const char *a, const char *b, struct error *e)                                 \
    {                                                                                              \
        (void)e;                                                                                   \
        return strcmp(a, b) op 0;                                                                  \
    }

COMPARE_TEXT(text_equal, ==)
COMPARE_TEXT(text_different, !=)
COMPARE_TEXT(text_less, <)
COMPARE_TEXT(text_less_equal, <=)
COMPARE_TEXT(text_greater, >)
COMPARE_TEXT(text_greater_equal, >=)

static int matches(const char *a, const char *pattern, struct error *e)
{
    regex_t r;
    char reason[128];
    int bad = regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB);
    if (bad != 0) {
        regerror(bad, &r, reason, sizeof reason);
        return error_set(e, EXIT_USAGE, "bad regular expression %s: %s", pattern, reason);
    }
    bad = regexec(&r, a, 0, NULL, 0);
    regfree(&r);
    return bad == 0;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* Numbers out of range are the largest or smallest there is. */
static int read_number(const char *text, long long *n, struct error *e)
{
    if (integer_parse(text, n) < 0)
        return error_set(e, EXIT_USAGE, "not an integer: %s", text);
    return 0;
}

#define COMPARE_NUMBERS(name, op)                                                                  \
    static int name(const char *a, const char *b, struct error *e)                                 \
    {                                                                                              \
        long long x;                                                                               \
        long long y;                                                                               \
        if (read_number(a, &x, e) < 0 || read_number(b, &y, e) < 0)                                \
            return -1;                                                                             \
        return x op y;                                                                             \
    }

COMPARE_NUMBERS(number_equal, ==)
COMPARE_NUMBERS(number_different, !=)
COMPARE_NUMBERS(number_less, <)
COMPARE_NUMBERS(number_less_equal, <=)
COMPARE_NUMBERS(number_greater, >)
COMPARE_NUMBERS(number_greater_equal, >=)

static int is_terminal(const char *a, struct error *e)
{
    long long fd;
    if (read_number(a, &fd, e) < 0)
        return -1;
    return fd >= 0 && fd <= INT_MAX && isatty((int)fd) == 1;
}

/* --- files ------------------------------------------------------------------------------------ */

/* The expression is of st, what is known of the file a. */
#define TEST_FILE(name, look, expression)                                                          \
    static int name(const char *a, struct error *e)                                                \
    {                                                                                              \
        struct stat st;                                                                            \
        (void)e;                                                                                   \
        return look(a, &st) == 0 && (expression);                                                  \
    }

TEST_FILE(is_block, stat, S_ISBLK(st.st_mode))
TEST_FILE(is_character, stat, S_ISCHR(st.st_mode))
TEST_FILE(is_directory, stat, S_ISDIR(st.st_mode))
TEST_FILE(is_regular, stat, S_ISREG(st.st_mode))
TEST_FILE(is_link, lstat, S_ISLNK(st.st_mode))
TEST_FILE(is_fifo, stat, S_ISFIFO(st.st_mode))
TEST_FILE(is_socket, stat, S_ISSOCK(st.st_mode))
TEST_FILE(is_setuid, stat, (st.st_mode & S_ISUID) != 0)
TEST_FILE(is_setgid, stat, (st.st_mode & S_ISGID) != 0)
TEST_FILE(is_sticky, stat, (st.st_mode & S_ISVTX) != 0)
TEST_FILE(has_content, stat, st.st_size > 0)
TEST_FILE(is_owned, stat, st.st_uid == geteuid())
TEST_FILE(is_of_group, stat, st.st_gid == getegid())
TEST_FILE(is_unread, stat, clock_compare(&st.st_mtim, &st.st_atim) > 0)

TEST_TEXT(exists, access(a, F_OK) == 0)
TEST_TEXT(is_readable, kernel_permits(a, R_OK))
TEST_TEXT(is_writable, kernel_permits(a, W_OK))
TEST_TEXT(is_executable, kernel_permits(a, X_OK))

/* A file that exists is newer than one that does not. */
static int is_newer(const char *a, const char *b, struct error *e)
{
    struct stat x;
    struct stat y;
    (void)e;
    if (stat(a, &x) < 0)
        return 0;
    return stat(b, &y) < 0 || clock_compare(&x.st_mtim, &y.st_mtim) > 0;
}

static int is_older(const char *a, const char *b, struct error *e)
{
    return is_newer(b, a, e);
}

static int is_same_file(const char *a, const char *b, struct error *e)
{
    (void)e;
    return file_is_same(a, b);
}

/* --- operators -------------------------------------------------------------------------------- */

enum kind { DATA, UNARY, BINARY, NOT, AND, OR, OPEN, CLOSE, END };

struct test_operator {
    const char *word;
    enum kind kind;
    unary *one;
    binary *two;
};

static const struct test_operator operators[] = {
    {.word = "!", .kind = NOT},
    {.word = "-a", .kind = AND},
    {.word = "-o", .kind = OR},
    {.word = "(", .kind = OPEN},
    {.word = ")", .kind = CLOSE},
    {.word = "-n", .kind = UNARY, .one = is_full},
    {.word = "-z", .kind = UNARY, .one = is_empty},
    {.word = "-v", .kind = UNARY, .one = is_set},
    {.word = "-t", .kind = UNARY, .one = is_terminal},
    {.word = "-b", .kind = UNARY, .one = is_block},
    {.word = "-c", .kind = UNARY, .one = is_character},
    {.word = "-d", .kind = UNARY, .one = is_directory},
    {.word = "-e", .kind = UNARY, .one = exists},
    {.word = "-f", .kind = UNARY, .one = is_regular},
    {.word = "-h", .kind = UNARY, .one = is_link},
    {.word = "-L", .kind = UNARY, .one = is_link},
    {.word = "-p", .kind = UNARY, .one = is_fifo},
    {.word = "-S", .kind = UNARY, .one = is_socket},
    {.word = "-u", .kind = UNARY, .one = is_setuid},
    {.word = "-g", .kind = UNARY, .one = is_setgid},
    {.word = "-k", .kind = UNARY, .one = is_sticky},
    {.word = "-r", .kind = UNARY, .one = is_readable},
    {.word = "-w", .kind = UNARY, .one = is_writable},
    {.word = "-x", .kind = UNARY, .one = is_executable},
    {.word = "-s", .kind = UNARY, .one = has_content},
    {.word = "-O", .kind = UNARY, .one = is_owned},
    {.word = "-U", .kind = UNARY, .one = is_owned},
    {.word = "-G", .kind = UNARY, .one = is_of_group},
    {.word = "-N", .kind = UNARY, .one = is_unread},
    {.word = "=", .kind = BINARY, .two = text_equal},
    {.word = "!=", .kind = BINARY, .two = text_different},
    {.word = "<", .kind = BINARY, .two = text_less},
    {.word = "<=", .kind = BINARY, .two = text_less_equal},
    {.word = ">", .kind = BINARY, .two = text_greater},
    {.word = ">=", .kind = BINARY, .two = text_greater_equal},
    {.word = "=~", .kind = BINARY, .two = matches},
    {.word = "-eq", .kind = BINARY, .two = number_equal},
    {.word = "-ne", .kind = BINARY, .two = number_different},
    {.word = "-lt", .kind = BINARY, .two = number_less},
    {.word = "-le", .kind = BINARY, .two = number_less_equal},
    {.word = "-gt", .kind = BINARY, .two = number_greater},
    {.word = "-ge", .kind = BINARY, .two = number_greater_equal},
    {.word = "-nt", .kind = BINARY, .two = is_newer},
    {.word = "-ot", .kind = BINARY, .two = is_older},
    {.word = "-ef", .kind = BINARY, .two = is_same_file}};

enum { OPERATORS = sizeof operators / sizeof operators[0], DEPTH_MAX = 1000 };

static const struct test_operator data = {.kind = DATA};
static const struct test_operator end = {.kind = END};

/* --- the parser ------------------------------------------------------------------------------- */

struct parser {
    char *const *words;
    size_t at;
    unsigned int depth;  /* of parentheses */
    unsigned int unused; /* more than 0 inside what cannot change the result */
};

static const struct test_operator *peek(const struct parser *p)
{
    const char *word = p->words[p->at];
    if (word == NULL)
        return &end;
    for (size_t i = 0; i < OPERATORS; i++)
        if (strcmp(operators[i].word, word) == 0)
            return &operators[i];
    return &data;
}

static int misplaced(const struct parser *p, struct error *e)
{
    const char *word = p->words[p->at];
    if (word == NULL)
        return error_set(e, EXIT_USAGE, "the expression ends too early");
    return error_set(e, EXIT_USAGE, "unexpected argument %zu: %s", p->at + 1, word);
}

/* The data word that has to be next, or NULL with e. */
static const char *take_data(struct parser *p, struct error *e)
{
    if (peek(p)->kind != DATA) {
        misplaced(p, e);
        return NULL;
    }
    const char *word = p->words[p->at++];
    return word[0] == '\\' ? word + 1 : word;
}

static int parse_or(struct parser *p, struct error *e);

static int parse_group(struct parser *p, struct error *e)
{
    p->at++;
    if (++p->depth > DEPTH_MAX)
        return error_set(e, EXIT_USAGE, "too many parentheses");
    int value = parse_or(p, e);
    if (value >= 0 && peek(p)->kind != CLOSE)
        return misplaced(p, e);
    p->at++;
    p->depth--;
    return value;
}

static int parse_primary(struct parser *p, struct error *e)
{
    const struct test_operator *o = peek(p);
    if (o->kind == OPEN)
        return parse_group(p, e);
    if (o->kind == UNARY) {
        p->at++;
        const char *a = take_data(p, e);
        return a == NULL ? -1 : p->unused > 0 ? 0 : o->one(a, e);
    }
    const char *a = take_data(p, e);
    if (a == NULL)
        return -1;
    o = peek(p);
    if (o->kind != BINARY)
        return a[0] != '\0';
    p->at++;
    const char *b = take_data(p, e);
    return b == NULL ? -1 : p->unused > 0 ? 0 : o->two(a, b, e);
}

static int parse_not(struct parser *p, struct error *e)
{
    bool negate = false;
    for (; peek(p)->kind == NOT; p->at++)
        negate = !negate;
    int value = parse_primary(p, e);
    return value < 0 ? -1 : (value != 0) != negate;
}

/* A chain of terms joined by -a or -o, which ends being of use at the value that decides it. */
static int parse_chain(struct parser *p, enum kind joint, int deciding,
                       int (*term)(struct parser *p, struct error *e), struct error *e)
{
    unsigned int outside = p->unused;
    int value = term(p, e);
    while (value >= 0 && peek(p)->kind == joint) {
        p->at++;
        if (value == deciding)
            p->unused = outside + 1;
        int next = term(p, e);
        if (next < 0)
            return -1;
        if (p->unused == outside)
            value = next;
    }
    p->unused = outside;
    return value;
}

static int parse_and(struct parser *p, struct error *e)
{
    return parse_chain(p, AND, 0, parse_not, e);
}

static int parse_or(struct parser *p, struct error *e)
{
    return parse_chain(p, OR, 1, parse_and, e);
}

int eltest_evaluate(char *const *words, bool *result, struct error *e)
{
    struct parser p = {.words = words};
    *result = false;
    if (words[0] == NULL)
        return 0;
    int value = parse_or(&p, e);
    if (value < 0)
        return -1;
    if (peek(&p)->kind != END)
        return misplaced(&p, e);
    *result = value == 1;
    return 0;
}

static int run_eltest(struct invocation *c)
{
    struct error e = ERROR_INIT;
    bool result;
    if (eltest_evaluate(c->argv + 1, &result, &e) < 0)
        return message_error(&e);
    return result ? 0 : 1;
}

const struct command execline_eltest[] = {
    {"eltest", "expression...", "exit 0 if an expression is true, 1 if not", NULL, run_eltest},
    {"s6-test", "expression...", "the same, by its old name", NULL, run_eltest},
    {.name = NULL}};
