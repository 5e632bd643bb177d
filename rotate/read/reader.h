/* Reading a log directory back, while a logger may write and rotate it: archives (plain, BGZF, any
 * gzip), previous where a processor is at work, and current, as one stream of bytes, oldest first;
 * no byte is missed or given twice.
 *
 * 1. reader_open; 2. reader_read until it returns 0 (end for now); 3. when the directory changed,
 * reader_read again; 4. reader_close. Files are told apart by device and inode, so that a rotation
 * between two reads is followed, and an archive read before its compression is not read again. The
 * directory needs no lock and no writer; it may have been written by s6-log, multilog or svlogd.
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

/* The parts of a directory that the caller does not want. Each function may be NULL, is called when
 * every byte before the part has been read, and returns true to leave the part out. */
struct reader_skip {
    /* An archive, by the time in its name. */
    bool (*archive)(void *context, const struct timespec *name);
    /* An archive whose summary says that it is ordered. */
    bool (*whole)(void *context, const struct timespec *name, const struct bgzf_index *index);
    /* A BGZF member whose index says that it is ordered. */
    bool (*member)(void *context, const struct bgzf_index *index);
    /* A part of current that begins at the offset. *end is INT64_MAX before, and the offset of the
     * part's end afterwards; the read under way goes no further. Called only while current is the
     * file with the device and inode below. */
    bool (*block)(void *context, int64_t offset, int64_t *end);
    dev_t device;
    ino_t inode;
    void *context;
    struct timespec since; /* archives older than that are not lost when they are deleted unread */
};

/* Where a reader begins: READER_TAIL so that the last `lines` lines follow, READER_CURRENT at the
 * beginning of current, READER_END behind the last byte. */
enum reader_from { READER_ALL, READER_TAIL, READER_CURRENT, READER_END };

/* Opens a log directory. READER_TAIL reads backward, only as far as needed. skip is copied; NULL:
 * everything is wanted. 0 and *r, which the caller closes, or -1 with e and errno. */

int reader_open(struct reader **r, const char *path, enum reader_from from,
                unsigned long long lines, const struct reader_skip *skip, struct error *e);

/* Reads the next bytes. Returns their number; 0 at the end for now; -1 with e when a file was
 * unreadable or broken. Then the rest of that file (of a BGZF file, only the broken member) is
 * given up, and the next call goes on behind it. An error that trying again would not cure is
 * returned once, and is an end for now after that. */
ssize_t reader_read(struct reader *r, void *bytes, size_t size, struct error *e);

/* Closes the descriptors for now: until reader_wake only reader_wake, reader_is_parked, reader_file
 * and reader_close may be called. */
void reader_park(struct reader *r);
/* Opens the descriptors again. 0, or -1 with e: either the file that was being read cannot be found
 * any more, and reading goes on behind it; or the directory is gone, and the reader is still
 * parked. */
int reader_wake(struct reader *r, struct error *e);
bool reader_is_parked(const struct reader *r);

/* Whether, before the bytes read last, a file ended without a newline: the caller ends the line
 * there. The call clears it. */
bool reader_gap(struct reader *r);

/* Whether, before the bytes read last, others may be missing: a file was deleted before it was
 * read, or is damaged. The call clears it. */
bool reader_hole(struct reader *r);

/* To be called when a file of that name was removed from the directory. True: it was an archive
 * that was not read, and cannot be read any more. */
bool reader_lost(struct reader *r, const char *name);
/* For callers that do not hear of removed names: calls lost for each archive that was there at the
 * call before and is lost now. */
void reader_find_lost(struct reader *r, void (*lost)(void *context, const char *name),
                      void *context);

/* The path of the file last read from, for messages. */
const char *reader_file(const struct reader *r);

/* Tells which file is being read, and how many of its bytes have been read. True: it is current. */
bool reader_in_current(const struct reader *r, dev_t *device, ino_t *inode, int64_t *offset);

/* The descriptor of the directory, which the reader owns. */
int reader_directory(const struct reader *r);

/* Closes and frees the reader; NULL is allowed. Keeps errno. */
void reader_close(struct reader *r);

#endif
