/* The inside of a reader, shared by reader.c (from file to file), reader_files.c (the files of the
 * directory), reader_open.c (where to begin), reader_lost.c and reader_park.c. */
#ifndef ROTATE_READ_READING_H
#define ROTATE_READ_READING_H

#include "rotate/archive.h"
#include "rotate/read/logfile.h"
#include "rotate/read/reader.h"
#include <sys/stat.h>

enum { TRIES = 100 /* at listing a directory that changes meanwhile */ };

enum place { PLACE_ARCHIVE, PLACE_PREVIOUS, PLACE_CURRENT };

struct reader {
    int directory;           /* descriptor; -1 while parked */
    char *path;              /* of the directory; owned */
    char *file_path;         /* of the file read last; owned */
    struct reader_skip skip; /* the caller's */

    struct logfile file; /* being read */
    enum place place;    /* of file */
    struct archive at;   /* file, if it is an archive */
    bool begun;          /* bytes of file were given */
    bool midline;        /* the last byte given was no newline */
    bool gap;            /* for reader_gap */
    bool breaks;         /* files may be missing between what was read and what comes next */
    bool hole;           /* for reader_hole */

    /* What was listed behind the archive that is being read; or the one that is to be read next,
     * and what was listed behind that. */
    struct archive follower, behind;
    bool follows, any_behind; /* there is one */

    /* previous or current, once read to its end. It stays open so that no new file gets its inode.
     */
    struct logfile last;
    bool last_known;   /* last was found among the archives, or was there and is removed */
    bool file_known;   /* the same of file, while it is not an archive */
    bool owed;         /* an archive with the content of last will appear, and is not to be read */
    bool processing;   /* a processor works here: archives do not have the content of current */
    struct stat state; /* of what a processor leaves, before current was opened; st_ino 0: none */

    bool parked;        /* only the descriptor of last is open */
    bool parked_file;   /* file was open when the reader was parked */
    char head[64];      /* the first bytes of file, if plain: another file may get its inode */
    size_t head_length; /* of head */

    bool stuck; /* the file under the name current cannot be read, which was returned as an error */

    struct archive *seen; /* archives listed by the last reader_find_lost; owned */
    long seen_count;

    bool any_done;       /* an archive was read or passed over: */
    struct archive done; /* the newest of these */
};

/* --- reader_files.c --------------------------------------------------------------------------- */

/* Whether f is open, and is the file that fstat described in *st. */
bool reader_same_file(const struct logfile *f, const struct stat *st);
/* fstatat in the directory, following no link. */
int reader_look_at(const struct reader *r, const char *name, struct stat *st);

/* Whether a is later than b: by their times, then .u after .s. */
bool reader_is_after(const struct archive *a, const struct archive *b);
/* Whether the archive was neither read nor passed over. */
bool reader_is_new(const struct reader *r, const struct archive *a);
/* Notes that the archive, and with it every older one, was read or passed over. */
void reader_pass(struct reader *r, const struct archive *a);
/* Opens an archive by its name or, if it was compressed since it was listed, by the other one. 0,
 * or -1 with errno; ENODATA: it should be gzip and is empty. */
int reader_open_archive(const struct reader *r, const struct archive *a, struct logfile *f);

/* Whether f, which was read under the name current or previous, is deleted now, and the archive
 * that it was before is not known. */
bool reader_is_unnamed(const struct reader *r, const struct logfile *f, bool known);

/* fstatat of what a processor leaves behind; st_ino 0: nothing. */
void reader_look_at_state(const struct reader *r, struct stat *st);
/* Whether a processor works here: it was seen, or has come to its end since current was opened. */
bool reader_is_processed(const struct reader *r);

/* Opens previous, a processor's input, or the output that is whole where previous is not there any
 * more, unless the input was read last. 0, or -1 with errno; ENOENT: there is none, or it is empty.
 */
int reader_open_previous(const struct reader *r, struct logfile *f);
/* Whether the output that is whole is that of the file which was read last. */
bool reader_has_output_of_last(const struct reader *r);
/* Whether there is a previous, or an output in its place, with content that is another file than
 * `known` (which may be closed).
 */
bool reader_has_previous(const struct reader *r, const struct logfile *known);

/* Makes *f the file that is read; its descriptor and inflater are the reader's from here on. */
void reader_start(struct reader *r, struct logfile *f, enum place place, const char *name);
/* Fills e with errno and the file's path; returns -1. */
int reader_broken(const struct reader *r, const char *name, struct error *e);

/* --- reader_open.c ---------------------------------------------------------------------------- */

/* Finds the place to begin for every enum reader_from but READER_ALL. lines: 0 but for READER_TAIL.
 * 0, or -1 with e. */
int reader_begin_near_end(struct reader *r, enum reader_from from, unsigned long long lines,
                          struct error *e);

#endif
