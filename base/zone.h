/* The zone of local time. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>

/* Makes zone (TZ as the container has it; NULL: none) the zone of local time, unless our own
 * environment has TZ. False: the zone's data are missing, and times are UTC. */
bool zone_take(const char *zone);

/* Makes the C library read a zone such as EST5EDT in our environment as what is meant by it: the
 * zone data of that name, else the rule of the United States. */
void zone_settle(void);

#endif
