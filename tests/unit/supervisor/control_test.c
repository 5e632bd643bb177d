/* Requests of the control socket. */
#include "contract/paths.h"
#include "supervisor/control.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <stdio.h>
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

/* A request of s6-rc, of six words in all, whose rest is given with its last NUL. */
static void ask(int fd, const char *rest, size_t length)
{
    char packet[64] = CONTROL_MAGIC "\0\0\0\0s6-rc";
    const size_t begin = sizeof CONTROL_MAGIC + 4 + sizeof "s6-rc" - 1;
    const uint16_t words = 6;
    memcpy(packet + 4, &words, sizeof words);
    memcpy(packet + begin, rest, length);
    assert_int_equal(send(fd, packet, begin + length, MSG_NOSIGNAL), begin + length);
}

static const char listall[] = "\0"
                              "0\0"
                              "2\0"
                              "0\0"
                              "listall";

/* A connection, without letting pid 1 have a turn; asks: with a request behind it. */
static int connected(bool asks)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = RUN_CONTROL};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        assert_int_equal(errno, EAGAIN); /* as many wait as may: they are to be taken first */
        simulated_settle();
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    }
    if (asks)
        ask(fd, listall, sizeof listall);
    return fd;
}

/* Its last packet, "x0" after its answer; closes it. */
static const char *end_of(int fd)
{
    static char last[8192];
    ssize_t n;
    last[0] = '\0';
    while ((n = recv(fd, last, sizeof last - 1, 0)) > 0)
        last[n] = '\0';
    if (n < 0)
        snprintf(last, sizeof last, "%s", strerror(errno));
    close(fd);
    return last;
}

/* More than are served at once, none of which reads before all have asked. */
static void all_callers_are_answered(void **state)
{
    enum { CALLERS = 30 };
    int fd[CALLERS];
    (void)state;
    simulated_boot(NULL);
    for (int i = 0; i < CALLERS; i++)
        fd[i] = connected(true);
    simulated_settle();
    for (int i = 0; i < CALLERS; i++)
        assert_string_equal(end_of(fd[i]), "x0");
}

/* Of those who ask nothing, and those who do not read, the first go: and so nobody is kept out. */
static void those_who_do_nothing_make_room(void **state)
{
    enum { SILENT = 100 };
    int fd[SILENT];
    (void)state;
    simulated_boot(NULL);
    for (int i = 0; i < SILENT; i++)
        fd[i] = connected(i % 2 == 0);
    simulated_settle();
    int asks = connected(true);
    simulated_settle();
    assert_string_equal(end_of(asks), "x0");
    assert_string_equal(end_of(fd[SILENT - 2]), "x0");
    assert_string_not_equal(end_of(fd[1]), strerror(EAGAIN)); /* it was let go */
}

/* All ask, and one more comes, in one turn: whoever makes room for it has its answer. */
static void who_makes_room_is_answered(void **state)
{
    int fd[CONTROL_IDLE];
    int late = -1;
    (void)state;
    simulated_boot(NULL);
    for (int i = 0; i < CONTROL_IDLE; i++)
        fd[i] = connected(false);
    simulated_settle();
    for (int i = 0; i < CONTROL_IDLE; i++) {
        if (i == CONTROL_IDLE - 1)
            late = connected(false);
        ask(fd[i], listall, sizeof listall);
    }
    simulated_settle();
    char none;
    recv(fd[0], &none, 1, MSG_PEEK); /* that it was let go is told before what was sent to it */
    for (int i = 0; i < CONTROL_IDLE; i++)
        assert_string_equal(end_of(fd[i]), "x0");
    close(late);
}

/* A caller that does not read for a while: what it is told then, and its end, want no memory. */
static void an_end_that_has_no_room_comes_later(void **state)
{
    char text[64];
    const struct control_connection *k = simulated.sv->control.connection;
    (void)state;
    simulated_boot(NULL);
    int fd = connected(false);
    simulated_settle();
    assert_int_equal(k->state, CONNECTION_SILENT);
    while (send(k->watch.fd, "o-", 2, MSG_DONTWAIT) > 0)
        ;
    control_end((struct control_connection *)(uintptr_t)k, 7);
    assert_int_equal(k->state, CONNECTION_ENDING);
    assert_int_equal(k->unsent.length, 0);
    while (recv(fd, text, sizeof text, 0) > 0)
        simulated_settle();
    assert_int_equal(text[0], 'x');
    assert_int_equal(text[1], '7');
    close(fd);
}

/* One caller too many comes, and at the same time another one asks: it has asked, whoever is looked
 * at first. */
static void who_asks_now_keeps_its_place(void **state)
{
    static const char list[] = "ua\0"
                               "0\0"
                               "1\0"
                               "0\0list";
    int fd[CONTROL_CONNECTIONS];
    (void)state;
    simulated_boot(NULL);
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
        fd[i] = connected(false);
        simulated_settle();
    }
    int late = connected(false);
    int asks = fd[CONTROL_CONNECTIONS - 1];
    ask(asks, list, sizeof list);
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
        SIMULATED_TEST(all_callers_are_answered),
        SIMULATED_TEST(those_who_do_nothing_make_room),
        SIMULATED_TEST(who_makes_room_is_answered),
        SIMULATED_TEST(an_end_that_has_no_room_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
