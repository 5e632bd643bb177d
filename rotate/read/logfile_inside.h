/* The inside of logfile.h, shared by its files: logfile.c (open, read, close), logfile_bgzf.c (the
 * members and the summary of a BGZF file), logfile_inflate.c (gzip of any making) and
 * logfile_back.c (backward). */
#ifndef ROTATE_READ_LOGFILE_INSIDE_H
#define ROTATE_READ_LOGFILE_INSIDE_H

#include "rotate/read/logfile.h"

enum { LOGFILE_BLOCK = 16384 /* bytes read at once in a search */ };

/* As pread, but repeated when a signal interrupts it. */
ssize_t logfile_read_at(int fd, void *bytes, size_t size, int64_t offset);

/* Whether the file ends with the empty member that ends each BGZF file. */
bool logfile_ends_as_bgzf(const struct logfile *f);

/* An inflater for a file read from its beginning: a spare one of a closed file, or a new one. NULL:
 * no memory. */
struct inflater *inflater_take(void);
/* Keeps an inflater as a spare one; NULL is allowed. */
void inflater_give(struct inflater *i);

/* logfile_read for a file that has an inflater. */
ssize_t inflater_read(struct logfile *f, void *bytes, size_t size);

/* Moves a file that has an inflater back to its beginning. */
void inflater_rewind(struct logfile *f);

#endif
