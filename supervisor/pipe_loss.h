/* Bytes that producers wrote and no consumer has read: pid 1 holds the pipe, and says what goes
 * with it.
 */
#ifndef SUPERVISOR_PIPE_LOSS_H
#define SUPERVISOR_PIPE_LOSS_H

#include "supervisor/longrun.h"

/* One warning if that consumer, which is over, has left bytes in its pipe; once. */
void pipe_loss_say(struct longrun *l);
/* The same of all, at the end of the stop. */
void pipe_loss_say_all(struct longruns *ls);

#endif
