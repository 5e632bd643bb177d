/* A pager between us and the terminal, as git has one. */
#ifndef LOGCAT_PAGER_H
#define LOGCAT_PAGER_H

#include "base/error.h"
#include "logcat/output.h"
#include <stdbool.h>

/* Takes the size of the screen, if the output is a terminal, and makes it hold back what fits
 * there; what is more goes to a pager: OVERLOG_PAGER, else PAGER, else less, unless that is empty
 * or cat. Without one that can be run, it goes to the terminal. */
void pager_offer(struct output *o);

/* After the last of the output: waits until the reader has left the pager. */
void pager_close(struct output *o);

#endif
