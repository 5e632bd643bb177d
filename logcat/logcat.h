/* The command that shows log directories, merged by time and followed. */
#ifndef LOGCAT_LOGCAT_H
#define LOGCAT_LOGCAT_H

#include "base/command.h"

/* The table of this room: the row of logcat, and one without a name. */
extern const struct command logcat_commands[];

#endif
