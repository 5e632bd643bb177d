/* A temporary log directory for tests: made, filled, looked at, removed. */
#ifndef TESTS_UNIT_ROTATE_DIRECTORY_H
#define TESTS_UNIT_ROTATE_DIRECTORY_H

#include "base/file.h"
#include "rotate/archive.h"
#include "rotate/bgzf.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct directory {
    char path[64];
    int fd;
};

static inline void directory_make(struct directory *d)
{
    strcpy(d->path, "/tmp/rotate_test.XXXXXX");
    assert_non_null(mkdtemp(d->path));
    d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(d->fd >= 0);
}

static inline void directory_remove(struct directory *d)
{
    struct error e = ERROR_INIT;
    close(d->fd);
    assert_int_equal(file_remove_tree(AT_FDCWD, d->path, &e), 0);
}

static inline void directory_write(const struct directory *d, const char *name, const char *text,
                                   mode_t mode)
{
    struct error e = ERROR_INIT;
    assert_int_equal(file_write(d->fd, name, text, strlen(text), mode, &e), 0);
}

static inline void directory_add(const struct directory *d, const char *name, const char *text)
{
    int fd = openat(d->fd, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
}

static inline bool directory_has(const struct directory *d, const char *name)
{
    return faccessat(d->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline mode_t directory_mode(const struct directory *d, const char *name)
{
    struct stat st;
    assert_int_equal(fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode & 07777;
}

/* The file's text equals this. */
static inline void directory_holds(const struct directory *d, const char *name, const char *text)
{
    struct error e = ERROR_INIT;
    struct str s = STR_INIT;
    assert_int_equal(file_read(d->fd, name, 1 << 24, &s, &e), 0);
    assert_string_equal(s.data, text);
    str_release(&s);
}

/* Compresses X to X.gz as the helper does, its time of modification kept, and removes X. */
static inline void directory_compress(const struct directory *d, const char *name,
                                      int (*stamp_of)(const char *, size_t, struct timespec *))
{
    char gz[64];
    struct stat st;
    struct error e = ERROR_INIT;
    snprintf(gz, sizeof gz, "%s.gz", name);
    int in = openat(d->fd, name, O_RDONLY | O_CLOEXEC);
    int out = openat(d->fd, gz, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_int_equal(bgzf_compress(in, out, 6, stamp_of, &e), 0);
    assert_int_equal(fstat(in, &st), 0);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(out, times), 0);
    close(in);
    close(out);
    assert_int_equal(unlinkat(d->fd, name, 0), 0);
}

/* The name of an archive of that many seconds. */
static inline const char *archive_of(time_t second, const char *ending)
{
    static char names[4][64];
    static unsigned int next;
    char *name = names[next++ % 4];
    const struct timespec t = {second, 0};
    archive_name(name, &t, false, false);
    strcpy(name + 25, ending);
    return name;
}

#endif
