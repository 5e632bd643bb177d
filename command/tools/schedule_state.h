/* What schedule leaves in RUN_JOBS for those who ask how a job is: lines "key=value", whole at any
 * moment, as long as the container lives. Pure but for reading and writing the file. */
#ifndef COMMAND_TOOLS_SCHEDULE_STATE_H
#define COMMAND_TOOLS_SCHEDULE_STATE_H

#include "base/error.h"
#include "base/str.h"
#include "command/tools/schedule_plan.h"
#include <stdbool.h>
#include <stdint.h>

struct schedule_state {
    int64_t next;  /* ns since 1970: the next start; 0: not known, or none */
    int64_t pid;   /* of the job that runs; 0: none does */
    int64_t born;  /* its birth, in ticks of /proc; 0: not known, or none runs */
    int64_t began; /* ns since 1970: the last start; 0: there was none */
    int64_t ms;    /* how long the last one that ended took */
    int64_t code;  /* its exit code, or 128 and the signal; -1: none has ended */
    struct schedule_counts counts;
    int64_t well;   /* ns since 1970: the last end with 0; 0: there was none */
    int64_t asked;  /* how often a run was asked for */
    int64_t answer; /* the number of the last run that was begun, or is to be, for that; 0: none */
    int64_t owner;  /* the pid of the schedule that writes this */
    int64_t since;  /* its birth, in ticks of /proc; 0: not known */
    char timetable[TIMETABLE_MAX];
};

/* Appends the text. 0, or -1: no memory. */
int schedule_state_format(const struct schedule_state *s, struct str *out);
/* Reads a text, which may have keys that we do not know. 0, or -1: it is none. */
int schedule_state_parse(struct schedule_state *s, const char *text);

/* Reads the file of a service, in that /run. 0, or -1: it runs no job. */
int schedule_state_read(struct schedule_state *s, const char *run, const char *service);
/* Makes us its owner. */
void schedule_state_own(struct schedule_state *s);
/* Whether its owner is that process. Otherwise the file was left behind: the process of its service
 * is no schedule, or none yet. */
bool schedule_state_is_of(const struct schedule_state *s, int64_t pid);
/* Writes it. 0, or -1 with e. */
int schedule_state_write(const struct schedule_state *s, const char *service, struct error *e);

#endif
