/* A pager between us and the terminal, as git has one. */
#ifndef LOGGER_PAGER_H
#define LOGGER_PAGER_H

#include "base/error.h"
#include "logger/output.h"
#include <stdbool.h>

/* Whether one is wanted: OVERLOG_PAGER, else PAGER, else less, unless that is empty or cat. */
bool pager_wanted(void);

/* Makes the output hold back what fits on the terminal's screen; what is more goes to a pager.
 * Without one that can be run, it goes to the terminal. */
void pager_offer(struct output *o);

/* After the last of the output: waits until the reader has left the pager. */
void pager_close(struct output *o);

#endif
