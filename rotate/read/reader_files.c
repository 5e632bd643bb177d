/* The files of a log directory as a reader meets them: archives, previous and current. */
#include "base/clock.h"
#include "rotate/follow.h"
#include "rotate/read/reading.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

bool reader_same_file(const struct logfile *f, const struct stat *st)
{
    return f->fd >= 0 && f->device == st->st_dev && f->inode == st->st_ino;
}

int reader_look_at(const struct reader *r, const char *name, struct stat *st)
{
    return fstatat(r->directory, name, st, AT_SYMLINK_NOFOLLOW);
}

bool reader_is_after(const struct archive *a, const struct archive *b)
{
    int order = clock_compare(&a->time, &b->time);
    return order > 0 || (order == 0 && a->unfinished && !b->unfinished);
}

bool reader_is_new(const struct reader *r, const struct archive *a)
{
    return !r->any_done || reader_is_after(a, &r->done);
}

void reader_pass(struct reader *r, const struct archive *a)
{
    r->done = *a;
    r->any_done = true;
}

/* 0, or -1 with errno ENODATA and *f closed: the file is empty and should be gzip. */
static int check_empty(struct logfile *f, bool compressed)
{
    struct stat st;
    if (!compressed || f->inflater || fstat(f->fd, &st) < 0 || st.st_size > 0)
        return 0;
    logfile_close(f);
    errno = ENODATA;
    return -1;
}

int reader_open_archive(const struct reader *r, const struct archive *a, struct logfile *f)
{
    char twin[ARCHIVE_NAME_MAX];
    if (logfile_open(f, r->directory, a->name, true) == 0)
        return check_empty(f, a->compressed);
    if (errno != ENOENT)
        return -1;
    archive_twin(twin, a);
    if (logfile_open(f, r->directory, twin, true) < 0)
        return -1;
    return check_empty(f, !a->compressed);
}

void reader_start(struct reader *r, struct logfile *f, enum place place, const char *name)
{
    /* A rotation that was taken back gives us the same file again. */
    bool again = r->last.fd >= 0 && r->last.inode == f->inode && r->last.device == f->device;
    if (again)
        f->offset = r->last.offset;
    logfile_close(&r->last);
    r->file = *f;
    r->file_known = false;
    r->place = place;
    r->begun = again;
    r->follows = place == PLACE_ARCHIVE && r->any_behind;
    r->any_behind = false;
    r->follower = r->behind;
    sprintf(r->file_path, "%s/%.31s", r->path, name);
}

int reader_broken(const struct reader *r, const char *name, struct error *e)
{
    if (errno == EBADMSG)
        return error_set(e, EXIT_SYSTEM, "unable to read %s/%s: damaged or cut short at byte %lld",
                         r->path, name, (long long)logfile_damage(&r->file));
    if (errno == ENODATA)
        return error_set(e, EXIT_SYSTEM, "unable to read %s/%s: empty, not even a gzip header",
                         r->path, name);
    if (errno == EINVAL || errno == ELOOP)
        return error_set(e, EXIT_SYSTEM, "unable to read %s/%s: no regular file", r->path, name);
    return error_system(e, "unable to read %s/%s", r->path, name);
}

bool reader_is_unnamed(const struct reader *r, const struct logfile *f, bool known)
{
    struct stat st;
    return f->fd >= 0 && !known && fstat(f->fd, &st) == 0 && follow_is_deleted(r->directory, &st);
}

void reader_look_at_state(const struct reader *r, struct stat *st)
{
    if (reader_look_at(r, "state", st) < 0)
        *st = (struct stat){.st_ino = 0};
}

bool reader_is_processed(const struct reader *r)
{
    struct stat st;
    /* What it writes becomes state. */
    if (r->processing || reader_look_at(r, "newstate", &st) == 0)
        return true;
    reader_look_at_state(r, &st);
    return st.st_ino != r->state.st_ino || clock_compare(&st.st_mtim, &r->state.st_mtim) != 0;
}

/* Whether a processor's output is that of the file that was read last. */
static bool is_of_last(const struct reader *r)
{
    return reader_is_unnamed(r, &r->last, r->last_known) && reader_is_processed(r);
}

/* The owner's x bit says that the output is whole. */
static bool is_output(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_mode & S_IXUSR) != 0 && st->st_size > 0;
}

bool reader_has_output_of_last(const struct reader *r)
{
    struct stat st;
    return is_of_last(r) && reader_look_at(r, "processed", &st) == 0 && is_output(&st);
}

/* Opens a processor's output, which has its input's place from the removal of that until it is an
 * archive itself. 0, or -1 with errno ENOENT. */
static int open_output(const struct reader *r, struct logfile *f)
{
    struct stat st;
    if (!is_of_last(r) && logfile_open(f, r->directory, "processed", true) == 0) {
        bool is = fstat(f->fd, &st) == 0 && is_output(&st);
        if (is && reader_look_at(r, "previous", &st) < 0 && errno == ENOENT)
            return 0;
        logfile_close(f);
    }
    errno = ENOENT;
    return -1;
}

int reader_open_previous(const struct reader *r, struct logfile *f)
{
    struct stat st;
    if (logfile_open(f, r->directory, "previous", false) < 0)
        return errno == ENOENT ? open_output(r, f) : -1;
    /* An empty previous is about to change places with current. */
    if (fstat(f->fd, &st) < 0 || st.st_size > 0)
        return 0;
    logfile_close(f);
    errno = ENOENT;
    return -1;
}

bool reader_has_previous(const struct reader *r, const struct logfile *known)
{
    struct stat st;
    if (reader_look_at(r, "previous", &st) == 0)
        return S_ISREG(st.st_mode) && st.st_size > 0 && !reader_same_file(known, &st);
    return errno == ENOENT && !is_of_last(r) && reader_look_at(r, "processed", &st) == 0 &&
           is_output(&st) && !reader_same_file(known, &st);
}
