/* Signals that the kernel refuses: a process under another user, and no CAP_KILL. */
#ifndef SUPERVISOR_REFUSAL_H
#define SUPERVISOR_REFUSAL_H

#include "supervisor/pid1.h"

/* Sends a signal to a process of that service, to its group if pid is negative. A refusal is said,
 * unless *said, and posted as the notice REFUSED: a stop then waits for services no longer than
 * S6_KILL_GRACETIME. */
void refusal_kill(struct pid1 *p, const char *name, pid_t pid, int signal, bool *said);

#endif
