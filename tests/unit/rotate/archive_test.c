#include "rotate/archive.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void names_are_read_and_written(void **state)
{
    struct archive a;
    char name[ARCHIVE_NAME_MAX];
    (void)state;
    assert_int_equal(archive_parse("@4000000065a0c2e53b9aca00.s", &a), -1); /* 10^9 ns */
    assert_int_equal(archive_parse("@4000000065a0c2e53b9ac9ff.s", &a), 0);
    assert_int_equal(a.time.tv_sec, 0x65a0c2e5 - 37);
    assert_int_equal(a.time.tv_nsec, 999999999);
    assert_false(a.unfinished);
    assert_false(a.compressed);
    assert_int_equal(a.size, 0);
    assert_string_equal(a.name, "@4000000065a0c2e53b9ac9ff.s");
    assert_int_equal(archive_parse("@4000000065a0c2e500000001.u.gz", &a), 0);
    assert_true(a.unfinished);
    assert_true(a.compressed);
    archive_name(name, &a.time, true, true);
    assert_string_equal(name, "@4000000065a0c2e500000001.u.gz");
    archive_name(name, &a.time, false, false);
    assert_string_equal(name, "@4000000065a0c2e500000001.s");
}

static void other_names_are_not_archives(void **state)
{
    static const char *const names[] = {"",
                                        "@",
                                        "current",
                                        "@4000000065a0c2e500000001",
                                        "@4000000065a0c2e500000001.t",
                                        "@4000000065A0C2E500000001.s",
                                        "@4000000065a0c2e500000001.s.gz.new",
                                        "@4000000065a0c2e500000001.s.xz",
                                        "@4000000065a0c2e500000001.sx",
                                        "x4000000065a0c2e500000001.s",
                                        "@4000000065a0c2e5000000010.s"};
    struct archive a;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(archive_parse(names[i], &a), -1);
}

static void the_next_time_is_never_older(void **state)
{
    struct timespec newest = {100, 999999999}, now = {50, 5}, next;
    (void)state;
    next = archive_next_time(&newest, &now);
    assert_int_equal(next.tv_sec, 101);
    assert_int_equal(next.tv_nsec, 0);
    next = archive_next_time(&newest, &newest);
    assert_int_equal(next.tv_sec, 101);
    now = (struct timespec){101, 7};
    next = archive_next_time(&newest, &now);
    assert_int_equal(next.tv_sec, 101);
    assert_int_equal(next.tv_nsec, 7);
}

static void a_directory_is_listed_in_order(void **state)
{
    static const char *const names[] = {"@4000000065a0c2e50000000a.s",
                                        "@4000000065a0c2e500000001.s",
                                        "@4000000065a0c2e500000002.u",
                                        "@4000000065a0c2e500000001.s.gz",
                                        "@4000000065a0c2e500000002.s",
                                        "@4000000065a0c2e500000009.s.gz.new",
                                        "@4000000065a0c2e500000003.s",
                                        "@4000000065a0c2e500000000.s.x",
                                        "current"}; /* each with as many bytes as come before it */
    char path[] = "/tmp/archive_test.XXXXXX";
    struct archive *list;
    (void)state;
    assert_non_null(mkdtemp(path));
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int fd = openat(directory, names[i], O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "12345678", i), (ssize_t)i);
        close(fd);
    }
    assert_int_equal(symlinkat("current", directory, "@4000000065a0c2e500000004.s"), 0);
    assert_int_equal(mkdirat(directory, "@4000000065a0c2e500000005.s", 0700), 0);
    assert_int_equal(archive_list(directory, &list), 4);
    assert_int_equal(list[0].size, 0);
    archive_sizes(directory, list, 4);
    assert_string_equal(list[0].name, names[3]);
    assert_int_equal(list[0].size, 3);
    assert_string_equal(list[1].name, names[4]);
    assert_string_equal(list[2].name, names[2]);
    assert_string_equal(list[3].name, names[6]);
    assert_int_equal(list[3].size, 6);
    free(list);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlinkat(directory, names[i], 0);
    unlinkat(directory, "@4000000065a0c2e500000004.s", 0);
    unlinkat(directory, "@4000000065a0c2e500000005.s", AT_REMOVEDIR);
    assert_int_equal(archive_list(directory, &list), 0);
    free(list);
    close(directory);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(archive_list(-1, &list), -1);
}

static void both_names_are_removed(void **state)
{
    char path[] = "/tmp/archive_test.XXXXXX";
    static const char plain[] = "@4000000065a0c2e500000001.u",
                      other[] = "@4000000065a0c2e500000002.u";
    char compressed[ARCHIVE_NAME_MAX];
    struct archive a;
    (void)state;
    assert_non_null(mkdtemp(path));
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(archive_parse(plain, &a), 0);
    archive_twin(compressed, &a);
    close(openat(directory, other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (int present = 0; present < 4; present++) {
        if (present & 1)
            close(openat(directory, plain, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        if (present & 2)
            close(openat(directory, compressed, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        assert_int_equal(archive_remove(directory, &a), present > 0);
        assert_int_equal(faccessat(directory, plain, F_OK, 0), -1);
        assert_int_equal(faccessat(directory, compressed, F_OK, 0), -1);
    }
    /* It counts whether its own name can be removed: a directory cannot. */
    for (int i = 0; i < 4; i++) {
        const char *stays = i & 1 ? compressed : plain;
        a.compressed = (i & 2) != 0;
        assert_int_equal(mkdirat(directory, stays, 0700), 0);
        close(openat(directory, i & 1 ? plain : compressed, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        assert_int_equal(archive_remove(directory, &a), a.compressed == (i & 1) ? -1 : 1);
        assert_int_equal(unlinkat(directory, stays, AT_REMOVEDIR), 0);
    }
    assert_int_equal(unlinkat(directory, other, 0), 0);
    close(directory);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_and_written),
        cmocka_unit_test(other_names_are_not_archives),
        cmocka_unit_test(the_next_time_is_never_older),
        cmocka_unit_test(a_directory_is_listed_in_order),
        cmocka_unit_test(both_names_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
