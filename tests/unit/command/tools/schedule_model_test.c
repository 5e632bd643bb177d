/* The plan of schedule beside a model that goes second by second: ten years of five zones in which
 * clocks are set and machines sleep. By default the years pass quickly where nothing happens;
 * SCHEDULE=all in the environment: they do not. */
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
enum { MINUTE = 60, HOUR = 3600, DAY = 86400, YEARS = 10 };
/* 2026-01-01 00:00:00 */
#define BEGIN ((int64_t)1767225600)

static const char *const texts[] = {"30 2 * * *; */20 * * * *", "0,30 * * * *; 15 1,2,3 * * *",
                                    "0 */2 * * *; 10 0 * * 0; every 47m", "*/5 2 * * *; 0 3 1 * *"};

/* When a set of parts is due, in time order: asked about times that only grow, but after a reset.
 */
struct dues {
    struct timetable table;
    int64_t next;
};

static void dues_from(struct dues *d, int64_t after)
{
    d->next = timetable_next(&d->table, after, after);
}

/* Whether there is one from `from` to `to`. */
static bool dues_between(struct dues *d, int64_t from, int64_t to)
{
    if (d->next < from)
        dues_from(d, from - 1);
    return d->next <= to;
}

struct model {
    struct dues fixed, patterns;
    struct timetable periods;
    int64_t wall, clock; /* s */
    int64_t began;       /* clock */
    int64_t passed;      /* fixed times until then are over */
    struct schedule_plan plan;
    int job;
    long long starts, sets;
    uint64_t random;
};

static uint64_t draw(struct model *m, uint64_t count)
{
    m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (m->random >> 33) % count;
}

static bool periods_are_due(const struct model *m)
{
    for (size_t i = 0; i < m->periods.count; i++)
        if ((m->clock - m->began) % (m->periods.part[i].period / S) == 0)
            return true;
    return false;
}

/* What the manual page says of a clock that was at `from` and is at m->wall. To what it is set does
 * not count. */
static bool calendar_is_due(struct model *m, int64_t from)
{
    int64_t step = m->wall - from - 1, size = step < 0 ? -step : step;
    bool due = false;
    if (step < 0 || size > 3 * HOUR)
        dues_from(&m->patterns, m->wall), dues_from(&m->fixed, m->wall);
    if (step < 0 && size > 3 * HOUR)
        m->passed = m->wall;
    if (m->wall > m->passed && (step < 0 || size <= 3 * HOUR))
        due = dues_between(&m->fixed, m->passed + 1, m->wall);
    if (size <= MINUTE && step >= 0)
        due |= dues_between(&m->patterns, from + 1, m->wall);
    m->passed = m->wall > m->passed ? m->wall : m->passed;
    return due;
}

static void take_second(struct model *m, int64_t step)
{
    int64_t from = m->wall;
    m->wall += 1 + step;
    m->clock++;
    const struct schedule_now now = {.wall = m->wall * S, .clock = m->clock * S};
    bool due = calendar_is_due(m, from) | periods_are_due(m);
    bool looks = step != 0 || m->plan.due <= now.wall || schedule_wake(&m->plan) <= now.clock;
    unsigned int actions = looks ? schedule_step(&m->plan, SCHEDULE_LOOK, 0, &now) : 0;
    if (due != ((actions & SCHEDULE_START) != 0))
        fail_msg("%s: at %lld, from %lld: it is %sdue", getenv("TZ"), (long long)m->wall,
                 (long long)from, due ? "" : "not ");
    if (due) {
        m->starts++;
        schedule_step(&m->plan, SCHEDULE_ENDED, 0, &now);
    }
}

/* Clocks that are set by some seconds, an hour, a day, a year; machines that sleep. */
static int64_t draw_step(struct model *m)
{
    static const int64_t sizes[] = {20, 50, 10 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, DAY, 365 * DAY};
    int64_t size = sizes[draw(m, sizeof sizes / sizeof sizes[0])];
    size += (int64_t)draw(m, 7);
    m->sets++;
    return draw(m, 2) == 0 || m->wall < BEGIN + 400 * DAY ? size : -size;
}

static void begin_model(struct model *m, const char *text)
{
    struct schedule_rules rules = {.grace = S};
    const struct schedule_counts none = {.runs = 0};
    struct error e = ERROR_INIT;
    assert_int_equal(timetable_parse(&rules.table, text, &e), 0);
    *m = (struct model){.wall = BEGIN + 400 * DAY, .clock = 5000, .began = 5000, .random = 5};
    m->passed = m->wall;
    for (size_t i = 0; i < rules.table.count; i++) {
        const struct timetable_part *p = &rules.table.part[i];
        struct timetable *to = p->kind == TIMETABLE_EVERY ? &m->periods
                               : p->fixed                 ? &m->fixed.table
                                                          : &m->patterns.table;
        to->part[to->count++] = *p;
    }
    dues_from(&m->fixed, m->wall);
    dues_from(&m->patterns, m->wall);
    const struct schedule_now now = {.wall = m->wall * S, .clock = m->clock * S};
    assert_int_equal(schedule_begin(&m->plan, &rules, &none, 3, &now, NULL), 0);
}

static void a_model_agrees(void **state)
{
    const char *wish = getenv("SCHEDULE");
    bool all = wish != NULL && strcmp(wish, "all") == 0;
    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct model m;
            use_zone(zones[z]);
            begin_model(&m, texts[i]);
            int64_t seconds = all ? (int64_t)YEARS * 365 * DAY : 4 * DAY;
            for (int64_t t = 0; t < seconds; t++)
                take_second(&m, draw(&m, 3 * HOUR) == 0 ? draw_step(&m) : 0);
            assert_true(m.starts > 20 && m.sets > 10);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
