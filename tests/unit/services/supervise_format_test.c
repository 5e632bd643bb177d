#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/supervise_format.h"
#include <signal.h>
#include <string.h>

static void status_records(void **state)
{
    (void)state;
    static const unsigned char expected[SUPERVISE_STATUS_SIZE] = {
        0x40, 0, 0, 0, 0, 0, 0, 37, 0, 0, 0,    1, /* changed: 2^62 + 37 s, 1 ns */
        0x40, 0, 0, 0, 0, 0, 0, 38, 0, 0, 0,    0, /* ready */
        0,    0, 0, 0, 0, 0, 1, 2,  0, 9, 4 | 8};  /* pid 258, status 9, want up, ready */
    struct supervise_status back, s = {.changed = {.tv_sec = 0, .tv_nsec = 1},
                                       .ready = {.tv_sec = 1},
                                       .pid = 258,
                                       .wait_status = 9,
                                       .want_up = true,
                                       .is_ready = true};
    unsigned char record[SUPERVISE_STATUS_MOST];
    assert_int_equal(supervise_pack(record, &s), sizeof expected);
    assert_memory_equal(record, expected, sizeof expected);
    assert_int_equal(supervise_unpack(&back, record, SUPERVISE_STATUS_SIZE), 0);
    assert_int_equal(back.changed.tv_sec, 0);
    assert_int_equal(back.changed.tv_nsec, 1);
    assert_int_equal(back.ready.tv_sec, 1);
    assert_int_equal(back.pid, 258);
    assert_int_equal(back.wait_status, 9);
    assert_true(back.want_up && back.is_ready && !back.paused && !back.finishing);
    for (int bits = 0; bits < 16; bits++) {
        s.paused = bits & 1;
        s.finishing = bits & 2;
        s.want_up = bits & 4;
        s.is_ready = bits & 8;
        size_t size = supervise_pack(record, &s);
        assert_int_equal(record[34], bits);
        assert_int_equal(supervise_unpack(&back, record, size), 0);
        assert_int_equal(back.paused | back.finishing << 1 | back.want_up << 2 | back.is_ready << 3,
                         bits);
    }
    s = (struct supervise_status){.paused = true};
    assert_true(supervise_is_fresh(&s));
    s.pid = 1;
    assert_false(supervise_is_fresh(&s));
}

/* As s6 2.13 has them; each format is read by its length. */
static void status_records_with_the_group(void **state)
{
    (void)state;
    static const unsigned char expected[SUPERVISE_STATUS_GROUPED] = {
        0x40, 0, 0,    0, 0, 0, 0, 37, 0, 0, 0, 1, /* changed: 2^62 + 37 s, 1 ns */
        0x40, 0, 0,    0, 0, 0, 0, 38, 0, 0, 0, 0, /* ready */
        0,    0, 0,    0, 0, 0, 1, 2,              /* pid 258 */
        0,    0, 0,    0, 0, 1, 0, 3,              /* group 65539 */
        2,    0, 1 | 2};                           /* status 512, paused, finishing */
    struct supervise_status back, s = {.changed = {.tv_sec = 0, .tv_nsec = 1},
                                       .ready = {.tv_sec = 1},
                                       .pid = 258,
                                       .wait_status = 512,
                                       .paused = true,
                                       .finishing = true,
                                       .grouped = true,
                                       .group = 65539};
    unsigned char record[SUPERVISE_STATUS_MOST];
    assert_int_equal(supervise_pack(record, &s), sizeof expected);
    assert_memory_equal(record, expected, sizeof expected);
    assert_int_equal(supervise_unpack(&back, record, sizeof record), 0);
    assert_true(back.grouped && back.paused && back.finishing && !back.want_up && !back.is_ready);
    assert_int_equal(back.group, 65539);
    assert_int_equal(back.pid, 258);
    assert_int_equal(back.wait_status, 512);
    assert_int_equal(supervise_unpack(&back, record, SUPERVISE_STATUS_GROUPED - 1), 0);
    assert_false(back.grouped);
    assert_int_equal(supervise_unpack(&back, record, SUPERVISE_STATUS_SIZE - 1), -1);
}

/* Every letter of the format stands for what the specification says, and no other means anything.
 */
static void letters(void **state)
{
    (void)state;
    static const char known[] = "abqhkti12pcyrlPCKodDuUOQx";
    for (int c = 1; c < 256; c++)
        assert_int_equal(supervise_letter((char)c) != NULL, strchr(known, c) != NULL);
    assert_null(supervise_letter('\0'));
    assert_int_equal(supervise_letter('1')->signal, SIGUSR1);
    assert_int_equal(supervise_letter('K')->wish, SUPERVISE_GROUP);
    assert_int_equal(supervise_letter('D')->wish, SUPERVISE_DOWN);
    assert_int_equal(supervise_letter('D')->mark, SUPERVISE_MARK_DOWN);
    assert_int_equal(supervise_letter('U')->mark, SUPERVISE_UNMARK_DOWN);
    assert_int_equal(supervise_letter('Q')->wish, SUPERVISE_STAY_DOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_records),
        cmocka_unit_test(status_records_with_the_group),
        cmocka_unit_test(letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
