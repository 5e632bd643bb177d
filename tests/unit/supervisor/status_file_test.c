/* The status file: written once a turn, another one when services come or go, and again when there
 * was no room for it. */
#include "contract/paths.h"
#include "supervisor/status.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char bytes[65536];

/* The service of that name in the file; false: it is not there. */
static bool find(const char *name, struct status_service *s)
{
    struct error e = ERROR_INIT;
    int fd = open(RUN_STATUS, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_int_equal(status_check(bytes, (size_t)n, &e), STATUS_GOOD);
    for (uint32_t i = 0; i < status_count(bytes); i++) {
        status_service(bytes, i, s);
        if (strcmp(s->name, name) == 0)
            return true;
    }
    return false;
}

static void a_life_as_it_is_read(void **state)
{
    struct status_service s;
    (void)state;
    simulated_service("web", "longrun", "run", "", "notification-fd", "3", NULL);
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_boot(NULL);
    assert_true(find("web", &s));
    assert_int_equal(s.state, SERVICE_IS_STARTING);
    assert_int_equal(s.pid, simulated_process("web")->pid);
    assert_string_equal(s.log, "/var/log/services/web");
    simulated_write("web", 3, "\n");
    simulated_exit("init", 2);
    assert_true(find("web", &s));
    assert_int_equal(s.state, SERVICE_IS_UP);
    assert_true(s.ready);
    assert_true(find("init", &s));
    assert_int_equal(s.state, SERVICE_IS_FAILED);
    assert_int_equal(s.code, 2);
    simulated_killed("web", SIGKILL);
    assert_true(find("web", &s));
    assert_int_equal(s.state, SERVICE_IS_WAITING);
    assert_int_equal(s.signal, SIGKILL);
    assert_int_equal(s.starts, 1);
}

static void another_file_for_other_services(void **state)
{
    struct status_service s;
    struct stat before, after;
    (void)state;
    simulated_boot(NULL);
    assert_int_equal(stat(RUN_STATUS, &before), 0);
    simulated_file("/run/service/extra/run", "");
    simulated_ask("/run/service/.s6-svscan/control", "a");
    assert_int_equal(stat(RUN_STATUS, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    assert_true(find("extra", &s));
    assert_int_equal(s.state, SERVICE_IS_UP);
}

static void gone_while_it_cannot_be_written(void **state)
{
    struct status_service s;
    (void)state;
    simulated_web(NULL);
    simulated.files_fail = ENOSPC;
    simulated_ask("/run/service/web/supervise/control", "d");
    assert_false(simulated_exists(RUN_STATUS)); /* what it said holds no more */
    simulated_run(3000);
    assert_false(simulated_exists(RUN_STATUS));
    simulated.files_fail = 0;
    simulated_run(1000);
    assert_true(find("web", &s));
    assert_int_equal(s.state, SERVICE_IS_DOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_life_as_it_is_read),
        SIMULATED_TEST(another_file_for_other_services),
        SIMULATED_TEST(gone_while_it_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
