#include "base/file_inside.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static mode_t mask_set;
static bool has_mask;

void file_set_mask(mode_t mask)
{
    umask(mask);
    mask_set = mask;
    has_mask = true;
}

mode_t file_mask(void)
{
    if (has_mask)
        return mask_set;
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

/* Whether what was just made with that mode has it: false, it may not. Special bits of directories
 * are not given by mkdir. */
static bool keeps_mode(mode_t mode)
{
    return has_mask && (mode & (mask_set | 07000)) == 0;
}

bool fd_lock_holder(int fd, pid_t *holder)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET}; /* readers' locks say nothing */
    if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    *holder = lock.l_pid;
    return true;
}

int fd_is_locked(int fd)
{
    pid_t holder;
    return fd_lock_holder(fd, &holder);
}

ssize_t fd_read_some(int fd, void *buffer, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n;
}

/* size: of a regular file; what a short read up to there gives is all of it. 0: not known. */
static int read_all(int fd, off_t size, size_t limit, struct str *out)
{
    char buffer[FILE_CHUNK];
    size_t total = 0;
    for (bool more = true; more;) {
        ssize_t n = fd_read_some(fd, buffer, sizeof buffer);
        if (n <= 0)
            return (int)n;
        total += (size_t)n;
        more = (size_t)n == sizeof buffer || (off_t)total != size;
        if (total > limit) {
            errno = EFBIG;
            return -1;
        }
        if (str_add(out, buffer, (size_t)n) < 0)
            return -1;
    }
    return 0;
}

/* Directories stay: read says what they are. */
static int open_sized(int at, const char *path, off_t *size, struct error *e)
{
    struct stat st;
    int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_system(e, "unable to open %s", path);
    if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
        *size = st.st_size;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return error_set(e, EXIT_SYSTEM, "unable to read %s: it is not a regular file", path);
}

int file_open(int at, const char *path, struct error *e)
{
    off_t size;
    return open_sized(at, path, &size, e);
}

static int read_and_close(int fd, const char *path, off_t size, size_t limit, struct str *out,
                          struct error *e)
{
    if (read_all(fd, size, limit, out) < 0) {
        fd_close(fd);
        return error_system(e, "unable to read %s", path);
    }
    close(fd);
    /* So that an empty file gives an empty text and not a null pointer. */
    if (str_add(out, "", 0) < 0)
        return error_system(e, "unable to read %s", path);
    return 0;
}

int file_read(int at, const char *path, size_t limit, struct str *out, struct error *e)
{
    off_t size = 0;
    int fd = open_sized(at, path, &size, e);
    return fd < 0 ? -1 : read_and_close(fd, path, size, limit, out, e);
}

int file_read_any(int at, const char *path, size_t limit, struct str *out, struct error *e)
{
    int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(e, "unable to open %s", path);
    return read_and_close(fd, path, 0, limit, out, e);
}

int file_is_same(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int write_all(int fd, const void *bytes, size_t length, bool waits, size_t *written)
{
    const char *from = bytes;
    for (*written = 0; *written < length;) {
        ssize_t n = write(fd, from + *written, length - *written);
        if (n >= 0) {
            *written += (size_t)n;
        } else if (waits && errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
    size_t written;
    return write_all(fd, bytes, length, false, &written);
}

int fd_write_waiting(int fd, const void *bytes, size_t length)
{
    size_t written;
    return write_all(fd, bytes, length, true, &written);
}

int fd_write_counting(int fd, const void *bytes, size_t length, size_t *written)
{
    return write_all(fd, bytes, length, true, written);
}

int file_make(int at, const char *path, int flags, mode_t mode)
{
    int fd = openat(at, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | flags, mode);
    if (fd >= 0 && keeps_mode(mode))
        return fd;
    if (fd < 0 && errno == EEXIST && (flags & O_EXCL) == 0)
        fd = openat(at, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    if (fd >= 0 && fchmod(fd, mode) < 0) {
        fd_close(fd);
        return -1;
    }
    return fd;
}

static int write_with(int at, const char *path, int flags, const void *bytes, size_t length,
                      mode_t mode)
{
    int fd = file_make(at, path, flags, mode);
    if (fd < 0)
        return -1;
    if (fd_write_all(fd, bytes, length) < 0) {
        fd_close(fd);
        return -1;
    }
    return close(fd);
}

int file_write(int at, const char *path, const void *bytes, size_t length, mode_t mode,
               struct error *e)
{
    if (write_with(at, path, O_TRUNC, bytes, length, mode) < 0)
        return error_system(e, "unable to write %s", path);
    return 0;
}

/* PATH.new, for the caller to free; NULL with errno. */
static char *new_name(const char *path)
{
    size_t length = strlen(path);
    char *name = malloc(length + sizeof ".new");
    if (!name)
        return NULL;
    memcpy(name, path, length);
    memcpy(name + length, ".new", sizeof ".new");
    return name;
}

/* Whether the last call failed because of what a crash left at name, which is now removed. */
static bool was_left(int at, const char *name)
{
    return errno == EEXIST && unlinkat(at, name, 0) == 0;
}

/* Puts the finished file called name in path's place, or removes it. Frees name. */
static int finish_name(int result, int at, char *name, const char *path)
{
    if (result == 0)
        result = renameat(at, name, at, path);
    int saved = errno;
    if (result < 0)
        unlinkat(at, name, 0);
    free(name);
    errno = saved;
    return result;
}

int file_replace(int at, const char *path, const void *bytes, size_t length, mode_t mode,
                 struct error *e)
{
    enum { FRESH = O_EXCL | O_NOFOLLOW };
    char *name = new_name(path);
    if (!name)
        return error_system(e, "unable to write %s", path);
    int result = write_with(at, name, FRESH, bytes, length, mode);
    if (result < 0 && was_left(at, name))
        result = write_with(at, name, FRESH, bytes, length, mode);
    if (finish_name(result, at, name, path) < 0)
        return error_system(e, "unable to write %s", path);
    return 0;
}

int file_link(const char *target, int at, const char *path, struct error *e)
{
    if (symlinkat(target, at, path) == 0)
        return 0; /* nothing to replace */
    char *name = new_name(path);
    if (!name)
        return error_system(e, "unable to make the link %s", path);
    int result = symlinkat(target, at, name);
    if (result < 0 && was_left(at, name))
        result = symlinkat(target, at, name);
    if (finish_name(result, at, name, path) < 0)
        return error_system(e, "unable to make the link %s", path);
    return 0;
}

/* One directory; mode is exact when it is made here. */
static int make_directory(int at, const char *path, mode_t mode)
{
    if (mkdirat(at, path, mode) == 0)
        return keeps_mode(mode) ? 0 : file_mode_made(at, path, S_IFDIR, mode);
    int saved = errno;
    struct stat st;
    /* mkdir may say EROFS or EACCES for what is already there. */
    if (fstatat(at, path, &st, 0) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        saved = ENOTDIR;
    }
    errno = saved;
    return -1;
}

/* The parents of path, which is written to and is as before afterwards. */
static int make_parents(int at, char *path)
{
    int result = 0;
    for (size_t i = 1; path[i] != '\0' && result == 0; i++) {
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        path[i] = '\0';
        result = make_directory(at, path, 0755);
        path[i] = '/';
    }
    return result;
}

int file_make_directories(int at, const char *path, mode_t mode, struct error *e)
{
    size_t length = strlen(path);
    char *copy = strdup(path);
    if (!copy)
        return error_system(e, "unable to make the directory %s", path);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    int result = make_directory(at, copy, mode);
    if (result < 0 && errno == ENOENT && (result = make_parents(at, copy)) == 0)
        result = make_directory(at, copy, mode);
    free(copy);
    return result == 0 ? 0 : error_system(e, "unable to make the directory %s", path);
}

int file_open_directory(int at, const char *path, int flags)
{
    return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static int is_self_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* As the kernel gives it, for a buffer on the stack: opendir allocates. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short size; /* bytes of the whole entry */
    unsigned char type;
    char name[];
};

static int each_entry(char *buffer, size_t length, file_entry *each, void *to)
{
    for (size_t at = 0; at < length;) {
        const struct entry *entry = (const struct entry *)(void *)(buffer + at);
        if (!is_self_or_parent(entry->name) && each(to, entry->name, entry->type == DT_REG) < 0)
            return -1;
        at += entry->size;
    }
    return 0;
}

int fd_each_entry(int fd, file_entry *each, void *to)
{
    enum { BUFFER = 4096 };
    _Alignas(struct entry) char buffer[BUFFER];
    for (;;) {
        long n = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
        if (n <= 0)
            return (int)n;
        if (each_entry(buffer, (size_t)n, each, to) < 0)
            return -1;
    }
}

struct named {
    file_name *each;
    void *to;
};

static int name_only(void *to, const char *name, int is_file)
{
    const struct named *n = to;
    (void)is_file;
    return n->each(n->to, name);
}

int fd_each_name(int fd, file_name *each, void *to)
{
    struct named n = {.each = each, .to = to};
    return fd_each_entry(fd, name_only, &n);
}

static int add_any(void *to, const char *name)
{
    return words_add(to, name);
}

static int add_shown(void *to, const char *name)
{
    return name[0] == '.' ? 0 : words_add(to, name);
}

int fd_names(int fd, int hidden, struct words *out)
{
    return fd_each_name(fd, hidden ? add_any : add_shown, out);
}

int file_list(int at, const char *path, struct words *out, struct error *e)
{
    struct words names = WORDS_INIT;
    int fd = file_open_directory(at, path, 0);
    int result = fd < 0 ? -1 : fd_names(fd, 0, &names);
    words_sort(&names);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = words_add(out, names.item[i]);
    fd_close(fd);
    words_release(&names);
    return result == 0 ? 0 : error_system(e, "unable to list %s", path);
}

void fd_close_from(int first)
{
    enum { MOST = 65536 };
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    for (int fd = first; fd < MOST; fd++)
        close(fd);
}

int fd_cloexec(int fd, int on)
{
    return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); /* there is no other flag */
}

void fd_close_both(int one, int other)
{
    if (one >= 0 && other == one + 1 && syscall(SYS_close_range, one, other, 0) == 0)
        return;
    fd_close(one);
    fd_close(other);
}

int fd_cloexec_range(int first, int last)
{
    enum { CLOEXEC = 4 }; /* the kernel's, which musl's headers do not have */
    return (int)syscall(SYS_close_range, first, last, CLOEXEC);
}
