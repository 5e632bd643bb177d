/* Requests of the control socket. */
#include "supervisor/control.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What control_parse says of a request with that version, that count and that text. */
static long parsed(char version, uint16_t count, const char *text, size_t length)
{
    static char packet[64];
    static const char *words[CONTROL_WORDS_MAX];
    memcpy(packet, "OVL", 3);
    packet[3] = version;
    memcpy(packet + 4, &count, sizeof count);
    memcpy(packet + 8, text, length);
    long n = control_parse(packet, 8 + length, words);
    if (n == 2) {
        assert_string_equal(words[0], "halt");
        assert_string_equal(words[1], "reboot");
    }
    return n;
}

static void control_requests(void **state)
{
    static const char text[] = "halt\0reboot";
    const char *words[CONTROL_WORDS_MAX];
    (void)state;
    assert_int_equal(parsed('1', 2, text, sizeof text), 2);
    assert_int_equal(parsed('1', 2, text, sizeof text - 1), -1);     /* no final NUL */
    assert_int_equal(control_parse("OVL1\001\001\0", 7, words), -1); /* half a header */
    assert_int_equal(parsed('2', 2, text, sizeof text), -1);         /* other version */
    assert_int_equal(parsed('1', 0, "", 0), -1);                     /* no word */
    assert_int_equal(parsed('1', 3, text, sizeof text), -1);         /* fewer than said */
    assert_int_equal(parsed('1', 1, text, sizeof text), -1);         /* more than said */
    assert_int_equal(parsed('1', 65535, text, sizeof text), -1);     /* absurd */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
