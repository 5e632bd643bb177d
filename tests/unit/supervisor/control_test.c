/* Requests of the control socket, and who has a place there. */
#include "contract/paths.h"
#include "supervisor/control.h"
#include "tests/unit/supervisor/simulated.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

static int caller(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = RUN_CONTROL};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* One caller too many comes, and at the same time another one asks: it has asked, whoever is looked
 * at first. */
static void who_asks_now_keeps_its_place(void **state)
{
    static const char list[] = "OVL1\6\0\0\0s6-rc\0ua\0"
                               "0\0"
                               "1\0"
                               "0\0list";
    int fd[CONTROL_CONNECTIONS];
    (void)state;
    simulated_boot(NULL);
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
        fd[i] = caller();
        simulated_settle();
    }
    int late = caller();
    int asks = fd[CONTROL_CONNECTIONS - 1];
    assert_int_equal(send(asks, list, sizeof list, MSG_NOSIGNAL), sizeof list);
    simulated_settle();
    assert_non_null(strstr(simulated_answer(asks), "x0\n"));
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
        close(fd[i]);
    close(late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_requests),
        SIMULATED_TEST(who_asks_now_keeps_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
