/* How long pid 1 waits for a service that was told to end. */
#ifndef COMMAND_TOOLS_TIMEOUT_KILL_H
#define COMMAND_TOOLS_TIMEOUT_KILL_H

#include <stdint.h>

/* The file timeout-kill of the service in whose directory we are, in ns; 0: there is none. */
int64_t timeout_kill(void);

#endif
