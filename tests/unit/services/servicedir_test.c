#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/servicedir.h"
#include "tests/unit/services/tree.h"
#include <signal.h>
#include <sys/resource.h>

static struct tree tree;

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

static void what_its_files_say(void **state)
{
    (void)state;
    struct service_keys keys;
    keys_init(&keys);
    tree_file(&tree, "notification-fd", "7\n");
    tree_file(&tree, "down-signal", "INT\n");
    tree_file(&tree, "timeout-kill", "many\n");
    tree_file(&tree, "down", "");
    servicedir_read(&keys, tree.root, NULL);
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
    tree_file(&tree, "notification-fd", "7\n");
    tree_file(&tree, "flag-newpidns", "");
    servicedir_read(&keys, tree.root, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0); /* the lowest number that is free */
    for (int more = 0; more < 2; more++) {
        /* 0: not even the directory can be opened; 1: it can, and no file */
        struct rlimit few = {.rlim_cur = (rlim_t)(next + more), .rlim_max = before.rlim_max};
        close(next);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        servicedir_read(&keys, tree.root, NULL);
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
