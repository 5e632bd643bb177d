/* halt, poweroff and shutdown, by the control socket. */
#include "tests/unit/supervisor/simulated.h"

static int ask(const char *what, const char *delay)
{
    const char *words[] = {"halt", what, delay, NULL};
    return simulated_request(words);
}

static void the_answer_comes_first(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_boot("sleep 1");
    int fd = ask("halt", "0");
    simulated_run(1);
    assert_string_equal(simulated_answer(fd), "x0\n");
    assert_true(simulated.over);
    assert_int_equal(simulated.sv->stop.final, FINAL_EXIT);
}

static void later_and_cancelled(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    simulated.with_time = true;
    ask("poweroff", "60");
    simulated_expect("0.000 say overlog: info: the container will stop in 60 s", NULL);
    simulated_run(30000);
    assert_string_equal(simulated_answer(ask("cancel", "0")), "x0\n");
    assert_string_equal(simulated_answer(ask("cancel", "0")),
                        "eshutdown: warning: no shutdown is scheduled\nx1\n");
    simulated_run(60000);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    ask("poweroff", "5");
    simulated_run(4990);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    simulated_run(20);
    assert_true(simulated.over);
    assert_int_equal(simulated.sv->stop.final, FINAL_POWEROFF);
}

static void nonsense(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    assert_string_equal(simulated_answer(ask("halt", "soon")), "emalformed request\nx100\n");
    const char *words[] = {"dance", NULL};
    assert_string_equal(simulated_answer(simulated_request(words)), "eunknown request\nx100\n");
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(the_answer_comes_first),
        SIMULATED_TEST(later_and_cancelled),
        SIMULATED_TEST(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
