/* Fields of lines: found, listed, compared, and shown as members and as a table. */
#include "logcat/columns.h"
#include "logcat/fields.h"
#include "logcat/members.h"
#include "logcat/where.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char json[] =
    "{\"level\":30,\"user\":{\"id\":42,\"name\":\"J\\u00f6rg\"},\"a.b\":1,\"path\":\"/api/x\","
    "\"ok\":true,\"list\":[1,{\"x\":2}],\"text\":\"a \\\"b\\\"\\n\",\"e\":\"\"}";
static const char logfmt[] =
    "ts=2026-11-29T10:15:42Z level=warn msg=\"no \\\"stock\\\"\" status=503 "
    "path=/api/x?id=7 bad=\"\\x\" empty= user.id=42";
static const char combined[] =
    "10.0.3.7 - shop [29/Nov/2026:10:15:42 +0000] \"GET /api/x?id=7 HTTP/1.1\" 503 162 "
    "\"https://example.org/\" \"curl/8.5.0\"";

/* The value as text, "(none)" without the field; from memory of just the line's size. */
static const char *value(const char *line, const char *name)
{
    static struct str out;
    size_t length = strlen(line);
    char *copy = exact_copy(line, length);
    struct field_value v;
    str_clear(&out);
    if (fields_find(copy, length, name, &v))
        assert_int_equal(field_add(&v, &out), 0);
    else
        str_add_text(&out, "(none)");
    free(copy);
    return out.data ? out.data : "";
}

static void members_of_json(void **state)
{
    (void)state;
    assert_string_equal(value(json, "level"), "30");
    assert_string_equal(value(json, "user.id"), "42");
    assert_string_equal(value(json, "user.name"), "J\xc3\xb6rg");
    assert_string_equal(value(json, "a.b"), "1");
    assert_string_equal(value(json, "user"), "{\"id\":42,\"name\":\"J\\u00f6rg\"}");
    assert_string_equal(value(json, "ok"), "true");
    assert_string_equal(value(json, "text"), "a \"b\"\n");
    assert_string_equal(value(json, "e"), "");
    assert_string_equal(value(json, "user.x"), "(none)");
    assert_string_equal(value(json, "id"), "(none)");
    assert_string_equal(value(json, "list.x"), "(none)");
    assert_string_equal(value("{\"a\":1} trailing", "b"), "(none)");
    assert_string_equal(value("{\"a\":01}", "a"), "(none)");
    assert_string_equal(value("{\"p\":\"\\ud83d\\ude00\\ud800\"}", "p"),
                        "\xf0\x9f\x98\x80\xef\xbf\xbd");
}

static void pairs_of_logfmt(void **state)
{
    (void)state;
    assert_string_equal(value(logfmt, "level"), "warn");
    assert_string_equal(value(logfmt, "msg"), "no \"stock\"");
    assert_string_equal(value(logfmt, "status"), "503");
    assert_string_equal(value(logfmt, "path"), "/api/x?id=7");
    assert_string_equal(value(logfmt, "bad"), "\\x");
    assert_string_equal(value(logfmt, "empty"), "");
    assert_string_equal(value(logfmt, "user.id"), "42");
    assert_string_equal(value(logfmt, "tatus"), "(none)");
    assert_string_equal(value("level=info msg=\"GET /cut", "msg"), "GET /cut");
    assert_string_equal(value("msg=\"GET \\\"/cut\\", "msg"), "GET \\\"/cut\\");
    assert_string_equal(value("msg=\"", "msg"), "");
    assert_string_equal(value("a=1 b:c=2 d$e=3 F\\G=4", "F\\G"), "4");
    assert_string_equal(value("b:c=2 a=1", "a"), "(none)");
    assert_string_equal(value("a line with x=1 in it", "x"), "(none)");
    assert_string_equal(value("", "x"), "(none)");
}

static void parts_of_the_combined_format(void **state)
{
    static const char *const want[][2] = {
        {"addr", "10.0.3.7"},    {"user", "shop"},
        {"method", "GET"},       {"path", "/api/x"},
        {"query", "id=7"},       {"protocol", "HTTP/1.1"},
        {"status", "503"},       {"bytes", "162"},
        {"agent", "curl/8.5.0"}, {"referer", "https://example.org/"},
        {"vhost", "(none)"},     {"time", "29/Nov/2026:10:15:42 +0000"}};
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_string_equal(value(combined, want[i][0]), want[i][1]);
    assert_string_equal(
        value("::1 - - [29/Nov/2026:10:15:42 +0000] \"\\x16\\x03\" 400 0", "status"), "400");
    assert_string_equal(value("::1 - - [29/Nov/2026:10:15:42 +0000] \"-\" 408 -", "bytes"),
                        "(none)");
    assert_string_equal(
        value("a.org:443 ::1 - - [29/Nov/2026:10:15:42 +0000] \"GET / HTTP/2\" 200 5", "vhost"),
        "a.org:443");
    assert_string_equal(value("::1 - - [29/Nov/2026:10:15:42 +0000] \"GET /", "addr"), "(none)");
    assert_string_equal(
        value("::1 - - [29/Nov/2026:10:15:42 +0000] \"GET / HTTP/2\" two 5", "addr"), "(none)");
}

static bool holds(const char *condition, const char *line)
{
    struct where w;
    struct error e = ERROR_INIT;
    if (where_parse(&w, condition, &e) < 0)
        fail_msg("%s", e.text);
    bool result = where_holds(&w, line, strlen(line));
    where_release(&w);
    return result;
}

static void conditions(void **state)
{
    static const char *const good[] = {"status>=500",  "status>500",   "status<1e3", "status<=503",
                                       "status=503.0", "status!=502",  "status",     "path~^/api",
                                       "path!~^/x",    " status > 9 ", "status==503"};
    static const char *const bad[] = {"status>=504", "status<503", "status!=503", "status=50",
                                      "other",       "other!=7",   "other!~x",    "path~^api",
                                      "path!~api",   "path>7",     "path<7"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!holds(good[i], combined) || !holds(good[i], logfmt))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (holds(bad[i], combined) || holds(bad[i], logfmt))
            fail_msg("%s", bad[i]);
    assert_true(holds("user.id=42", json));
    assert_true(holds("user.name=J\xc3\xb6rg", json));
    assert_true(holds("ok=true", json));
    assert_true(holds("e=", json));
    assert_true(holds("ts>2026-11-29T10", logfmt));
    assert_false(holds("ts>2026-11-29T11", logfmt));
}

static void no_conditions(void **state)
{
    static const char *const wrong[] = {"", ">=500", " ", "=x", "a!b", "a~("};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct where w;
        struct error e = ERROR_INIT;
        if (where_parse(&w, wrong[i], &e) == 0)
            fail_msg("%s", wrong[i]);
        assert_int_equal(e.code, EXIT_USAGE);
    }
}

static const char *members(const char *line, enum severity severity)
{
    static struct str out;
    struct entry e = {
        .message = (char *)(uintptr_t)line, .length = strlen(line), .severity = severity};
    str_clear(&out);
    assert_int_equal(members_add(&e, &out), 0);
    return out.data ? out.data : "";
}

static void members_for_json(void **state)
{
    (void)state;
    assert_string_equal(members("plain", SEVERITY_UNKNOWN), "");
    assert_string_equal(members("plain", SEVERITY_ERROR), ",\"severity\":\"err\"");
    assert_string_equal(members("{\"a\":{\"b\":[1, \"\\n\"]},\"time\":1,\"message\":2,\"x\":null}",
                                SEVERITY_UNKNOWN),
                        ",\"a\":{\"b\":[1, \"\\n\"]},\"x\":null");
    assert_string_equal(members("{\"a\":1,\"b\":", SEVERITY_UNKNOWN), "");
    assert_string_equal(members("a=1 b=\"x y\"", SEVERITY_UNKNOWN), ",\"a\":\"1\",\"b\":\"x y\"");
    assert_string_equal(members("{\"\\u0041\":\"\xff\xe2\x80\xae\"}", SEVERITY_UNKNOWN),
                        ",\"A\":\"\\ufffd\\u202e\"");
    assert_string_equal(members("{\"servic\\u0065\":\"evil\",\"servic\":1}", SEVERITY_UNKNOWN),
                        ",\"servic\":1");
    assert_string_equal(
        members("::1 - - [29/Nov/2026:10:15:42 +0000] \"GET /x HTTP/2\" 200 5", SEVERITY_UNKNOWN),
        ",\"addr\":\"::1\",\"request\":\"GET /x HTTP/2\",\"method\":\"GET\",\"path\":\"/x\","
        "\"protocol\":\"HTTP/2\",\"status\":200,\"bytes\":5");
    assert_string_equal(
        members("::1 - - [29/Nov/2026:10:15:42 +0000] \"x\" 007 0 \"5\"", SEVERITY_UNKNOWN),
        ",\"addr\":\"::1\",\"request\":\"x\",\"status\":\"007\",\"bytes\":0,"
        "\"referer\":\"5\"");
    assert_string_equal(
        members("::1 - - [29/Nov/2026:10:15:42 +0000] \"x\" 0 5k", SEVERITY_UNKNOWN),
        ",\"addr\":\"::1\",\"request\":\"x\",\"status\":0,\"bytes\":\"5k\"");
}

static void a_table(void **state)
{
    struct columns c = {.column = NULL};
    struct render r = {.utc = true};
    struct error e = ERROR_INIT;
    struct str out = STR_INIT;
    static const char *const lines[] = {"status=200 path=/a", "{\"status\":\"teapot\"}",
                                        "path=\"a\\nb\" status=7", "plain"};
    (void)state;
    assert_int_equal(columns_parse(&c, "ts,status,service,path", &e), 0);
    for (size_t i = 0; i < 4; i++) {
        struct entry entry = {.time = {1795947342, 5000000},
                              .message = (char *)(uintptr_t)lines[i],
                              .length = strlen(lines[i])};
        assert_int_equal(columns_has(&c, &entry), i < 3);
        if (i < 3)
            assert_int_equal(columns_row(&c, &r, "web", &entry, &out), 0);
    }
    assert_string_equal(out.data, "ts                       status  service  path\n"
                                  "2026-11-29 10:15:42.005  200     web      /a\n"
                                  "2026-11-29 10:15:42.005  teapot  web      -\n"
                                  "2026-11-29 10:15:42.005  7       web      a^Jb\n");
    columns_release(&c);
    str_release(&out);
    assert_int_equal(columns_parse(&c, "ts,message", &e), 0);
    assert_true(columns_has(&c, &(struct entry){.message = (char *)(uintptr_t) "x", .length = 1}));
    columns_release(&c);
    assert_int_equal(columns_parse(&c, "", &e), -1);
    assert_int_equal(columns_parse(&c, "a,,b", &e), -1);
    columns_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_json),
        cmocka_unit_test(pairs_of_logfmt),
        cmocka_unit_test(parts_of_the_combined_format),
        cmocka_unit_test(conditions),
        cmocka_unit_test(no_conditions),
        cmocka_unit_test(members_for_json),
        cmocka_unit_test(a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
