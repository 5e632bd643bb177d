#include "command/tools/expr.h"
#include "base/message.h"
#include "base/quantity.h"
#include "command/commands.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A word of the expression, or the number that an operator gave. */
struct value {
    const char *text; /* NULL: number */
    long long number;
};

/* False: the text is no integer. *large: it has more than 64 bits, and *n is the largest or
 * smallest there is. */
static bool read_integer(const char *text, long long *n, bool *large)
{
    int result = integer_parse(text, n);
    *large = result > 0;
    return result >= 0;
}

static int number_of(struct value v, long long *n, struct error *e)
{
    bool large = false;
    *n = v.number;
    if (v.text == NULL)
        return 0;
    if (!read_integer(v.text, n, &large))
        return error_set(e, EXPR_INVALID, "not an integer: %s", v.text);
    return large ? error_set(e, EXPR_INVALID, "number too large: %s", v.text) : 0;
}

static bool is_true(struct value v)
{
    bool large = false;
    long long n = v.number;
    if (v.text != NULL && !read_integer(v.text, &n, &large))
        return v.text[0] != '\0';
    return n != 0;
}

/* --- operators -------------------------------------------------------------------------------- */

/* *a becomes the value of the operator between *a and b. 0, or -1 with e. */
typedef int operation(struct value *a, struct value b, struct error *e);

static int either(struct value *a, struct value b, struct error *e)
{
    (void)e;
    if (!is_true(*a))
        *a = is_true(b) ? b : (struct value){.number = 0};
    return 0;
}

static int both(struct value *a, struct value b, struct error *e)
{
    (void)e;
    if (!is_true(*a) || !is_true(b))
        *a = (struct value){.number = 0};
    return 0;
}

/* Two integers are compared as numbers, anything else as text: below, equal to or above 0. */
static int compare(struct value a, struct value b, int *order, struct error *e)
{
    char first[32];
    char second[32];
    long long x = a.number;
    long long y = b.number;
    bool large = false;
    if ((a.text == NULL || read_integer(a.text, &x, &large)) &&
        (b.text == NULL || read_integer(b.text, &y, &large))) {
        if (number_of(a, &x, e) < 0 || number_of(b, &y, e) < 0)
            return -1;
        *order = (x > y) - (x < y);
        return 0;
    }
    snprintf(first, sizeof first, "%lld", a.number);
    snprintf(second, sizeof second, "%lld", b.number);
    *order = strcmp(a.text != NULL ? a.text : first, b.text != NULL ? b.text : second);
    return 0;
}

#define COMPARISON(name, op)                                                                       \
    static int name(struct value *a, struct value b, struct error *e)                              \
    {                                                                                              \
        int order;                                                                                 \
        if (compare(*a, b, &order, e) < 0)                                                         \
            return -1;                                                                             \
        *a = (struct value){.number = order op 0};                                                 \
        return 0;                                                                                  \
    }

COMPARISON(equal, ==)
COMPARISON(different, !=)
COMPARISON(less, <)
COMPARISON(less_equal, <=)
COMPARISON(greater, >)
COMPARISON(greater_equal, >=)

static int too_large(struct error *e)
{
    return error_set(e, EXPR_INVALID, "the result is too large");
}

#define ARITHMETIC(name, overflows)                                                                \
    static int name(struct value *a, struct value b, struct error *e)                              \
    {                                                                                              \
        long long x;                                                                               \
        long long y;                                                                               \
        long long z = 0;                                                                           \
        if (number_of(*a, &x, e) < 0 || number_of(b, &y, e) < 0)                                   \
            return -1;                                                                             \
        if (overflows)                                                                             \
            return too_large(e);                                                                   \
        *a = (struct value){.number = z};                                                          \
        return 0;                                                                                  \
    }

ARITHMETIC(add, __builtin_add_overflow(x, y, &z))
ARITHMETIC(subtract, __builtin_sub_overflow(x, y, &z))
ARITHMETIC(multiply, __builtin_mul_overflow(x, y, &z))

static int divide_both(struct value *a, struct value b, bool rest, struct error *e)
{
    long long x;
    long long y;
    if (number_of(*a, &x, e) < 0 || number_of(b, &y, e) < 0)
        return -1;
    if (y == 0)
        return error_set(e, EXPR_INVALID, "division by zero");
    if (x == LLONG_MIN && y == -1 && !rest)
        return too_large(e);
    *a = (struct value){.number = y == -1 ? (rest ? 0 : -x) : rest ? x % y : x / y};
    return 0;
}

static int divide(struct value *a, struct value b, struct error *e)
{
    return divide_both(a, b, false, e);
}

static int modulo(struct value *a, struct value b, struct error *e)
{
    return divide_both(a, b, true, e);
}

enum level { OR, AND, COMPARISONS, SUMS, PRODUCTS, LEVELS }; /* the loosest first */

static const struct {
    const char *word;
    enum level level;
    operation *run;
} operators[] = {
    {"|", OR, either},
    {"&", AND, both},
    {"=", COMPARISONS, equal},
    {"!=", COMPARISONS, different},
    {"<", COMPARISONS, less},
    {"<=", COMPARISONS, less_equal},
    {">", COMPARISONS, greater},
    {">=", COMPARISONS, greater_equal},
    {"+", SUMS, add},
    {"-", SUMS, subtract},
    {"*", PRODUCTS, multiply},
    {"/", PRODUCTS, divide},
    {"%", PRODUCTS, modulo},
};

enum { OPERATORS = sizeof operators / sizeof operators[0], DEPTH_MAX = 1000 };

/* --- the parser ------------------------------------------------------------------------------- */

struct parser {
    char *const *words;
    size_t at;
    unsigned int depth;  /* of parentheses */
    unsigned int unused; /* more than 0 inside what cannot change the value */
};

/* The index of the operator that is next; OPERATORS: none is. */
static size_t peek(const struct parser *p)
{
    const char *word = p->words[p->at];
    size_t i = 0;
    while (i < OPERATORS && (word == NULL || strcmp(operators[i].word, word) != 0))
        i++;
    return i;
}

static bool next_is(const struct parser *p, const char *text)
{
    const char *word = p->words[p->at];
    return word != NULL && strcmp(word, text) == 0;
}

static int misplaced(const struct parser *p, struct error *e)
{
    const char *word = p->words[p->at];
    if (word == NULL)
        return error_set(e, EXPR_INVALID, "the expression ends too early");
    return error_set(e, EXPR_INVALID, "unexpected argument %zu: %s", p->at + 1, word);
}

static int parse(struct parser *p, enum level level, struct value *v, struct error *e);

static int parse_primary(struct parser *p, struct value *v, struct error *e)
{
    if (!next_is(p, "(")) {
        if (p->words[p->at] == NULL || next_is(p, ")") || peek(p) < OPERATORS)
            return misplaced(p, e);
        *v = (struct value){.text = p->words[p->at++]};
        return 0;
    }
    p->at++;
    if (++p->depth > DEPTH_MAX)
        return error_set(e, EXPR_INVALID, "too many parentheses");
    if (parse(p, OR, v, e) < 0)
        return -1;
    if (!next_is(p, ")"))
        return misplaced(p, e);
    p->at++;
    p->depth--;
    return 0;
}

/* Terms of the next level, joined by operators of this one, from left to right. */
static int parse(struct parser *p, enum level level, struct value *v, struct error *e)
{
    if (level == LEVELS)
        return parse_primary(p, v, e);
    if (parse(p, level + 1, v, e) < 0)
        return -1;
    for (size_t i; (i = peek(p)) < OPERATORS && operators[i].level == level;) {
        struct value right = {.number = 0};
        bool decided = (level == OR && is_true(*v)) || (level == AND && !is_true(*v));
        p->at++;
        p->unused += decided;
        if (parse(p, level + 1, &right, e) < 0)
            return -1;
        p->unused -= decided;
        if (p->unused == 0 && operators[i].run(v, right, e) < 0)
            return -1;
    }
    return 0;
}

int expr_evaluate(char *const *words, struct str *out, bool *truth, struct error *e)
{
    struct parser p = {.words = words};
    struct value v = {.number = 0};
    if (parse(&p, OR, &v, e) < 0)
        return -1;
    if (words[p.at] != NULL)
        return misplaced(&p, e);
    *truth = is_true(v);
    if ((v.text != NULL ? str_add_text(out, v.text) : str_printf(out, "%lld", v.number)) < 0)
        return error_system(e, "unable to write the value");
    return 0;
}

static int run_expr(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct str value = STR_INIT;
    bool truth = false;
    if (c->argc < 2) {
        command_usage(c);
        return EXPR_INVALID;
    }
    if (expr_evaluate(c->argv + 1, &value, &truth, &e) < 0)
        return message_error(&e);
    puts(value.data);
    str_release(&value);
    return truth ? 0 : EXPR_FALSE;
}

const struct command command_expr[] = {
    {"s6-expr", "expression...", "print the value of an expression", NULL, run_expr},
    {.name = NULL}};
