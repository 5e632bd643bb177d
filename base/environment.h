/* Our own environment, and the names of variables. */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* What the name of a variable begins with, and its characters where no shell has to know it. */
#define VARIABLE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define VARIABLE_CHARACTERS VARIABLE_LETTERS "0123456789.-"

/* How many bytes at the beginning of a text are the name of a variable of the shell; 0: none. */
size_t variable_length(const char *text);

/* Removes all variables, or all but PATH. Unlike after clearenv, environ is a list afterwards,
 * which may be walked. 0, or -1 without memory. */
int environment_clear(bool keep_path);

#endif
