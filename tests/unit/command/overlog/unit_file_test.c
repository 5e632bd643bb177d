/* Unit files of systemd as text, and the values in them. */
#include "base/str.h"
#include "command/overlog/unit_file.h"
#include "command/overlog/unit_keys.h"
#include "command/overlog/unit_value.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct unit_file u;

static void parse(const char *text)
{
    unit_file_release(&u);
    assert_int_equal(unit_parse(&u, "f", text), 0);
}

static int teardown(void **state)
{
    (void)state;
    unit_file_release(&u);
    return 0;
}

static void setting_is(size_t i, unsigned int line, const char *section, const char *key,
                       const char *value)
{
    assert_true(i < u.count);
    assert_int_equal(u.item[i].line, line);
    assert_int_equal(u.item[i].mistake, UNIT_GOOD);
    assert_string_equal(u.item[i].section, section);
    assert_string_equal(u.item[i].key, key);
    assert_string_equal(u.item[i].value, value);
}

static void settings_have_lines(void **state)
{
    (void)state;
    parse("\xef\xbb\xbf# c\n; d\n[Unit]\n  A = b \n\n[Service]\r\nC=\r\nD==e # no comment\n");
    assert_int_equal(u.count, 3);
    setting_is(0, 4, "Unit", "A", "b");
    setting_is(1, 7, "Service", "C", "");
    setting_is(2, 8, "Service", "D", "=e # no comment");
}

static void lines_go_on(void **state)
{
    (void)state;
    parse("[S]\nA=b \\\n# between\n   c \\\n;too\n\td\nB=e\\\\\nC=f\\\n\nD=g\\");
    assert_int_equal(u.count, 4);
    setting_is(0, 2, "S", "A", "b     c  \td");
    setting_is(1, 7, "S", "B", "e\\\\");
    setting_is(2, 8, "S", "C", "f");
    setting_is(3, 10, "S", "D", "g");
}

static void mistakes_have_lines(void **state)
{
    (void)state;
    parse("A=b\n[S]\nwhat\n[S\nB=c\n");
    assert_int_equal(u.count, 4);
    assert_int_equal(u.item[0].mistake, UNIT_NO_SECTION);
    assert_int_equal(u.item[1].mistake, UNIT_NO_SIGN);
    assert_int_equal(u.item[1].line, 3);
    assert_int_equal(u.item[2].mistake, UNIT_BAD_HEADER);
    assert_int_equal(u.item[3].mistake, UNIT_NO_SECTION);
}

/* An empty value takes back what stands before it. */
static void lists_are_taken_back(void **state)
{
    const struct unit_setting *s;
    size_t at = 0;
    (void)state;
    parse("[S]\nA=1\nA=2\nA=\nB=0\nA=3\nA=4\n");
    s = unit_next(&u, "S", "A", &at);
    assert_string_equal(s->value, "3");
    s = unit_next(&u, "S", "A", &at);
    assert_string_equal(s->value, "4");
    assert_null(unit_next(&u, "S", "A", &at));
    assert_string_equal(unit_get(&u, "S", "A"), "4");
    assert_string_equal(unit_get(&u, "T", "A"), "");
    parse("[S]\nA=1\nA=\n");
    at = 0;
    assert_null(unit_next(&u, "S", "A", &at));
}

static void too_many_settings(void **state)
{
    struct str text = STR_INIT;
    (void)state;
    str_add_text(&text, "[S]\n");
    for (int i = 0; i < UNIT_SETTINGS_MAX + 1; i++)
        str_add_text(&text, "a=b\n");
    unit_file_release(&u);
    assert_int_equal(unit_parse(&u, "f", text.data), -1);
    assert_int_equal(errno, E2BIG);
    assert_int_equal(u.count, UNIT_SETTINGS_MAX);
    str_release(&text);
}

static void times(void **state)
{
    (void)state;
    assert_int_equal(unit_time("90"), 90000);
    assert_int_equal(unit_time("1min 30s"), 90000);
    assert_int_equal(unit_time("1.5h"), 5400000);
    assert_int_equal(unit_time("2 days 3ms"), 172800003);
    assert_int_equal(unit_time("100us"), 1);
    assert_int_equal(unit_time("0"), 0);
    assert_int_equal(unit_time("infinity"), UNIT_FOREVER);
    for (const char *const *p = (const char *const[]){"", "x", "5x", "-1", "1e3", ".", NULL};
         *p != NULL; p++)
        assert_int_equal(unit_time(*p), UNIT_NO_TIME);
}

static void other_values(void **state)
{
    (void)state;
    assert_int_equal(unit_number("64K", true), 65536);
    assert_int_equal(unit_number("1024", false), 1024);
    assert_int_equal(unit_number("infinity", true), UNIT_FOREVER);
    assert_int_equal(unit_number("64K", false), UNIT_NO_TIME);
    assert_int_equal(unit_number("9E", true), UNIT_NO_TIME);
    assert_int_equal(unit_number("", true), UNIT_NO_TIME);
    assert_int_equal(unit_exit_code("TEMPFAIL"), 75);
    assert_int_equal(unit_exit_code("255"), 255);
    assert_int_equal(unit_exit_code("256"), -1);
    assert_int_equal(unit_boolean("Yes") + unit_boolean("off") + unit_boolean("?"), 0);
}

static void keys_have_notes(void **state)
{
    (void)state;
    assert_null(unit_key_note("Service", "ExecStart", "a"));
    assert_null(unit_key_note("Service", "LimitNOFILE", "1"));
    assert_null(unit_key_note("Service", "PrivateTmp", "no"));
    assert_null(unit_key_note("X-Ours", "A", "b"));
    assert_true(unit_note_isolates(unit_key_note("Service", "PrivateTmp", "true")));
    assert_true(unit_note_isolates(unit_key_note("Service", "ProtectSystem", "full")));
    assert_false(unit_note_isolates(unit_key_note("Service", "MemoryMax", "1G")));
    assert_string_equal(unit_key_note("Service", "Exec", "a"), "no such setting is known");
    assert_string_equal(unit_key_note("Socket", "A", "b"), "there is no such section of a service");
    assert_true(unit_is_there("network-online.target") && unit_is_there("systemd-udevd.service") &&
                unit_is_there("srv.mount"));
    assert_false(unit_is_there("redis.service") || unit_is_there("network.service"));
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(settings_have_lines), T(lines_go_on), T(mistakes_have_lines), T(lists_are_taken_back),
        T(too_many_settings),   T(times),       T(other_values),        T(keys_have_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
