/* One service's log directory as a sequence of entries: lines split, stamps read, CRI pieces of a
 * stream joined.
 *
 * 1. source_new, and since and until; 2. source_survey where entries of several sources are to be
 * put in order; 3. source_open; 4. source_next until it returns 0; when the directory changed,
 * source_next again; 5. source_close and open again, or source_free. What could not be read is said
 * (message_warning) and counted in broken.
 *
 * Stamps may step back: a clock was set, or daylight saving time ended. Nothing is concluded from
 * a stamp about the lines that follow it, unless the archive's index or a survey says so.
 */
#ifndef LOGCAT_SOURCE_H
#define LOGCAT_SOURCE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
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

/* What source_next is called for. COUNTING and SURVEYING collect steps; SURVEYING shows no entries.
 */
enum source_mode { SOURCE_READING, SOURCE_COUNTING, SOURCE_SURVEYING };

/* What a survey saw in an archive. */
struct source_archive {
    struct timespec name;
    struct timespec least, most, last; /* of its stamps */
    bool bounded; /* no line can be elsewhere in time or need those beside it */
};

/* Lines of current that a survey passed over: each has a stamp, and they are in order. */
struct source_block {
    int64_t begin, end; /* in the file */
    struct timespec least, most;
};

/* Indented lines belong to the line before them if they come within this. */
#define SOURCE_TOGETHER CLOCK_SECOND

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

    /* The stamps that are wanted; {0, 0}: no bound. The rest is for the caller to tell: source_next
     * leaves out only what is certain to have no others. */
    struct timespec since, until;
    struct timespec from, to; /* as since and until, for entries by their order, for this time */

    enum source_mode mode;
    struct timespec *lowest; /* by survey or tail: for each step back of a wanted stamp, the lowest
                                stamp from there on */
    size_t steps, steps_room;
    size_t met;             /* steps that source_next came by */
    struct timespec wanted; /* the last stamp that was wanted */
    bool any_wanted;
    struct timespec newest;  /* the latest of them, or guess */
    struct timespec stepped; /* where the largest step back was, and what came after */
    struct timespec stepped_to;
    bool surveyed, disorder; /* a stamp is earlier than the one before it, wanted or not */
    struct source_archive *archive;
    size_t archives, archives_room;
    bool in_archive; /* the last of them is being read */
    struct source_block *block;
    size_t blocks, blocks_room;
    dev_t device_current; /* the file that they are of */
    ino_t inode_current;
    bool exact;    /* surveying again, without guessing which lines are wanted */
    bool vague;    /* wanted is no stamp, but the latest that it may be */
    bool doubtful; /* a step back depends on it */

    bool any;              /* there was an entry */
    unsigned int heads;    /* entries that continued none */
    bool head_wanted;      /* so was the last of these */
    struct timespec order; /* of the last entry that was wanted */
    bool any_order;
    struct timespec last;  /* the last stamp, once there are stamps */
    bool stamps;           /* a line had a stamp */
    struct timespec guess; /* until then, where its lines belong: at the first stamp that follows,
                              or where the file was last written */
    bool guess_stamped;    /* at a stamp */
    struct words said;     /* warnings: reading again does not repeat them */

    struct entry entry; /* the last one, valid until the next source_next */

    struct source *older, *newer; /* of those whose files are open (pool.h) */
    bool pooled;

    char *data; /* bytes read: begin to end, no newline before scanned */
    size_t begin, scanned, end, capacity;
    bool kept;                         /* data has everything since the source was opened */
    const struct pattern *needle;      /* other lines may be left out; NULL: none may */
    struct str pieces[SOURCE_STREAMS]; /* CRI P pieces so far */
    struct timespec pieces_time[SOURCE_STREAMS];
    bool pieces_continue[SOURCE_STREAMS];
    int used;           /* the stream whose pieces entry points to, -1 none */
    char torn_bytes[4]; /* of the pieces, not of the entry: the beginning of a character */
    size_t torn;
};

/* Copies both texts. NULL with errno ENOMEM. */
struct source *source_new(const char *name, const char *path);
void source_free(struct source *s);

/* Warns, once for each text, and counts the source as broken. */
void source_say(struct source *s, const char *text);

/* As reader_open. */
int source_open(struct source *s, enum reader_from from, unsigned long long lines, struct error *e);
/* Looks through everything, to know where stamps step back and what can be left out later. */
int source_survey(struct source *s, struct error *e);
/* Opens so that at least the last `lines` entries follow, if there are that many, and knows their
 * steps: it goes back further when lines without a stamp, or pieces, stand at the beginning. */
int source_open_tail(struct source *s, unsigned long long lines, struct error *e);
void source_close(struct source *s);

/* 1: entry holds the next one. 0: nothing more for now. final: a begun last line and pieces without
 * an end are entries too. */
int source_next(struct source *s, bool final);

/* Whether a stream has a line of which only some pieces were read. */
bool source_has_pieces(const struct source *s);

/* The time by which the entry takes its place among those of other sources: never later than that
 * of one that follows it in the source. */
struct timespec source_key(const struct source *s);

#endif
