/* The machine of a longrun in every state that it can reach, whatever the kernel, the callers and
 * the files of the service do. */
#include "tests/simulation/explore.h"
#include "tests/simulation/machine_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- it always comes to what is wished --------------------------------------------------------
 */

enum { LONG_WAY = 16 };

/* A process of an obedient service ends when it is told to; any other one only by KILL. Returns
 * what happens next, or MOVE_OTHERS when nothing will. told: it was sent its end. */
static unsigned int next_on_the_way_down(const struct machine_state *s, bool obedient)
{
    switch (s->process) {
    case PROCESS_FORKED:
        return MOVE_EXECUTED;
    case PROCESS_REFUSED:
        return MOVE_REAPED;
    case PROCESS_RUN:
        return obedient || s->left == NEVER ? MOVE_DIES : MOVE_DEADLINE;
    case PROCESS_FINISH:
        return obedient || s->left == NEVER ? MOVE_DIES : MOVE_DEADLINE;
    default:
        return s->left != NEVER ? MOVE_DEADLINE : MOVE_OTHERS;
    }
}

static const char *way_down(const struct machine_state *from, bool obedient)
{
    struct machine_state s = *from;
    const char *why = NULL;
    bool killed = false;
    if (world_perform(&s, world_move(MOVE_STOP, 0, s.rules), &why) != WORLD_OK)
        return why;
    for (int i = 0; s.state != SERVICE_DOWN || s.want != WANT_DOWN; i++) {
        uint8_t before = s.process;
        unsigned int what = next_on_the_way_down(&s, obedient || killed);
        if (i == LONG_WAY || what == MOVE_OTHERS)
            return "wanted down, it does not come down";
        if (world_perform(&s, world_move(what, 0, s.rules), &why) != WORLD_OK)
            return why;
        killed = what == MOVE_DEADLINE && s.process == before;
    }
    return s.waits == WAITS_NOT ? NULL : "it is down, and s6-rc still waits for that";
}

static unsigned int next_on_the_way_up(const struct machine_state *s)
{
    switch (s->process) {
    case PROCESS_FORKED:
        return MOVE_EXECUTED;
    case PROCESS_REFUSED:
        return MOVE_REAPED;
    case PROCESS_RUN:
        return MOVE_READY;
    case PROCESS_FINISH:
        return MOVE_DIES;
    default:
        return s->left != NEVER ? MOVE_DEADLINE : MOVE_OTHERS;
    }
}

/* From the wish until it is answered. */
static const char *one_way_up(struct machine_state *s)
{
    const char *why = NULL;
    if (world_perform(s, world_move(MOVE_START, 0, s->rules), &why) != WORLD_OK)
        return why;
    for (int i = 0; s->waits != WAITS_NOT; i++) {
        unsigned int what = next_on_the_way_up(s);
        if (i == LONG_WAY || what == MOVE_OTHERS)
            return "wanted up, it does not come up";
        if (world_perform(s, world_move(what, 0, s->rules), &why) != WORLD_OK)
            return why == NULL ? "wanted up, it does not come up" : why;
    }
    return NULL;
}

/* Wanted up, and refused nothing: it is started, and that is told. A run that could not be executed
 * before that may be the last one by its policy: then it is wished once more. */
static const char *way_up(const struct machine_state *from)
{
    struct machine_state s = *from;
    bool refused = from->process == PROCESS_REFUSED && from->policy != 0;
    const char *why = one_way_up(&s);
    if (why == NULL && refused && s.state == SERVICE_DOWN)
        why = one_way_up(&s);
    if (why != NULL)
        return why;
    return s.state == SERVICE_UP ? NULL : "told as started, it is not up";
}

/* --- every state ------------------------------------------------------------------------------ */

static void try_one(struct explore *x, const struct machine_state *from, unsigned int what,
                    unsigned int rules)
{
    for (unsigned int outcome = 0; outcome < OUTCOMES; outcome++) {
        struct machine_state s = *from;
        uint32_t move = world_move(what, outcome, rules);
        const char *why = NULL;
        enum world_result result = world_perform(&s, move, &why);
        if (result == WORLD_CANNOT)
            return; /* then no outcome makes a difference */
        if (result == WORLD_BROKEN)
            explore_broken(x, move, "%s", why);
        else
            explore_reach(x, &s, move);
    }
}

/* The files may be written anew at any moment: all at once, or, when it is to be quick, one that is
 * no time limit. */
static bool may_become(const struct machine_state *s, unsigned int to)
{
    unsigned int differ = s->rules ^ to;
    if (s->policy != 0)
        return explore_everything() && differ == RULE_FINISH;
    return explore_everything() ||
           ((differ & (differ - 1)) == 0 && (differ & (RULE_KILL | RULE_LIMIT)) == 0);
}

static void expand(struct explore *x, const void *state)
{
    const struct machine_state *s = state;
    const char *why = way_up(s);
    if (why == NULL)
        why = way_down(s, true);
    if (why == NULL)
        why = way_down(s, false);
    if (why != NULL)
        explore_broken(x, world_move(MOVE_TIME, 0, s->rules), "%s", why);
    for (unsigned int what = 0; what < world_moves(); what++)
        for (unsigned int rules = 0; rules < RULE_SETS; rules++)
            if (rules == s->rules || (world_reads_files(s, what) && may_become(s, rules)))
                try_one(x, s, what, rules);
}

static void tell(const struct explore *x, const void *state, uint32_t move, char *text, size_t size)
{
    (void)x;
    world_tell(state, move, text, size);
}

static void show(const struct explore *x, const void *state, char *text, size_t size)
{
    (void)x;
    world_show(state, text, size);
}

static const struct explore_model model = {
    .size = sizeof(struct machine_state), .expand = expand, .tell = tell, .show = show};

static void start(struct explore *x, unsigned int policy, unsigned int rules)
{
    struct machine_state s = {.left = NEVER,
                              .ready_for = NEVER,
                              .lived = NEVER,
                              .rules = (uint8_t)rules,
                              .policy = (uint8_t)policy};
    memset(s.death, NO_DEATH, sizeof s.death);
    memset(s.seen_death, NO_DEATH, sizeof s.seen_death);
    explore_start(x, &s);
}

static void a_service_in_every_state(void **state)
{
    struct explore x;
    (void)state;
    explore_init(&x, &model, NULL);
    for (unsigned int policy = 0; policy < POLICIES; policy++)
        for (unsigned int rules = 0; rules < RULE_SETS; rules++)
            if (policy == 0 || explore_everything() || rules == machine_policies[policy].rules)
                start(&x, policy, rules);
    int result = explore_run(&x);
    fprintf(stderr, "machine: %lu states, %llu steps\n", (unsigned long)x.count,
            (unsigned long long)x.steps);
    explore_release(&x);
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
