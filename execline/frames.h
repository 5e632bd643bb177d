/* Frames of the environment: positional parameters and ELGETOPT_ variables are pushed ("1" becomes
 * "1:1", "1:1" becomes "1:2") when a script sets its own, and popped when it is done with them. */
#ifndef EXECLINE_FRAMES_H
#define EXECLINE_FRAMES_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>

/* Which variables belong to a family, by a name that ends at '=' or at ':' and its depth. */
typedef bool frame_family(const char *variable);

/* The two families: # 0 1 2 ..., and ELGETOPT_*. */
bool frame_is_positional(const char *variable);
bool frame_is_option(const char *variable);

/* Push and pop the variables of a family. 0, or -1 with e: no memory. */
int frames_push(frame_family *family, struct error *e);
int frames_pop(frame_family *family, struct error *e);

/* Appends 0, 1 ... n of the environment to out, n being "#". -1: one is not set (EXIT_USAGE). */
int positional_read(struct words *out, struct error *e);
/* Makes them the new #, 1 ... and removes those of the old ones that are beyond. */
int positional_write(char *const *args, size_t count, size_t old_count, struct error *e);

#endif
