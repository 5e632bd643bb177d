#include "rotate/bgzf.h"
#include "rotate/read/logfile_inside.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* its input is const */
#include <zlib.h>

enum { GZIP_WINDOW = 16 + 15 };

struct inflater {
    z_stream z;
    bool inside;           /* z is inside a gzip member, which is inflated as it is read */
    bool ready;            /* z is set up */
    bool bgzf;             /* the file has BGZF members */
    int64_t member;        /* offset of the member begun last */
    struct inflater *next; /* of the spare ones */
    size_t given, whole;   /* bytes of plain that were given, and that it holds */
    unsigned char input[LOGFILE_BLOCK];
    unsigned char plain[BGZF_MEMBER_MAX]; /* a BGZF member whose checksum is right */
};

/* Inflaters of closed files, for the files that are opened next: giving memory back to the system
 * and taking it again would cost more than inflating a few lines. */
static struct inflater *spare;

struct inflater *inflater_take(void)
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

void inflater_give(struct inflater *i)
{
    if (!i)
        return;
    i->next = spare;
    spare = i;
}

void inflater_rewind(struct logfile *f)
{
    f->offset = 0;
    f->inflater->inside = false;
    f->inflater->z.avail_in = 0;
    f->inflater->given = f->inflater->whole = 0;
}

/* Reads the next input for z: 1; 0 at the end of the file; -1 with errno. */
static int refill(struct logfile *f)
{
    struct inflater *i = f->inflater;
    ssize_t n = logfile_read_at(f->fd, i->input, sizeof i->input, f->offset);
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

/* Begins the next gzip member: 1; 0 when there is none; -1 with errno. */
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

/* Calls inflate once: 1 it may go on; 0 the member ended; -1 with errno. */
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

/* Inflates the BGZF member of that length at the file's offset to `to`, which has room for
 * BGZF_MEMBER_MAX bytes: 1, or -1 with errno. */
static int load_member(struct logfile *f, size_t length, unsigned char *to)
{
    static unsigned char member[BGZF_MEMBER_MAX];
    struct inflater *i = f->inflater;
    i->member = f->offset;
    if (logfile_read_at(f->fd, member, length, f->offset) != (ssize_t)length) {
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

/* Whether the gzip member that has begun may be a BGZF member with a broken header. */
static bool is_suspect(const struct logfile *f)
{
    const struct inflater *i = f->inflater;
    return i->bgzf || (i->z.avail_in > 3 && (i->z.next_in[3] & 4)) ||
           (i->member == 0 && logfile_ends_as_bgzf(f));
}

/* Inflates the gzip member that has begun, to see whether it is whole, then begins it again. */
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

/* Goes on to the next member: 1, `to` has its bytes, or a member has begun that is none of BGZF; 0
 * at the end; -1 with errno. */
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

ssize_t inflater_read(struct logfile *f, void *bytes, size_t size)
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
        /* The bytes before the broken place are given first; the next call meets it again. */
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

int64_t logfile_damage(const struct logfile *f)
{
    return f->inflater ? f->inflater->member : f->offset;
}

bool logfile_salvage(struct logfile *f)
{
    unsigned char block[BGZF_HEADER_MAX];
    int64_t at = f->inflater ? f->inflater->member + 1 : 0;
    ssize_t n;
    if (!f->inflater)
        return false;
    while ((n = logfile_read_at(f->fd, block, sizeof block, at)) >= 4) {
        const unsigned char *magic = memmem(block, (size_t)n, "\x1f\x8b\x08\x04", 4);
        at += magic ? magic - block : n - 3;
        if (magic && logfile_member(f, at, NULL) > 0) {
            inflater_rewind(f);
            f->offset = at;
            return true;
        }
        at += magic != NULL;
    }
    return false;
}
