/* What is wrong with a script of sh that a container runs. Pure, but for what it asks of the
 * caller. Nothing is said of what is not certain: a finding too few is better than a false one. */
#ifndef COMMAND_OVERLOG_SHELL_CHECK_H
#define COMMAND_OVERLOG_SHELL_CHECK_H

#include "command/overlog/daemons.h"
#include "services/problems.h"
#include <stdbool.h>

/* What can be known of the root that the script is for. */
struct shell_place {
    void *context;
    bool (*lacks_user)(void *context, const char *name); /* certainly */
    bool (*lacks_group)(void *context, const char *name);
    /* Whether a file has a line that begins so, blanks not counted, or is to be taken to have one;
     * "": whether there is such a file. */
    bool (*says)(void *context, const char *file, const char *line);
};

/* runs: the script is the run of a longrun. Findings go to p, as warnings about path. */
void shell_check(const char *text, bool runs, const struct shell_place *place, const char *path,
                 struct problems *p);

/* The same of the words of an execlineb script: programs that execute one another. */
void chain_check(const struct daemon_word *word, size_t count, bool runs,
                 const struct shell_place *place, const char *path, struct problems *p);

/* An operator of sh that stands in an execlineb script as a word, where it is an argument like any
 * other, and its line; NULL: none. */
const char *chain_operator(const char *text, unsigned int *line);

#endif
