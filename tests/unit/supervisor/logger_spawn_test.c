/* The command line of a logger. */
#include "tests/unit/supervisor/simulated.h"
#include <string.h>

static void by_the_settings(void **state)
{
    (void)state;
    simulated.settings.prefix = 12;
    simulated.settings.console = CONSOLE_PREFIX;
    simulated.settings.color = true;
    simulated.settings.drop = true;
    simulated.settings.logging = LOGGING_BOTH;
    simulated.settings.log_root = "/logs";
    simulated_web("logging-script", "n3 T /else", NULL);
    const char *command = simulated_process("web/log")->command;
    assert_non_null(strstr(command, "s6-supervise web/log logger -d /logs/web "));
    assert_non_null(strstr(command, " -P 12 -c -v -D -- web 1 n3 T /else"));
    assert_null(strstr(command, " -r "));
    command = simulated_process(".init/log")->command;
    assert_memory_equal(command, "logger -d /logs/.init ", 22);
    assert_non_null(strstr(command, " -e /logs/.events -- .init 1 n20 s1000000 C"));
}

static void without_a_disk(void **state)
{
    (void)state;
    simulated.settings.prefix = 1;
    simulated.settings.console = CONSOLE_PREFIX;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated_web(NULL);
    const char *command = simulated_process("web/log")->command;
    assert_null(strstr(command, " -d "));
    assert_non_null(strstr(command, " -p -v -- web 0 "));
    assert_memory_equal(simulated_process(".init/log")->command, "logger -p -v -- .init 0 ", 24);
}

static void objects(void **state)
{
    (void)state;
    simulated.settings.console = CONSOLE_JSON;
    simulated.settings.logging = LOGGING_BOTH;
    simulated_web(NULL);
    assert_non_null(strstr(simulated_process("web/log")->command, " -j -v -- web 1 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(by_the_settings),
        SIMULATED_TEST(without_a_disk),
        SIMULATED_TEST(objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
