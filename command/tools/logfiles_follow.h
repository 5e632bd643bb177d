/* with-logfiles beside its service: follows log files of the service, and passes their lines on to
 * its stdout or stderr.
 *
 * A file that was renamed or removed is read on beside its successor, the last FOLLOW_OLD of them,
 * as long as the service lives. How far each file was passed on stands in a note under
 * RUN_LOGFILES, which whoever follows it holds locked: the follower of the next instance waits for
 * that of the last one, and goes on where it ended. */
#ifndef COMMAND_TOOLS_LOGFILES_FOLLOW_H
#define COMMAND_TOOLS_LOGFILES_FOLLOW_H

#include "base/error.h"
#include "command/tools/logfiles_word.h"
#include <stddef.h>
#include <sys/types.h>

enum { FOLLOW_OLD = 4 };

/* Before the service is executed: makes the note of a file that has none, so that it is followed
 * from its present end. 0, or -1 with e. */
int follow_prepare(const struct logfile *file, struct error *e);

/* Beside it: follows those of the count files that are to be followed, until the service has ended,
 * and takes along what is in them then. Of each, limit bytes that were passed on are kept at most;
 * 0: all. The exit code. */
int follow_files(const struct logfile *files, size_t count, off_t limit, pid_t service);

#endif
