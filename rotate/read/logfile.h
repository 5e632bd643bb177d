/* One file of a log directory as a stream of plain bytes, whether it is plain or gzip, by whatever
 * program. It owns its descriptor; LOGFILE_INIT is safe to close. Offsets are in bytes. */
#ifndef ROTATE_READ_LOGFILE_H
#define ROTATE_READ_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct inflater;
struct bgzf_index;

/* Says whether a BGZF member is to be left out. Called when all bytes before the member have been
 * read. */
typedef bool logfile_skip(void *context, const struct bgzf_index *index);

struct logfile {
    int fd; /* -1: closed */
    dev_t device;
    ino_t inode;
    int64_t offset;            /* of the next byte to read from fd */
    struct inflater *inflater; /* owned; NULL: the file is plain */
    logfile_skip *skip;        /* NULL: every member is read */
    void *context;             /* for skip */
};

#define LOGFILE_INIT ((struct logfile){.fd = -1})

/* Opens a regular file, following no symbolic link. archive: the file is read as gzip when it
 * begins like gzip (a processor may have made it so, whatever its name); otherwise it is read as
 * plain. 0, or -1 with errno and *f closed; EINVAL: it is no regular file. */
int logfile_open(struct logfile *f, int directory, const char *name, bool archive);

/* Reads plain bytes. Returns their number, 0 at the end, or -1 with errno. EBADMSG: the file is not
 * gzip from here on, or ends too early. No byte is given of a BGZF member, or of a gzip member
 * between two, whose checksum is wrong; of other gzip, all bytes before the broken place are. */
ssize_t logfile_read(struct logfile *f, void *bytes, size_t size);

/* Reads count plain bytes, or those up to the end, and drops them. 0, or -1 with errno. */
int logfile_forward(struct logfile *f, int64_t count);

/* After EBADMSG: the offset at which the broken member begins. */
int64_t logfile_damage(const struct logfile *f);

/* After EBADMSG: moves on to the next BGZF member. False: there is none. */
bool logfile_salvage(struct logfile *f);

/* Reads the summary of an archive, as bgzf_summary does. False: it has none, or cannot be read. */
bool logfile_summary(int directory, const char *name, struct bgzf_index *index);

/* Returns the length in bytes of the BGZF member that begins at the offset, or a number below 1:
 * none does. index: as for bgzf_header. */
long logfile_member(const struct logfile *f, int64_t offset, struct bgzf_index *index);

/* Moves to where the last *lines lines of the file begin, or to its beginning, and subtracts the
 * lines that follow from *lines. A last line without newline is a line. 0, or -1 with errno. Of a
 * broken file, the readable lines count. */
int logfile_back(struct logfile *f, unsigned long long *lines);

/* Closes the file; *f is LOGFILE_INIT then. Keeps errno. */
void logfile_close(struct logfile *f);

#endif
