/* When a shutdown is due. */
#include "command/s6/halt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOON = 1795478400 + 12 * 3600 }; /* 2026-11-24 */

static void expect(const char *text, long seconds)
{
    unsigned long got = 0;
    int result = halt_delay(text, NOON, &got);
    assert_int_equal(result, seconds < 0 ? -1 : 0);
    if (seconds >= 0)
        assert_int_equal(got, seconds);
}

static void times(void **state)
{
    (void)state;
    setenv("TZ", "UTC0", 1);
    expect("now", 0);
    expect("+0", 0);
    expect("+1", 60);
    expect("5", 300);
    expect("+1440", 86400);
    expect("12:00", 0);
    expect("12:01", 60);
    expect("23:59", 43140);
    expect("0:00", 43200);
    expect("00:00", 43200);
    expect("11:59", 86340);
    expect("9:05", 75900);
    static const char *const wrong[] = {
        "",    "+",   "+x",    "1x",    "now ",  "24:00", "12:60", ":",
        ":00", "12:", "123:0", "-1:00", "12:-1", "+-1",   "12:00x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(wrong[i], -1);
}

/* The clock is put back in that night: the time of day counts, not 24 hours. */
static void summer_time_ends(void **state)
{
    unsigned long seconds;
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    assert_int_equal(halt_delay("12:00", 1792836000, &seconds), 0); /* 2026-10-24 12:00 CEST */
    assert_int_equal(seconds, 0);
    assert_int_equal(halt_delay("11:00", 1792836000, &seconds), 0);
    assert_int_equal(seconds, 24 * 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(summer_time_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
