#include "command/tools/timeout_kill.h"
#include "base/clock.h"
#include "services/servicedir.h"

int64_t timeout_kill(void)
{
    struct service_keys keys = {.timeout_kill = 0};
    servicedir_read(&keys, ".", NULL);
    return keys.timeout_kill * CLOCK_MS;
}
