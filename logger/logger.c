#include "logger/logger.h"
#include "logger/processes.h"
#include <stddef.h>

const struct command logger_commands[] = {
    {.name = "logger",
     .usage = "[-d DIR] [-u UID:GID] [-p | -j] [-e EVENTSDIR] [-r] [-D] NAME MODE SCRIPT...",
     .summary = "log a service: its two pipes to the console and a log directory",
     .options = logger_options,
     .run = logger_run},
    {.name = "s6-log",
     .usage = "[-d FD] [-q | -v] [-b] [-p] [-l BYTES] [-t MS] [--] DIRECTIVE...",
     .summary = "log standard input by a logging script",
     .options = s6log_options,
     .run = s6log_run},
    {.name = "logutil-service",
     .usage = "[-f FIFO] DIR",
     .summary = "run s6-log for DIR as an unprivileged user, by S6_LOGGING_SCRIPT",
     .options = logutil_options,
     .run = logutil_run},
    {.name = NULL},
};
