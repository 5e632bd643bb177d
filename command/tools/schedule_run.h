/* schedule as a process: it sleeps until schedule_plan.h wants to look, and runs the job as its
 * child, in a session of its own. */
#ifndef COMMAND_TOOLS_SCHEDULE_RUN_H
#define COMMAND_TOOLS_SCHEDULE_RUN_H

#include "command/tools/schedule_plan.h"

struct schedule {
    const char *timetable; /* its text */
    char **argv, **envp;   /* of the job */
    bool verbose;
    struct schedule_rules rules; /* last: nobody reads them once the plan has them */
};

/* Runs jobs until the plan says that this is the end. The exit code. */
int schedule_run(const struct schedule *s);

/* Writes a time of the zone, "2026-11-30 03:15:00 +0100": wall in ns. */
enum { SCHEDULE_TIME_MAX = 40 };
void schedule_time(int64_t wall, char out[SCHEDULE_TIME_MAX]);

#endif
