/* Finds where the last lines of a file begin: from the end of plain files by blocks, of BGZF by
 * members; any other gzip is read twice. */
#include "base/str.h"
#include "rotate/bgzf.h"
#include "rotate/read/logfile_inside.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct position {
    unsigned long long lines; /* still to be found */
    bool at_end;              /* no byte was looked at so far */
};

/* Looks through the bytes before those it was given last. Returns the index at which the wanted
 * lines begin, or -1: not in these bytes. */
static ssize_t look_back(struct position *p, const char *bytes, size_t length)
{
    size_t end = length;
    if (length > 0 && p->at_end) {
        p->at_end = false;
        /* The last newline ends a line; without it the last line has none. */
        if (bytes[length - 1] == '\n')
            end--;
    }
    while (end > 0) {
        const char *newline = memrchr(bytes, '\n', end);
        if (!newline)
            break;
        end = (size_t)(newline - bytes);
        if (--p->lines == 0)
            return (ssize_t)end + 1;
    }
    return -1;
}

/* Counts the first line of the file, which has no newline before it. */
static void count_first(struct position *p)
{
    if (!p->at_end)
        p->lines--;
}

static int plain_back(struct logfile *f, struct position *p)
{
    char block[LOGFILE_BLOCK];
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    int64_t end = st.st_size;
    while (end > 0) {
        size_t size = end < LOGFILE_BLOCK ? (size_t)end : LOGFILE_BLOCK;
        ssize_t n = logfile_read_at(f->fd, block, size, end - (int64_t)size);
        if (n != (ssize_t)size) {
            errno = n < 0 ? errno : EIO;
            return -1;
        }
        end -= n;
        ssize_t found = look_back(p, block, size);
        if (found >= 0) {
            f->offset = end + found;
            return 0;
        }
    }
    f->offset = 0;
    count_first(p);
    return 0;
}

struct members {
    int64_t *offset;
    size_t count, room;
    int64_t end; /* of the last one, in the file */
    bool whole;  /* that is the end of the file, too */
};

static int list_members(const struct logfile *f, struct members *m)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    while (m->end < st.st_size) {
        long length = logfile_member(f, m->end, NULL);
        if (length <= 0 || m->end + length > st.st_size)
            return 0;
        if (LIST_ROOM(m->offset, m->count, m->room) < 0)
            return -1;
        m->offset[m->count++] = m->end;
        m->end += length;
    }
    m->whole = true;
    return 0;
}

struct buffers {
    unsigned char member[BGZF_MEMBER_MAX];
    unsigned char plain[BGZF_MEMBER_MAX];
};

/* Moves f to the wanted lines: 1; 0: the beginning was reached; -1: a member cannot be read. */
static int members_back(struct logfile *f, const struct members *m, struct buffers *b,
                        struct position *p)
{
    int64_t end = m->end;
    for (size_t i = m->count; i-- > 0; end = m->offset[i]) {
        size_t length = (size_t)(end - m->offset[i]);
        if (logfile_read_at(f->fd, b->member, length, m->offset[i]) != (ssize_t)length)
            return -1;
        long size = bgzf_unpack(b->member, length, b->plain);
        if (size < 0) /* a broken member has no lines */
            continue;
        ssize_t found = look_back(p, (const char *)b->plain, (size_t)size);
        if (found >= 0) {
            f->offset = m->offset[i];
            return logfile_forward(f, found) < 0 ? -1 : 1;
        }
    }
    count_first(p);
    return 0;
}

/* Reads all of the file, once to count its lines, once to get to the wanted ones. */
static int stream_back(struct logfile *f, struct position *p)
{
    char block[LOGFILE_BLOCK];
    unsigned long long total = 0;
    char last = '\n';
    ssize_t n;
    while ((n = logfile_read(f, block, sizeof block)) > 0) {
        for (const char *at = block; (at = memchr(at, '\n', (size_t)(block + n - at))); at++)
            total++;
        last = block[n - 1];
    }
    if (n < 0 && errno != EBADMSG)
        return -1;
    total += last != '\n';
    inflater_rewind(f);
    unsigned long long skipped = total > p->lines ? total - p->lines : 0;
    p->lines -= total - skipped;
    int64_t bytes = 0;
    while (skipped > 0 && (n = logfile_read(f, block, sizeof block)) > 0) {
        const char *at = block;
        while (skipped > 0 && (at = memchr(at, '\n', (size_t)(block + n - at)))) {
            at++;
            skipped--;
        }
        bytes += skipped > 0 ? n : at - block;
    }
    inflater_rewind(f);
    return logfile_forward(f, bytes);
}

static int compressed_back(struct logfile *f, struct position *p)
{
    const struct position start = *p;
    struct members m = {.count = 0};
    struct buffers *b = malloc(sizeof *b);
    int result = b ? list_members(f, &m) : -1;
    bool found = result == 0 && m.whole && members_back(f, &m, b, p) >= 0;
    free(m.offset);
    free(b);
    if (found || result < 0)
        return result;
    *p = start;
    inflater_rewind(f);
    return stream_back(f, p);
}

int logfile_back(struct logfile *f, unsigned long long *lines)
{
    struct position p = {.lines = *lines, .at_end = true};
    if (*lines == 0)
        return 0;
    int result = f->inflater ? compressed_back(f, &p) : plain_back(f, &p);
    *lines = p.lines;
    return result;
}
