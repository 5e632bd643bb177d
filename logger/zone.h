/* The zone of local time. */
#ifndef LOGGER_ZONE_H
#define LOGGER_ZONE_H

#include <stdbool.h>

/* TZ as the container has it, so that times read the same inside `docker exec -e TZ=`. False: the
 * zone's data are missing, and times are UTC. */
bool zone_take(void);

#endif
