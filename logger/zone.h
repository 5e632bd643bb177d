/* The zone of local time. */
#ifndef LOGGER_ZONE_H
#define LOGGER_ZONE_H

#include <stdbool.h>

/* TZ as the container has it, so that times read the same inside `docker exec -e TZ=`. False: the
 * zone's data are missing, and times are UTC. */
bool zone_take(void);

/* Makes the C library read a zone such as EST5EDT in our environment as what is meant by it: the
 * zone data of that name, else the rule of the United States. */
void zone_settle(void);

#endif
