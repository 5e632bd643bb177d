#include "command/tools/liveness.h"
#include "base/clock.h"
#include "base/quantity.h"
#include <stdio.h>

/* A look that comes later than this, and than an interval, comes after a time in which nothing of
 * us ran, as in a container that was paused: it proves nothing. */
#define LATE (5 * CLOCK_SECOND)
/* Between two looks at a service that is not ready. */
#define UNREADY_PAUSE CLOCK_SECOND

void live_begin(struct live *l, const struct live_plan *plan, int64_t now)
{
    *l = (struct live){.plan = *plan, .state = LIVE_UNREADY, .due = now};
}

int64_t live_watchdog(const struct live_plan *plan)
{
    return plan->silence > 0 ? plan->silence : plan->interval;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static unsigned int pause_until(struct live *l, int64_t due)
{
    l->state = LIVE_PAUSED;
    l->due = due;
    return 0;
}

/* The next look, at the pace of the last one where that is still to come. */
static unsigned int pause_after_check(struct live *l, int64_t now)
{
    int64_t due = l->begun + l->plan.interval;
    return pause_until(l, due > now ? due : now + l->plan.interval);
}

/* Failures and silence before now do not count. */
static void forget(struct live *l, int64_t now)
{
    l->failed = 0;
    l->logged_at = l->pinged_at = now;
}

static unsigned int start_anew(struct live *l, int64_t now)
{
    forget(l, now);
    l->asked = false;
    return pause_until(l, now + l->plan.interval);
}

static bool is_late(const struct live *l, int64_t now)
{
    return now - l->due > LATE && now - l->due > l->plan.interval;
}

/* The state and due are set for the case that this failure is not the last. */
static unsigned int failure(struct live *l, enum live_fault fault, int64_t now)
{
    l->fault = fault;
    l->failed++;
    if (l->failed < l->plan.failures && fault != LIVE_TRIGGERED)
        return 0;
    l->asked = false;
    if (!l->plan.once) {
        forget(l, now);
        return LIVE_ACT;
    }
    l->state = LIVE_ASKED;
    l->due = l->plan.kills ? now + l->plan.grace : 0;
    return LIVE_ACT;
}

static void take_signs(struct live *l, const struct live_sight *sight, int64_t now)
{
    l->asked |= sight->asks;
    if (sight->logged || !l->hears)
        l->logged_at = now;
    l->hears = sight->hears;
    if (sight->pinged) {
        l->pinged_at = now;
        l->watched = true;
    }
}

/* The failure that signs of life, or their absence, are. False: none. */
static bool find_fault(const struct live *l, int64_t now, enum live_fault *fault)
{
    *fault = l->asked ? LIVE_TRIGGERED : l->watched ? LIVE_UNWATCHED : LIVE_SILENT;
    if (l->asked)
        return true;
    if (l->watched)
        return now - l->pinged_at >= live_watchdog(&l->plan);
    return l->hears && l->plan.silence > 0 && now - l->logged_at >= l->plan.silence;
}

static unsigned int look(struct live *l, const struct live_sight *sight, int64_t now)
{
    enum live_fault fault;
    if (sight->stopped || !sight->wanted || (is_late(l, now) && !l->asked))
        return start_anew(l, now);
    l->begun = now;
    pause_until(l, now + l->plan.interval);
    if (find_fault(l, now, &fault))
        return failure(l, fault, now);
    if (!l->plan.checks) {
        l->failed = 0;
        return 0;
    }
    l->state = LIVE_CHECKING;
    l->due = now + l->plan.timeout;
    return LIVE_START_CHECK;
}

/* It has failed, and is to be killed, or was and still has not ended. */
static unsigned int overdue(struct live *l, const struct live_sight *sight, int64_t now)
{
    unsigned int kill = l->state == LIVE_CHECKING ? LIVE_KILL_CHECK : 0;
    bool excused = sight->stopped || !sight->wanted || is_late(l, now);
    l->state = LIVE_ENDING;
    l->due = now + l->plan.interval;
    if (excused) {
        forget(l, now);
        return kill;
    }
    return kill | failure(l, LIVE_CHECK_LATE, now);
}

static unsigned int checked(struct live *l, enum live_event event, const struct live_sight *sight,
                            int64_t now)
{
    bool counts = l->state == LIVE_CHECKING; /* else it was counted when it was late */
    if (l->state == LIVE_ASKED)
        return 0;
    pause_after_check(l, now);
    if (!counts)
        return 0;
    if (sight->stopped || !sight->wanted) {
        forget(l, now);
        return 0;
    }
    if (event == LIVE_PASSED) {
        l->failed = 0;
        return 0;
    }
    return failure(l, LIVE_CHECK_FAILED, now);
}

static unsigned int step(struct live *l, enum live_event event, const struct live_sight *sight,
                         int64_t now)
{
    if (event != LIVE_TIME)
        return l->state == LIVE_CHECKING || l->state == LIVE_ENDING ? checked(l, event, sight, now)
                                                                    : 0;
    if (l->due == 0 || now < l->due)
        return 0;
    switch (l->state) {
    case LIVE_UNREADY:
        if (!sight->ready) {
            l->due = now + least(l->plan.interval, UNREADY_PAUSE);
            return 0;
        }
        forget(l, now);
        return pause_until(l, now + l->plan.start);
    case LIVE_PAUSED:
        return look(l, sight, now);
    case LIVE_CHECKING:
    case LIVE_ENDING:
        return overdue(l, sight, now);
    default: /* LIVE_ASKED */
        l->due = now + l->plan.grace;
        return sight->wanted ? LIVE_KILL_SERVICE : 0;
    }
}

unsigned int live_step(struct live *l, enum live_event event, const struct live_sight *sight,
                       int64_t now)
{
    take_signs(l, sight, now);
    return step(l, event, sight, now);
}

static void time_text(int64_t ns, char out[QUANTITY_MAX])
{
    duration_format((uint32_t)(ns / CLOCK_MS), out);
}

void live_text(const struct live *l, const char *words, char *out, size_t size)
{
    char time[QUANTITY_MAX];
    size_t n = 0;
    if (l->plan.failures > 1 && l->fault != LIVE_TRIGGERED)
        n = (size_t)snprintf(out, size, "%u failures in a row, the last: ", l->plan.failures);
    out += n;
    size -= n;
    switch (l->fault) {
    case LIVE_CHECK_FAILED:
        snprintf(out, size, "%s", words);
        break;
    case LIVE_CHECK_LATE:
        time_text(l->plan.timeout, time);
        snprintf(out, size, "the check took more than %s%s%s", time, words[0] == '\0' ? "" : ": ",
                 words);
        break;
    case LIVE_SILENT:
        time_text(l->plan.silence, time);
        snprintf(out, size, "nothing logged for %s", time);
        break;
    case LIVE_UNWATCHED:
        time_text(live_watchdog(&l->plan), time);
        snprintf(out, size, "no WATCHDOG=1 for %s", time);
        break;
    default: /* LIVE_TRIGGERED */
        snprintf(out, size, "WATCHDOG=trigger");
        break;
    }
}
