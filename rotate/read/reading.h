/* The inside of a reader, shared by reader.c (from file to file), reader_files.c (the files of the
 * directory), reader_open.c (where to begin), reader_lost.c and reader_park.c. */
#ifndef ROTATE_READ_READING_H
#define ROTATE_READ_READING_H

#include "rotate/archive.h"
#include "rotate/read/logfile.h"
#include "rotate/read/reader.h"
#include <sys/stat.h>

enum { TRIES = 100 /* of looking at a directory that changes under our eyes */ };

enum place { PLACE_ARCHIVE, PLACE_PREVIOUS, PLACE_CURRENT };

struct reader {
    int directory;
    char *path;
    char *file_path;
    struct reader_skip skip;

    struct logfile file; /* being read */
    enum place place;
    struct archive at; /* the archive it is */
    bool begun;        /* bytes of it were given */
    bool midline;      /* the last byte given was no newline */
    bool gap;

    struct logfile last; /* previous or current, read to its end; open so that its inode is its */
    bool last_known;     /* it was found among the archives, or was and is removed */
    bool file_known;     /* the same of file, while it is not an archive */
    bool owed;           /* an archive of what was read will appear */
    bool processing;     /* a processor is at work here: archives are not what current was */

    bool parked;      /* no descriptor is open but that of last */
    bool parked_file; /* one of file was */
    char head[64];    /* how it begins, if it is plain: its inode may be another's by then */
    size_t head_length;

    bool stuck; /* what stands where current should cannot be read, and was said */

    struct archive *seen; /* by reader_find_lost */
    long seen_count;

    bool any_done;
    struct archive done;
};

bool reader_same_file(const struct logfile *f, const struct stat *st);
/* fstatat in the directory, following no link. */
int reader_look_at(const struct reader *r, const char *name, struct stat *st);

bool reader_is_after(const struct archive *a, const struct archive *b);
/* Neither read nor passed over. */
bool reader_is_new(const struct reader *r, const struct archive *a);
/* Notes that the archive is read or passed over: it is the newest that is done. */
void reader_pass(struct reader *r, const struct archive *a);
/* By its name or, compressed since it was listed, by its other one. */
int reader_open_archive(const struct reader *r, const struct archive *a, struct logfile *f);

/* previous, where a processor waits: 0, or -1 with errno, ENOENT while it is empty. */
int reader_open_previous(const struct reader *r, struct logfile *f);
/* There is one to be read, other than that which is known (closed: none is). */
bool reader_has_previous(const struct reader *r, const struct logfile *known);

/* Makes f, which is taken, the file that is read. */
void reader_start(struct reader *r, struct logfile *f, enum place place, const char *name);
/* Says errno about a file of the directory; -1. */
int reader_broken(const struct reader *r, const char *name, struct error *e);

/* All but READER_ALL; lines: 0 but for READER_TAIL. */
int reader_begin_near_end(struct reader *r, enum reader_from from, unsigned long long lines,
                          struct error *e);

#endif
