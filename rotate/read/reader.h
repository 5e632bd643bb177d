/* Reading a log directory back, while it may be written and rotated: archives (plain, BGZF, any
 * gzip), previous where a processor waits, and current, as one stream of bytes, oldest first,
 * nothing missed and nothing twice.
 *
 * 1. reader_open; 2. reader_read until it returns 0 (end for now); 3. when the directory changed,
 * reader_read again; 4. reader_close. Files are told apart by device and inode, so that a rotation
 * between two reads is followed and a compression is not read again. A directory needs no lock and
 * no writer; it may be on the host, or left by s6-log, multilog or svlogd.
 */
#ifndef ROTATE_READ_READER_H
#define ROTATE_READ_READER_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct reader;
struct bgzf_index;

/* What is left out. Each is asked when every byte before was given, and may be NULL. */
struct reader_skip {
    bool (*archive)(void *context, const struct timespec *name); /* by the time of its name */
    bool (*whole)(void *context, const struct timespec *name,
                  const struct bgzf_index *index); /* an archive whose summary is ordered */
    bool (*member)(void *context, const struct bgzf_index *index); /* one whose index is ordered */
    /* A part of current, if current is this file, that begins at the offset. True: it is left out.
     * *end, INT64_MAX before: where it ends; what is read now goes no further. */
    bool (*block)(void *context, int64_t offset, int64_t *end);
    dev_t device;
    ino_t inode;
    void *context;
    struct timespec since; /* an older archive that is deleted before it is read is not missed */
};

/* from: where to begin. READER_TAIL begins at the last lines'th line end from the end, reading
 * backward and only as far as needed; READER_CURRENT where current begins. skip is copied; NULL:
 * nothing is left out. */
enum reader_from { READER_ALL, READER_TAIL, READER_CURRENT, READER_END };

int reader_open(struct reader **r, const char *path, enum reader_from from,
                unsigned long long lines, const struct reader_skip *skip, struct error *e);

/* Bytes read, 0 at the end of what there is now, -1 with e when a file was unreadable or broken:
 * that file is given up with what could be read of it (of a BGZF file, only the broken member), and
 * the next call goes on behind it.
 * What trying again does not cure is an error once, then 0. */
ssize_t reader_read(struct reader *r, void *bytes, size_t size, struct error *e);

/* Closes the descriptors for now; nothing but reader_wake, reader_file and reader_close may be
 * called until they are open again. reader_wake: 0, or -1 with e: what was being read cannot be
 * found any more, and reading goes on behind it; or the directory is gone, and it is still parked.
 */
void reader_park(struct reader *r);
int reader_wake(struct reader *r, struct error *e);
bool reader_is_parked(const struct reader *r);

/* A file ended without a newline and the next begins: the caller ends the line there. Cleared by
 * the call. */
bool reader_gap(struct reader *r);

/* A file of that name was removed from the directory: true if it was an archive of which nothing
 * was read and nothing can be any more. */
bool reader_lost(struct reader *r, const char *name);
/* For who is not told of names: calls lost for each archive that was there at the call before, and
 * is lost. */
void reader_find_lost(struct reader *r, void (*lost)(void *context, const char *name),
                      void *context);

/* The path of the file last read from, for messages. */
const char *reader_file(const struct reader *r);

/* True: that file is current; which file it is, and how many bytes of it were given. */
bool reader_in_current(const struct reader *r, dev_t *device, ino_t *inode, int64_t *offset);

/* The directory descriptor, for inotify and the like. */
int reader_directory(const struct reader *r);

void reader_close(struct reader *r);

#endif
