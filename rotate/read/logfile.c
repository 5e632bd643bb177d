#include "rotate/read/logfile.h"
#include "rotate/bgzf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define ZLIB_CONST /* its input is const */
#include <zlib.h>

enum {
    INPUT = 16384,
    GZIP_WINDOW = 16 + 15,
    PLAIN = 65536 /* read at once: more only costs memory */
};

struct inflater {
    z_stream z;
    bool inside;    /* a gzip member has begun that is inflated as it is read */
    bool ready;     /* z is set up */
    bool bgzf;      /* the file has BGZF members */
    int64_t member; /* where it begins */
    struct inflater *next;
    size_t given, whole; /* bytes of plain */
    unsigned char input[INPUT];
    unsigned char plain[BGZF_MEMBER_MAX]; /* a BGZF member whose checksum is right */
};

/* Those of closed files. The next ones need as many, and giving memory back to the system and
 * taking it again costs more than what is inflated for a few lines. */
static struct inflater *spare;

static struct inflater *take_inflater(void)
{
    struct inflater *i = spare;
    if (!i)
        return calloc(1, sizeof *i);
    spare = i->next;
    i->inside = i->bgzf = false;
    i->z.avail_in = 0;
    i->given = i->whole = 0;
    return i;
}

static void give_inflater(struct inflater *i)
{
    if (!i)
        return;
    i->next = spare;
    spare = i;
}

static ssize_t read_at(int fd, void *bytes, size_t size, int64_t offset)
{
    ssize_t n;
    do
        n = pread(fd, bytes, size, offset);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool ends_as_bgzf(const struct logfile *f)
{
    unsigned char last[sizeof bgzf_end];
    struct stat st;
    return fstat(f->fd, &st) == 0 && st.st_size > (off_t)sizeof last &&
           read_at(f->fd, last, sizeof last, st.st_size - (off_t)sizeof last) == sizeof last &&
           memcmp(last, bgzf_end, sizeof last) == 0;
}

/* Whatever its name: a processor may have made it. */
static bool is_gzip(const struct logfile *f, const char *name)
{
    unsigned char magic[2];
    size_t length = strlen(name);
    if (read_at(f->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b)
        return true;
    return length > 3 && strcmp(name + length - 3, ".gz") == 0 && ends_as_bgzf(f);
}

static int begin(struct logfile *f, const char *name, bool archive)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    f->device = st.st_dev;
    f->inode = st.st_ino;
    if (!archive || !is_gzip(f, name))
        return 0;
    f->inflater = take_inflater();
    return f->inflater ? 0 : -1;
}

int logfile_open(struct logfile *f, int directory, const char *name, bool archive)
{
    *f = (struct logfile)LOGFILE_INIT;
    /* Not to wait for whatever stands in the place of a file. */
    f->fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (f->fd < 0)
        return -1;
    if (begin(f, name, archive) < 0) {
        int saved = errno;
        logfile_close(f);
        errno = saved;
        return -1;
    }
    return 0;
}

void logfile_close(struct logfile *f)
{
    give_inflater(f->inflater);
    if (f->fd >= 0)
        close(f->fd);
    *f = (struct logfile)LOGFILE_INIT;
}

/* More input: 1, 0 at the end of the file, -1. */
static int refill(struct logfile *f)
{
    struct inflater *i = f->inflater;
    ssize_t n = read_at(f->fd, i->input, sizeof i->input, f->offset);
    if (n <= 0)
        return (int)n;
    f->offset += n;
    i->z.next_in = i->input;
    i->z.avail_in = (uInt)n;
    return 1;
}

static int reset(struct inflater *i)
{
    int result = i->ready ? inflateReset(&i->z) : inflateInit2(&i->z, GZIP_WINDOW);
    i->ready |= result == Z_OK;
    if (result == Z_OK)
        return 0;
    errno = ENOMEM;
    return -1;
}

/* Begins the next member: 1, 0 when there is none, -1. */
static int begin_member(struct logfile *f)
{
    struct inflater *i = f->inflater;
    for (;;) {
        /* Zeros after a member are padding. */
        while (i->z.avail_in > 0 && *i->z.next_in == 0) {
            i->z.next_in++;
            i->z.avail_in--;
        }
        if (i->z.avail_in > 0)
            break;
        int more = refill(f);
        if (more <= 0)
            return more;
    }
    if (reset(i) < 0)
        return -1;
    i->inside = true;
    return 1;
}

/* One call of inflate: 1 it may go on, 0 a member ended, -1. */
static int inflate_some(struct logfile *f)
{
    struct inflater *i = f->inflater;
    if (i->z.avail_in == 0) {
        int more = refill(f);
        if (more == 0)
            errno = EBADMSG;
        if (more <= 0)
            return -1;
    }
    int result = inflate(&i->z, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
        i->inside = false;
        return 0;
    }
    if (result == Z_OK || result == Z_BUF_ERROR)
        return 1;
    errno = result == Z_MEM_ERROR ? ENOMEM : EBADMSG;
    return -1;
}

/* Inflates the BGZF member of that length that begins at the offset, to BGZF_MEMBER_MAX bytes at
 * `to`: 1, -1. */
static int load_member(struct logfile *f, size_t length, unsigned char *to)
{
    static unsigned char member[BGZF_MEMBER_MAX];
    struct inflater *i = f->inflater;
    i->member = f->offset;
    if (read_at(f->fd, member, length, f->offset) != (ssize_t)length) {
        errno = EBADMSG;
        return -1;
    }
    if (reset(i) < 0)
        return -1;
    i->z.next_in = member;
    i->z.avail_in = (uInt)length;
    i->z.next_out = to;
    i->z.avail_out = BGZF_MEMBER_MAX;
    int result = inflate(&i->z, Z_FINISH);
    bool good = result == Z_STREAM_END && i->z.avail_in == 0;
    i->z.avail_in = 0;
    if (!good) {
        errno = result == Z_MEM_ERROR ? ENOMEM : EBADMSG;
        return -1;
    }
    i->given = 0;
    i->whole = BGZF_MEMBER_MAX - i->z.avail_out;
    f->offset += (int64_t)length;
    return 1;
}

/* Whether what has begun may be a BGZF member with a broken head. */
static bool is_suspect(const struct logfile *f)
{
    const struct inflater *i = f->inflater;
    return i->bgzf || (i->z.avail_in > 3 && (i->z.next_in[3] & 4)) ||
           (i->member == 0 && ends_as_bgzf(f));
}

/* Inflates the gzip member that has begun, to see that it is whole, and begins it again. */
static int check_member(struct logfile *f)
{
    struct inflater *i = f->inflater;
    int result;
    do {
        i->z.next_out = i->plain;
        i->z.avail_out = sizeof i->plain;
    } while ((result = inflate_some(f)) > 0);
    if (result < 0)
        return -1;
    f->offset = i->member;
    i->z.avail_in = 0;
    return begin_member(f);
}

/* 1: `to` has bytes, or a member has begun that is none of BGZF; 0: the end; -1. */
static int next_member(struct logfile *f, unsigned char *to)
{
    struct inflater *i = f->inflater;
    struct bgzf_index index;
    long length;
    f->offset -= i->z.avail_in;
    i->z.avail_in = 0;
    while ((length = logfile_member(f, f->offset, &index)) > 0) {
        i->bgzf = true;
        if (!f->skip || !index.ordered || !f->skip(f->context, &index))
            return load_member(f, (size_t)length, to);
        f->offset += length;
    }
    i->member = f->offset;
    int result = begin_member(f);
    return result > 0 && is_suspect(f) ? check_member(f) : result;
}

static ssize_t read_compressed(struct logfile *f, void *bytes, size_t size)
{
    struct inflater *i = f->inflater;
    const bool straight = size >= BGZF_MEMBER_MAX;
    while (i->given == i->whole) {
        if (!i->inside) {
            i->given = i->whole = 0; /* the member before is read */
            int begun = next_member(f, straight ? bytes : i->plain);
            if (begun <= 0)
                return begun;
            if (straight && i->whole > 0) {
                size = i->whole;
                i->whole = 0;
                return (ssize_t)size;
            }
            continue;
        }
        i->z.next_out = bytes;
        i->z.avail_out = (uInt)size;
        int result = inflate_some(f);
        size_t got = size - i->z.avail_out;
        /* What came before the broken place is given first; it is met again. */
        if (got > 0)
            return (ssize_t)got;
        if (result < 0)
            return -1;
    }
    size_t left = i->whole - i->given;
    if (size > left)
        size = left;
    memcpy(bytes, i->plain + i->given, size);
    i->given += size;
    return (ssize_t)size;
}

ssize_t logfile_read(struct logfile *f, void *bytes, size_t size)
{
    if (size > INT32_MAX)
        size = INT32_MAX;
    if (f->inflater)
        return read_compressed(f, bytes, size);
    ssize_t n = read_at(f->fd, bytes, size < PLAIN ? size : PLAIN, f->offset);
    if (n > 0)
        f->offset += n;
    return n;
}

long logfile_member(const struct logfile *f, int64_t offset, struct bgzf_index *index)
{
    unsigned char header[BGZF_HEADER_MAX];
    ssize_t n = read_at(f->fd, header, sizeof header, offset);
    return n <= 0 ? -1 : bgzf_header(header, (size_t)n, index);
}

bool logfile_summary(int directory, const char *name, struct bgzf_index *index)
{
    unsigned char end[BGZF_SUMMARY + sizeof bgzf_end];
    struct stat st;
    struct logfile f = {
        .fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    bool known = f.fd >= 0 && fstat(f.fd, &st) == 0 && S_ISREG(st.st_mode) &&
                 st.st_size > (off_t)sizeof end &&
                 read_at(f.fd, end, sizeof end, st.st_size - (off_t)sizeof end) == sizeof end &&
                 bgzf_summary(end, sizeof end, index);
    if (f.fd >= 0)
        close(f.fd);
    return known;
}

int64_t logfile_damage(const struct logfile *f)
{
    return f->inflater ? f->inflater->member : f->offset;
}

/* --- backward --- */

struct position {
    unsigned long long lines; /* wanted, then those still missing */
    bool at_end;              /* nothing looked at so far */
};

/* Looks through the bytes that stand before what was looked at. Returns the index at which the
 * wanted lines begin, or -1: not here. */
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

/* At the beginning of the file: its first line follows too. */
static void at_beginning(struct position *p)
{
    if (!p->at_end)
        p->lines--;
}

static int plain_back(struct logfile *f, struct position *p)
{
    char block[INPUT];
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    int64_t end = st.st_size;
    while (end > 0) {
        size_t size = end < INPUT ? (size_t)end : INPUT;
        ssize_t n = read_at(f->fd, block, size, end - (int64_t)size);
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
    at_beginning(p);
    return 0;
}

struct members {
    int64_t *offset;
    size_t count;
    int64_t end;
    bool whole; /* the headers lead to the end of the file */
};

static void rewind_file(struct logfile *f)
{
    f->offset = 0;
    f->inflater->inside = false;
    f->inflater->z.avail_in = 0;
    f->inflater->given = f->inflater->whole = 0;
}

bool logfile_salvage(struct logfile *f)
{
    unsigned char block[BGZF_HEADER_MAX];
    int64_t at = f->inflater ? f->inflater->member + 1 : 0;
    ssize_t n;
    if (!f->inflater)
        return false;
    while ((n = read_at(f->fd, block, sizeof block, at)) >= 4) {
        const unsigned char *magic = memmem(block, (size_t)n, "\x1f\x8b\x08\x04", 4);
        at += magic ? magic - block : n - 3;
        if (magic && logfile_member(f, at, NULL) > 0) {
            rewind_file(f);
            f->offset = at;
            return true;
        }
        at += magic != NULL;
    }
    return false;
}

static int list_members(const struct logfile *f, struct members *m)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    while (m->end < st.st_size) {
        long length = logfile_member(f, m->end, NULL);
        if (length <= 0 || m->end + length > st.st_size)
            return 0;
        if ((m->count & (m->count - 1)) == 0) {
            size_t capacity = m->count ? m->count * 2 : 1;
            int64_t *offset = realloc(m->offset, capacity * sizeof *offset);
            if (!offset)
                return -1;
            m->offset = offset;
        }
        m->offset[m->count++] = m->end;
        m->end += length;
    }
    m->whole = true;
    return 0;
}

int logfile_forward(struct logfile *f, int64_t count)
{
    char block[INPUT];
    while (count > 0) {
        ssize_t n = logfile_read(f, block, count < INPUT ? (size_t)count : INPUT);
        if (n <= 0)
            return (int)n;
        count -= n;
    }
    return 0;
}

struct buffers {
    unsigned char member[BGZF_MEMBER_MAX];
    unsigned char plain[BGZF_MEMBER_MAX];
};

/* 1: f stands there; 0: the beginning was reached; -1: not a file of whole members. */
static int members_back(struct logfile *f, const struct members *m, struct buffers *b,
                        struct position *p)
{
    int64_t end = m->end;
    for (size_t i = m->count; i-- > 0; end = m->offset[i]) {
        size_t length = (size_t)(end - m->offset[i]);
        if (read_at(f->fd, b->member, length, m->offset[i]) != (ssize_t)length)
            return -1;
        long size = bgzf_unpack(b->member, length, b->plain);
        if (size < 0) /* a broken one has no lines */
            continue;
        ssize_t found = look_back(p, (const char *)b->plain, (size_t)size);
        if (found >= 0) {
            f->offset = m->offset[i];
            return logfile_forward(f, found) < 0 ? -1 : 1;
        }
    }
    at_beginning(p);
    return 0;
}

/* Where lines begin can only be known by reading it all: once to count, once to get there. */
static int stream_back(struct logfile *f, struct position *p)
{
    char block[INPUT];
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
    rewind_file(f);
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
    rewind_file(f);
    return logfile_forward(f, bytes);
}

static int compressed_back(struct logfile *f, struct position *p)
{
    const struct position start = *p;
    struct members m = {.count = 0};
    struct buffers *b = malloc(sizeof *b);
    int result = b ? list_members(f, &m) : -1;
    if (result == 0 && m.whole && members_back(f, &m, b, p) >= 0) {
        free(m.offset);
        free(b);
        return 0;
    }
    free(m.offset);
    free(b);
    if (result < 0)
        return -1;
    *p = start;
    rewind_file(f);
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
