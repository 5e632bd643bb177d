/* The next link of a chain may be a command of our own, which then runs in this process. What a
 * link can see of its process must be the same as after an exec (docs/execline.md). */
#ifndef COMMAND_CHAIN_H
#define COMMAND_CHAIN_H

#include <stdbool.h>

/* Notes which file this process runs, before anything can change the root. */
void chain_begin(void);

/* Would an exec of program, searched in path, come to this same file, with nothing about the
 * process changing but its name? Looks, and executes nothing. */
bool chain_is_ours(const char *program, const char *path);

#endif
