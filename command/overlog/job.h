/* The job of a service that runs under schedule, as its file and the event log tell of it. Pure. */
#ifndef COMMAND_OVERLOG_JOB_H
#define COMMAND_OVERLOG_JOB_H

#include "base/str.h"
#include "command/overlog/history.h"
#include "command/tools/schedule_state.h"
#include <time.h>

/* Whether the service runs jobs, so that the rest makes sense. */
static inline bool job_is(const struct schedule_state *s)
{
    return s->timetable[0] != '\0';
}

/* Appends "next 2026-12-01 03:15:00 +0100 (in 3h 2m); last exit 0 after 12s, 5m ago; 3 of 20
 * failed". */
void job_text(const struct schedule_state *s, const struct timespec *now, struct str *out);
/* Appends the member "job". */
void job_json(const struct schedule_state *s, struct str *out);

/* Appends "exit 3 after 12s", of an end. */
void job_end_text(const struct history_job *j, struct str *out);
/* Appends the member "jobs": the ends that the event log tells of, the newest first. */
void job_history_json(const struct history *h, struct str *out);

#endif
