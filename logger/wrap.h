/* What a line of a service looks like on a console that others share: as it is, behind a prefix, or
 * as a JSON object. Pure.
 *
 * A prefix and an object stand on a line of their own, so each ends with a newline; pieces of a
 * line do, too. Of a piece that does not end its line the object says so ("partial":true); after a
 * prefix nothing does, and of a line that ends where its last piece ended nothing more is shown.
 *
 * A whole line that is a JSON object keeps its members, in their order, with time, service and
 * stream in front of them. Where it has a member of that name itself, ours is called _time,
 * _service or _stream instead; and where it has names like that too, ours has one "_" more than the
 * longest of them: ours is always there, and no name is there twice.
 *
 * 1. wrap_open; 2. wrap_begin for each batch, wrap_line for its lines; 3. wrap_close.
 */
#ifndef LOGGER_WRAP_H
#define LOGGER_WRAP_H

#include "base/clock.h"
#include "base/str.h"
#include "contract/logger.h"
#include "logger/line.h"
#include <stdbool.h>
#include <time.h>

struct wrap {
    enum console_form form;
    struct str name; /* PREFIX: what stands before a line; JSON: the service, as a string */
    bool timed;      /* PREFIX: and the local time before that */
    struct str head; /* of this batch: all that stands before a line, or the object's first members
                        without its brace */
    char time[CLOCK_UTC_LENGTH + 1];
    int stream;
};

/* How a prefix is made for people. */
struct wrap_pretty {
    int width; /* columns that the name takes at least; 0: the prefix is [NAME], without the time */
    bool color; /* the name is coloured */
};

/* Zeroes w and makes what stands before lines of that service. pretty is for CONSOLE_PREFIX. 0, or
 * -1: no memory. */
int wrap_open(struct wrap *w, enum console_form form, const char *service,
              const struct wrap_pretty *pretty);
/* Begins lines that arrived at now on stream 0 (stdout) or 1 (stderr). 0, or -1: no memory. */
int wrap_begin(struct wrap *w, int stream, const struct timespec *now);
/* Appends what is shown of a line, or of a piece. 0, or -1: no memory, and out is as it was. */
int wrap_line(const struct wrap *w, const struct line *line, struct str *out);
/* Frees the memory. */
void wrap_close(struct wrap *w);

#endif
