/* Whether a script or program can be executed, as far as looking at it tells. */
#ifndef COMMAND_OVERLOG_SCRIPT_H
#define COMMAND_OVERLOG_SCRIPT_H

#include "command/overlog/overlog.h"

/* How a script is executed: IN_PLACE, where it is, else copied and made executable; RUNS, as the
 * run of a longrun; OF_SH, by /bin/sh when it has no #! line. */
enum { SCRIPT_IN_PLACE = 1, SCRIPT_RUNS = 2, SCRIPT_OF_SH = 4 };
/* Looks whether the script at path can be executed that way; findings go to t->problems. */
void script_inspect(struct tree *t, const char *path, unsigned int how);

/* The same of a file of a section. */
void script_inspect_text(struct tree *t, const char *path, const struct section_file *file,
                         unsigned int how);

/* Looks whether the program of a command line at path:line is there; findings go to t->problems. */
void command_check_words(struct tree *t, const char *path, unsigned int line,
                         const struct words *words);

/* Where a path of the container is in the tree or root that we read, in out. False: that cannot be
 * known. */
bool script_place(const struct tree *t, const char *path, char out[4096]);

#endif
