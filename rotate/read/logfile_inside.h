/* The inside of logfile.h, shared by its files: logfile.c (open, read, close), logfile_bgzf.c (the
 * members and the summary of a BGZF file), logfile_inflate.c (gzip of any making) and
 * logfile_back.c (backward). */
#ifndef ROTATE_READ_LOGFILE_INSIDE_H
#define ROTATE_READ_LOGFILE_INSIDE_H

#include "rotate/read/logfile.h"

enum { LOGFILE_BLOCK = 16384 /* bytes read at once by who looks for something */ };

/* pread at an offset in bytes, repeated when a signal interrupts it. The count, 0 at the end, -1
 * with errno. */
ssize_t logfile_read_at(int fd, void *bytes, size_t size, int64_t offset);

/* Whether the file ends with the empty member that ends each BGZF file. */
bool logfile_ends_as_bgzf(const struct logfile *f);

/* An inflater at the beginning of a file, from those that closed files gave back; NULL: no memory.
 * inflater_give takes it back; NULL is allowed. */
struct inflater *inflater_take(void);
void inflater_give(struct inflater *i);

/* Inflates the next bytes of a file that has an inflater: logfile_read says what is returned. */
ssize_t inflater_read(struct logfile *f, void *bytes, size_t size);

/* Goes back to the beginning of a file that has an inflater. */
void inflater_rewind(struct logfile *f);

#endif
