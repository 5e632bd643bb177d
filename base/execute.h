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

/* Begins a search; program and path must outlive it. */
struct execute_search execute_search(const char *program, const char *path);
/* Puts the next file to try into s->file. False: there is none left. */
bool execute_candidate(struct execute_search *s);

/* Executes the first of these files that can be executed; returns, with errno, when none can. */
void execute_first(const char *program, const char *path, char *const *argv, char *const *envp);

/* Executes program as a shell would, if there is a /bin/sh: a command that the shell has built in
 * wins over files of that name, and a file that the kernel cannot execute (ENOEXEC), an empty one
 * included, is run as a script of /bin/sh. */
void execute_by_shell(const char *program, const char *path, char *const *argv, char *const *envp);
/* Whether every POSIX shell has this command built in. Pure. */
bool execute_is_builtin(const char *word);

enum { EXECUTE_WHY_MAX = 400 };
#define EXECUTE_SEEN "exec: "

/* Explains E2BIG: names the largest variable, or says that an argument is the largest. */
void execute_too_big(char *const *argv, char *const *envp, char text[EXECUTE_WHY_MAX]);

/* Looks at a program whose execution failed with errno, which is kept: EXECUTE_SEEN and the reason
 * with its cure, in static memory; or "exec" where errno says it all. */
const char *execute_failed(const char *program, char *const *argv, char *const *envp);

#endif
