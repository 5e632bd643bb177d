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

/* The same as a command of a shell, as far as there is a /bin/sh: what it has built in comes before
 * the files of that name, and a file that is no program for the kernel (ENOEXEC), an empty one too,
 * is its script. */
void execute_by_shell(const char *program, const char *path, char *const *argv, char *const *envp);
/* Pure: whether every POSIX shell has it built in. */
bool execute_is_builtin(const char *word);

enum { EXECUTE_WHY_MAX = 400 };
#define EXECUTE_SEEN "exec: "

/* E2BIG in words: which variable, or that an argument, is the largest. */
void execute_too_big(char *const *argv, char *const *envp, char text[EXECUTE_WHY_MAX]);

/* Looks at a program whose execution failed with errno, which is kept: EXECUTE_SEEN and the reason
 * with its cure, in static memory; or "exec" where errno says it all. */
const char *execute_failed(const char *program, char *const *argv, char *const *envp);

#endif
