/* Who logs in a directory, as the lock tells: a process of ours, of another container, or of
 * another machine, as on NFS, whose number the kernel gives below zero. */
#include "rotate/logdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static struct flock told; /* what is said of the lock, if tells */
static bool tells;

int __real_fcntl(int fd, int command, void *argument);
int __wrap_fcntl(int fd, int command, void *argument);
int __wrap_fcntl(int fd, int command, void *argument)
{
    if (command != F_GETLK || !tells)
        return __real_fcntl(fd, command, argument);
    *(struct flock *)argument = told;
    return 0;
}

static void holders(void **state)
{
    static const struct {
        short type;
        pid_t holder, expected;
    } cases[] = {{F_WRLCK, 7, 7},     {F_WRLCK, 0, 0},  {F_WRLCK, -1, 0},
                 {F_WRLCK, -4711, 0}, {F_UNLCK, 0, -1}, {F_UNLCK, -4711, -1}};
    char path[] = "/tmp/overlog-user-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(path));
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(logdir_user(directory), -1);
    assert_int_equal(errno, ENOENT);
    close(openat(directory, "lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(logdir_user(directory), -1);
    assert_int_equal(errno, 0);
    tells = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        told = (struct flock){.l_type = cases[i].type, .l_pid = cases[i].holder};
        assert_int_equal(logdir_user(directory), cases[i].expected);
    }
    assert_int_equal(unlinkat(directory, "lock", 0), 0);
    close(directory);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
