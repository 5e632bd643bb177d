#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "services/servicedir.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[64];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/servicedir-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, folder, &e);
}

static void put(const char *name, const char *text)
{
    char path[128];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0644, &e), 0);
}

static void what_its_files_say(void **state)
{
    (void)state;
    struct service_keys keys;
    keys_init(&keys);
    put("notification-fd", "7\n");
    put("down-signal", "INT\n");
    put("timeout-kill", "many\n");
    put("down", "");
    servicedir_read(&keys, folder, NULL);
    assert_int_equal(keys.notification_fd, 7);
    assert_int_equal(keys.down_signal, SIGINT);
    assert_int_equal(keys.timeout_kill, 0);
    assert_true(keys.down);
    servicedir_read(&keys, "/no/such/service", NULL);
    assert_int_equal(keys.notification_fd, -1);
    assert_int_equal(keys.down_signal, SIGTERM);
    assert_false(keys.down);
}

/* A service that is started in a shortage of descriptors is to be ready by what it always was. */
static void without_descriptors_it_is_as_before(void **state)
{
    (void)state;
    struct service_keys keys;
    struct rlimit before;
    keys_init(&keys);
    put("notification-fd", "7\n");
    put("flag-newpidns", "");
    servicedir_read(&keys, folder, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0); /* the lowest number that is free */
    for (int more = 0; more < 2; more++) {
        /* 0: not even the directory can be opened; 1: it can, and no file */
        struct rlimit few = {.rlim_cur = (rlim_t)(next + more), .rlim_max = before.rlim_max};
        close(next);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        servicedir_read(&keys, folder, NULL);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(dup(0), next);
        assert_int_equal(keys.notification_fd, 7);
        assert_true(keys.new_pids);
    }
    close(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_its_files_say, setup, teardown),
        cmocka_unit_test_setup_teardown(without_descriptors_it_is_as_before, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
