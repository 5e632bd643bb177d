/* The expressions of s6-expr: those of POSIX expr without pattern matching (the operator ':'). */
#ifndef COMMAND_TOOLS_EXPR_H
#define COMMAND_TOOLS_EXPR_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>

/* The exit code of an expression that is empty or zero, and of one that cannot be evaluated. */
enum { EXPR_FALSE = 1, EXPR_INVALID = 2 };

/* Evaluates the whole list (NULL-terminated) and appends the value to out. 0, and *truth says
 * whether the value is neither empty nor zero; -1 with e, whose code is EXPR_INVALID for what is no
 * expression, has no number where one is needed, divides by zero or leaves 64 bits. The side of an
 * operator '|' or '&' that cannot change the value is parsed, but not evaluated. */
int expr_evaluate(char *const *words, struct str *out, bool *truth, struct error *e);

#endif
