/* When a shutdown is due. */
#ifndef COMMAND_S6_HALT_H
#define COMMAND_S6_HALT_H

#include <time.h>

/* Reads "now", "+MINUTES", "MINUTES" or "HH:MM", of today or else tomorrow in local time, as
 * seconds from now. 0, or -1 when text is none of them. */
int halt_delay(const char *text, time_t now, unsigned long *seconds);

#endif
