#include "command/tools/schedule_plan.h"
#include "base/clock.h"

/* What is later than this was not due just now. */
#define LATE (60 * CLOCK_SECOND)
/* What is set by more than this was corrected. */
#define SET ((int64_t)3 * 3600 * CLOCK_SECOND)
/* Clocks that differ by less were not set. */
#define EQUAL (CLOCK_SECOND / 2)
/* Before our own end the job is asked to end, and killed, at most so long before. */
#define MARGIN CLOCK_SECOND

#define NEVER TIMETABLE_NEVER

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- when --- */

/* xorshift64 */
static int64_t jitter(struct schedule_plan *p)
{
    if (p->rules.jitter == 0)
        return 0;
    p->seed ^= p->seed << 13;
    p->seed ^= p->seed >> 7;
    p->seed ^= p->seed << 17;
    return (int64_t)(p->seed % (uint64_t)p->rules.jitter);
}

/* Rounds down; times before 1970 there are none. */
static int64_t second_of(int64_t ns)
{
    return ns < 0 ? 0 : ns / CLOCK_SECOND;
}

static void find_next(struct schedule_plan *p)
{
    int64_t next = timetable_next(&p->rules.table, second_of(p->looked.wall), second_of(p->done));
    p->nominal = next > NEVER / CLOCK_SECOND ? NEVER : next * CLOCK_SECOND;
    p->due = p->nominal == NEVER ? NEVER : p->nominal + jitter(p);
}

/* Whether a fixed time lies between the last look and now. */
static bool passed_fixed(const struct schedule_plan *p, const struct schedule_now *now)
{
    int64_t next = timetable_next(&p->rules.table, NEVER, second_of(p->done));
    return next <= second_of(now->wall);
}

/* Looks at the calendar. Whether it says that the job is due; *missed: it was, too long ago. */
static bool look_at_calendar(struct schedule_plan *p, const struct schedule_now *now, bool *missed)
{
    int64_t set = (now->wall - p->looked.wall) - (now->clock - p->looked.clock);
    bool came = p->due <= now->wall, is_due = came;
    int64_t late = came ? most(set, now->wall - p->due) : 0;
    bool waits = p->nominal <= now->wall && !came;
    p->looked = *now;
    if (late > LATE)
        is_due = late <= SET && passed_fixed(p, now);
    *missed = came && late > LATE && !is_due;
    if (set < -SET)
        p->done = now->wall;
    if (came)
        p->done = most(p->done, now->wall);
    if (came || (!waits && (set > EQUAL || set < -EQUAL)))
        find_next(p);
    return is_due;
}

/* Sets the next beat after now, in step with those before. */
static void find_beat(struct schedule_plan *p, size_t i, int64_t clock)
{
    struct schedule_beat *b = &p->beat[i];
    int64_t period = p->rules.table.part[i].period;
    b->nominal += (clock - b->nominal) / period * period;
    b->nominal = b->nominal > NEVER - period ? NEVER : b->nominal + period;
    b->due = b->nominal == NEVER ? NEVER : b->nominal + jitter(p);
}

static bool look_at_beats(struct schedule_plan *p, int64_t clock)
{
    bool is_due = false;
    for (size_t i = 0; i < p->rules.table.count; i++)
        if (p->beat[i].due <= clock) {
            is_due = true;
            find_beat(p, i, clock);
        }
    return is_due;
}

static void forget_times(struct schedule_plan *p)
{
    p->nominal = p->due = NEVER;
    for (size_t i = 0; i < p->rules.table.count; i++)
        p->beat[i].due = NEVER;
}

int64_t schedule_wake(const struct schedule_plan *p)
{
    int64_t first = p->deadline;
    for (size_t i = 0; i < p->rules.table.count; i++)
        first = least(first, p->beat[i].due);
    return first;
}

int64_t schedule_next(const struct schedule_plan *p, const struct schedule_now *now)
{
    int64_t first = p->due;
    for (size_t i = 0; i < p->rules.table.count; i++)
        if (p->beat[i].due != NEVER)
            first = least(first, now->wall - now->clock + p->beat[i].due);
    return first;
}

/* --- the job --- */

/* A job runs, since then. */
static void take_job(struct schedule_plan *p, const struct schedule_now *since)
{
    p->job = SCHEDULE_RUNNING;
    p->begun = *since;
    p->queued = p->over_limit = p->replaced = p->found = false;
    p->deadline = p->rules.limit > 0 ? since->clock + p->rules.limit : NEVER;
}

static unsigned int start(struct schedule_plan *p, const struct schedule_now *now)
{
    take_job(p, now);
    p->counts.runs++;
    return SCHEDULE_START;
}

static unsigned int kill_job(struct schedule_plan *p)
{
    p->job = SCHEDULE_KILLED;
    p->deadline = NEVER;
    return SCHEDULE_KILL;
}

static unsigned int end_job(struct schedule_plan *p, int64_t clock)
{
    if (p->job != SCHEDULE_RUNNING)
        return 0;
    p->job = SCHEDULE_ENDING;
    p->deadline = least(clock + p->rules.grace, p->kill_by);
    return SCHEDULE_TERM;
}

static unsigned int skip(struct schedule_plan *p)
{
    p->counts.skipped++;
    p->answer = 0;
    return SCHEDULE_SAY_SKIPPED;
}

/* The job is to run now, as somebody asked, or because it is due. */
static unsigned int want(struct schedule_plan *p, bool asked, const struct schedule_now *now)
{
    p->answer = p->counts.runs + 1;
    if (p->job == SCHEDULE_IDLE)
        return start(p, now);
    if (p->queued && asked)
        return 0; /* the next one is as good */
    if (p->rules.overlap == SCHEDULE_SKIP || p->queued)
        return skip(p);
    p->queued = true;
    if (p->rules.overlap != SCHEDULE_REPLACE)
        return 0;
    p->replaced = p->job == SCHEDULE_RUNNING;
    return end_job(p, now->clock);
}

/* --- events --- */

static unsigned int deadline_came(struct schedule_plan *p, const struct schedule_now *now)
{
    unsigned int said = 0;
    if (p->job == SCHEDULE_ENDING)
        return kill_job(p);
    if (p->rules.limit > 0 && now->clock - p->begun.clock >= p->rules.limit) {
        p->over_limit = true;
        p->counts.late++;
        said = SCHEDULE_SAY_LIMIT;
    }
    return said | end_job(p, now->clock);
}

static unsigned int look(struct schedule_plan *p, const struct schedule_now *now)
{
    unsigned int actions = p->deadline <= now->clock ? deadline_came(p, now) : 0;
    bool missed = false;
    if (p->stopping)
        return actions;
    bool is_due = look_at_calendar(p, now, &missed);
    is_due |= look_at_beats(p, now->clock);
    if (missed && !is_due) {
        p->counts.skipped++;
        actions |= SCHEDULE_SAY_MISSED;
    }
    return is_due ? actions | want(p, false, now) : actions;
}

static unsigned int ended(struct schedule_plan *p, int code, const struct schedule_now *now)
{
    if (p->job == SCHEDULE_IDLE)
        return 0;
    p->job = SCHEDULE_IDLE;
    p->deadline = NEVER;
    p->result = p->over_limit && code == 0 ? SCHEDULE_EXIT_LIMIT : code;
    p->counts.ended = p->counts.runs;
    if (p->result == 0)
        p->failures = 0;
    else if (!p->replaced) {
        p->failures++;
        p->counts.failed++;
    }
    if ((p->rules.once && !p->found) || p->stopping ||
        (p->rules.fail_after > 0 && p->failures >= p->rules.fail_after)) {
        p->code = p->stopping && !p->rules.once ? 0 : p->result;
        return SCHEDULE_END;
    }
    return p->queued ? start(p, now) : 0;
}

static unsigned int stop(struct schedule_plan *p, const struct schedule_now *now)
{
    bool again = p->stopping;
    int64_t margin = least(p->rules.stop / 10, MARGIN);
    p->stopping = true;
    p->queued = false;
    forget_times(p);
    if (p->job == SCHEDULE_IDLE) {
        p->code = 0;
        return SCHEDULE_END;
    }
    if (p->rules.stop > 0 && !again) {
        p->kill_by = now->clock + p->rules.stop - margin;
        /* To one that is killed nothing more can be done. */
        if (p->job != SCHEDULE_KILLED)
            p->deadline =
                least(p->deadline, p->job == SCHEDULE_RUNNING ? p->kill_by - margin : p->kill_by);
    }
    return p->rules.pass || again ? end_job(p, now->clock) : 0;
}

unsigned int schedule_begin(struct schedule_plan *p, const struct schedule_rules *rules,
                            const struct schedule_counts *counts, uint64_t seed,
                            const struct schedule_now *now, const struct schedule_now *since)
{
    *p = (struct schedule_plan){.rules = *rules,
                                .seed = seed | 1,
                                .looked = *now,
                                .done = now->wall,
                                .deadline = NEVER,
                                .kill_by = NEVER,
                                .counts = *counts};
    find_next(p);
    for (size_t i = 0; i < rules->table.count; i++) {
        p->beat[i] = (struct schedule_beat){.nominal = now->clock, .due = NEVER};
        if (rules->table.part[i].kind == TIMETABLE_EVERY)
            find_beat(p, i, now->clock);
    }
    if (since != NULL) {
        take_job(p, since);
        p->found = true;
    }
    return rules->at_start ? want(p, false, now) : 0;
}

unsigned int schedule_step(struct schedule_plan *p, enum schedule_event event, int code,
                           const struct schedule_now *now)
{
    switch (event) {
    case SCHEDULE_LOOK:
        return look(p, now);
    case SCHEDULE_ENDED:
        return ended(p, code, now);
    case SCHEDULE_ASKED:
        p->answer = 0;
        return p->stopping ? 0 : want(p, true, now);
    case SCHEDULE_STOPPED:
        return stop(p, now);
    }
    return 0;
}
