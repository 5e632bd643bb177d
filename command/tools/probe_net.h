/* Connections of `probe`: to all addresses of a name, one after the other, and to sockets of this
 * machine, none of which may take longer than it is given. */
#ifndef COMMAND_TOOLS_PROBE_NET_H
#define COMMAND_TOOLS_PROBE_NET_H

#include "base/error.h"
#include "command/tools/http.h"
#include "command/tools/probe_target.h"
#include <stdint.h>

/* Until when an attempt may take, and, because the C library resolves names without an end, when
 * the whole command must be over: monotonic ns. */
struct probe_time {
    int64_t until, end;
};

/* Pure: until when the next of so many addresses may be waited for, so that each gets the same part
 * of the time from now until then. Monotonic ns. */
int64_t probe_share(int64_t now, int64_t until, unsigned int addresses);

/* Connects to the host and port, or the socket, of the target. A descriptor, or -1 with e: the
 * reason alone. Past t->end it ends the process with exit code 1, after saying so. */
int probe_connect(const struct probe_target *target, const struct probe_time *t, struct error *e);

/* Sends the request and reads the answer until a knows what it is to know. 0, or -1 with e: the
 * reason alone. */
int probe_ask(int fd, const struct str *request, struct http_answer *a, const struct probe_time *t,
              struct error *e);

#endif
