/* Where pid 1 says things: pipes, sockets, terminals and files that are full, slow or gone. */
#include "base/kernel.h"
#include "base/message.h"
#include "supervisor/console.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, ROOM = 1 << 17 };

struct ends {
    int read, write;
};

static struct ends open_pipe(void)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_true(fcntl(fd[1], F_SETPIPE_SZ, 2 * PAGE) >= 2 * PAGE);
    return (struct ends){fd[0], fd[1]};
}

static void close_ends(struct ends e)
{
    console_messages_to(2);
    message_to(NULL);
    close(e.read);
    close(e.write);
}

/* Fills it, by an open file of its own where that is possible; how many bytes. */
static size_t fill(int fd)
{
    char dots[PAGE];
    size_t count = 0;
    memset(dots, '.', sizeof dots);
    while (console_try(fd, dots, sizeof dots))
        count += sizeof dots;
    assert_true(count > 0);
    return count;
}

/* All that can be read now, as text. */
static const char *drain(int fd)
{
    static char text[ROOM];
    size_t length = 0;
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    for (ssize_t n; (n = read(fd, text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)n;
    fcntl(fd, F_SETFL, flags);
    text[length] = '\0';
    return text;
}

static void a_pipe_takes_all_or_nothing(void **state)
{
    struct ends e = open_pipe();
    (void)state;
    assert_true(console_try(e.write, "one\n", 4));
    assert_string_equal(drain(e.read), "one\n");
    size_t count = fill(e.write);
    assert_false(console_try(e.write, "two\n", 4));
    assert_int_equal(strlen(drain(e.read)), count);
    assert_true(console_try(e.write, "three\n", 6));
    assert_string_equal(drain(e.read), "three\n");
    assert_int_equal(fcntl(e.write, F_GETFL) & O_NONBLOCK, 0);
    close_ends(e);
}

static void a_socket_too(void **state)
{
    int fd[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_true(console_try(fd[1], "one\n", 4));
    assert_string_equal(drain(fd[0]), "one\n");
    fill(fd[1]);
    assert_int_equal(fcntl(fd[1], F_GETFL) & O_NONBLOCK, 0);
    close(fd[0]);
    assert_false(console_try(fd[1], "gone\n", 5)); /* and no SIGPIPE */
    close(fd[1]);
}

static void a_file_and_what_is_not_open(void **state)
{
    char name[] = "/tmp/console_test.XXXXXX", text[8] = "";
    int fd = mkstemp(name);
    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    assert_true(console_try(fd, "line\n", 5));
    assert_int_equal(pread(fd, text, 7, 0), 5);
    assert_string_equal(text, "line\n");
    close(fd);
    assert_false(console_try(fd, "line\n", 5));
    assert_false(console_try(-1, "line\n", 5));
}

static void messages_go_there(void **state)
{
    struct ends e = open_pipe();
    (void)state;
    message_name("overlog");
    console_messages_to(e.write);
    message_warning("it is %s", "so");
    assert_string_equal(drain(e.read), "overlog: warning: it is so\n");
    struct ends other = open_pipe();
    console_messages_to(other.write);
    message_warning("there");
    assert_string_equal(drain(other.read), "overlog: warning: there\n");
    assert_string_equal(drain(e.read), "");
    close(e.read);
    close(e.write);
    close_ends(other);
}

static void what_does_not_fit_is_counted(void **state)
{
    struct ends e = open_pipe();
    (void)state;
    console_messages_to(e.write);
    fill(e.write);
    message_warning("lost");
    message_warning("lost, too");
    drain(e.read);
    message_warning("room again");
    assert_string_equal(drain(e.read), "overlog: warning: 2 messages did not fit\n"
                                       "overlog: warning: room again\n");
    message_warning("and on");
    assert_string_equal(drain(e.read), "overlog: warning: and on\n");
    assert_int_equal(fcntl(e.write, F_GETFL) & O_NONBLOCK, 0);
    close_ends(e);
}

/* Where the count itself does not fit, it goes on. */
static void the_count_waits_for_room(void **state)
{
    struct ends e = open_pipe();
    (void)state;
    console_messages_to(e.write);
    fill(e.write);
    for (int i = 0; i < 3; i++)
        message_warning("lost");
    drain(e.read);
    message_warning("room");
    assert_string_equal(drain(e.read), "overlog: warning: 3 messages did not fit\n"
                                       "overlog: warning: room\n");
    close_ends(e);
}

static void a_reader_that_is_gone_is_no_end(void **state)
{
    struct ends e = open_pipe(), other = open_pipe();
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    console_messages_to(e.write);
    close(e.read);
    message_warning("nobody reads");
    message_warning("nor now");
    console_messages_to(other.write);
    message_warning("here");
    assert_string_equal(drain(other.read), "overlog: warning: 2 messages did not fit\n"
                                           "overlog: warning: here\n");
    signal(SIGPIPE, SIG_DFL);
    close(e.write);
    close_ends(other);
}

static struct ends open_terminal(void)
{
    struct termios t;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    assert_int_equal(tcgetattr(slave, &t), 0);
    cfmakeraw(&t);
    assert_int_equal(tcsetattr(slave, TCSANOW, &t), 0);
    return (struct ends){master, slave};
}

/* A terminal takes a part of a line: the rest comes before the next one. */
static void lines_of_a_terminal_stay_whole(void **state)
{
    struct ends e = open_terminal();
    char text[1500], line[1600];
    size_t got = 0;
    static char all[1 << 20];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int n = snprintf(line, sizeof line, "overlog: warning: %s\n", text);
    console_messages_to(e.write);
    /* Some are taken in part, some not at all, however large the buffer of the terminal is. */
    for (int i = 0; i < 200; i++) {
        message_warning("%s", text);
        if (i % 100 == 99) {
            const char *some = drain(e.read);
            memcpy(all + got, some, strlen(some));
            got += strlen(some);
        }
    }
    message_warning("end");
    for (const char *some; *(some = drain(e.read)) != '\0';) {
        memcpy(all + got, some, strlen(some));
        got += strlen(some);
    }
    size_t whole = 0, counts = 0;
    for (char *next, *at = all; (next = strchr(at, '\n')) != NULL; at = next + 1) {
        unsigned long lost;
        *next = '\0';
        if (strcmp(at, "overlog: warning: end") == 0)
            continue;
        if (sscanf(at, "overlog: warning: %lu messages did not fit", &lost) == 1) {
            counts += lost;
            continue;
        }
        assert_int_equal(next - at + 1, n);
        assert_memory_equal(at, line, (size_t)n - 1);
        whole++;
    }
    assert_int_equal(whole + counts, 200);
    assert_true(counts > 0);
    close_ends(e);
}

/* Descriptor 2 is a pipe for as long as this goes; what messages look like there. */
static void messages_look_as_all_else(void **state)
{
    struct ends e = open_pipe();
    const uint32_t somebody = 7;
    uint32_t within[2] = {0, 0};
    int err = dup(2), lock = kernel_memory("test");
    (void)state;
    message_name("/init");
    assert_int_equal(dup2(e.write, 2), 2);
    console_messages_to(2);
    console_look(CONSOLE_JSON);
    message_warning("it is \"so\"");
    const char *text = drain(e.read);
    static const char head[] = "{\"time\":\"",
                      tail[] = "\",\"service\":\".init\",\"stream\":\"stderr\","
                               "\"message\":\"/init: warning: it is \\\"so\\\"\"}\n";
    assert_memory_equal(text, head, sizeof head - 1);
    assert_string_equal(text + sizeof head - 1 + 30, tail);
    console_look(CONSOLE_PREFIX);
    message_warning("so");
    assert_string_equal(drain(e.read), "[.init] /init: warning: so\n");
    /* a logger, which has its own way to do that */
    console_messages_to(e.write);
    message_warning("so");
    assert_string_equal(drain(e.read), "/init: warning: so\n");
    /* a logger's begun line */
    console_look(CONSOLE_PLAIN);
    console_messages_to(2);
    console_shared_by(lock);
    assert_int_equal(pwrite(lock, &somebody, sizeof somebody, CONSOLE_WITHIN_OFFSET + 4), 4);
    message_warning("so");
    message_warning("so");
    assert_string_equal(drain(e.read), "\n/init: warning: so\n/init: warning: so\n");
    assert_int_equal(pread(lock, within, sizeof within, CONSOLE_WITHIN_OFFSET), sizeof within);
    assert_int_equal(within[1], 0);
    console_shared_by(-1);
    close(lock);
    assert_int_equal(dup2(err, 2), 2);
    close(err);
    close_ends(e);
}

static void an_object_goes_out_as_a_whole(void **state)
{
    struct ends e = open_pipe();
    char text[1900];
    int err = dup(2);
    (void)state;
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(dup2(e.write, 2), 2);
    console_messages_to(2);
    console_look(CONSOLE_JSON);
    message_warning("%s", text);
    const char *shown = drain(e.read);
    size_t length = strlen(shown);
    assert_true(length > 1000 && length < PAGE);
    assert_string_equal(shown + length - 3, "\"}\n");
    console_look(CONSOLE_PLAIN);
    assert_int_equal(dup2(err, 2), 2);
    close(err);
    close_ends(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_takes_all_or_nothing),
        cmocka_unit_test(a_socket_too),
        cmocka_unit_test(a_file_and_what_is_not_open),
        cmocka_unit_test(messages_go_there),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(the_count_waits_for_room),
        cmocka_unit_test(a_reader_that_is_gone_is_no_end),
        cmocka_unit_test(lines_of_a_terminal_stay_whole),
        cmocka_unit_test(messages_look_as_all_else),
        cmocka_unit_test(an_object_goes_out_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
