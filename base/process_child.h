/* The forked child of process_spawn, until it executes the program. */
#ifndef BASE_PROCESS_CHILD_H
#define BASE_PROCESS_CHILD_H

#include "base/process.h"

enum { PROCESS_FDS_MAX = 64 /* of struct process_spawn */ };

/* Gives every signal its default action, and sets the mask to blocked (NULL: to none). */
void process_reset_signals(const sigset_t *blocked);

/* Whether a handler of ours may run in a child before it executes. */
bool process_has_handlers(void);

/* The first part of it, all but the execution: 0, or -errno and the step that failed. Where neither
 * `passed` nor `terminal` is asked for it makes kernel calls and nothing else, of which no other
 * process that uses the same memory sees anything. */
long process_prepare(const struct process_spawn *s, const char **step);
/* Moves the report out of the way of what s asks for: its number, or -errno. In the same way. */
int process_report_aside(const struct process_spawn *s, int report);

enum { PROCESS_DIGITS = 12 };
/* Writes the number, in decimal. In the same way. */
void process_digits(char text[PROCESS_DIGITS], unsigned int number);

/* Executes a program; comes back, when that fails, with the exit code, and has written the failure
 * to report. by_shell: as a command of a shell. */
int process_execute(const char *program, char *const *argv, char *const *envp, bool by_shell,
                    int report);

/* PATH of an environment; NULL: it has none. In the same way. */
const char *process_path(char *const *envp);

/* Becomes what s asks for and executes the program. Returns only when that fails: the step that
 * did, with errno. */
const char *process_become(const struct process_spawn *s);

/* Becomes what s asks for and executes it; a failure is written to report (-1: nowhere) as a struct
 * process_failure. Does not return. Takes no memory: only the stack is used. */
void process_child(const struct process_spawn *s, int report);

#endif
