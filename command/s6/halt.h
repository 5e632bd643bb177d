/* When a shutdown is due. */
#ifndef COMMAND_S6_HALT_H
#define COMMAND_S6_HALT_H

#include <time.h>

/* Pure but for TZ: seconds from now to "now", "+MINUTES" or "HH:MM", which is today or tomorrow.
 * 0, or -1 when it is none of them. */
int halt_delay(const char *text, time_t now, unsigned long *seconds);

#endif
