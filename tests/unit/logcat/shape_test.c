/* Shapes of lines, and lines counted by them. */
#include "logcat/shape.h"
#include "logcat/tally.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *shape(const char *line)
{
    static struct str out;
    size_t length = strlen(line);
    char *copy = exact_copy(line, length);
    assert_int_equal(shape_of(copy, length, &out), 0);
    free(copy);
    assert_int_equal(strlen(out.data), out.length);
    return out.data;
}

static void placeholders(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"started", "started"},
        {"took 12ms, 3.5 s", "took <n>ms, <n>.<n> s"},
        {"worker7 of 12", "worker<n> of <n>"},
        {"2026-11-29 10:15:42 x", "<time> x"},
        {"[29/Nov/2026:10:15:42 +0000] x", "[<time>] x"},
        {"at 10:15 for 7", "at <time> for <n>"},
        {"10.0.3.7:8080 10.0.3", "<ip>:<n> <n>.<n>.<n>"},
        {"pid 0x7f12 deadbeef01 feedface", "pid <hex> <hex> feedface"},
        {"3c0d93fa-11ce-4a05-8d0c-0d2f7a0f3c11!", "<id>!"},
        {"session x8f7aq92kzm1pp03w", "session <id>"},
        {"user \"J\xc3\xb6rg\" and 'x y' don't", "user \"<text>\" and '<text>' don't"},
        {"an \"open quote 7", "an \"open quote <n>"},
        {"a \\\"b", "a \\\"b"},
        {"level=info msg=\"took 7\" path=\"/a\"", "level=info msg=\"took <n>\" path=\"<text>\""},
        {"{\"level\":30,\"msg\":\"took 7\",\"id\":\"x\",\"n\":7}",
         "{\"level\":<n>,\"msg\":\"took <n>\",\"id\":\"<text>\",\"n\":<n>}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(shape(rows[i][0]), rows[i][1]);
}

static void long_lines(void **state)
{
    static char line[8000];
    (void)state;
    memset(line, 'x', sizeof line - 1);
    assert_int_equal(strlen(shape(line)), SHAPE_MAX + 3);
    for (size_t i = 0; i < sizeof line - 1; i++)
        line[i] = i % 2 ? '7' : 'x';
    assert_true(strlen(shape(line)) <= SHAPE_MAX + 3);
    memset(line, '7', sizeof line - 1);
    memcpy(line, "a \"", 3);
    memcpy(line + sizeof line - 10, "\" end 12", 9);
    assert_string_equal(shape(line), "a \"<text>\" end <n>");
}

static void add(struct tally *t, const char *service, time_t second, const char *text)
{
    struct entry e = {
        .time = {second, 0}, .message = (char *)(uintptr_t)text, .length = strlen(text)};
    assert_int_equal(tally_add(t, service, &e), 0);
}

static void the_most_frequent_first(void **state)
{
    struct tally t = {.row = NULL};
    struct render r = {.utc = true};
    struct str out = STR_INIT;
    (void)state;
    add(&t, "web", 1795947342, "took 7 ms");
    add(&t, "web", 1795947350, "started");
    add(&t, "web", 1795947330, "took 9 ms");
    add(&t, "api", 1795947360, "took 1 ms");
    tally_sort(&t, false);
    assert_int_equal(tally_show(&t, &r, 10, &out), 0);
    assert_string_equal(
        out.data, "    COUNT   SHARE  FIRST                    LAST                     SERVICE\n"
                  "        3   75.0%  2026-11-29 10:15:30.000  2026-11-29 10:16:00.000  (several)\n"
                  "    took <n> ms\n    took 7 ms\n"
                  "        1   25.0%  2026-11-29 10:15:50.000  2026-11-29 10:15:50.000  web\n"
                  "    started\n    started\n");
    str_clear(&out);
    tally_sort(&t, true);
    r = (struct render){.form = RENDER_JSON};
    assert_int_equal(tally_show(&t, &r, 1, &out), 0);
    assert_string_equal(out.data,
                        "{\"count\":1,\"share\":25.00,\"first\":\"2026-11-29T10:15:50.000Z\","
                        "\"last\":\"2026-11-29T10:15:50.000Z\",\"service\":\"web\","
                        "\"pattern\":\"started\",\"example\":\"started\"}\n");
    str_release(&out);
    tally_release(&t);
}

/* More shapes than there are rows: the frequent one stays, and each line is counted. */
static void memory_is_bounded(void **state)
{
    struct tally t = {.row = NULL};
    unsigned long long counted = 0;
    char text[16];
    (void)state;
    for (int i = 0; i < 3 * TALLY_ROWS; i++) {
        for (int k = 0, n = i; k < 5; k++, n /= 16)
            text[k] = (char)('g' + n % 16);
        text[5] = '\0';
        add(&t, "web", 1795947342 + i, text);
        if (i % 8 == 0)
            add(&t, "web", 1795947342 + i, "often 7");
    }
    tally_sort(&t, false);
    assert_true(t.rows <= TALLY_ROWS);
    assert_string_equal(t.row[0].shape, "often <n>");
    assert_int_equal(t.row[0].count, 3 * TALLY_ROWS / 8);
    for (size_t i = 0; i < t.rows; i++)
        counted += t.row[i].count;
    assert_int_equal(counted + t.rare, t.lines);
    assert_true(t.rare > 0);
    tally_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(the_most_frequent_first),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
