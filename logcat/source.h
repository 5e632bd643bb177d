/* One service's log directory as a sequence of entries: lines split, stamps read, CRI pieces of a
 * stream joined.
 *
 * 1. source_new, then since and until; 2. source_survey where entries of several sources are to be
 * put in order; 3. source_open; 4. source_next until it returns 0; when the directory changed,
 * source_next again; 5. source_close and open again, or source_free. A file that cannot be read is
 * warned of, and sets broken.
 *
 * Stamps may step back: a clock was set, or daylight saving time ended. A stamp is taken to bound
 * the lines after it only where the archive's index or a survey proves that.
 */
#ifndef LOGCAT_SOURCE_H
#define LOGCAT_SOURCE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
#include "logcat/trace.h"
#include "rotate/read/reader.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
    SOURCE_LINE_MAX = 1 << 20, /* a longer line, or sum of pieces, is shown in parts */
    SOURCE_STREAMS = 3         /* by enum stamp_stream */
};

/* The purpose for which source_next is called. COUNTING and SURVEYING collect steps; SURVEYING
 * returns no entries that are to be shown. */
enum source_mode { SOURCE_READING, SOURCE_COUNTING, SOURCE_SURVEYING };

/* An archive, as a survey saw it. */
struct source_archive {
    struct timespec name;              /* the time in its name */
    struct timespec least, most, last; /* of its stamps */
    bool bounded; /* each line is between least and most, and no line outside needs it */
};

/* A part of current that a survey passed over: each line has a stamp, and they are in order. */
struct source_block {
    int64_t begin, end; /* offsets in the file */
    struct timespec least, most;
};

/* The results of the last survey, by which later readings can leave parts out. */
struct source_survey {
    bool done;                      /* the rest is valid */
    bool exact;                     /* repeated, without guessing which lines are wanted */
    bool vague;                     /* wanted is no stamp, but the latest time that it may be */
    bool doubtful;                  /* whether there is a step back depends on a vague one */
    struct source_archive *archive; /* sorted by name; owned */
    size_t archives, archives_room;
    bool in_archive;            /* the last archive of the list is being read */
    struct source_block *block; /* sorted by begin; owned */
    size_t blocks, blocks_room;
    dev_t device; /* of the file that the blocks are in */
    ino_t inode;
};

/* The pieces, so far, of a line of one stream (CRI's P). */
struct source_pieces {
    struct str text;      /* joined; empty: there are none */
    struct timespec time; /* of the first */
    bool continues;       /* the line continues the entry before it */
    bool traced;          /* it does so by its form */
};

/* An indented line continues the line before it if it comes within this time, in ns. */
#define SOURCE_TOGETHER CLOCK_SECOND

struct source {
    char *name;            /* as shown; owned */
    char *path;            /* of the directory; owned */
    struct reader *reader; /* owned; NULL: closed */
    dev_t device;          /* of the directory that is open */
    ino_t inode;
    int64_t read_at;          /* monotonic ns of the last read that had bytes */
    unsigned long long lines; /* read since the source was opened */
    bool broken;              /* something was unreadable */
    bool gone;    /* the directory is no longer at its path: read the rest, then close */
    bool own;     /* its logger reads what we write: nothing more of it is shown */
    bool dirty;   /* there may be more to read */
    bool offered; /* entry waits to be shown */
    bool events;  /* it is an event log (docs/event-log.md) */
    bool past;    /* all that follows is later than wanted */

    struct trace trace; /* told of each line that is read */
    enum stamp_stream trace_stream;

    struct timespec offered_key; /* of the entry offered last, */
    unsigned int offered_head;   /* and its number; 0: there is none */
    unsigned int traced_head;    /* the last entry of which a line was traced */

    enum severity severity;  /* of the entry with the number below, so far */
    unsigned int rated_head; /* 0: none was rated */

    /* The stamps that are wanted; {0, 0}: no bound. source_next leaves out only lines that
     * certainly have others; the caller looks at each entry's time. */
    struct timespec since, until;
    struct timespec from, to; /* the same for the order of entries; may change with each opening */

    enum source_mode mode;

    /* --- steps back of wanted stamps --- */
    struct timespec *lowest; /* for each step, the lowest stamp from there on: found by survey or
                                source_open_tail; owned */
    size_t steps, steps_room;
    size_t met;             /* steps that this reading has passed */
    struct timespec wanted; /* the last wanted stamp, if any_wanted */
    bool any_wanted;
    struct timespec newest;     /* the latest of the wanted stamps and guesses */
    struct timespec stepped;    /* the stamp before the largest step, */
    struct timespec stepped_to; /* and the one after it */
    bool disorder;              /* a stamp is earlier than the one before it, wanted or not */
    struct source_survey survey;

    /* --- the order of entries --- */
    bool any;              /* there was an entry */
    unsigned int heads;    /* entries so far that continue no other */
    bool head_wanted;      /* the last of these was wanted */
    struct timespec order; /* of the last wanted entry, if any_order */
    bool any_order;
    struct timespec last; /* the last stamp, if stamps */
    bool stamps;          /* a line had a stamp */
    /* The time of lines before the first stamp: that stamp, or when the file was last written. */
    struct timespec guess;
    struct words said; /* warnings so far: reading again does not repeat them */

    struct entry entry; /* the last one, valid until the next source_next */

    /* --- pool.c --- */
    struct source *older, *newer; /* neighbours in the list of open sources */
    bool pooled;                  /* it is in that list */

    /* --- bytes --- */
    char *data;                   /* owned; read and not yet taken: begin to end */
    size_t begin, scanned, end;   /* offsets; there is no newline from begin to scanned */
    size_t capacity;              /* bytes that data has room for */
    size_t hole;                  /* offset where lines are missing, if holed: */
    bool holed;                   /* pieces before it have no rest */
    bool kept;                    /* data has all bytes since the source was opened */
    const struct pattern *needle; /* lines without it may be left out; NULL: none may */
    struct source_pieces pieces[SOURCE_STREAMS]; /* by enum stamp_stream */
    int used;           /* the stream whose pieces are entry's message; -1: none */
    char torn_bytes[4]; /* the beginning of a character, which the next part of that line gets */
    size_t torn;        /* bytes there */
};

/* Makes a closed source; both texts are copied. The caller frees it. NULL with errno ENOMEM. */
struct source *source_new(const char *name, const char *path);
/* Closes and frees the source; NULL is allowed. */
void source_free(struct source *s);

/* Warns, once for each text, and marks the source broken. */
void source_say(struct source *s, const char *text);

/* Opens the directory, or opens it again; from and lines as for reader_open. 0, or -1 with e. */
int source_open(struct source *s, enum reader_from from, unsigned long long lines, struct error *e);
/* Reads everything once, to find the steps back and the parts that later readings can leave out.
 * The source is left open, at its end. 0, or -1 with e. */
int source_survey(struct source *s, struct error *e);
/* Opens so that at least the last `lines` entries follow, if there are that many, and finds the
 * steps among them. It begins further back where lines without a stamp, or pieces, come first. 0,
 * or -1 with e. */
int source_open_tail(struct source *s, unsigned long long lines, struct error *e);
/* Closes the directory; the survey stays valid. */
void source_close(struct source *s);

/* Reads the next entry into s->entry: 1; 0: there is none for now. final: a last line without
 * newline, and pieces without an end, are entries too. */
int source_next(struct source *s, bool final);

/* Fills in the severity of the entry, which was read after the one rated last. A line that
 * continues an entry is as bad as the lines before it, and worse where it is one of a trace. */
void source_rate(struct source *s);

/* Whether a stream has a line of which only some pieces were read. */
bool source_has_pieces(const struct source *s);

/* The time by which the entry takes its place among those of other sources: never later than that
 * of a later entry of the same source. */
struct timespec source_key(const struct source *s);

#endif
