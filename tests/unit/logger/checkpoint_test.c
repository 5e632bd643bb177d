#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/process.h"
#include "logger/checkpoint.h"
#include "logger/journal.h"
#include <fcntl.h>
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
    state_trim(&s);
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

/* A boundary may be asked for at any moment, and memory given back at any other. */
static void rest_leaves_the_gate_as_it_is(void **context)
{
    (void)context;
    int fd = memfd_create("state", 0);
    struct state s = open_state(fd);
    state_commit(&s);
    assert_int_equal(process_gate(fd, true), 0);
    state_trim(&s);
    state_commit(&s);
    state_trim(&s);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    state_open_gate(&s);
    assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
    state_close(&s);
    close(fd);
}

/* As the user of a service can make it who is the logger's as well. */
static void what_makes_no_sense_is_the_beginning(void **context)
{
    (void)context;
    struct checkpoint good = {
        .stream = {{1, 2, 1, 1}, {JOURNAL_SIZE, JOURNAL_SIZE, 0, 0}, {3, 4, 0, 0}},
        .file = {{7, 100, {1000, 999999999}, 2, 1}, {8, 0, {0, 0}, 3, 0}}};
    struct checkpoint c = good, zero = {.stream = {{0}}};
    checkpoint_check(&c);
    assert_memory_equal(&c, &good, sizeof c);
    c.stream[0].done = JOURNAL_SIZE + 1;
    c.stream[1].shown = UINT32_MAX;
    c.file[0].size = INT64_MIN;
    c.file[1].time.tv_nsec = 1000000000;
    checkpoint_check(&c);
    assert_memory_equal(&c.stream[0], &zero.stream[0], sizeof zero.stream[0]);
    assert_memory_equal(&c.stream[1], &zero.stream[0], sizeof zero.stream[0]);
    assert_int_equal(c.stream[2].done, 3);
    assert_int_equal(c.file[0].inode, 0);
    assert_int_equal(c.file[1].inode, 0);
    const uint32_t wrong[][2] = {{3, 1}, {4, 1}, {UINT32_MAX, 1}, {1, 2}, {2, 2}, {4, 2}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        c = good;
        c.file[wrong[i][1] - 1].batch = wrong[i][0];
        checkpoint_check(&c);
        assert_int_equal(c.file[wrong[i][1] - 1].inode, 0);
        assert_int_equal(c.file[2 - wrong[i][1]].inode, good.file[2 - wrong[i][1]].inode);
    }
    c = good;
    c.file[0].time.tv_sec = INT64_MAX;
    c.file[1].time.tv_sec = -1;
    checkpoint_check(&c);
    assert_int_equal(c.file[0].inode, 0);
    assert_int_equal(c.file[1].inode, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_committed_counts),
        cmocka_unit_test(rest_is_the_beginning_again),
        cmocka_unit_test(rest_leaves_the_gate_as_it_is),
        cmocka_unit_test(what_makes_no_sense_is_the_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
