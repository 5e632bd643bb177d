/* Shows output through a pager, as git does, if it is more than a screen. */
#ifndef LOGCAT_PAGER_H
#define LOGCAT_PAGER_H

#include "logcat/output.h"

/* If the output is a terminal, makes it hold back a screenful. Output beyond that starts the pager:
 * OVERLOG_PAGER, else PAGER, else less. If that is empty or cat, or cannot be run, output goes to
 * the terminal. */
void pager_offer(struct output *o);

/* To be called after the last output: writes the rest, and waits until the user has left the pager.
 */
void pager_close(struct output *o);

#endif
