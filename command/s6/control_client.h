/* The caller's side of the control socket (docs/control.md). */
#ifndef COMMAND_S6_CONTROL_CLIENT_H
#define COMMAND_S6_CONTROL_CLIENT_H

#include "base/error.h"
#include <stddef.h>

/* Sends count words and our descriptors 0 to 2 to the socket at path, and copies what comes back to
 * descriptors 1 and 2 until the answer. Returns the exit code that pid 1 gave, or -1 with e filled
 * (EXIT_USAGE: we may not ask). */
int control_request(const char *path, const char *const *words, size_t count, struct error *e);

#endif
