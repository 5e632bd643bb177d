/* JSON objects read where they stand: what is one, what is none, and what their members are. */
#include "base/json.h"
#include "base/json_write.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The number of members; -1: it is no object. From memory of just the text's size. */
static int members(const char *text)
{
    size_t length = strlen(text);
    char *copy = exact_copy(text, length);
    struct json_value name, value;
    struct json j;
    int count = 0, result = -1;
    if (json_begin(&j, copy, length, '{'))
        while ((result = json_next(&j, &name, &value)) == 1)
            count++;
    free(copy);
    return result < 0 ? -1 : count;
}

static void objects(void **state)
{
    static const struct {
        const char *text;
        int members;
    } good[] = {{"{}", 0},
                {" { } ", 0},
                {"{\"a\":1}", 1},
                {"{\"a\":-0.5e+3,\"b\":\"\\u00e4\\n\\\"\",\"c\":null,\"d\":true,\"e\":false}", 5},
                {"{\"a\":[],\"b\":[1,[2,{}]],\"c\":{\"d\":{\"e\":[{}]}}}", 3},
                {"{\t\"a\"\r\n:\t[ 1 , 2 ] , \"\" : { \"x\" : \"y\" } }", 2}};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(members(good[i].text), good[i].members);
}

static void no_objects(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "[1]",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\":1}x",
                                      "{\"a\":01}",
                                      "{\"a\":.5}",
                                      "{\"a\":1.}",
                                      "{\"a\":1e}",
                                      "{\"a\":+1}",
                                      "{\"a\":nul}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12g4\"}",
                                      "{\"a\":\"",
                                      "{\"a\":[1,]}",
                                      "{\"a\":[1}",
                                      "{\"a\":{\"b\":1]}",
                                      "{a:1}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":{\"b\"}}",
                                      "{\"a\":\"\\"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (members(bad[i]) != -1)
            fail_msg("%s", bad[i]);
}

static void depth(void **state)
{
    char text[200] = "{\"a\":";
    (void)state;
    for (int levels = 1; levels <= 40; levels++) {
        size_t n = 5;
        for (int i = 0; i < levels; i++)
            text[n++] = '[';
        for (int i = 0; i < levels; i++)
            text[n++] = ']';
        memcpy(text + n, "}", 2);
        assert_int_equal(members(text), levels <= 32 ? 1 : -1);
    }
}

static void written(void **state)
{
    struct str out = STR_INIT;
    bool lossy = false;
    (void)state;
    assert_int_equal(json_write_string(&out, "a\"\\\t\n\x7f\xc3\xa4", 8, &lossy), 0);
    assert_string_equal(out.data, "\"a\\\"\\\\\\t\\u000a\\u007f\xc3\xa4\"");
    assert_false(lossy);
    str_clear(&out);
    assert_int_equal(json_write_string(&out, "\xff\xe2\x80\xae", 4, &lossy), 0);
    assert_string_equal(out.data, "\"\\ufffd\\u202e\"");
    assert_true(lossy);
    str_clear(&out);
    assert_int_equal(json_write_raw(&out, "[\"\\n\xff\",\t1]", 10), 0);
    assert_string_equal(out.data, "[\"\\n\\ufffd\",\t1]");
    str_clear(&out);
    assert_int_equal(json_write_raw(&out, "{\r\n\t\"c\":[1,\r2]}", 15), 0);
    assert_string_equal(out.data, "{  \t\"c\":[1, 2]}");
    str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),
        cmocka_unit_test(no_objects),
        cmocka_unit_test(depth),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
