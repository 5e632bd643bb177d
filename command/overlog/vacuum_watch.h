/* overlog vacuum --watch, the service log-vacuum: keeps the log root below a size. */
#ifndef COMMAND_OVERLOG_VACUUM_WATCH_H
#define COMMAND_OVERLOG_VACUUM_WATCH_H

#include "command/overlog/vacuum_do.h"

/* Does what is asked, and again whenever there is another archive, until SIGTERM. What was deleted
 * of a directory is told at once, then at most once a minute, and at the end. Returns the exit
 * code.
 */
int vacuum_watch(struct vacuum_request *q);

#endif
