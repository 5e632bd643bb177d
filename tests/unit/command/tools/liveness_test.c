/* What livecheck decides, in a time of our own. */
#include "base/clock.h"
#include "command/tools/liveness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S CLOCK_SECOND

static const struct live_plan usual = {.interval = 10 * S,
                                       .timeout = 3 * S,
                                       .start = 10 * S,
                                       .grace = 10 * S,
                                       .failures = 3,
                                       .checks = true,
                                       .once = true,
                                       .kills = true};
static const struct live_sight well = {.ready = true, .wanted = true, .hears = true};

static struct live l;
static int64_t now;

static void begin(const struct live_plan *plan)
{
    now = 1000 * S;
    live_begin(&l, plan, now);
}

/* Lets time pass until due. */
static unsigned int tick_as(const struct live_sight *sight)
{
    assert_true(l.due >= now);
    now = l.due;
    return live_step(&l, LIVE_TIME, sight, now);
}

static unsigned int tick(void)
{
    return tick_as(&well);
}

static unsigned int ends(enum live_event event, int64_t after)
{
    now += after;
    return live_step(&l, event, &well, now);
}

static void said(const char *words, const char *wanted)
{
    char text[200];
    live_text(&l, words, text, sizeof text);
    assert_string_equal(text, wanted);
}

/* As many failed checks as are not the last. */
static void fail_twice(void)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(ends(LIVE_FAILED, S), 0);
    }
}

static void ready_first(void **state)
{
    const struct live_sight unready = {.wanted = true};
    (void)state;
    begin(&usual);
    for (int i = 0; i < 30; i++)
        assert_int_equal(tick_as(&unready), 0);
    assert_true(now == 1029 * S);
    assert_int_equal(tick(), 0);
    assert_true(now == 1030 * S && l.due == 1040 * S); /* start */
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_int_equal(ends(LIVE_PASSED, 2 * S), 0);
    assert_true(l.due == 1050 * S); /* from begin to begin */
}

static void restart(void **state)
{
    (void)state;
    begin(&usual);
    assert_int_equal(tick(), 0);
    fail_twice();
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_int_equal(ends(LIVE_FAILED, S), LIVE_ACT);
    said("exit code 1: refused", "3 failures in a row, the last: exit code 1: refused");
    assert_true(l.due == now + 10 * S);
    assert_int_equal(tick(), LIVE_KILL_SERVICE);
    assert_int_equal(tick(), LIVE_KILL_SERVICE);
}

static void a_success_between(void **state)
{
    (void)state;
    begin(&usual);
    tick();
    for (int i = 0; i < 5; i++) {
        fail_twice();
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(ends(LIVE_PASSED, S), 0);
    }
}

static void a_restart_that_is_not_wanted(void **state)
{
    const struct live_sight unwanted = {.ready = true};
    struct live_plan plan = usual;
    (void)state;
    plan.failures = 1;
    begin(&plan);
    tick();
    tick();
    assert_int_equal(ends(LIVE_FAILED, 0), LIVE_ACT);
    said("x", "x");
    assert_int_equal(tick_as(&unwanted), 0);
    assert_int_equal(tick(), LIVE_KILL_SERVICE);
    plan.kills = false; /* the end of the container */
    begin(&plan);
    tick();
    tick();
    assert_int_equal(ends(LIVE_FAILED, 0), LIVE_ACT);
    assert_true(l.due == 0);
    assert_int_equal(live_step(&l, LIVE_TIME, &well, now + 1000 * S), 0);
}

static void late_checks(void **state)
{
    (void)state;
    begin(&usual);
    tick();
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_true(l.due == now + 3 * S);
    assert_int_equal(tick(), LIVE_KILL_CHECK);
    /* It still has not ended: no other one begins. */
    assert_int_equal(tick(), 0);
    assert_int_equal(tick(), LIVE_ACT);
    said("", "3 failures in a row, the last: the check took more than 3s");
    l.plan.timeout = 1500 * CLOCK_MS;
    said("", "3 failures in a row, the last: the check took more than 1s 500ms");
    l.plan.timeout = 3 * S;
    said("hm", "3 failures in a row, the last: the check took more than 3s: hm");
    assert_int_equal(ends(LIVE_FAILED, 0), 0);
    assert_int_equal(tick(), LIVE_KILL_SERVICE);

    begin(&usual);
    tick();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(tick(), LIVE_KILL_CHECK);
        assert_int_equal(ends(LIVE_FAILED, 0), 0); /* counted already */
    }
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_int_equal(tick(), LIVE_KILL_CHECK | LIVE_ACT);
}

static void signals(void **state)
{
    struct live_plan plan = usual;
    (void)state;
    plan.once = plan.kills = false;
    begin(&plan);
    tick();
    for (int i = 0; i < 3; i++) {
        fail_twice();
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(ends(LIVE_FAILED, S), LIVE_ACT);
    }
}

static void stopped(void **state)
{
    const struct live_sight asleep = {.ready = true, .wanted = true, .stopped = true};
    (void)state;
    begin(&usual);
    tick();
    fail_twice();
    for (int i = 0; i < 100; i++)
        assert_int_equal(tick_as(&asleep), 0);
    fail_twice(); /* what was before does not count */
    assert_int_equal(tick(), LIVE_START_CHECK);
    now += S;
    assert_int_equal(live_step(&l, LIVE_FAILED, &asleep, now), 0); /* stopped meanwhile */
    fail_twice();
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_int_equal(tick_as(&asleep), LIVE_KILL_CHECK);
    assert_int_equal(ends(LIVE_FAILED, 0), 0);
    fail_twice();
}

static void unwanted(void **state)
{
    const struct live_sight down = {.ready = true};
    (void)state;
    begin(&usual);
    tick();
    fail_twice();
    for (int i = 0; i < 100; i++)
        assert_int_equal(tick_as(&down), 0);
}

/* After a container was paused, nothing that seems to be overdue is. */
static void paused(void **state)
{
    struct live_plan plan = usual;
    (void)state;
    plan.silence = 60 * S;
    begin(&plan);
    tick();
    fail_twice();
    now = l.due + 1000 * S;
    assert_int_equal(live_step(&l, LIVE_TIME, &well, now), 0);
    assert_int_equal(l.failed, 0);
    assert_int_equal(tick(), LIVE_START_CHECK);
    now = l.due + 1000 * S;
    assert_int_equal(live_step(&l, LIVE_TIME, &well, now), LIVE_KILL_CHECK);
    assert_int_equal(l.failed, 0);
}

static void silence(void **state)
{
    const struct live_sight logs = {.ready = true, .wanted = true, .hears = true, .logged = true};
    const struct live_sight unheard = {.ready = true, .wanted = true};
    struct live_plan plan = usual;
    (void)state;
    plan.silence = 60 * S;
    plan.checks = false;
    begin(&plan);
    assert_int_equal(tick(), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(tick(), 0);
    assert_int_equal(tick_as(&logs), 0); /* after exactly a minute */
    for (int i = 0; i < 5; i++)
        assert_int_equal(tick(), 0);
    assert_int_equal(l.failed, 0);
    assert_int_equal(tick(), 0);
    assert_int_equal(l.failed, 1);
    assert_int_equal(tick(), 0);
    assert_int_equal(tick(), LIVE_ACT);
    said("", "3 failures in a row, the last: nothing logged for 1m");
    /* From when on it would be heard. */
    begin(&plan);
    for (int i = 0; i < 30; i++)
        assert_int_equal(tick_as(&unheard), 0);
    for (int i = 0; i < 6; i++)
        assert_int_equal(tick(), 0);
    assert_int_equal(l.failed, 0);
    assert_int_equal(tick(), 0);
    assert_int_equal(l.failed, 1);
    /* Lines count as well as checks. */
    plan.checks = true;
    begin(&plan);
    tick();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(ends(LIVE_PASSED, 0), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(tick(), 0);
    assert_int_equal(tick(), LIVE_ACT);
}

static void watchdog(void **state)
{
    const struct live_sight logs = {.ready = true, .wanted = true, .hears = true, .logged = true};
    const struct live_sight pings = {.ready = true, .wanted = true, .hears = true, .pinged = true};
    const struct live_sight asks = {.ready = true, .wanted = true, .asks = true, .pinged = true};
    struct live_plan plan = usual;
    (void)state;
    plan.checks = false;
    plan.silence = 500 * CLOCK_MS;
    plan.interval = S;
    plan.failures = 2;
    assert_true(live_watchdog(&plan) == 500 * CLOCK_MS);
    begin(&plan);
    tick();
    for (int i = 0; i < 5; i++)
        assert_int_equal(tick_as(&logs), 0);
    assert_int_equal(tick_as(&pings), 0);
    assert_int_equal(tick_as(&logs), 0); /* lines are no sign of life any more */
    assert_int_equal(tick_as(&logs), LIVE_ACT);
    said("", "2 failures in a row, the last: no WATCHDOG=1 for 500ms");
    begin(&plan);
    tick();
    assert_int_equal(tick_as(&asks), LIVE_ACT); /* at once */
    said("", "WATCHDOG=trigger");
    /* Without silence, each interval needs one. */
    plan.silence = 0;
    assert_true(live_watchdog(&plan) == S);
    begin(&plan);
    tick();
    for (int i = 0; i < 5; i++)
        assert_int_equal(tick(), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(tick_as(&pings), 0);
    assert_int_equal(tick(), 0);
    assert_int_equal(tick(), LIVE_ACT);
}

/* What asks for an act gets it with the next look, whenever it asked. */
static void trigger(void **state)
{
    const struct live_sight asks = {.ready = true, .wanted = true, .asks = true};
    const struct live_sight unready = {.wanted = true, .asks = true};
    const struct live_sight asleep = {.ready = true, .wanted = true, .stopped = true};
    struct live_plan plan = usual;
    (void)state;
    begin(&usual);
    assert_int_equal(tick_as(&unready), 0);
    assert_int_equal(tick(), 0);
    assert_int_equal(tick(), LIVE_ACT);
    said("", "WATCHDOG=trigger");
    for (enum live_event event = LIVE_PASSED; event <= LIVE_FAILED; event++) {
        begin(&usual);
        tick();
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(live_step(&l, event, &asks, now), 0);
        assert_int_equal(tick(), LIVE_ACT);
        said("", "WATCHDOG=trigger");
    }
    /* It is no sign of life that has to be repeated, and asks once. */
    plan.once = plan.kills = false;
    begin(&plan);
    tick();
    assert_int_equal(tick_as(&asks), LIVE_ACT);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_int_equal(ends(LIVE_PASSED, 0), 0);
    }
    /* While the container was paused, it counts; what was before a stop does not. */
    now = l.due + 1000 * S;
    assert_int_equal(live_step(&l, LIVE_TIME, &asks, now), LIVE_ACT);
    assert_int_equal(tick(), LIVE_START_CHECK);
    assert_int_equal(live_step(&l, LIVE_PASSED, &asks, now), 0);
    assert_int_equal(tick_as(&asleep), 0);
    assert_int_equal(tick(), LIVE_START_CHECK);
}

/* The time for which a service was stopped is no silence, also when a check met it stopped. */
static void stopped_is_not_silent(void **state)
{
    const struct live_sight asleep = {.ready = true, .wanted = true, .stopped = true};
    struct live_plan plan = usual;
    (void)state;
    plan.silence = 60 * S;
    for (int overdue = 0; overdue < 2; overdue++) {
        begin(&plan);
        tick();
        for (int i = 0; i < 4; i++) {
            assert_int_equal(tick(), LIVE_START_CHECK);
            assert_int_equal(ends(LIVE_PASSED, 0), 0);
        }
        assert_int_equal(tick(), LIVE_START_CHECK);
        if (overdue) {
            assert_int_equal(tick_as(&asleep), LIVE_KILL_CHECK);
        } else {
            now += 2 * S;
            assert_int_equal(live_step(&l, LIVE_PASSED, &asleep, now), 0);
        }
        ends(LIVE_FAILED, S);
        assert_int_equal(tick(), LIVE_START_CHECK);
        assert_true(now == 1060 * S);
    }
}

/* Whatever comes in whatever order: one check at a time, none of what is stopped or unwanted, no
 * act before the failures are there, none after a restart was asked for. */
static void anything(void **state)
{
    (void)state;
    for (unsigned int seed = 1; seed <= 2000; seed++) {
        struct live_plan plan = usual;
        bool running = false, killed = false;
        int acts = 0;
        unsigned int r = seed;
        plan.failures = 1 + (unsigned int)rand_r(&r) % 3;
        plan.silence = rand_r(&r) % 2 * 30 * S;
        plan.once = rand_r(&r) % 2;
        plan.kills = plan.once;
        begin(&plan);
        for (int i = 0; i < 200; i++) {
            unsigned int bits = (unsigned int)rand_r(&r);
            const struct live_sight sight = {.ready = (bits & 3) != 0,
                                             .wanted = (bits & 12) != 0,
                                             .stopped = (bits & 48) == 0,
                                             .hears = (bits & 0x780000) != 0,
                                             .logged = (bits & 192) == 0,
                                             .pinged = (bits & 0xf00) == 0};
            enum live_event event = !running || (bits & 0x3000) != 0 ? LIVE_TIME
                                    : (bits & 0x4000) != 0           ? LIVE_PASSED
                                                                     : LIVE_FAILED;
            now += (bits & 0x70000) == 0 ? rand_r(&r) % 100 * S : rand_r(&r) % 40 * S / 10;
            unsigned int failed = l.failed;
            unsigned int actions = live_step(&l, event, &sight, now);
            if (event != LIVE_TIME)
                running = killed = false;
            if (actions & LIVE_START_CHECK) {
                assert_false(running);
                assert_true(sight.wanted && !sight.stopped);
                assert_int_equal(actions, LIVE_START_CHECK);
                running = true;
            }
            if (actions & LIVE_KILL_CHECK) {
                assert_true(running && !killed);
                killed = true;
            }
            if (actions & LIVE_ACT) {
                assert_true(failed + 1 >= plan.failures);
                assert_true(sight.wanted && !sight.stopped);
                acts++;
            }
            if (actions & LIVE_KILL_SERVICE)
                assert_true(plan.kills && acts == 1 && sight.wanted);
            assert_true(acts <= 1 || !plan.once);
            assert_true(l.due != 0 || (l.state == LIVE_ASKED && !plan.kills));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_first),
        cmocka_unit_test(restart),
        cmocka_unit_test(a_success_between),
        cmocka_unit_test(a_restart_that_is_not_wanted),
        cmocka_unit_test(late_checks),
        cmocka_unit_test(signals),
        cmocka_unit_test(stopped),
        cmocka_unit_test(unwanted),
        cmocka_unit_test(paused),
        cmocka_unit_test(silence),
        cmocka_unit_test(watchdog),
        cmocka_unit_test(trigger),
        cmocka_unit_test(stopped_is_not_silent),
        cmocka_unit_test(anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
