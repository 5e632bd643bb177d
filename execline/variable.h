/* Environment variables as commands set them. Errors of names are EXIT_USAGE. */
#ifndef EXECLINE_VARIABLE_H
#define EXECLINE_VARIABLE_H

#include "base/command.h"
#include "base/error.h"
#include "base/str.h"

/* A good name is not empty and has no '='. 0, or -1 with e. */
int variable_check(const char *name, struct error *e);
/* Set a variable to a text (NULL: remove it) or a number. 0, or -1 with e. */
int variable_set(const char *name, const char *value, struct error *e);
int variable_set_number(const char *name, unsigned long long value, struct error *e);

/* Ends a command: executes rest with the variable set (value NULL: removed), or with import removes
 * the variable and replaces ${name} in rest, for which value is not NULL. To be returned by the
 * command. */
int variable_chain(struct invocation *c, const char *name, const char *value, int import,
                   char **rest);

/* Appends argv to out with ${name} replaced by value. 0, or -1: no memory. */
int variable_import(char *const *argv, const char *name, const char *value, struct words *out);

#endif
