/* Crontabs, as cron reads them: those of a user, and those of the system, where the name of a user
 * stands between time and command. Of the crontabs of supercronic, lines of seven fields are read,
 * where seconds stand in front and years behind. A sixth field is a year for supercronic and
 * seconds for others: such a line is not guessed at. Pure. */
#ifndef COMMAND_OVERLOG_CRONTAB_H
#define COMMAND_OVERLOG_CRONTAB_H

#include "base/str.h"
#include <stdbool.h>

enum crontab_kind {
    CRONTAB_VARIABLE,   /* name and value */
    CRONTAB_JOB,        /* timetable, user if it is the system's, command, input */
    CRONTAB_STRANGE,    /* neither; value has the line, as in what follows */
    CRONTAB_SIX_FIELDS, /* there is a sixth field, and no seventh */
    CRONTAB_YEARS       /* the seventh field is not * */
};

/* One line that says something. Texts that do not belong to its kind are empty; data is never
 * NULL. */
struct crontab_entry {
    enum crontab_kind kind;
    unsigned int line; /* from 1 on */
    struct str name, value;
    struct str timetable; /* as base/timetable.h may read it */
    struct str user, command;
    struct str input; /* what stands behind a %: the job's stdin, with newlines */
    bool has_input;
};

struct crontab {
    const char *at;
    unsigned int line;
    bool system;
};

/* Reads on. 1: there is an entry, in the place of the one that e had; 0: the text is over; -1: no
 * memory. e is zeroed before the first call, and released after the last one. */
int crontab_next(struct crontab *c, struct crontab_entry *e);
void crontab_release(struct crontab_entry *e);

/* Whether text is a crontab rather than something else: its first line that is no variable begins
 * with a time. */
bool crontab_is(const char *text);

#endif
