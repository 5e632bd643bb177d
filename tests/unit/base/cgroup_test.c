/* The files of a control group, as far as its memory is concerned. */
#include "base/cgroup.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void paths(void **state)
{
    static const char first[] = "9:name=systemd:/\n8:cpu,memory:/docker/4a\n7:memory2:/x\n0::/\n";
    char path[32];
    (void)state;
    assert_true(cgroup_path(first, "memory", path, sizeof path));
    assert_string_equal(path, "/docker/4a");
    assert_true(cgroup_path(first, NULL, path, sizeof path));
    assert_string_equal(path, "/");
    assert_true(cgroup_path("0::/kubepods/pod1", NULL, path, sizeof path));
    assert_string_equal(path, "/kubepods/pod1");
    assert_false(cgroup_path("10::/x\n0:y:/x\n", NULL, path, sizeof path));
    assert_false(cgroup_path("1:mem:/x\n", "memory", path, sizeof path));
    assert_false(cgroup_path("0::/a-path-that-is-longer-than-the-room", NULL, path, sizeof path));
    assert_false(cgroup_path("", "memory", path, sizeof path));
    assert_false(cgroup_path("nonsense\n:\n::", NULL, path, sizeof path));
}

static void counts_and_limits(void **state)
{
    (void)state;
    assert_int_equal(cgroup_kills_of("low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 1\n"),
                     2);
    assert_int_equal(cgroup_kills_of("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"), 5);
    assert_int_equal(cgroup_kills_of("oom_kill_disable 0\nunder_oom 0\n"), -1);
    assert_int_equal(cgroup_kills_of(""), -1);
    assert_int_equal(cgroup_limit_of("536870912\n"), 536870912);
    assert_int_equal(cgroup_limit_of("max\n"), -1);
    assert_int_equal(cgroup_limit_of("9223372036854771712\n"), -1);
    assert_int_equal(cgroup_limit_of(""), -1);
    assert_int_equal(cgroup_kills(-1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths),
                                       cmocka_unit_test(counts_and_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
