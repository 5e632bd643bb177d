/* One service's log directory as a sequence of entries: lines split, stamps read, CRI pieces of a
 * stream joined.
 *
 * 1. source_new; 2. source_open; 3. source_next until it returns 0; when the directory changed,
 * source_next again; 4. source_close and open again, or source_free. What could not be read is said
 * (message_warning) and counted in broken.
 */
#ifndef LOGGER_SOURCE_H
#define LOGGER_SOURCE_H

#include "base/error.h"
#include "base/str.h"
#include "logger/entry.h"
#include "logger/pattern.h"
#include "rotate/reader.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
    SOURCE_LINE_MAX = 1 << 20, /* a longer line, or sum of pieces, is shown in parts */
    SOURCE_STREAMS = 3         /* by enum stamp_stream */
};

struct source {
    char *name; /* as shown */
    char *path;
    struct reader *reader; /* NULL: closed */
    dev_t device;          /* of the directory that is open */
    ino_t inode;
    int64_t read_at; /* monotonic ns of the last read that brought something */
    unsigned long long lines;
    bool broken;  /* something was unreadable */
    bool gone;    /* the directory is no longer at its path: read to the end, then close */
    bool dirty;   /* may have more to read */
    bool offered; /* entry waits to be shown */
    bool events;  /* an event log (docs/event-log.md) */
    bool past;    /* what follows is later than wanted */

    bool stamps;           /* a line had a stamp */
    struct timespec guess; /* until then, where its lines belong: at the first stamp that follows,
                              or where the file was last written */
    bool guess_stamped;    /* at a stamp */
    struct words said;     /* warnings: reading again does not repeat them */

    struct entry entry; /* the last one, valid until the next source_next */

    char *data; /* bytes read: begin to end, no newline before scanned */
    size_t begin, scanned, end, capacity;
    const struct pattern *needle;      /* other lines may be left out; NULL: none may */
    struct str pieces[SOURCE_STREAMS]; /* CRI P pieces so far */
    struct timespec pieces_time[SOURCE_STREAMS];
    int used; /* the stream whose pieces entry points to, -1 none */
};

/* Copies both texts. NULL with errno ENOMEM. */
struct source *source_new(const char *name, const char *path);
void source_free(struct source *s);

/* Warns, once for each text, and counts the source as broken. */
void source_say(struct source *s, const char *text);

/* As reader_open. */
int source_open(struct source *s, enum reader_from from, unsigned long long lines,
                struct timespec since, struct error *e);
/* Opens so that at least the last `lines` entries follow, if there are that many: it goes back
 * further when lines without a stamp, or pieces, stand at the beginning. */
int source_open_tail(struct source *s, unsigned long long lines, struct error *e);
void source_close(struct source *s);

/* 1: entry holds the next one. 0: nothing more for now. final: a begun last line and pieces without
 * an end are entries too. */
int source_next(struct source *s, bool final);

#endif
