/* A temporary directory for tests of files: made, looked at, removed. */
#ifndef TESTS_UNIT_BASE_FILE_ROOT_H
#define TESTS_UNIT_BASE_FILE_ROOT_H

#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root_path[64];
static int root = -1;
static struct error err;

static inline int make_root(void **state)
{
    (void)state;
    strcpy(root_path, "/tmp/overlog-file-XXXXXX");
    if (!mkdtemp(root_path))
        return -1;
    root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    umask(027);
    return root < 0 ? -1 : 0;
}

static inline int remove_root(void **state)
{
    (void)state;
    close(root);
    return file_remove_tree(AT_FDCWD, root_path, &err);
}

static inline void assert_content(const char *path, const char *bytes, size_t length)
{
    struct str s = STR_INIT;
    assert_int_equal(file_read(root, path, 1 << 20, &s, &err), 0);
    assert_int_equal(s.length, length);
    assert_memory_equal(s.data, bytes, length);
    str_release(&s);
}

static inline mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode;
}

static inline int is_missing(const char *path)
{
    struct stat st;
    return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

#endif
