/* Words of with-logfiles: what its arguments name, and the notes in which a follower keeps how far
 * it has come. Pure. */
#ifndef COMMAND_TOOLS_LOGFILES_WORD_H
#define COMMAND_TOOLS_LOGFILES_WORD_H

#include "base/error.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logfile {
    char path[PATH_MAX]; /* absolute */
    int stream;          /* the descriptor that its lines go to: 1 or 2 */
    bool follow;         /* it stays a file, which is followed; else it becomes a link */
};

/* Reads PATH, with any of :out, :err and :follow behind it. 0, or -1 with e. */
int logfile_parse(const char *word, struct logfile *f, struct error *e);

/* How many of these words name log files: those that begin with a slash, as far as "--". *program:
 * the index of the first word behind them, and behind "--". */
size_t logfile_count(char *const *words, size_t *program);

enum { LOGFILE_MARK = 64, LOGFILE_NOTE_MAX = 256 };

/* A place in a file: its bytes before offset were passed on. */
struct logfile_place {
    uint64_t device, inode, offset;
    unsigned char mark[LOGFILE_MARK]; /* the last bytes before offset, by which it is known again */
    size_t mark_length;
};

/* Writes the name of a log file's note, which is the same each time and that of no other file. */
void logfile_note_name(const char *path, char out[NAME_MAX + 1]);
/* Writes a note of always the same length: that length. */
size_t logfile_note_format(const struct logfile_place *p, char out[LOGFILE_NOTE_MAX]);
/* Reads one. False: it is none, and *p is zeroed. */
bool logfile_note_parse(const char *text, size_t length, struct logfile_place *p);

/* The new bytes in front of the place move it: takes the last ones as its mark. */
void logfile_place_move(struct logfile_place *p, const void *bytes, size_t length);

#endif
