#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/checkpoint.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct state open_state(int fd)
{
    struct state s;
    struct error e = ERROR_INIT;
    assert_int_equal(state_open(&s, fd, &e), 0);
    return s;
}

static void only_what_was_committed_counts(void **context)
{
    (void)context;
    int fd = memfd_create("state", 0);
    struct state s = open_state(fd);
    assert_int_equal(s.now.stream[1].done, 0);
    assert_int_equal(s.now.file[0].inode, 0);
    for (uint32_t i = 1; i < 6; i++) {
        s.now.stream[1].done = i;
        s.now.file[0].size = i * 1000;
        struct state before = open_state(fd);
        assert_int_equal(before.now.stream[1].done, i - 1);
        assert_int_equal(before.now.file[0].size, (i - 1) * 1000);
        state_close(&before);
        state_commit(&s);
    }
    state_close(&s);
    s = open_state(fd);
    assert_int_equal(s.now.stream[1].done, 5);
    assert_int_equal(s.now.file[0].size, 5000);
    state_close(&s);
    close(fd);
}

static void rest_is_the_beginning_again(void **context)
{
    (void)context;
    struct stat st;
    int fd = memfd_create("state", 0);
    struct state s = open_state(fd);
    s.now.file[1].inode = 7;
    state_commit(&s);
    state_commit(&s);
    state_rest(&s);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_blocks, 0);
    assert_int_equal(s.now.file[1].inode, 0);
    s.now.file[1].inode = 8;
    state_commit(&s);
    struct state next = open_state(fd);
    assert_int_equal(next.now.file[1].inode, 8);
    state_close(&next);
    state_close(&s);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_committed_counts),
        cmocka_unit_test(rest_is_the_beginning_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
