/* One file of a log directory as a stream of plain bytes, whatever its form: plain, or gzip of any
 * making. Owns its descriptor; LOGFILE_INIT is safe to close. */
#ifndef ROTATE_READ_LOGFILE_H
#define ROTATE_READ_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct inflater;
struct bgzf_index;

/* Whether a BGZF member is to be left out. It is asked when all bytes before the member were given.
 */
typedef bool logfile_skip(void *context, const struct bgzf_index *index);

struct logfile {
    int fd; /* -1: closed */
    dev_t device;
    ino_t inode;
    int64_t offset;            /* of the next byte to read from fd */
    struct inflater *inflater; /* NULL: plain */
    logfile_skip *skip;        /* NULL: every member is read */
    void *context;
};

#define LOGFILE_INIT                                                                               \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* Opens a regular file, following no symbolic link. archive: it is gzip when it begins like that
 * (a processor may have made it so, whatever its name), else it is plain. -1 with errno, EINVAL
 * when it is no regular file. */
int logfile_open(struct logfile *f, int directory, const char *name, bool archive);

/* Plain bytes read, 0 at the end, -1 with errno; EBADMSG: it is not gzip from here on, or ends too
 * early. Nothing is given of a BGZF member, or of what stands between two, whose checksum is wrong;
 * of other gzip all that came before the broken place. */
ssize_t logfile_read(struct logfile *f, void *bytes, size_t size);

/* Reads so many bytes and drops them; fewer at the end. 0, or -1 with errno. */
int logfile_forward(struct logfile *f, int64_t count);

/* After EBADMSG: where in the file the broken member begins. */
int64_t logfile_damage(const struct logfile *f);

/* After EBADMSG: goes on at the next BGZF member. False: there is none. */
bool logfile_salvage(struct logfile *f);

/* Whether the file is an archive that has a summary; index: as bgzf_summary. */
bool logfile_summary(int directory, const char *name, struct bgzf_index *index);

/* The length of the BGZF member that begins there, or a number below 1. index: as bgzf_header. */
long logfile_member(const struct logfile *f, int64_t offset, struct bgzf_index *index);

/* Moves back from the end until as many lines follow, or to the beginning; takes off *lines those
 * that follow now. A last line without newline is a line. -1 with errno; what is readable before
 * a broken place still counts. */
int logfile_back(struct logfile *f, unsigned long long *lines);

void logfile_close(struct logfile *f);

#endif
