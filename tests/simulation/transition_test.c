/* The transition engine on every graph of up to five nodes: every order of answers, failures, time
 * limits and new goals. */
#include "tests/simulation/explore.h"
#include "tests/simulation/transition_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- it always ends --------------------------------------------------------------------------- */

/* However all that is asked for and under way ends: OVER comes. */
static const char *way_to_the_end(struct world *w, const struct engine_state *from, bool success)
{
    struct engine_state s = *from;
    bool before = w->drain;
    const char *why = NULL;
    w->drain = true;
    for (int i = 0; (s.flags & AWAITED) != 0 && why == NULL; i++) {
        uint32_t node = 0;
        while (node < w->shape.nodes &&
               ((s.goal >> node & 1) == 0 || (s.node[node] & NODE_STATE) == NODE_DOWN ||
                (s.node[node] & NODE_STATE) == NODE_UP))
            node++;
        if (i > 4 * SHAPE_NODES || (i > 0 && node == w->shape.nodes))
            why = "it never ends";
        else if (node == w->shape.nodes)
            why = engine_perform(w, &s, engine_move(MOVE_NEXT, 0));
        else
            why = engine_perform(w, &s, engine_move(MOVE_DONE, node * 2 + success));
    }
    w->drain = before;
    return why;
}

/* --- every move ------------------------------------------------------------------------------- */

static void try(struct explore *x, const struct engine_state *from, enum move what,
                unsigned int detail)
{
    struct engine_state s = *from;
    uint32_t move = engine_move(what, detail);
    const char *why = engine_perform(x->world, &s, move);
    if (why != NULL)
        explore_broken(x, move, "%s", why);
    else
        explore_reach(x, &s, move);
}

/* Sets that ask for the same are one, if not all of them are tried. */
static bool is_worth(const struct world *w, unsigned int set, int up)
{
    unsigned int closed = shape_close(&w->shape, set, up);
    bool all = set + 1 == 1U << w->shape.nodes;
    if (w->few && !all && (set & (set - 1)) != 0)
        return false;
    for (unsigned int other = 0; other < set; other++)
        if (shape_close(&w->shape, other, up) == closed)
            return false;
    return true;
}

static void try_goal(struct explore *x, const struct engine_state *s, unsigned int set, bool up)
{
    const struct world *w = x->world;
    unsigned int goal = shape_close(&w->shape, set, up);
    for (unsigned int limit = 0; limit <= w->limits; limit++) {
        unsigned int detail = set * 4 + limit * 2 + up;
        try(x, s, MOVE_BEGIN, detail);
        for (unsigned int i = 0; !up && i < w->shape.nodes; i++)
            if ((goal >> i & 1) != 0 && (s->node[i] & NODE_STATE) == NODE_UP)
                try(x, s, MOVE_BEGIN, detail + 256 * (i + 1));
    }
}

static void try_goals(struct explore *x, const struct engine_state *s)
{
    const struct world *w = x->world;
    for (unsigned int set = 0; set < 1U << w->shape.nodes; set++)
        for (int up = 0; up < 2; up++)
            if (is_worth(w, set, up))
                try_goal(x, s, set, up);
}

static void try_time(struct explore *x, const struct engine_state *s)
{
    const struct world *w = x->world;
    unsigned int all = 0;
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        if ((s->node[i] & (HAS_DEADLINE | DEADLINE_PASSED)) != HAS_DEADLINE)
            continue;
        all |= 1U << i;
        try(x, s, MOVE_LATE, 1U << i);
    }
    if ((all & (all - 1)) != 0)
        try(x, s, MOVE_LATE, all);
    if ((s->flags & (ACTIVE | LIMITED | LIMIT_PASSED)) == (ACTIVE | LIMITED))
        try(x, s, MOVE_LIMIT, 0);
}

static void expand(struct explore *x, const void *state)
{
    const struct engine_state *s = state;
    struct world *w = x->world;
    const char *why = way_to_the_end(w, s, true);
    if (why == NULL)
        why = way_to_the_end(w, s, false);
    if (why != NULL)
        explore_broken(x, engine_move(MOVE_NEXT, 0), "%s", why);
    for (unsigned int i = 0; i < 2 * w->shape.nodes; i++)
        try(x, s, MOVE_DONE, i);
    try_time(x, s);
    if ((s->flags & ACTIVE) != 0)
        try(x, s, MOVE_BREAK, 0);
    if (!w->drain)
        try(x, s, MOVE_NEXT, 0);
    try_goals(x, s);
}

/* --- stories ---------------------------------------------------------------------------------- */

static void add_set(unsigned int set, char *text, size_t size)
{
    for (unsigned int i = 0; i < SHAPE_NODES; i++)
        if ((set >> i & 1) != 0)
            snprintf(text + strlen(text), size - strlen(text), " %c", (char)('a' + i));
}

static void tell(const struct explore *x, const void *state, uint32_t move, char *text, size_t size)
{
    unsigned int detail = move >> 8;
    const struct engine_state *s = state;
    (void)x;
    switch ((enum move)(move & 0xff)) {
    case MOVE_BEGIN:
        snprintf(text, size, "asked to bring %s%s:", (detail & 1) != 0 ? "up" : "down",
                 (detail & 2) != 0 ? " within a time" : "");
        add_set(detail >> 2 & ((1U << SHAPE_NODES) - 1), text, size);
        if (detail >= 256)
            snprintf(text + strlen(text), size - strlen(text), ", but not the essential %c",
                     (char)('a' + detail / 256 - 1));
        break;
    case MOVE_DONE:
        snprintf(text, size, "%c %s %s", (char)('a' + detail / 2),
                 (s->node[detail / 2] & NODE_STATE) == NODE_STARTING ? "starts:" : "stops:",
                 detail % 2 == 1 ? "done" : "failed");
        break;
    case MOVE_LATE:
        snprintf(text, size, "deadlines pass:");
        add_set(detail, text, size);
        break;
    case MOVE_LIMIT:
        snprintf(text, size, "the time limit passes");
        break;
    case MOVE_BREAK:
        snprintf(text, size, "it is broken off");
        break;
    case MOVE_NEXT:
        snprintf(text, size, "the next action is asked for");
        break;
    }
}

static void show(const struct explore *x, const void *state, char *text, size_t size)
{
    static const char *const states[] = {"down", "starting", "up", "stopping"};
    const struct world *w = x->world;
    const struct engine_state *s = state;
    snprintf(text, size, "%s", (s->flags & ACTIVE) != 0 ? "active" : "at rest");
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        snprintf(text + strlen(text), size - strlen(text), "%s %c", i == 0 ? ":" : ",",
                 (char)('a' + i));
        if (w->shape.needs[i] != 0) {
            snprintf(text + strlen(text), size - strlen(text), " (needs");
            add_set(w->shape.needs[i], text, size);
            snprintf(text + strlen(text), size - strlen(text), ")");
        }
        snprintf(text + strlen(text), size - strlen(text), " %s%s%s",
                 states[s->node[i] & NODE_STATE], (s->failed >> i & 1) != 0 ? " failed" : "",
                 (s->goal >> i & 1) != 0 ? "!" : "");
    }
}

/* --- every graph ------------------------------------------------------------------------------ */

static const struct explore_model model = {
    .size = sizeof(struct engine_state), .expand = expand, .tell = tell, .show = show};

struct sum {
    size_t shapes;
    unsigned long long states;
    unsigned long long steps;
    int result;
};

static void explore_shape(const struct shape *shape, const struct world *how, struct sum *sum)
{
    struct world w = *how;
    struct explore x;
    struct engine_state s = engine_begin();
    engine_build(&w, shape);
    explore_init(&x, &model, &w);
    explore_start(&x, &s);
    sum->result |= explore_run(&x);
    sum->shapes++;
    sum->states += x.count;
    sum->steps += x.steps;
    explore_release(&x);
    engine_destroy(&w);
}

static void explore_graphs(const struct world *how, unsigned int least, unsigned int most)
{
    static struct shape all[SHAPES_MAX];
    struct sum sum = {.result = 0};
    for (unsigned int nodes = least; nodes <= most; nodes++) {
        size_t count = shapes_of(nodes, all);
        for (size_t i = 0; i < count && sum.result == 0; i++)
            explore_shape(&all[i], how, &sum);
    }
    fprintf(stderr, "transition: %lu graphs of %u to %u nodes, %llu states, %llu steps\n",
            (unsigned long)sum.shapes, least, most, sum.states, sum.steps);
    assert_int_equal(sum.result, 0);
}

/* Whatever comes between two actions, and whatever an earlier transition left behind. */
static void action_by_action(void **state)
{
    const struct world how = {.limits = true};
    (void)state;
    explore_graphs(&how, 1, explore_everything() ? 3 : 2);
}

static void with_time_limits(void **state)
{
    const struct world how = {.drain = true, .forget = true, .limits = true};
    (void)state;
    explore_graphs(&how, 1, 4);
}

static void on_every_graph(void **state)
{
    const struct world how = {.drain = true, .forget = true, .few = !explore_everything()};
    (void)state;
    explore_graphs(&how, 1, SHAPE_NODES);
}

static void all_shapes_are_there(void **state)
{
    static const size_t known[] = {1, 2, 6, 31, 302};
    static struct shape all[SHAPES_MAX];
    (void)state;
    for (unsigned int nodes = 1; nodes <= SHAPE_NODES; nodes++)
        assert_int_equal(shapes_of(nodes, all), known[nodes - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes_are_there),
        cmocka_unit_test(action_by_action),
        cmocka_unit_test(with_time_limits),
        cmocka_unit_test(on_every_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
