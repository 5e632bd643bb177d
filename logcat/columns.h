/* Lines as a table of some of their fields (--columns). */
#ifndef LOGCAT_COLUMNS_H
#define LOGCAT_COLUMNS_H

#include "base/error.h"
#include "logcat/render.h"

struct column {
    char *name; /* owned */
    size_t width;
    bool ours; /* ts, service, stream, severity or message: each line has it */
};

struct columns {
    struct column *column; /* owned */
    size_t count, room;
    bool headed;      /* the names were shown */
    struct str value; /* of the cell made last */
};

/* Takes names separated by commas. 0, or -1 with e. */
int columns_parse(struct columns *c, const char *text, struct error *e);
void columns_release(struct columns *c);

/* Whether a line has one of the fields, or every line has: else it is no row. */
bool columns_has(const struct columns *c, const struct entry *entry);

/* Appends a row, and above the first one the names. A column is as wide as its widest cell so far,
 * and never wider than 60 for that. 0, or -1: no memory. */
int columns_row(struct columns *c, struct render *r, const char *service, const struct entry *entry,
                struct str *out);

#endif
