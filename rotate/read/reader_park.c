/* A reader that holds no descriptors for a while. Inflated bytes stay in memory. The file is found
 * again by its name, its inode and its first bytes: meanwhile it may be rotated, compressed or
 * deleted. */
#include "rotate/read/reading.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the first bytes of a plain file, of those that were given. Returns their number. */
static size_t read_head(const struct logfile *f, char *head, size_t size)
{
    if (f->inflater)
        return 0;
    ssize_t n = pread(f->fd, head, f->offset < (int64_t)size ? (size_t)f->offset : size, 0);
    return n < 0 ? 0 : (size_t)n;
}

void reader_park(struct reader *r)
{
    if (r->parked)
        return;
    r->parked = true;
    r->parked_file = r->file.fd >= 0;
    if (r->parked_file) {
        r->head_length = read_head(&r->file, r->head, sizeof r->head);
        close(r->file.fd);
    }
    close(r->directory);
    r->file.fd = r->directory = -1;
}

/* Whether this file begins with the bytes that were kept of the one that was read. */
static bool has_head(const struct reader *r, struct logfile *f)
{
    char head[sizeof r->head];
    return r->head_length == 0 ||
           (logfile_read(f, head, r->head_length) == (ssize_t)r->head_length &&
            memcmp(head, r->head, r->head_length) == 0);
}

/* Goes on with f if it is the file that was read, or has the same bytes compressed; else closes it.
 * 0, or -1 with errno. */
static int go_on_with(struct reader *r, struct logfile *f)
{
    struct logfile *file = &r->file;
    bool same = f->device == file->device && f->inode == file->inode;
    bool other_form = !file->inflater && f->inflater;
    if (!(same || other_form) || !has_head(r, f) ||
        (!same && logfile_forward(f, file->offset - (int64_t)r->head_length) < 0)) {
        logfile_close(f);
        errno = ESTALE;
        return -1;
    }
    if (same) {
        file->fd = f->fd;
        f->fd = -1;
        logfile_close(f);
        return 0;
    }
    f->skip = file->skip;
    f->context = file->context;
    *file = *f;
    return 0;
}

static int find_archive(struct reader *r, const struct archive *a)
{
    struct logfile f;
    return reader_open_archive(r, a, &f) < 0 ? -1 : go_on_with(r, &f);
}

/* Finds a current that was rotated: it is the oldest archive not read, or previous. 0, or -1 with
 * errno. */
static int find_rotated(struct reader *r)
{
    struct archive *list, oldest = {.size = 0};
    struct logfile f;
    if (logfile_open(&f, r->directory, "previous", false) == 0) {
        if (go_on_with(r, &f) < 0)
            return -1;
        r->processing = true;
        r->place = PLACE_PREVIOUS;
        return 0;
    }
    long count = archive_list_whole(r->directory, &list), i = 0;
    while (i < count && !reader_is_new(r, &list[i]))
        i++;
    bool found = i < count;
    if (found)
        oldest = list[i];
    free(list);
    if (!found || r->processing) {
        errno = ENOENT;
        return -1;
    }
    if (find_archive(r, &oldest) < 0)
        return -1;
    r->at = oldest;
    r->place = PLACE_ARCHIVE;
    return 0;
}

static int find_file(struct reader *r)
{
    struct logfile f;
    if (r->place == PLACE_ARCHIVE)
        return find_archive(r, &r->at);
    if (logfile_open(&f, r->directory, r->place == PLACE_CURRENT ? "current" : "previous", false) <
        0)
        return errno == ENOENT ? find_rotated(r) : -1;
    return go_on_with(r, &f) == 0 ? 0 : find_rotated(r);
}

int reader_wake(struct reader *r, struct error *e)
{
    if (!r->parked)
        return 0;
    r->directory = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->directory < 0)
        return error_system(e, "unable to open %s again", r->path);
    r->parked = false;
    if (!r->parked_file || find_file(r) == 0)
        return 0;
    error_system(e, "unable to open %s again", r->file_path);
    r->breaks = true;
    if (r->place == PLACE_ARCHIVE)
        reader_pass(r, &r->at);
    logfile_close(&r->file);
    return -1;
}
