/* The command that shows log directories, merged by time and followed. */
#ifndef LOGCAT_LOGCAT_H
#define LOGCAT_LOGCAT_H

#include "base/command.h"

/* The row of logcat. Ends with an all-zero row. */
extern const struct command logcat_commands[];

#endif
