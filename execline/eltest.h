/* The expressions of eltest (spec/execline.md section 7). A word that looks like an operator always
 * is one; a leading backslash makes it data. */
#ifndef EXECLINE_ELTEST_H
#define EXECLINE_ELTEST_H

#include "base/error.h"
#include <stdbool.h>

/* Evaluates the whole list (NULL-terminated; an empty one is false). A part that cannot change the
 * result is parsed, but not evaluated. 0, or -1 with e of EXIT_USAGE: it is no expression. */
int eltest_evaluate(char *const *words, bool *result, struct error *e);

#endif
