/* Finding a program and executing it, in the process that is to become it; and why it could not be
 * executed. */
#ifndef BASE_EXECUTE_H
#define BASE_EXECUTE_H

#include <stdbool.h>

/* The files that an exec tries for a program, one after the other: the program itself when it has a
 * slash, else one for each folder of a PATH (NULL: the default). */
struct execute_search {
    const char *program;
    const char *next;
    const char *file; /* what execute_candidate found to be the next */
    char path[4096];
};

struct execute_search execute_search(const char *program, const char *path);
bool execute_candidate(struct execute_search *s); /* false: that was all */

/* Executes the first of them that can be; comes back with errno when none can. */
void execute_first(const char *program, const char *path, char *const *argv, char *const *envp);

enum { EXECUTE_WHY_MAX = 400 };
#define EXECUTE_SEEN "exec: "

/* Looks at a program whose execution failed with errno, which is kept: EXECUTE_SEEN and the reason
 * with its cure, in static memory; or "exec" where errno says it all. */
const char *execute_failed(const char *program);

#endif
