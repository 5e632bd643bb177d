/* What pid 1 says of processes that the kernel killed for lack of memory. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <string.h>

/* Boots with one service, and a control group that has counted some kills before. */
static void boot(void)
{
    simulated.counts_kills = true;
    simulated.kills = 7;
    simulated.memory_limit = 512LL << 20;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated_web(NULL);
    simulated_run(1000);
    simulated_journal();
}

static bool is_oom(void)
{
    return simulated_longrun("web")->history.oom;
}

/* Whether that was said since the last question. */
static bool says(const char *text)
{
    return strstr(simulated_journal(), text) != NULL;
}

static void of_a_service(void **state)
{
    (void)state;
    boot();
    simulated.kills++;
    simulated_killed("web", SIGKILL);
    assert_true(says("the kernel killed service web: out of memory (limit 512M)"));
    assert_true(is_oom());
    /* Somebody else's KILL is none, and takes back what was said. */
    simulated_run(5000);
    simulated_journal();
    simulated_killed("web", SIGKILL);
    simulated_run(5000);
    assert_false(says("the kernel killed"));
    assert_false(is_oom());
    /* Nor is another end while the counter rises: that was a process below it. */
    simulated.kills++;
    simulated.memory_limit = -1;
    simulated_exit("web", 1);
    assert_false(is_oom());
    simulated_run(5000);
    assert_false(says("service web: out"));
}

static void of_a_process_below_one(void **state)
{
    (void)state;
    boot();
    simulated.sv->pid1.is_init = true;
    simulated.kills += 3;
    simulated_killed("web", SIGKILL); /* one of three */
    assert_true(says("the kernel killed service web: out of memory (limit 512M)"));
    simulated_run(2000);
    assert_true(says("the kernel killed 2 processes: out of memory (limit 512M)"));
    /* It is said once. */
    simulated_journal();
    simulated_run(60000);
    simulated_killed("web", SIGTERM);
    simulated_run(2000);
    assert_false(says("the kernel killed"));
}

static void of_nobody_without_a_counter(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_run(1000);
    simulated.kills++;
    simulated_killed("web", SIGKILL);
    simulated_run(2000);
    assert_false(says("the kernel killed") || is_oom());
}

int main(void)
{
    const struct CMUnitTest tests[] = {SIMULATED_TEST(of_a_service),
                                       SIMULATED_TEST(of_a_process_below_one),
                                       SIMULATED_TEST(of_nobody_without_a_counter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
