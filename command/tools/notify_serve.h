/* `notify` beside its service: takes what comes through the socket, and passes it on. */
#ifndef COMMAND_TOOLS_NOTIFY_SERVE_H
#define COMMAND_TOOLS_NOTIFY_SERVE_H

#include "base/error.h"
#include "command/tools/notify_place.h"
#include <sys/types.h>

/* Its descriptors, as given to beside_start. */
enum { NOTIFY_FD_SOCKET = 0, NOTIFY_FD_READY = 1, NOTIFY_FDS = 2 };

/* Makes the directory of the service in which we are, without what an instance before left in it,
 * and the socket, whose path is written to path. A descriptor, close-on-exec, or -1 with e. */
int notify_open(char path[NOTIFY_PATH_MAX], struct error *e);

/* Passes on until the service has ended. The exit code. */
int notify_serve(pid_t service);

#endif
