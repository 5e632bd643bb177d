/* The zone of local time. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes zone (TZ as the container has it; NULL: none) the zone of local time, unless our own
 * environment has TZ. False: the zone's data are missing, and times are UTC. */
bool zone_take(const char *zone);

/* Makes the C library read a TZ such as EST5EDT as people mean it: by the zone data of that name,
 * else by the rules of the United States. To be called once before local times are made. */
void zone_settle(void);

/* How far the clocks of the zone are ahead of UTC then, in seconds; t: seconds since 1970. */
long zone_offset(int64_t t);

#endif
