/* What stands around lines on the console: a prefix, or an object. */
#include "base/json.h"
#include "logger/wrap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "\"time\":\"2026-11-23T10:55:40.000000007Z\",\"service\":\"web\",\"stream\":\"stderr\""

static const struct timespec when = {.tv_sec = 1795431340, .tv_nsec = 7};

static void shows(enum console_form form, const struct line *line, const char *expected)
{
    const struct wrap_pretty plain = {.width = 0};
    struct wrap w;
    struct str out = STR_INIT;
    assert_int_equal(wrap_open(&w, form, "web", &plain), 0);
    assert_int_equal(wrap_begin(&w, 1, &when), 0);
    assert_int_equal(wrap_line(&w, line, &out), 0);
    assert_string_equal(out.data, expected);
    str_release(&out);
    wrap_close(&w);
}

static struct line whole(const char *text, size_t length)
{
    return (struct line){.bytes = text, .length = length, .first = true, .last = true};
}

static void json_is_of(const char *text, const char *expected)
{
    const struct line line = whole(text, strlen(text));
    shows(CONSOLE_JSON, &line, expected);
}

static void pretty_is(const char *name, int width, bool color, const char *expected)
{
    const struct wrap_pretty pretty = {.width = width, .color = color};
    struct wrap w;
    assert_int_equal(wrap_open(&w, CONSOLE_PREFIX, name, &pretty), 0);
    assert_true(w.timed);
    assert_string_equal(w.name.data, expected);
    wrap_close(&w);
}

static void names_are_padded(void **state)
{
    (void)state;
    pretty_is("web", 6, false, "web    | ");
    pretty_is("longer", 3, false, "longer | ");
    pretty_is("web", 4, true, "\033[96mweb \033[0m | ");
}

static void a_prefix_stands_before_each_line(void **state)
{
    struct line line = whole("one", 3);
    (void)state;
    shows(CONSOLE_PREFIX, &line, "[web] one\n");
    line.last = false;
    shows(CONSOLE_PREFIX, &line, "[web] one\n");
    line = whole("", 0);
    shows(CONSOLE_PREFIX, &line, "[web] \n");
}

static void nothing_is_left_of_a_line_whose_pieces_were_all(void **state)
{
    const struct line line = {.bytes = "", .length = 0, .last = true};
    const struct wrap_pretty plain = {.width = 0};
    struct wrap w;
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(wrap_open(&w, CONSOLE_PREFIX, "web", &plain), 0);
    assert_int_equal(wrap_begin(&w, 0, &when), 0);
    assert_int_equal(wrap_line(&w, &line, &out), 0);
    assert_int_equal(out.length, 0);
    str_release(&out);
    wrap_close(&w);
    shows(CONSOLE_JSON, &line, "{" HEAD ",\"message\":\"\"}\n"); /* who joins waits for it */
}

static void a_time_may_stand_before_the_prefix(void **state)
{
    const struct wrap_pretty pretty = {.width = 5};
    const struct line line = whole("four", 4);
    struct wrap w;
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(wrap_open(&w, CONSOLE_PREFIX, "a", &pretty), 0);
    assert_int_equal(wrap_begin(&w, 0, &when), 0);
    assert_int_equal(wrap_line(&w, &line, &out), 0);
    assert_int_equal(out.length, strlen("12:34:56 a     | four\n"));
    assert_true(out.data[2] == ':' && out.data[5] == ':');
    assert_string_equal(out.data + 8, " a     | four\n");
    str_release(&out);
    wrap_close(&w);
}

static void a_line_is_an_object(void **state)
{
    (void)state;
    json_is_of("one", "{" HEAD ",\"message\":\"one\"}\n");
    json_is_of("", "{" HEAD ",\"message\":\"\"}\n");
    json_is_of("say \"a\\b\"\t", "{" HEAD ",\"message\":\"say \\\"a\\\\b\\\"\\t\"}\n");
    json_is_of("\xc3\xa4 \xe2\x82\xac", "{" HEAD ",\"message\":\"\xc3\xa4 \xe2\x82\xac\"}\n");
    json_is_of("[1,2]", "{" HEAD ",\"message\":\"[1,2]\"}\n");
}

static void a_piece_says_that_it_is_one(void **state)
{
    struct line line = whole("{\"a\":1}", 7);
    (void)state;
    line.last = false;
    shows(CONSOLE_JSON, &line, "{" HEAD ",\"message\":\"{\\\"a\\\":1}\",\"partial\":true}\n");
    line.first = false;
    shows(CONSOLE_JSON, &line, "{" HEAD ",\"message\":\"{\\\"a\\\":1}\",\"partial\":true}\n");
    line.last = true;
    shows(CONSOLE_JSON, &line, "{" HEAD ",\"message\":\"{\\\"a\\\":1}\"}\n");
}

static void bytes_that_are_no_text_are_escaped(void **state)
{
    (void)state;
    json_is_of("a\xff\xc3", "{" HEAD ",\"message\":\"a\\ufffd\\ufffd\"}\n");
    json_is_of("\033[1m\r", "{" HEAD ",\"message\":\"\\u001b[1m\\u000d\"}\n");
    json_is_of("{\"a\":\"\xff\"}", "{" HEAD ",\"a\":\"\\ufffd\"}\n");
}

static void an_object_keeps_its_members(void **state)
{
    (void)state;
    json_is_of("{\"level\":\"info\",\"n\":[1,{}]}", "{" HEAD ",\"level\":\"info\",\"n\":[1,{}]}\n");
    json_is_of(" { \"a\" : 1 } \r", "{" HEAD ",\"a\" : 1 }\n");
    json_is_of("{}", "{" HEAD "}\n");
    json_is_of("{ }", "{" HEAD "}\n");
    json_is_of("{\"message\":\"own\"}", "{" HEAD ",\"message\":\"own\"}\n");
}

static void what_only_looks_like_one_is_text(void **state)
{
    (void)state;
    json_is_of("{\"a\":1", "{" HEAD ",\"message\":\"{\\\"a\\\":1\"}\n");
    json_is_of("{\"a\":1} b", "{" HEAD ",\"message\":\"{\\\"a\\\":1} b\"}\n");
    json_is_of("{", "{" HEAD ",\"message\":\"{\"}\n");
}

static void no_name_is_there_twice(void **state)
{
    (void)state;
    json_is_of("{\"time\":1,\"a\":2}",
               "{\"_time\":\"2026-11-23T10:55:40.000000007Z\",\"service\":\"web\",\"stream\":"
               "\"stderr\",\"time\":1,\"a\":2}\n");
    json_is_of("{\"service\":\"x\",\"stream\":0}",
               "{\"time\":\"2026-11-23T10:55:40.000000007Z\",\"_service\":\"web\",\"_stream\":"
               "\"stderr\",\"service\":\"x\",\"stream\":0}\n");
    json_is_of("{\"_time\":0}", "{" HEAD ",\"_time\":0}\n");
    json_is_of("{\"time\":1,\"_time\":0,\"service\":1,\"___service\":2,\"__times\":3}",
               "{\"__time\":\"2026-11-23T10:55:40.000000007Z\",\"____service\":\"web\",\"stream\":"
               "\"stderr\",\"time\":1,\"_time\":0,\"service\":1,\"___service\":2,\"__times\":3}\n");
    json_is_of("{\"_\":0,\"\":1}", "{" HEAD ",\"_\":0,\"\":1}\n");
    json_is_of("{\"tim\\u0065\":1,\"\\u005ftime\":2}",
               "{\"__time\":\"2026-11-23T10:55:40.000000007Z\",\"service\":\"web\",\"stream\":"
               "\"stderr\",\"tim\\u0065\":1,\"\\u005ftime\":2}\n");
}

/* Whatever the bytes are, what comes out is one object on one line. */
static void each_line_becomes_an_object(void **state)
{
    const struct wrap_pretty plain = {.width = 0};
    static const char some[] = "{}[]\":,\\ \x80\xc3\xa4\xf0u0aetrunl1-.\x01\x7f_tim";
    uint32_t number = 1;
    struct wrap w;
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(wrap_open(&w, CONSOLE_JSON, "we\"b\xff", &plain), 0);
    assert_int_equal(wrap_begin(&w, 0, &when), 0);
    for (int i = 0; i < 20000; i++) {
        char text[24] = "{\"";
        size_t length = i % 3 == 0 ? 2 : 0;
        struct json j;
        struct json_value name, value;
        int more;
        while (length < sizeof text && (number = number * 1664525U + 1013904223U) >> 27 != 0)
            text[length++] = some[(number >> 8) % (sizeof some - 1)];
        const struct line line = {
            .bytes = text, .length = length, .first = i % 5 != 0, .last = i % 7 != 0};
        str_clear(&out);
        assert_int_equal(wrap_line(&w, &line, &out), 0);
        assert_ptr_equal(memchr(out.data, '\n', out.length), out.data + out.length - 1);
        assert_true(json_begin(&j, out.data, out.length, '{'));
        while ((more = json_next(&j, &name, &value)) > 0)
            ;
        assert_int_equal(more, 0);
    }
    str_release(&out);
    wrap_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_padded),
        cmocka_unit_test(a_prefix_stands_before_each_line),
        cmocka_unit_test(nothing_is_left_of_a_line_whose_pieces_were_all),
        cmocka_unit_test(a_time_may_stand_before_the_prefix),
        cmocka_unit_test(a_line_is_an_object),
        cmocka_unit_test(a_piece_says_that_it_is_one),
        cmocka_unit_test(bytes_that_are_no_text_are_escaped),
        cmocka_unit_test(an_object_keeps_its_members),
        cmocka_unit_test(what_only_looks_like_one_is_text),
        cmocka_unit_test(no_name_is_there_twice),
        cmocka_unit_test(each_line_becomes_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
