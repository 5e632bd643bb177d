#include "logcat/render.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-23T10:55:40.123456789Z */
static const struct timespec when = {1795431340, 123456789};

static struct entry line(const char *message, enum stamp_stream stream)
{
    return (struct entry){.time = when,
                          .stamped = true,
                          .stream = stream,
                          .message = (char *)(uintptr_t)message,
                          .length = strlen(message)};
}

static void assert_shown(struct render r, const char *name, struct entry e, const char *want)
{
    struct str out = STR_INIT;
    assert_int_equal(render_entry(&r, name, &e, &out), 0);
    assert_string_equal(out.data, want);
    assert_int_equal(out.length, strlen(want));
    str_release(&out);
}

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static const struct render short_form = {.form = RENDER_SHORT, .names = true, .width = 6};

static void short_is_local_and_aligned(void **state)
{
    (void)state;
    set_zone("XYZ-1");
    assert_shown(short_form, "nginx", line("hello", STREAM_OUT),
                 "2026-11-23 11:55:40.123 nginx  hello\n");
    assert_shown(short_form, "php-fpm", line("", STREAM_ERR), "2026-11-23 11:55:40.123 php-fpm \n");
    struct render r = short_form;
    r.utc = true;
    assert_shown(r, "nginx", line("hello", STREAM_OUT), "2026-11-23 10:55:40.123 nginx  hello\n");
    r.names = false;
    assert_shown(r, "nginx", line("hello", STREAM_OUT), "2026-11-23 10:55:40.123 hello\n");
}

static void unknown_time_keeps_the_columns(void **state)
{
    struct entry e = line("hello", STREAM_UNKNOWN);
    (void)state;
    e.time = (struct timespec){0, 0};
    assert_shown(short_form, "nginx", e, "-                       nginx  hello\n");
    e.time = (struct timespec){INT64_MAX, 5};
    assert_shown(short_form, "nginx", e, "-                       nginx  hello\n");
}

static void seconds_are_not_mixed_up(void **state)
{
    struct render r = short_form;
    struct str out = STR_INIT;
    struct entry e = line("x", STREAM_OUT);
    (void)state;
    r.utc = true;
    r.names = false;
    for (int i = 0; i < 3; i++) {
        e.time.tv_sec = when.tv_sec + i / 2;
        e.time.tv_nsec = i * 1000000;
        assert_int_equal(render_entry(&r, "a", &e, &out), 0);
    }
    assert_string_equal(out.data, "2026-11-23 10:55:40.000 x\n"
                                  "2026-11-23 10:55:40.001 x\n"
                                  "2026-11-23 10:55:41.002 x\n");
    str_release(&out);
}

static void full_has_zone_and_stream(void **state)
{
    struct render r = {.form = RENDER_FULL, .names = true, .width = 5};
    (void)state;
    set_zone("XYZ-5:30");
    assert_shown(r, "nginx", line("hello", STREAM_ERR),
                 "2026-11-23T16:25:40.123456789+0530 nginx err hello\n");
    set_zone("XYZ3");
    assert_shown(r, "nginx", line("hello", STREAM_OUT),
                 "2026-11-23T07:55:40.123456789-0300 nginx out hello\n");
    r.utc = true;
    assert_shown(r, "nginx", line("hello", STREAM_UNKNOWN),
                 "2026-11-23T10:55:40.123456789Z nginx -   hello\n");
    struct entry e = line("hello", STREAM_UNKNOWN);
    e.time = (struct timespec){0, 0};
    assert_shown(r, "nginx", e, "-                              nginx -   hello\n");
}

static void a_time_of_fractions_has_room(void **state)
{
    struct render r = short_form;
    struct str out = STR_INIT;
    char format[121], want[541];
    (void)state;
    for (int i = 0; i < 60; i++) {
        memcpy(format + 2 * (size_t)i, "%N", 3);
        memcpy(want + 9 * (size_t)i, "123456789", 10);
    }
    r.time_format = format;
    assert_int_equal(render_time(&r, &when, &out), 0);
    assert_int_equal(out.length, strlen(want));
    assert_memory_equal(out.data, want, out.length);
    str_release(&out);
}

static void raw_is_the_bytes(void **state)
{
    struct render r = {.form = RENDER_RAW, .names = true, .width = 5, .color = true};
    struct str out = STR_INIT;
    char bytes[] = "a\0b\033[31m\xff\r";
    struct entry e = line("", STREAM_ERR);
    (void)state;
    e.message = bytes;
    e.length = sizeof bytes - 1;
    assert_int_equal(render_entry(&r, "nginx", &e, &out), 0);
    assert_int_equal(out.length, sizeof bytes);
    assert_memory_equal(out.data, "a\0b\033[31m\xff\r\n", sizeof bytes);
    str_release(&out);
}

static void color_marks_service_and_stderr(void **state)
{
    struct render r = short_form;
    struct str one = STR_INIT, two = STR_INIT;
    (void)state;
    r.utc = r.color = true;
    struct entry out = line("hello", STREAM_OUT), err = line("hello", STREAM_ERR);
    assert_int_equal(render_entry(&r, "nginx", &out, &one), 0);
    assert_int_equal(render_entry(&r, "nginx", &err, &two), 0);
    char *name = strstr(one.data, "nginx");
    assert_non_null(name);
    assert_memory_equal(name, "nginx\033[0m  hello\n", strlen("nginx\033[0m  hello\n") + 1);
    assert_memory_equal(one.data, two.data, (size_t)(name - one.data)); /* the same colour */
    assert_non_null(strstr(two.data, "nginx\033[0m  \033[31mhello\033[0m\n"));
    str_release(&one);
    str_release(&two);
}

static void marks_are_put_around_matches(void **state)
{
    static const struct {
        const char *marks[2], *text, *expected;
    } rows[] = {
        {{"^a", NULL}, "aaab abc", "<a>aab abc"},
        {{"^a", "b"}, "aab abc", "<a>a<b> a<b>c"},
        {{"z*", "abc"}, "abc abcd", "<abc> <abc>d"},
        {{"z*", NULL}, "azzb z", "a<zz>b <z>"},
        {{"a|^", NULL}, "ba", "b<a>"},
        {{"x*$", NULL}, "axbxx", "axb<xx>"},
        {{"q*", NULL}, "gr\xc3\xbcq", "gr\xc3\xbc<q>"},
        {{"^b*", NULL}, "abb", "abb"},
    };
    struct error e = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern marks[2];
        struct render r = {.form = RENDER_RAW, .color = true, .mark = marks};
        for (; r.marks < 2 && rows[i].marks[r.marks] != NULL; r.marks++)
            assert_int_equal(pattern_open(&marks[r.marks], rows[i].marks[r.marks], false, &e), 0);
        struct entry entry = line(rows[i].text, STREAM_OUT);
        struct str out = STR_INIT, expected = STR_INIT;
        for (const char *at = rows[i].expected; *at != '\0'; at++)
            assert_int_equal(*at == '<'   ? str_add(&expected, "\033[7m", 4)
                             : *at == '>' ? str_add(&expected, "\033[27m", 5)
                                          : str_add_char(&expected, *at),
                             0);
        str_add_char(&expected, '\n');
        assert_int_equal(render_entry(&r, "a", &entry, &out), 0);
        assert_string_equal(out.data, expected.data);
        str_release(&out);
        str_release(&expected);
        while (r.marks > 0)
            pattern_close(&marks[--r.marks]);
    }
}

static void caret_shows_control_characters(void **state)
{
    struct render r = {.form = RENDER_RAW, .caret = true};
    (void)state;
    assert_shown(r, "a", line("\033[2J\a\b\tend\r", STREAM_OUT), "^[[2J^G^H\tend^M\n");
    assert_shown(r, "a", line("\x7f", STREAM_OUT), "^?\n");
    assert_shown(r, "a", line("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", STREAM_OUT),
                 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\n");
    assert_shown(r, "a",
                 line("\xc2\x9b"
                      "31m",
                      STREAM_OUT),
                 "\\u009b31m\n");
    assert_shown(r, "a",
                 line("\x9b"
                      "31m \xc3",
                      STREAM_OUT),
                 "\\x9b31m \\xc3\n");
    assert_shown(r, "a",
                 line("\xe2\x80\xae"
                      "abc",
                      STREAM_OUT),
                 "\\u202eabc\n");
    struct render s = short_form;
    s.caret = s.utc = true;
    assert_shown(s, "a\033b", line("x", STREAM_OUT), "2026-11-23 10:55:40.123 a^[b   x\n");
}

static void json_is_an_object(void **state)
{
    struct render r = {.form = RENDER_JSON, .names = true, .color = true, .width = 9};
    (void)state;
    set_zone("XYZ-1");
    assert_shown(r, "nginx", line("say \"hi\"\t\\ \x01", STREAM_ERR),
                 "{\"time\":\"2026-11-23T10:55:40.123456789Z\",\"service\":\"nginx\","
                 "\"stream\":\"stderr\",\"message\":\"say \\\"hi\\\"\\t\\\\ \\u0001\"}\n");
    assert_shown(r, "nginx", line("\xe2\x82\xac", STREAM_OUT),
                 "{\"time\":\"2026-11-23T10:55:40.123456789Z\",\"service\":\"nginx\","
                 "\"stream\":\"stdout\",\"message\":\"\xe2\x82\xac\"}\n");
    struct entry e = line("x", STREAM_UNKNOWN);
    e.time = (struct timespec){0, 0};
    r.names = false;
    assert_shown(r, "nginx", e, "{\"time\":null,\"message\":\"x\"}\n");
}

static void json_keeps_invalid_bytes(void **state)
{
    struct render r = {.form = RENDER_JSON};
    struct entry e = line("a\xff", STREAM_UNKNOWN);
    (void)state;
    e.time = (struct timespec){0, 0};
    assert_shown(r, "a", e, "{\"time\":null,\"message\":\"a\\ufffd\",\"base64\":\"Yf8=\"}\n");
    e = line("\xc0\x80z", STREAM_UNKNOWN);
    e.time = (struct timespec){0, 0};
    assert_shown(r, "a", e,
                 "{\"time\":null,\"message\":\"\\ufffd\\ufffdz\",\"base64\":\"wIB6\"}\n");
    e = line("\xed\xa0\x80!", STREAM_UNKNOWN); /* a surrogate */
    e.time = (struct timespec){0, 0};
    assert_shown(
        r, "a", e,
        "{\"time\":null,\"message\":\"\\ufffd\\ufffd\\ufffd!\",\"base64\":\"7aCAIQ==\"}\n");
}

static void cri_is_what_collectors_read(void **state)
{
    struct render r = {.form = RENDER_CRI, .names = true};
    struct entry e = line("hello", STREAM_ERR);
    (void)state;
    set_zone("XYZ-1");
    assert_shown(r, "a", e, "2026-11-23T10:55:40.123456789Z stderr F hello\n");
    e.stream = STREAM_UNKNOWN;
    e.cut = true;
    assert_shown(r, "a", e, "2026-11-23T10:55:40.123456789Z stdout P hello\n");
}

static void forms_by_name(void **state)
{
    (void)state;
    assert_int_equal(render_form_parse("short"), RENDER_SHORT);
    assert_int_equal(render_form_parse("full"), RENDER_FULL);
    assert_int_equal(render_form_parse("raw"), RENDER_RAW);
    assert_int_equal(render_form_parse("json"), RENDER_JSON);
    assert_int_equal(render_form_parse("cri"), RENDER_CRI);
    assert_int_equal(render_form_parse("xml"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_is_local_and_aligned),
        cmocka_unit_test(unknown_time_keeps_the_columns),
        cmocka_unit_test(seconds_are_not_mixed_up),
        cmocka_unit_test(full_has_zone_and_stream),
        cmocka_unit_test(a_time_of_fractions_has_room),
        cmocka_unit_test(raw_is_the_bytes),
        cmocka_unit_test(color_marks_service_and_stderr),
        cmocka_unit_test(marks_are_put_around_matches),
        cmocka_unit_test(caret_shows_control_characters),
        cmocka_unit_test(json_is_an_object),
        cmocka_unit_test(json_keeps_invalid_bytes),
        cmocka_unit_test(cri_is_what_collectors_read),
        cmocka_unit_test(forms_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
