/* The product's table: nothing is missing, and what it wraps does as its header says. */
#include "supervisor/pid1_calls.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void no_call_is_missing(void **state)
{
    void (*calls[sizeof pid1_system / sizeof(void (*)(void))])(void);
    (void)state;
    memcpy(calls, &pid1_system, sizeof calls);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(calls[i] != NULL);
}

static void a_file_is_made_once(void **state)
{
    char folder[] = "/tmp/pid1_calls_test.XXXXXX", path[64];
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    mode_t mask = umask(022);
    int fd = pid1_system.create(path, O_WRONLY, 0644);
    umask(mask);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pid1_system.create(path, O_WRONLY, 0644), -1);
    assert_int_equal(errno, EEXIST);
    close(fd);
    assert_int_equal(pid1_system.unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0); /* what somebody put there is not followed */
    assert_int_equal(pid1_system.create(path, O_WRONLY, 0644), -1);
    unlink(path);
    rmdir(folder);
}

static void a_packet_is_peeked_at_and_stays(void **state)
{
    int fd[2];
    char bytes[8] = "";
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(pid1_system.peek(fd[0], bytes, sizeof bytes), -1);
    assert_int_equal(errno, EAGAIN); /* nothing is there, and nobody waits */
    assert_int_equal(send(fd[1], "one", 3, 0), 3);
    assert_int_equal(pid1_system.peek(fd[0], bytes, sizeof bytes), 3);
    assert_int_equal(pid1_system.read(fd[0], bytes, sizeof bytes), 3);
    assert_string_equal(bytes, "one");
    close(fd[1]);
    assert_int_equal(pid1_system.peek(fd[0], bytes, sizeof bytes), 0);
    close(fd[0]);
}

static void events_are_those_of_the_kernel(void **state)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7}, events[4];
    int fd[2], epoll = epoll_create1(EPOLL_CLOEXEC);
    (void)state;
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd[0], &event), 0);
    assert_int_equal(pid1_system.loop.wait(epoll, events, 4, 0), 0);
    assert_int_equal(write(fd[1], "x", 1), 1);
    assert_int_equal(pid1_system.loop.wait(epoll, events, 4, -1), 1);
    assert_int_equal(events[0].data.u64, 7);
    close(fd[0]);
    close(fd[1]);
    close(epoll);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_is_missing),
        cmocka_unit_test(a_file_is_made_once),
        cmocka_unit_test(a_packet_is_peeked_at_and_stays),
        cmocka_unit_test(events_are_those_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
