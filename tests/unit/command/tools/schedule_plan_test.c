/* The plan of schedule, in scenes; schedule_model_test.c compares it with a model. */
#include "base/clock.h"
#include "base/zone.h"
#include "command/tools/schedule_plan.h"
#include "tests/unit/zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define S CLOCK_SECOND
enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
/* 2026-01-01 00:00:00 */
#define BEGIN ((int64_t)1767225600)

struct scene {
    struct schedule_rules rules;
    struct schedule_plan plan;
    struct schedule_now now;
};

/* Begins at midnight in UTC. */
static void begin(struct scene *s, const char *text, unsigned int actions)
{
    const struct schedule_counts none = {.runs = 0};
    struct error e = ERROR_INIT;
    use_zone("UTC0");
    assert_int_equal(timetable_parse(&s->rules.table, text, &e), 0);
    s->now = (struct schedule_now){.wall = BEGIN * S, .clock = 1000 * S};
    if (s->rules.grace == 0)
        s->rules.grace = 10 * S;
    assert_int_equal(schedule_begin(&s->plan, &s->rules, &none, 17, &s->now, NULL), actions);
}

static void is(struct scene *s, enum schedule_event event, unsigned int actions)
{
    assert_int_equal(schedule_step(&s->plan, event, 0, &s->now), actions);
}

static void ends(struct scene *s, int code, unsigned int actions)
{
    assert_int_equal(schedule_step(&s->plan, SCHEDULE_ENDED, code, &s->now), actions);
}

static void pass(struct scene *s, int64_t seconds)
{
    s->now.wall += seconds * S;
    s->now.clock += seconds * S;
}

/* Seconds from now to the next start. */
static int64_t next(const struct scene *s)
{
    return (schedule_next(&s->plan, &s->now) - s->now.wall) / S;
}

static void one_run_after_the_other(void **state)
{
    struct scene s = {.rules.limit = 0};
    (void)state;
    begin(&s, "15 3 * * *", 0);
    assert_int_equal(next(&s), 3 * HOUR + 15 * MINUTE);
    assert_true(schedule_wake(&s.plan) == TIMETABLE_NEVER);
    is(&s, SCHEDULE_LOOK, 0);
    pass(&s, next(&s) - 1);
    is(&s, SCHEDULE_LOOK, 0);
    pass(&s, 1);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    assert_int_equal(next(&s), DAY);
    is(&s, SCHEDULE_LOOK, 0);
    ends(&s, 3, 0);
    ends(&s, 0, 0); /* there is none */
    assert_int_equal(s.plan.failures, 1);
    pass(&s, DAY);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    assert_int_equal(s.plan.failures, 0);
    assert_int_equal(s.plan.counts.runs, 2);
    assert_int_equal(s.plan.counts.failed, 1);
    is(&s, SCHEDULE_STOPPED, SCHEDULE_END);
    assert_int_equal(s.plan.code, 0);
}

static void periods_are_in_step(void **state)
{
    struct scene s = {.rules.limit = 0};
    (void)state;
    begin(&s, "every 90s; every 1h", 0);
    assert_true(s.plan.due == TIMETABLE_NEVER);
    pass(&s, 90);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    pass(&s, 200); /* two were due while nothing ran */
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    assert_int_equal(next(&s), 70);
    s.now.wall += DAY * 400 * S; /* the wall clock does not matter */
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), 70);
    s.now.wall -= DAY * 800 * S;
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), 70);
}

/* There is no time that is later than the clock can show. */
static void periods_have_an_end(void **state)
{
    static struct schedule_plan p;
    struct schedule_rules rules = {.limit = 0};
    const struct schedule_counts none = {.runs = 0};
    struct schedule_now now = {.wall = BEGIN * S, .clock = BEGIN * S};
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(timetable_parse(&rules.table, "every 36500d", &e), 0);
    schedule_begin(&p, &rules, &none, 17, &now, NULL);
    for (int64_t century = 1; century <= 2; century++) {
        now.wall = schedule_next(&p, &now);
        now.clock = schedule_wake(&p);
        assert_true(now.wall == (BEGIN + century * 36500 * DAY) * S && now.clock == now.wall);
        assert_int_equal(schedule_step(&p, SCHEDULE_LOOK, 0, &now),
                         century == 1 ? SCHEDULE_START : SCHEDULE_SAY_SKIPPED);
    }
    assert_true(schedule_next(&p, &now) == TIMETABLE_NEVER);
    assert_true(schedule_wake(&p) == TIMETABLE_NEVER);
}

static void overlap_is_skipped_queued_or_ended(void **state)
{
    struct scene skipping = {.rules.overlap = SCHEDULE_SKIP};
    struct scene queueing = {.rules.overlap = SCHEDULE_QUEUE};
    struct scene replacing = {.rules.overlap = SCHEDULE_REPLACE};
    (void)state;
    begin(&skipping, "every 1m", 0);
    pass(&skipping, 60);
    is(&skipping, SCHEDULE_LOOK, SCHEDULE_START);
    for (int i = 0; i < 3; i++) {
        pass(&skipping, 60);
        is(&skipping, SCHEDULE_LOOK, SCHEDULE_SAY_SKIPPED);
    }
    ends(&skipping, 0, 0);
    assert_int_equal(skipping.plan.counts.skipped, 3);

    begin(&queueing, "every 1m", 0);
    pass(&queueing, 60);
    is(&queueing, SCHEDULE_LOOK, SCHEDULE_START);
    pass(&queueing, 60);
    is(&queueing, SCHEDULE_LOOK, 0);
    pass(&queueing, 60);
    is(&queueing, SCHEDULE_LOOK, SCHEDULE_SAY_SKIPPED); /* one waits already */
    ends(&queueing, 0, SCHEDULE_START);
    ends(&queueing, 0, 0);
    assert_int_equal(queueing.plan.counts.runs, 2);

    begin(&replacing, "every 1m", 0);
    pass(&replacing, 60);
    is(&replacing, SCHEDULE_LOOK, SCHEDULE_START);
    pass(&replacing, 60);
    is(&replacing, SCHEDULE_LOOK, SCHEDULE_TERM);
    assert_true(schedule_wake(&replacing.plan) == replacing.now.clock + 10 * S);
    pass(&replacing, 10);
    is(&replacing, SCHEDULE_LOOK, SCHEDULE_KILL);
    ends(&replacing, 137, SCHEDULE_START);
    assert_int_equal(replacing.plan.counts.failed, 0); /* we ended it for the next */
    ends(&replacing, 3, 0);
    assert_int_equal(replacing.plan.counts.failed, 1);
}

static void a_limit_ends_the_job(void **state)
{
    struct scene s = {.rules.limit = 5 * S};
    (void)state;
    begin(&s, "every 1m", 0);
    pass(&s, 60);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    pass(&s, 5);
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_LIMIT | SCHEDULE_TERM);
    pass(&s, 10);
    is(&s, SCHEDULE_LOOK, SCHEDULE_KILL);
    is(&s, SCHEDULE_LOOK, 0);
    ends(&s, 0, 0);
    assert_int_equal(s.plan.result, SCHEDULE_EXIT_LIMIT);
    assert_int_equal(s.plan.counts.late, 1);
    assert_int_equal(s.plan.counts.failed, 1);
}

static void failures_in_a_row_end_it(void **state)
{
    struct scene s = {.rules.fail_after = 3};
    static const int codes[] = {1, 1, 0, 2, 3};
    (void)state;
    begin(&s, "every 1m", 0);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        pass(&s, 60);
        is(&s, SCHEDULE_LOOK, SCHEDULE_START);
        ends(&s, codes[i], 0);
    }
    pass(&s, 60);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 4, SCHEDULE_END);
    assert_int_equal(s.plan.code, 4);
}

static void what_is_replaced_has_not_failed(void **state)
{
    struct scene s = {.rules = {.fail_after = 1, .overlap = SCHEDULE_REPLACE, .limit = 90 * S}};
    (void)state;
    begin(&s, "every 1m", 0);
    pass(&s, 60);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    for (int i = 0; i < 3; i++) {
        pass(&s, 60);
        is(&s, SCHEDULE_LOOK, SCHEDULE_TERM);
        ends(&s, 143, SCHEDULE_START);
        assert_int_equal(s.plan.result, 143);
    }
    ends(&s, 143, SCHEDULE_END);
    assert_int_equal(s.plan.counts.failed, 1);
}

/* One that the process before us began: it counts as running, and its end is none of ours. */
static void a_job_is_found(void **state)
{
    const struct schedule_counts counts = {.runs = 5, .ended = 4};
    struct scene s = {.rules = {.limit = 100 * S, .grace = 10 * S, .once = true}};
    struct schedule_now since;
    struct error e = ERROR_INIT;
    (void)state;
    use_zone("UTC0");
    assert_int_equal(timetable_parse(&s.rules.table, "every 1m", &e), 0);
    s.now = (struct schedule_now){.wall = BEGIN * S, .clock = 1000 * S};
    since = (struct schedule_now){.wall = (BEGIN - 30) * S, .clock = 970 * S};
    assert_int_equal(schedule_begin(&s.plan, &s.rules, &counts, 17, &s.now, &since), 0);
    pass(&s, 60);
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_SKIPPED);
    pass(&s, 10);
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_LIMIT | SCHEDULE_TERM);
    ends(&s, 0, 0);
    assert_int_equal(s.plan.counts.ended, 5);
    pass(&s, 50);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, SCHEDULE_END);

    s.rules.at_start = true;
    s.rules.overlap = SCHEDULE_QUEUE;
    assert_int_equal(schedule_begin(&s.plan, &s.rules, &counts, 17, &s.now, &since), 0);
    ends(&s, 0, SCHEDULE_START);
    assert_int_equal(s.plan.counts.runs, 6);
}

static void once_and_at_the_start(void **state)
{
    struct scene once = {.rules.once = true};
    struct scene both = {.rules.once = true, .rules.at_start = true};
    (void)state;
    begin(&once, "@hourly", 0);
    pass(&once, HOUR);
    is(&once, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&once, 7, SCHEDULE_END);
    assert_int_equal(once.plan.code, 7);
    begin(&both, "@hourly", SCHEDULE_START);
    is(&both, SCHEDULE_STOPPED, 0);
    ends(&both, 8, SCHEDULE_END);
    assert_int_equal(both.plan.code, 8);
}

static void somebody_asks(void **state)
{
    struct scene s = {.rules.overlap = SCHEDULE_SKIP};
    struct scene queueing = {.rules.overlap = SCHEDULE_QUEUE};
    (void)state;
    begin(&s, "@yearly", 0);
    is(&s, SCHEDULE_ASKED, SCHEDULE_START);
    assert_int_equal(s.plan.answer, 1);
    is(&s, SCHEDULE_ASKED, SCHEDULE_SAY_SKIPPED);
    assert_int_equal(s.plan.answer, 0);
    ends(&s, 0, 0);
    is(&s, SCHEDULE_ASKED, SCHEDULE_START);
    assert_int_equal(s.plan.answer, 2);
    is(&s, SCHEDULE_STOPPED, 0);
    is(&s, SCHEDULE_ASKED, 0);
    assert_int_equal(s.plan.answer, 0);
    begin(&queueing, "@yearly", 0);
    is(&queueing, SCHEDULE_ASKED, SCHEDULE_START);
    is(&queueing, SCHEDULE_ASKED, 0);
    assert_int_equal(queueing.plan.answer, 2);
    is(&queueing, SCHEDULE_ASKED, 0); /* the same one */
    assert_int_equal(queueing.plan.answer, 2);
    assert_int_equal(queueing.plan.counts.skipped, 0);
    ends(&queueing, 0, SCHEDULE_START);
    assert_int_equal(queueing.plan.counts.runs, 2);
}

static void a_stop_waits_within_its_limits(void **state)
{
    struct scene waits = {.rules.stop = 0}, limited = {.rules.stop = 20 * S},
                 passes = {.rules.pass = true};
    (void)state;
    begin(&waits, "@yearly", 0);
    is(&waits, SCHEDULE_ASKED, SCHEDULE_START);
    is(&waits, SCHEDULE_STOPPED, 0);
    assert_true(schedule_wake(&waits.plan) == TIMETABLE_NEVER);
    assert_true(schedule_next(&waits.plan, &waits.now) == TIMETABLE_NEVER);
    pass(&waits, 400 * DAY);
    is(&waits, SCHEDULE_LOOK, 0);
    is(&waits, SCHEDULE_STOPPED, SCHEDULE_TERM);
    ends(&waits, 143, SCHEDULE_END);
    assert_int_equal(waits.plan.code, 0);

    begin(&limited, "@yearly", 0);
    is(&limited, SCHEDULE_ASKED, SCHEDULE_START);
    is(&limited, SCHEDULE_STOPPED, 0);
    pass(&limited, 17);
    is(&limited, SCHEDULE_LOOK, 0);
    pass(&limited, 1);
    is(&limited, SCHEDULE_LOOK, SCHEDULE_TERM);
    pass(&limited, 1);
    is(&limited, SCHEDULE_LOOK, SCHEDULE_KILL);
    ends(&limited, 137, SCHEDULE_END);

    begin(&passes, "@yearly", 0);
    is(&passes, SCHEDULE_ASKED, SCHEDULE_START);
    is(&passes, SCHEDULE_STOPPED, SCHEDULE_TERM);
    pass(&passes, 10);
    is(&passes, SCHEDULE_LOOK, SCHEDULE_KILL);
    ends(&passes, 137, SCHEDULE_END);
}

/* As one that hangs in the kernel. Nothing more can be done to it. */
static void a_stop_of_what_no_kill_ends(void **state)
{
    struct scene s = {.rules = {.limit = 60 * S, .stop = 20 * S}};
    (void)state;
    begin(&s, "@hourly", 0);
    pass(&s, HOUR);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    pass(&s, 60);
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_LIMIT | SCHEDULE_TERM);
    pass(&s, 10);
    is(&s, SCHEDULE_LOOK, SCHEDULE_KILL);
    is(&s, SCHEDULE_STOPPED, 0);
    pass(&s, 19);
    is(&s, SCHEDULE_LOOK, 0);
    assert_true(schedule_wake(&s.plan) == TIMETABLE_NEVER);
    assert_int_equal(s.plan.counts.late, 1);
    is(&s, SCHEDULE_STOPPED, 0);
    assert_true(schedule_wake(&s.plan) == TIMETABLE_NEVER);
    ends(&s, 137, SCHEDULE_END);
}

static void jitter_stays_below_its_limit(void **state)
{
    struct scene s = {.rules.jitter = 600 * S};
    int64_t highest = 0, lowest = 600;
    (void)state;
    begin(&s, "0 3 * * *", 0);
    for (int day = 0; day < 200; day++) {
        int64_t late = (s.plan.due / S) % DAY - 3 * HOUR;
        assert_in_range(late, 0, 599);
        highest = late > highest ? late : highest;
        lowest = late < lowest ? late : lowest;
        /* a clock that is set by a little changes nothing while the time waits for its jitter */
        s.now.wall = s.plan.nominal;
        int64_t due = s.plan.due;
        is(&s, SCHEDULE_LOOK, s.plan.due == s.plan.nominal ? SCHEDULE_START : 0);
        if (s.plan.job == SCHEDULE_IDLE) {
            assert_true(s.plan.due == due);
            s.now.clock += due - s.now.wall;
            s.now.wall = due;
            is(&s, SCHEDULE_LOOK, SCHEDULE_START);
        }
        ends(&s, 0, 0);
    }
    assert_true(highest > 500 && lowest < 100);
}

/* As the manual page tells it. */
static void clocks_are_set(void **state)
{
    struct scene s = {.rules.limit = 0};
    (void)state;
    begin(&s, "30 2 * * *", 0); /* fixed */
    pass(&s, 2 * HOUR);
    s.now.wall += HOUR * S; /* 02:00 becomes 03:00 */
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    s.now.wall -= HOUR * S; /* and 02:00 again */
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), DAY + HOUR / 2);
    s.now.wall += (int64_t)365 * DAY * S;
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_MISSED);
    assert_int_equal(next(&s), HOUR / 2);
    pass(&s, HOUR / 2);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    s.now.wall -= (int64_t)365 * DAY * S; /* half past two comes again */
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), DAY);
    s.now.wall -= 4 * HOUR * S;
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), 4 * HOUR);

    begin(&s, "*/30 * * * *", 0); /* a pattern */
    pass(&s, 10 * MINUTE);
    s.now.wall += HOUR * S;
    is(&s, SCHEDULE_LOOK, SCHEDULE_SAY_MISSED);
    assert_int_equal(s.plan.counts.skipped, 1);
    assert_int_equal(next(&s), 20 * MINUTE);
    pass(&s, 20 * MINUTE);
    is(&s, SCHEDULE_LOOK, SCHEDULE_START);
    ends(&s, 0, 0);
    s.now.wall -= HOUR * S;
    is(&s, SCHEDULE_LOOK, 0);
    assert_int_equal(next(&s), 30 * MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run_after_the_other),
        cmocka_unit_test(periods_are_in_step),
        cmocka_unit_test(periods_have_an_end),
        cmocka_unit_test(overlap_is_skipped_queued_or_ended),
        cmocka_unit_test(a_limit_ends_the_job),
        cmocka_unit_test(failures_in_a_row_end_it),
        cmocka_unit_test(what_is_replaced_has_not_failed),
        cmocka_unit_test(a_job_is_found),
        cmocka_unit_test(once_and_at_the_start),
        cmocka_unit_test(somebody_asks),
        cmocka_unit_test(a_stop_waits_within_its_limits),
        cmocka_unit_test(a_stop_of_what_no_kill_ends),
        cmocka_unit_test(jitter_stays_below_its_limit),
        cmocka_unit_test(clocks_are_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
