/* Environment variables as commands set them. Errors of names are EXIT_USAGE. */
#ifndef EXECLINE_VARIABLE_H
#define EXECLINE_VARIABLE_H

#include "base/command.h"
#include "base/error.h"
#include "base/str.h"

/* A name is not empty and has no '='. */
int variable_check(const char *name, struct error *e);
/* value NULL: removed. */
int variable_set(const char *name, const char *value, struct error *e);
int variable_set_number(const char *name, unsigned long long value, struct error *e);

/* Executes rest with the variable set, or, when import, with ${name} replaced in rest and the
 * variable removed. value NULL: unset, which cannot be imported. The command's exit code. */
int variable_chain(struct invocation *c, const char *name, const char *value, int import,
                   char **rest);

/* Appends argv to out with ${name} replaced by value. */
int variable_import(char *const *argv, const char *name, const char *value, struct words *out);

#endif
