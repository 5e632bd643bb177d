#include "base/message.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *shown;
} rows[] = {
    {"", ""},
    {"plain ~ text\twith a tab", "plain ~ text\twith a tab"},
    {"a\033[31mb\rc\nd\a\177", "a^[[31mb^Mc^Jd^G^?"},
    {"\xc2\x9b"
     "31m\xc2\x85",
     "\\u009b31m\\u0085"}, /* CSI and NEL of C1 */
    {"\x9b"
     "31m\xff",
     "\\x9b31m\\xff"}, /* no UTF-8 */
    {"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"},
    {"\xe2\x80\xaegnp.exe\xe2\x81\xa6", "\\u202egnp.exe\\u2066"}, /* the direction of writing */
    {"a\xe2\x80\x8b"
     "b\xe2\x81\xa0\xef\xbb\xbf",
     "a\\u200bb\\u2060\\ufeff"}, /* no room */
    {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
    {"\xc0\x9b\xed\xa0\x80\xe2\x80",
     "\\xc0\\x9b\\xed\\xa0\\x80\\xe2\\x80"}, /* overlong, surrogate, cut */
};

static void what_is_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str out = STR_INIT;
        char buffer[200];
        assert_int_equal(utf8_visible(rows[i].text, strlen(rows[i].text), &out), 0);
        assert_string_equal(out.data, rows[i].shown);
        assert_int_equal(
            utf8_visible_into(buffer, sizeof buffer, rows[i].text, strlen(rows[i].text)),
            strlen(rows[i].shown));
        assert_string_equal(buffer, rows[i].shown);
        str_release(&out);
    }
}

static void no_room(void **state)
{
    (void)state;
    for (size_t size = 1; size < 12; size++) {
        char buffer[12];
        memset(buffer, 'x', sizeof buffer);
        size_t n = utf8_visible_into(buffer, size, "a\033\xc3\xa9\xff", 5);
        assert_true(n < size);
        assert_int_equal(buffer[n], '\0');
        assert_int_equal(buffer[size], 'x');
        assert_memory_equal("a^[\xc3\xa9\\xff", buffer, n);
        assert_true(n != 2 && n != 4 && (n < 6 || n == 9)); /* never a part of what is shown */
    }
    assert_int_equal(utf8_visible_into(NULL, 0, "a", 1), 0);
}

static char said[MESSAGE_MAX + 1];

static void keep(const char *line, size_t length)
{
    assert_true(length <= MESSAGE_MAX);
    memcpy(said, line, length);
    said[length] = '\0';
}

static void messages_are_shown(void **state)
{
    static char text[3 * MESSAGE_MAX];
    (void)state;
    message_to(keep);
    message_name("x");
    message_fatal("no %s", "a\033[2Jb\nx: fatal: \xc2\x9b");
    assert_string_equal(said, "x: fatal: no a^[[2Jb^Jx: fatal: \\u009b\n");
    memset(text, '\033', sizeof text - 1);
    message_fatal("%s", text);
    assert_true(strlen(said) >= MESSAGE_MAX - 2 && said[strlen(said) - 1] == '\n');
    assert_null(strchr(said, '\033'));
    message_to(NULL);
}

static void width_on_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(utf8_width("", 0), 0);
    assert_int_equal(utf8_width("web", 3), 3);
    assert_int_equal(utf8_width("\xc3\xbc"
                                "ber",
                                5),
                     4);
    assert_int_equal(utf8_width("u\xcc\x88", 3), 1);                /* a mark over the letter */
    assert_int_equal(utf8_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4); /* Japanese */
    assert_int_equal(utf8_width("\xf0\x9f\x98\x80", 4), 2);         /* a picture */
    assert_int_equal(utf8_width("\xff\xe6", 2), 2);                 /* no UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_on_a_terminal),
        cmocka_unit_test(what_is_shown),
        cmocka_unit_test(no_room),
        cmocka_unit_test(messages_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
