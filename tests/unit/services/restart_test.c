/* The file restart: each part of its line, what is wrong in one, and what a policy says of a death.
 */
#include "base/clock.h"
#include "services/restart.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S CLOCK_SECOND

static struct restart_policy policy(const char *line)
{
    struct restart_policy p;
    struct restart_mistake m;
    if (restart_parse(line, &p, &m) != 0)
        print_error("\"%s\": %s; %s\n", line, m.text, m.cure);
    assert_int_not_equal(p.when, RESTART_AS_UPSTREAM);
    return p;
}

/* --- the line --------------------------------------------------------------------------------- */

static void every_part(void **state)
{
    struct restart_policy p = policy("on-failure, ok 3 143 SIGTERM usr1, 5 in 1m 30s, "
                                     "wait 500ms..1m, then exit");
    (void)state;
    assert_int_equal(p.when, RESTART_ON_FAILURE);
    assert_int_equal(p.then, RESTART_EXIT);
    assert_int_equal(p.deaths, 5);
    assert_int_equal(p.within, 90000);
    assert_int_equal(p.wait_min, 500);
    assert_int_equal(p.wait_max, 60000);
    assert_int_equal(p.ok[0], 1U << 3);
    assert_int_equal(p.ok[143 / 32], 1U << 143 % 32);
    assert_int_equal(p.killed[0], 1U << (SIGTERM - 1) | 1U << (SIGUSR1 - 1));
    p = policy("always");
    assert_int_equal(p.when, RESTART_ALWAYS);
    assert_int_equal(p.then, RESTART_STAY);
    assert_int_equal(p.within, 0);
    assert_int_equal(p.wait_min, 0);
    p = policy("never, then 17");
    assert_int_equal(p.when, RESTART_NEVER);
    assert_int_equal(p.then, RESTART_CODE);
    assert_int_equal(p.code, 17);
    p = policy("never, then 0");
    assert_int_equal(p.then, RESTART_CODE);
    assert_int_equal(p.code, 0);
}

static void is_written(const char *line, const char *expected)
{
    struct restart_policy p = policy(line);
    char text[RESTART_LINE_MAX];
    assert_int_equal(restart_format(&p, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    struct restart_policy again = policy(text);
    assert_true(restart_same(&p, &again));
}

static void written_and_read_again(void **state)
{
    struct restart_policy none = {.when = RESTART_AS_UPSTREAM};
    char text[8] = "x";
    (void)state;
    is_written("always", "always");
    is_written("  always ,ok 0,  3 in 60000 ,wait 1s..90500,then stay ",
               "always, ok 0, 3 in 1m, wait 1s..1m 30s 500ms");
    is_written("on-failure,\tok sigkill 7 TERM 0255", "on-failure, ok 7 255 KILL TERM");
    is_written("on-failure, 0 in 7d, wait 1..1, then 255",
               "on-failure, 0 in 7d, wait 1ms..1ms, then 255");
    is_written("never, ok SEGV, then exit", "never, ok SEGV, then exit");
    is_written("always, 5in 1m", "always, 5 in 1m");
    is_written("always, 100 in 1ms", "always, 100 in 1ms");
    assert_int_equal(restart_format(&none, text, sizeof text), 0);
    assert_string_equal(text, "");
    none = policy("always, then exit");
    assert_int_equal(restart_format(&none, text, sizeof text), 17);
    assert_string_equal(text, "always,");
}

static void policies_differ(void **state)
{
    static const char *const lines[] = {"always",
                                        "on-failure",
                                        "always, ok 1",
                                        "always, ok HUP",
                                        "always, 1 in 1s",
                                        "always, 2 in 1s",
                                        "always, 1 in 2s",
                                        "always, wait 1s..2s",
                                        "always, wait 2s..2s",
                                        "always, wait 1s..3s",
                                        "always, then exit",
                                        "always, then 1",
                                        "always, then 2"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t j = 0; j < sizeof lines / sizeof lines[0]; j++) {
            struct restart_policy a = policy(lines[i]);
            struct restart_policy b = policy(lines[j]);
            assert_int_equal(restart_same(&a, &b), i == j);
        }
}

static void mistakes_have_a_cure(void **state)
{
    static const struct {
        const char *line, *text, *cure;
    } rows[] = {
        {"", "invalid word \"\"", "begin with always"},
        {"sometimes", "invalid word \"sometimes\"", "begin with always"},
        {"Always", "invalid word \"Always\"", "begin with always"},
        {"always then exit", "invalid word \"always then exit\"", "begin with always"},
        {"always,", "invalid words \"\"", "write: always|on-failure|never, ok CODE"},
        {"always, retry 3", "invalid words \"retry 3\"", "N in TIME"},
        {"always, okay 3", "invalid words \"okay 3\"", "N in TIME"},
        {"always, ok", "nothing behind \"ok\"", "ok 3 143 SIGTERM"},
        {"always, ok 256", "invalid end \"256\"", "0 to 255"},
        {"always, ok -1", "invalid end \"-1\"", "0 to 255"},
        {"always, ok SIGNONE", "invalid end \"SIGNONE\"", "names of signals"},
        {"always, ok 1 x", "invalid end \"x\"", "names of signals"},
        {"always, 5", "invalid limit \"5\"", "5 in 1m"},
        {"always, 5 in", "invalid limit \"5 in\"", "5 in 1m"},
        {"always, 5 in 0", "invalid limit \"5 in 0\"", "5 in 1m"},
        {"always, 5 in 8d", "invalid limit \"5 in 8d\"", "7d"},
        {"always, 5 in soon", "invalid limit \"5 in soon\"", "5 in 1m"},
        {"always, 101 in 1m", "invalid limit \"101 in 1m\"", "more than 100"},
        {"never, 5 in 1m", "useless limit \"5 in 1m\"", "on-failure"},
        {"always, wait", "invalid wait \"wait\"", "wait 1s..1m"},
        {"always, wait 1s", "invalid wait \"wait 1s\"", "wait 1s..1m"},
        {"always, wait 0..1s", "invalid wait \"wait 0..1s\"", "1ms"},
        {"always, wait 2s..1s", "invalid wait \"wait 2s..1s\"", "MIN not above MAX"},
        {"always, wait 1s .. 2s", "invalid wait \"wait 1s .. 2s\"", "wait 1s..1m"},
        {"always, wait 1s...2s", "invalid wait \"wait 1s...2s\"", "wait 1s..1m"},
        {"always, wait 1s..8d", "invalid wait \"wait 1s..8d\"", "7d"},
        {"never, wait 1s..2s", "useless wait \"wait 1s..2s\"", "on-failure"},
        {"always, then", "invalid end \"then\"", "then stay"},
        {"always, then 256", "invalid end \"then 256\"", "0 to 255"},
        {"always, then exit 1", "invalid end \"then exit 1\"", "then stay"},
        {"always, then exit, ok 1", "misplaced words \"ok 1\"", "each once and in this order"},
        {"always, ok 1, ok 2", "misplaced words \"ok 2\"", "each once and in this order"},
        {"always, wait 1s..2s, 1 in 1s", "misplaced words \"1 in 1s\"", "in this order"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct restart_policy p = {.when = RESTART_ALWAYS, .code = 9};
        const struct restart_policy none = {.when = RESTART_AS_UPSTREAM};
        struct restart_mistake m;
        assert_int_equal(restart_parse(rows[i].line, &p, &m), -1);
        assert_string_equal(m.text, rows[i].text);
        if (strstr(m.cure, rows[i].cure) == NULL)
            print_error("\"%s\": %s\n", rows[i].line, m.cure);
        assert_non_null(strstr(m.cure, rows[i].cure));
        assert_true(restart_same(&p, &none));
    }
}

/* What can be read can be written into a database and read there. */
static void a_long_line(void **state)
{
    char line[2 * RESTART_LINE_MAX] = "always, ok";
    struct restart_policy p;
    struct restart_mistake m;
    size_t longest = 0;
    (void)state;
    for (unsigned int code = 0; strlen(line) < RESTART_LINE_MAX + 16; code++) {
        snprintf(line + strlen(line), 8, " %u", code);
        bool good = restart_parse(line, &p, &m) == 0;
        assert_int_equal(good, strlen(line) < RESTART_LINE_MAX - 1);
        if (good)
            longest = restart_format(&p, NULL, 0);
        else
            assert_int_equal(strncmp(m.text, "a line too long: ", 17), 0);
    }
    assert_true(longest > RESTART_LINE_MAX - 8 && longest < RESTART_LINE_MAX);
    /* Times may take more room there than here. */
    static const char times[] = ", 5 in 90061001, wait 90061001..90061001";
    strcpy(line, "always, ok");
    for (unsigned int code = 100; strlen(line) + sizeof times + 4 < RESTART_LINE_MAX; code++)
        snprintf(line + strlen(line), 8, " %u", code);
    strcat(line, times);
    assert_true(strlen(line) < RESTART_LINE_MAX - 1);
    assert_int_equal(restart_parse(line, &p, &m), -1);
    assert_int_equal(strncmp(m.text, "a list too long: ", 17), 0);
}

/* --- ends ------------------------------------------------------------------------------------- */

#define EXIT(code) ((code) << 8)

static void clean_ends(void **state)
{
    struct restart_policy p = {.when = RESTART_AS_UPSTREAM};
    (void)state;
    assert_false(restart_is_clean(&p, EXIT(0)));
    p = policy("on-failure");
    assert_true(restart_is_clean(&p, EXIT(0)));
    assert_false(restart_is_clean(&p, EXIT(1)));
    assert_false(restart_is_clean(&p, SIGTERM));
    p = policy("on-failure, ok 3 200 TERM SYS");
    assert_true(restart_is_clean(&p, EXIT(0)));
    assert_true(restart_is_clean(&p, EXIT(3)));
    assert_true(restart_is_clean(&p, EXIT(200)));
    assert_false(restart_is_clean(&p, EXIT(143)));
    assert_true(restart_is_clean(&p, SIGTERM));
    assert_true(restart_is_clean(&p, SIGSYS | 0x80)); /* with a core */
    assert_false(restart_is_clean(&p, SIGKILL));
    assert_false(restart_is_clean(&p, 64));
    p = policy("always");
    assert_false(restart_is_clean(&p, EXIT(0)));
    p = policy("always, ok 0");
    assert_true(restart_is_clean(&p, EXIT(0)));
    p = policy("never");
    assert_true(restart_is_clean(&p, EXIT(0)));
}

#define died(t, p, status, lived, now, expected)                                                   \
    assert_int_equal(restart_died(t, p, status, (int64_t)((lived)*S), (int64_t)((now)*S)), expected)

static void without_a_policy_nothing_is_counted(void **state)
{
    struct restart_policy p = {.when = RESTART_AS_UPSTREAM};
    struct restart_tally t = {.count = 0};
    const struct restart_tally clean = {.count = 0};
    (void)state;
    for (int i = 0; i < 200; i++)
        died(&t, &p, EXIT(1), 0, i, RESTART_AGAIN);
    assert_memory_equal(&t, &clean, sizeof t);
}

static void more_than_n_within_time(void **state)
{
    struct restart_policy p = policy("always, 3 in 10s");
    struct restart_tally t = {.count = 0};
    (void)state;
    died(&t, &p, EXIT(0), 1, 100, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 101, RESTART_AGAIN);
    died(&t, &p, SIGKILL, 1, 109, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 110.001, RESTART_AGAIN); /* the first is too old by now */
    assert_int_equal(t.count, 3);
    died(&t, &p, EXIT(1), 1, 111, RESTART_GIVE_UP); /* the second is not, just so */
    assert_int_equal(t.count, 4);
    t = (struct restart_tally){.count = 0};
    for (int i = 0; i < 1000; i++)
        died(&t, &p, EXIT(1), 1, 4 * i, RESTART_AGAIN);
}

/* The clock of deaths has 32 bits of milliseconds. */
static void deaths_of_long_ago(void **state)
{
    const double round = 4294967.296;
    struct restart_policy p = policy("always, 1 in 10s");
    struct restart_tally t = {.count = 0};
    (void)state;
    died(&t, &p, EXIT(1), 1, 5, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 5 + round, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 2 * round - 1, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 2 * round + 1, RESTART_GIVE_UP); /* on both sides of the turn */
}

static void the_most_that_is_counted(void **state)
{
    struct restart_policy p = policy("always, 100 in 7d");
    struct restart_tally t = {.count = 0};
    (void)state;
    for (int i = 0; i < 100; i++)
        died(&t, &p, EXIT(1), 1, 10 + i, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 110, RESTART_GIVE_UP);
    died(&t, &p, EXIT(1), 1, 111, RESTART_GIVE_UP);
    assert_int_equal(t.count, RESTART_DEATHS_MAX + 1);
    assert_int_equal(t.death[0], 11000);
    struct restart_policy few = policy("always, 1 in 7d"); /* the file was written anew */
    died(&t, &few, EXIT(1), 1, 112, RESTART_GIVE_UP);
    died(&t, &few, EXIT(1), 1, 112 + 7 * 86400 + 1, RESTART_AGAIN);
}

static void ends_that_do_not_count(void **state)
{
    struct restart_policy p = policy("always, ok 0 TERM, 1 in 1m");
    struct restart_tally t = {.count = 0};
    (void)state;
    for (int i = 0; i < 10; i++)
        died(&t, &p, i % 2 == 0 ? EXIT(0) : SIGTERM, 1, i, RESTART_AGAIN);
    assert_int_equal(t.streak, 0);
    died(&t, &p, EXIT(1), 1, 10, RESTART_AGAIN);
    died(&t, &p, EXIT(0), 1, 11, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 12, RESTART_GIVE_UP);
    p = policy("on-failure, ok 7, 1 in 1m");
    t = (struct restart_tally){.count = 0};
    died(&t, &p, EXIT(0), 1, 1, RESTART_CLEAN);
    died(&t, &p, EXIT(7), 1, 2, RESTART_CLEAN);
    died(&t, &p, EXIT(1), 1, 3, RESTART_AGAIN);
    died(&t, &p, EXIT(1), 1, 4, RESTART_GIVE_UP);
    p = policy("never, ok 7");
    t = (struct restart_tally){.count = 0};
    died(&t, &p, EXIT(7), 1, 1, RESTART_CLEAN);
    died(&t, &p, EXIT(8), 1, 2, RESTART_GIVE_UP);
    assert_int_equal(t.count, 1);
}

static void no_death_is_allowed(void **state)
{
    struct restart_policy p = policy("on-failure, 0 in 1s");
    struct restart_tally t = {.count = 0};
    (void)state;
    died(&t, &p, EXIT(1), 1000, 1000, RESTART_GIVE_UP);
}

static void waits_double_until_one_lived_long_enough(void **state)
{
    static const int waits[] = {500, 1000, 2000, 4000, 5000, 5000};
    struct restart_policy p = policy("always, ok 0, wait 500ms..5s");
    struct restart_tally t = {.count = 0};
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        died(&t, &p, i % 2 == 0 ? EXIT(1) : EXIT(0), 4.999, i, RESTART_AGAIN);
        assert_int_equal(restart_wait(&t), waits[i] * CLOCK_MS);
    }
    died(&t, &p, EXIT(1), 5, 100, RESTART_AGAIN);
    assert_int_equal(restart_wait(&t), 500 * CLOCK_MS);
    p = policy("always, wait 2s..7d"); /* the file was written anew */
    died(&t, &p, EXIT(1), 0, 101, RESTART_AGAIN);
    assert_int_equal(restart_wait(&t), 2 * S);
    p = policy("always, wait 1s..1s");
    died(&t, &p, EXIT(1), 0, 102, RESTART_AGAIN);
    assert_int_equal(restart_wait(&t), S);
    died(&t, &p, EXIT(1), 0, 103, RESTART_AGAIN);
    assert_int_equal(restart_wait(&t), S);
}

static void a_loop_is_said_ever_more_rarely(void **state)
{
    struct restart_policy p = policy("on-failure");
    struct restart_tally t = {.count = 0};
    char said[1000] = "";
    (void)state;
    for (unsigned int i = 1; i < 100; i++) {
        died(&t, &p, EXIT(1), 59, 60 * i, RESTART_AGAIN);
        assert_int_equal(t.streak, i);
        assert_int_equal(t.since, 60 * S);
        if (t.loops)
            snprintf(said + strlen(said), 8, "%u ", i);
    }
    assert_string_equal(said, "3 6 12 24 48 96 ");
    died(&t, &p, EXIT(1), 60, 9000, RESTART_AGAIN); /* it lived */
    assert_int_equal(t.streak, 1);
    assert_int_equal(t.since, 9000 * S);
    t.streak = UINT32_MAX;
    died(&t, &p, EXIT(1), 1, 9001, RESTART_AGAIN);
    assert_int_equal(t.streak, UINT32_MAX);
    p = policy("always, wait 1s..1h"); /* what waits longer than it lives */
    t = (struct restart_tally){.count = 0};
    for (unsigned int i = 1; i <= 3; i++)
        died(&t, &p, EXIT(1), 3599, 7200 * i, RESTART_AGAIN);
    assert_true(t.loops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part),
        cmocka_unit_test(written_and_read_again),
        cmocka_unit_test(policies_differ),
        cmocka_unit_test(mistakes_have_a_cure),
        cmocka_unit_test(a_long_line),
        cmocka_unit_test(clean_ends),
        cmocka_unit_test(without_a_policy_nothing_is_counted),
        cmocka_unit_test(more_than_n_within_time),
        cmocka_unit_test(deaths_of_long_ago),
        cmocka_unit_test(the_most_that_is_counted),
        cmocka_unit_test(ends_that_do_not_count),
        cmocka_unit_test(no_death_is_allowed),
        cmocka_unit_test(waits_double_until_one_lived_long_enough),
        cmocka_unit_test(a_loop_is_said_ever_more_rarely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
