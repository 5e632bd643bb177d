/* What programs say by sd_notify, and what people are shown of it. */
#include "command/tools/notify_message.h"
#include "tests/unit/exact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct notify_message parsed(const char *text)
{
    struct notify_message m;
    notify_parse(&m, text, strlen(text));
    return m;
}

static void words(void **state)
{
    (void)state;
    assert_true(parsed("READY=1").ready);
    assert_true(parsed("STATUS=x\nREADY=1\n").ready);
    assert_false(parsed("READY=0").ready);
    assert_false(parsed("READY=11").ready);
    assert_false(parsed("READY=").ready);
    assert_false(parsed("READY").ready);
    assert_false(parsed("XREADY=1").ready);
    assert_false(parsed(" READY=1").ready);
    assert_false(parsed("ready=1").ready);
    assert_true(parsed("RELOADING=1\nMONOTONIC_USEC=17").reloading);
    assert_true(parsed("STOPPING=1").stopping);
    struct notify_message none =
        parsed("MAINPID=1\nEXTEND_TIMEOUT_USEC=1\nFDSTORE=1\nBARRIER=1\nERRNO=2\n"
               "BUSERROR=x\nX_MINE=1\n\n\n=\n");
    assert_false(none.ready || none.reloading || none.stopping || none.has_status);
    assert_int_equal(none.watchdog, NOTIFY_NO_SIGN);
}

static void watchdogs(void **state)
{
    (void)state;
    assert_int_equal(parsed("WATCHDOG=1").watchdog, NOTIFY_ALIVE);
    assert_int_equal(parsed("WATCHDOG=trigger").watchdog, NOTIFY_TRIGGER);
    assert_int_equal(parsed("WATCHDOG=trigger\nWATCHDOG=1").watchdog, NOTIFY_TRIGGER);
    assert_int_equal(parsed("WATCHDOG=2").watchdog, NOTIFY_NO_SIGN);
    assert_int_equal(parsed("WATCHDOG_USEC=1").watchdog, NOTIFY_NO_SIGN);
}

static void statuses(void **state)
{
    char text[NOTIFY_MESSAGE_MAX + 1] = "STATUS=";
    (void)state;
    assert_string_equal(parsed("STATUS=17 of 30=x").status, "17 of 30=x");
    assert_string_equal(parsed("STATUS=a\nSTATUS=b").status, "b");
    assert_true(parsed("STATUS=").has_status);
    assert_string_equal(parsed("STATUS=").status, "");
    /* Cut between characters: two bytes each, and an odd number of bytes fit. */
    for (size_t i = 7; i + 2 <= NOTIFY_MESSAGE_MAX; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[NOTIFY_MESSAGE_MAX - 1] = '\0';
    assert_int_equal(strlen(parsed(text).status), NOTIFY_STATUS_MAX - 2);
    text[NOTIFY_MESSAGE_MAX - 1] = 'x';
    text[NOTIFY_MESSAGE_MAX] = 'x';
    struct notify_message m;
    notify_parse(&m, text, NOTIFY_MESSAGE_MAX);
    assert_true(m.has_status);
    notify_parse(&m, text, NOTIFY_MESSAGE_MAX + 1);
    assert_false(m.has_status); /* it may be cut */
    notify_parse(&m, "STATUS=a\0b\nREADY=1", 18);
    assert_string_equal(m.status, "a");
    assert_true(m.ready);
}

static void line_is(const struct notify_state *s, const char *wanted)
{
    char line[NOTIFY_LINE_MAX];
    assert_int_equal(notify_line(s, line), strlen(wanted));
    assert_string_equal(line, wanted);
}

static void takes(struct notify_state *s, const char *text, bool changed, const char *wanted)
{
    struct notify_message m = parsed(text);
    assert_int_equal(notify_take(s, &m), changed);
    line_is(s, wanted);
}

static void lines(void **state)
{
    struct notify_state s = {.reloading = false};
    (void)state;
    line_is(&s, "");
    takes(&s, "READY=1", false, "");
    takes(&s, "STATUS=17 of 30", true, "17 of 30\n");
    takes(&s, "STATUS=17 of 30\nWATCHDOG=1", false, "17 of 30\n");
    takes(&s, "RELOADING=1", true, "reloading: 17 of 30\n");
    takes(&s, "RELOADING=1\nSTATUS=", true, "reloading\n");
    takes(&s, "READY=1\nSTATUS=well", true, "well\n");
    takes(&s, "STOPPING=1", true, "stopping: well\n");
    takes(&s, "STATUS=", true, "stopping\n");
}

/* Any bytes: what is read is within what was given. */
static void anything(void **state)
{
    static const char *const parts[] = {"READY=1", "STATUS=", "WATCHDOG=", "trigger",   "1",
                                        "\n",      "=",       "\xc3",      "STOPPING=1"};
    unsigned int seed = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[200] = "";
        for (int n = rand_r(&seed) % 12; n > 0; n--)
            strcat(text, parts[(size_t)rand_r(&seed) % (sizeof parts / sizeof parts[0])]);
        size_t length = strlen(text);
        char *exact = exact_copy(text, length);
        struct notify_message m;
        struct notify_state s = {.stopping = (i & 1) != 0};
        char line[NOTIFY_LINE_MAX];
        notify_parse(&m, exact, length);
        notify_take(&s, &m);
        assert_true(notify_line(&s, line) < sizeof line);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words), cmocka_unit_test(watchdogs), cmocka_unit_test(statuses),
        cmocka_unit_test(lines), cmocka_unit_test(anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
