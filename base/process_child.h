/* The forked child of process_spawn, until it executes the program. */
#ifndef BASE_PROCESS_CHILD_H
#define BASE_PROCESS_CHILD_H

#include "base/process.h"

enum { PROCESS_FDS_MAX = 64 /* of struct process_spawn */ };

/* Gives every signal its default action, and sets the mask to blocked (NULL: to none). */
void process_reset_signals(const sigset_t *blocked);

/* Whether a handler of ours may run in a child before it executes. */
bool process_has_handlers(void);

/* Becomes what s asks for and executes the program. Returns only when that fails: the step that
 * did, with errno. */
const char *process_become(const struct process_spawn *s);

/* Becomes what s asks for and executes it; a failure is written to report (-1: nowhere) as a struct
 * process_failure. Does not return. Takes no memory: only the stack is used. */
void process_child(const struct process_spawn *s, int report);

#endif
