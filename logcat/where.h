/* A condition on a field of a line, as --where takes it: NAME OPERATOR VALUE, or NAME alone, which
 * the line must have then. Operators: = != < <= > >= compare numbers where both sides are some, and
 * else bytes, but a word is neither less nor more than a number; ~ and !~ match an extended regular
 * expression. A line without the field meets no condition. Pure. */
#ifndef LOGCAT_WHERE_H
#define LOGCAT_WHERE_H

#include "base/error.h"
#include "base/str.h"
#include "logcat/pattern.h"
#include <stdbool.h>
#include <stddef.h>

enum where_operator {
    WHERE_THERE,
    WHERE_EQUAL,
    WHERE_UNEQUAL,
    WHERE_LESS,
    WHERE_AT_MOST,
    WHERE_GREATER,
    WHERE_AT_LEAST,
    WHERE_MATCHES,
    WHERE_DIFFERS
};

struct where {
    char *name; /* owned; the value follows its NUL */
    const char *value;
    enum where_operator operator;
    bool numeric; /* the value is a number */
    double number;
    struct pattern pattern; /* with WHERE_MATCHES and WHERE_DIFFERS */
    struct str text;        /* the field of the line judged last */
};

/* Reads a condition; the caller releases it. 0, or -1 with e of code EXIT_USAGE. */
int where_parse(struct where *w, const char *text, struct error *e);
void where_release(struct where *w);

/* Whether the line meets the condition. */
bool where_holds(struct where *w, const char *message, size_t length);

#endif
