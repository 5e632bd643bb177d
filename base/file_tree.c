/* Whole trees of files: removing and copying them, following no symbolic link. Nothing is removed
 * from a file system that is mounted in a tree: it may be a volume, and belong to others. */
#include "base/file_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_entry(int at, const char *name);

static int remove_content(int at, const char *name)
{
    int fd = file_open_directory(at, name, O_NOFOLLOW);
    if (fd < 0)
        return -1;
    struct words names = WORDS_INIT;
    int result = fd_names(fd, 1, &names);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = remove_entry(fd, names.item[i]);
    words_release(&names);
    fd_close(fd);
    return result;
}

static int remove_entry(int at, const char *name)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    int saved = errno;
    struct stat st;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = saved;
        return -1;
    }
    /* The kernel refuses to remove a mount point before it looks whether that is empty. */
    if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == EBUSY)
        return -1;
    if (remove_content(at, name) < 0 && errno != ENOENT)
        return -1;
    return unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int file_remove_tree(int at, const char *path, struct error *e)
{
    if (remove_entry(at, path) < 0)
        return error_system(e, "unable to remove %s", path);
    return 0;
}

static int copy_failed(const char *from, const char *to, struct error *e)
{
    return strcmp(from, to) == 0 ? error_system(e, "unable to copy %s", from)
                                 : error_system(e, "unable to copy %s to %s", from, to);
}

static int copy_bytes(int from, int to)
{
    char buffer[FILE_CHUNK];
    for (;;) {
        ssize_t n = fd_read_some(from, buffer, sizeof buffer);
        if (n <= 0)
            return (int)n;
        if (fd_write_all(to, buffer, (size_t)n) < 0)
            return -1;
    }
}

static int copy_file(int from_at, const char *from, int to_at, const char *to, mode_t mode,
                     int flags)
{
    int in = openat(from_at, from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (flags & O_NOFOLLOW));
    if (in < 0)
        return -1;
    int out = file_make(to_at, to, flags, mode);
    if (out < 0) {
        fd_close(in);
        return -1;
    }
    int result = copy_bytes(in, out);
    fd_close(in);
    if (result < 0)
        fd_close(out);
    else
        result = close(out);
    return result;
}

int file_copy(int from_at, const char *from, int to_at, const char *to, mode_t mode,
              struct error *e)
{
    if (copy_file(from_at, from, to_at, to, mode, O_TRUNC) < 0)
        return copy_failed(from, to, e);
    return 0;
}

static int copy_link(int from_at, const char *from, int to_at, const char *to)
{
    char target[4096];
    ssize_t n = readlinkat(from_at, from, target, sizeof target - 1);
    if (n < 0)
        return -1;
    target[n] = '\0';
    return symlinkat(target, to_at, to);
}

static int copy_directory(int from_at, const char *from, int to_at, const char *to,
                          const struct stat *st, int flags);

/* As root, as far as this root may: without the capability, or for an owner that a user namespace
 * does not know, a copy is ours. Whether it has the owner and group of st then; -1 with errno. */
static int keep_owner(int at, const char *path, const struct stat *st)
{
    const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    struct stat now;
    if (geteuid() == 0 && fchownat(at, path, st->st_uid, st->st_gid, flags) < 0 && errno != EPERM &&
        errno != EINVAL)
        return -1;
    if (fstatat(at, path, &now, flags) < 0)
        return -1;
    return now.st_uid == st->st_uid && now.st_gid == st->st_gid;
}

/* The mode of a copy. A program that runs as its owner must not become one that runs as us. */
static mode_t copied_mode(const struct stat *st, bool kept)
{
    return st->st_mode & (kept ? 07777 : S_ISDIR(st->st_mode) ? 01777 : 0777);
}

/* What is in the way of anything but a directory is removed first: nothing is written through a
 * link, and no file that has another name is changed. */
static int copy_entry(int from_at, const char *from, int to_at, const char *to)
{
    struct stat st;
    if (fstatat(from_at, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    mode_t plain = st.st_mode & 0777; /* until the owner is the right one */
    if (S_ISDIR(st.st_mode))
        return copy_directory(from_at, from, to_at, to, &st, O_NOFOLLOW);
    if (unlinkat(to_at, to, 0) < 0 && errno != ENOENT)
        return -1;
    if (S_ISLNK(st.st_mode)) {
        if (copy_link(from_at, from, to_at, to) < 0)
            return -1;
    } else if (S_ISREG(st.st_mode)) {
        if (copy_file(from_at, from, to_at, to, plain, O_NOFOLLOW | O_EXCL) < 0)
            return -1;
    } else if (mknodat(to_at, to, (st.st_mode & S_IFMT) | plain, st.st_rdev) < 0) {
        return -1;
    }
    int kept = keep_owner(to_at, to, &st);
    if (kept < 0 || S_ISLNK(st.st_mode))
        return kept < 0 ? -1 : 0;
    return file_mode_made(to_at, to, st.st_mode & S_IFMT, copied_mode(&st, kept));
}

/* from stands at its beginning. */
static int copy_content(int from, int to)
{
    struct words names = WORDS_INIT;
    int result = fd_names(from, 1, &names);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = copy_entry(from, names.item[i], to, names.item[i]);
    words_release(&names);
    return result;
}

static int copy_directory(int from_at, const char *from, int to_at, const char *to,
                          const struct stat *st, int flags)
{
    int in = file_open_directory(from_at, from, flags);
    if (in < 0)
        return -1;
    int out = -1;
    if (mkdirat(to_at, to, 0700) == 0 || errno == EEXIST)
        out = file_open_directory(to_at, to, O_NOFOLLOW);
    if (out < 0) {
        fd_close(in);
        return -1;
    }
    int result = copy_content(in, out);
    int kept = result == 0 ? keep_owner(out, "", st) : -1;
    /* Last, because the mode may forbid writing. */
    if (result == 0)
        result = kept < 0 ? -1 : fchmod(out, copied_mode(st, kept));
    fd_close(in);
    fd_close(out);
    return result;
}

int file_copy_all(int from_at, const char *from, int to_at, const char *to, struct error *e)
{
    if (copy_entry(from_at, from, to_at, to) < 0)
        return copy_failed(from, to, e);
    return 0;
}

int file_copy_tree(int from_at, const char *from, int to_at, const char *to, struct error *e)
{
    struct stat st;
    if (fstatat(from_at, from, &st, 0) < 0 || copy_directory(from_at, from, to_at, to, &st, 0) < 0)
        return copy_failed(from, to, e);
    return 0;
}
