/* The transition engine on small graphs by hand, and on random ones by its laws. */
#include "base/clock.h"
#include "services/transition.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S CLOCK_SECOND

struct world {
    struct definitions d;
    struct graph g;
    struct transition t;
    unsigned char *all;
};

/* "b:a c:a,b" makes longruns a, b, c with those dependencies; a name must come before its use. */
static void build(struct world *w, const char *text)
{
    struct problems p = PROBLEMS_INIT;
    memset(w, 0, sizeof *w);
    while (*text != '\0') {
        char word[64];
        size_t n = strcspn(text, " ");
        memcpy(word, text, n);
        word[n] = '\0';
        text += n + (text[n] == ' ');
        char *needs = strchr(word, ':');
        if (needs != NULL)
            *needs++ = '\0';
        struct definition *d = definitions_add(&w->d, word, DEFINITION_LONGRUN);
        for (char *one = needs == NULL ? NULL : strtok(needs, ","); one != NULL;
             one = strtok(NULL, ","))
            assert_int_equal(words_add(&d->dependencies, one), 0);
    }
    assert_int_equal(graph_build(&w->g, &w->d, &p), 0);
    assert_int_equal(transition_init(&w->t, &w->g), 0);
    w->all = malloc(w->g.count + 1);
    memset(w->all, 1, w->g.count + 1);
    problems_release(&p);
}

static void destroy(struct world *w)
{
    transition_release(&w->t);
    graph_release(&w->g);
    definitions_release(&w->d);
    free(w->all);
}

/* Everything there is to do now, as "+a -b ~c . T" (start, stop, late, over, timeout). */
static const char *now_do_when(struct world *w, int64_t now, bool full)
{
    static char text[1024];
    struct transition_action a;
    text[0] = '\0';
    while (transition_next(&w->t, now, full, &a)) {
        static const char kinds[] = {[TRANSITION_START] = '+',
                                     [TRANSITION_STOP] = '-',
                                     [TRANSITION_LATE] = '~',
                                     [TRANSITION_TIMEOUT] = 'T',
                                     [TRANSITION_OVER] = '.'};
        bool named = a.kind <= TRANSITION_LATE;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%c%s",
                 text[0] == '\0' ? "" : " ", kinds[a.kind],
                 named ? w->d.item[w->g.node[a.node].definition].name : "");
    }
    return text;
}

static const char *now_do(struct world *w, int64_t now)
{
    return now_do_when(w, now, false);
}

static void done(struct world *w, const char *name, bool success, int64_t now)
{
    long d = definitions_find(&w->d, name);
    assert_true(d >= 0);
    transition_done(&w->t, (uint32_t)w->g.node_of[d], success, now);
}

static void set_of(struct world *w, const char *name)
{
    memset(w->all, 0, w->g.count + 1);
    assert_int_equal(graph_select(&w->g, name, w->all), 0);
}

static void chains_go_up_and_come_down(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c:b");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a");
    assert_string_equal(now_do(&w, S), "");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), "+b");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), "+c");
    done(&w, "c", true, S);
    assert_string_equal(now_do(&w, S), ".");
    assert_int_equal(w.t.result, TRANSITION_OK);
    assert_string_equal(now_do(&w, S), "");
    transition_begin(&w.t, w.all, false, S, 0);
    assert_string_equal(now_do(&w, S), "-c");
    done(&w, "c", true, S);
    assert_string_equal(now_do(&w, S), "-b");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), "-a");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), ".");
    destroy(&w);
}

/* What holds longruns back holds back neither oneshots, nor time limits, nor a stop. */
static void no_longrun_starts_when_full(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b c:b d");
    w.d.item[definitions_find(&w.d, "b")].type = DEFINITION_ONESHOT;
    w.d.item[definitions_find(&w.d, "d")].timeout_up = 1000;
    transition_begin(&w.t, w.all, true, S, 5000);
    assert_string_equal(now_do_when(&w, S, true), "+b");
    done(&w, "b", true, S);
    assert_string_equal(now_do_when(&w, S, true), ""); /* it is not over */
    assert_string_equal(now_do(&w, S), "+d +a +c");
    done(&w, "a", true, S);
    done(&w, "c", true, S);
    assert_string_equal(now_do_when(&w, 2 * S, true), "~d .");
    transition_begin(&w.t, w.all, true, 2 * S, 1000);
    assert_string_equal(now_do_when(&w, 2 * S, true), "");
    assert_string_equal(now_do_when(&w, 3 * S, true), "T .");
    transition_begin(&w.t, w.all, false, 3 * S, 0);
    assert_string_equal(now_do_when(&w, 3 * S, true), "-a -c");
    destroy(&w);
}

/* A global time limit leaves what is under way to itself: who asks for something else is not held
 * up by it, and whose end comes later has not failed what runs then. */
static void what_was_left_is_not_waited_for(void **state)
{
    struct world w;
    (void)state;
    build(&w, "slow b c:slow");
    set_of(&w, "slow");
    transition_begin(&w.t, w.all, true, S, 1000);
    assert_string_equal(now_do(&w, S), "+slow");
    assert_string_equal(now_do(&w, 2 * S), "T .");
    assert_int_equal(w.t.result, TRANSITION_TIMED_OUT);
    set_of(&w, "b");
    transition_begin(&w.t, w.all, true, 2 * S, 0);
    assert_string_equal(now_do(&w, 2 * S), "+b");
    done(&w, "b", true, 2 * S);
    assert_string_equal(now_do(&w, 2 * S), ".");
    set_of(&w, "b");
    transition_begin(&w.t, w.all, false, 2 * S, 0);
    assert_string_equal(now_do(&w, 2 * S), "-b");
    done(&w, "slow", false, 2 * S);
    done(&w, "b", true, 2 * S);
    assert_string_equal(now_do(&w, 2 * S), ".");
    assert_int_equal(w.t.result, TRANSITION_OK);
    /* Who asks for what needs it waits for it. */
    set_of(&w, "slow");
    transition_begin(&w.t, w.all, true, 2 * S, 1000);
    assert_string_equal(now_do(&w, 2 * S), "+slow");
    assert_string_equal(now_do(&w, 3 * S), "T .");
    set_of(&w, "c");
    transition_begin(&w.t, w.all, true, 3 * S, 0);
    assert_string_equal(now_do(&w, 3 * S), "");
    done(&w, "slow", true, 3 * S);
    assert_string_equal(now_do(&w, 3 * S), "+c");
    done(&w, "c", true, 3 * S);
    assert_string_equal(now_do(&w, 3 * S), ".");
    destroy(&w);
}

/* Nor does its own time limit count for who asks for something else, but it does again later. */
static void what_was_left_has_its_limit_where_it_is_wanted(void **state)
{
    struct world w;
    struct transition_action a;
    (void)state;
    build(&w, "slow b");
    w.d.item[0].timeout_up = 5000;
    set_of(&w, "slow");
    transition_begin(&w.t, w.all, true, S, 1000);
    assert_string_equal(now_do(&w, S), "+slow");
    assert_string_equal(now_do(&w, 2 * S), "T .");
    set_of(&w, "b");
    transition_begin(&w.t, w.all, true, 2 * S, 0);
    assert_string_equal(now_do(&w, 2 * S), "+b");
    assert_int_equal(transition_wakeup(&w.t), 0);
    assert_string_equal(now_do(&w, 7 * S), "");
    done(&w, "b", true, 7 * S);
    assert_string_equal(now_do(&w, 7 * S), ".");
    assert_int_equal(w.t.result, TRANSITION_OK);
    set_of(&w, "slow");
    transition_begin(&w.t, w.all, false, 7 * S, 0);
    assert_true(transition_next(&w.t, 7 * S, false, &a));
    assert_int_equal(a.kind, TRANSITION_LATE);
    assert_true(a.up); /* it was starting, though it is to stop */
    assert_string_equal(now_do(&w, 7 * S), ".");
    assert_int_equal(w.t.node[0].state, NODE_DOWN);
    destroy(&w);
}

/* Its neighbours were to be looked at again; that is over with the transition that it belonged to.
 */
static void what_was_left_pulls_nothing_along(void **state)
{
    struct world w;
    (void)state;
    build(&w, "slow b:slow c");
    set_of(&w, "slow");
    transition_begin(&w.t, w.all, true, S, 1000);
    assert_string_equal(now_do(&w, S), "+slow");
    assert_string_equal(now_do(&w, 2 * S), "T .");
    done(&w, "slow", false, 2 * S);
    set_of(&w, "c");
    transition_begin(&w.t, w.all, true, 2 * S, 0);
    assert_string_equal(now_do(&w, 2 * S), "+c");
    done(&w, "c", true, 2 * S);
    assert_string_equal(now_do(&w, 2 * S), ".");
    destroy(&w);
}

static void independents_go_together(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b c:a,b d");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a +b +d");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), "");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), "+c");
    destroy(&w);
}

static void a_selection_is_closed_over_its_dependencies(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c:b d");
    set_of(&w, "b");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), "+b");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), ".");
    set_of(&w, "a");
    transition_begin(&w.t, w.all, false, S, 0);
    assert_string_equal(now_do(&w, S), "-b");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), "-a");
    destroy(&w);
}

static void what_is_already_there_is_no_work(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a");
    transition_begin(&w.t, w.all, false, S, 0);
    assert_string_equal(now_do(&w, S), ".");
    memset(w.all, 0, w.g.count);
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), ".");
    destroy(&w);
}

static void a_failed_start_stops_its_dependents_only(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c:b d e:d");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a +d");
    done(&w, "a", false, S);
    assert_string_equal(now_do(&w, S), "");
    done(&w, "d", true, S);
    assert_string_equal(now_do(&w, S), "+e");
    done(&w, "e", true, S);
    assert_string_equal(now_do(&w, S), ".");
    assert_int_equal(w.t.result, TRANSITION_FAILED);
    transition_begin(&w.t, w.all, true, S, 0); /* a new one tries again */
    assert_string_equal(now_do(&w, S), "+a");
    destroy(&w);
}

static void a_failed_stop_keeps_what_it_needs(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a +c");
    done(&w, "a", true, S);
    done(&w, "c", true, S);
    assert_string_equal(now_do(&w, S), "+b");
    done(&w, "b", true, S);
    assert_string_equal(now_do(&w, S), ".");
    transition_begin(&w.t, w.all, false, S, 0);
    assert_string_equal(now_do(&w, S), "-b -c");
    done(&w, "c", true, S);
    done(&w, "b", false, S);
    assert_string_equal(now_do(&w, S), ".");
    assert_int_equal(w.t.result, TRANSITION_FAILED);
    assert_int_equal(w.t.node[0].state, NODE_UP);
    destroy(&w);
}

static void a_late_node_is_given_up(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c");
    w.d.item[0].timeout_up = 2000;
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a +c");
    assert_int_equal(transition_wakeup(&w.t), 3 * S);
    assert_string_equal(now_do(&w, 3 * S - 1), "");
    assert_string_equal(now_do(&w, 3 * S), "~a");
    done(&w, "a", true, 3 * S); /* too late to count */
    done(&w, "c", true, 3 * S);
    assert_string_equal(now_do(&w, 3 * S), ".");
    assert_int_equal(w.t.result, TRANSITION_FAILED);
    assert_int_equal(w.t.node[0].state, NODE_DOWN);
    assert_int_equal(transition_wakeup(&w.t), 0);
    destroy(&w);
}

static void the_global_timeout_begins_nothing_new(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a");
    transition_begin(&w.t, w.all, true, S, 500);
    assert_string_equal(now_do(&w, S), "+a");
    assert_int_equal(transition_wakeup(&w.t), S + S / 2);
    assert_string_equal(now_do(&w, 2 * S), "T .");
    assert_int_equal(w.t.result, TRANSITION_TIMED_OUT);
    done(&w, "a", true, 2 * S);
    assert_string_equal(now_do(&w, 2 * S), "");
    assert_int_equal(w.t.node[0].state, NODE_UP);
    destroy(&w);
}

static void a_stop_during_a_start_waits_for_what_is_under_way(void **state)
{
    struct world w;
    (void)state;
    build(&w, "a b:a c");
    transition_begin(&w.t, w.all, true, S, 0);
    assert_string_equal(now_do(&w, S), "+a +c");
    done(&w, "c", true, S);
    transition_begin(&w.t, w.all, false, S, 0);
    assert_string_equal(now_do(&w, S), "-c");
    done(&w, "c", true, S);
    assert_string_equal(now_do(&w, S), "");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), "-a");
    done(&w, "a", true, S);
    assert_string_equal(now_do(&w, S), ".");
    assert_int_equal(w.t.result, TRANSITION_OK);
    destroy(&w);
}

/* Random graphs, random answers, random turns of the goal: nothing ever starts without what it
 * needs, nothing stops under what needs it, and every transition comes to its end. */
/* It is over: what is not at its goal has failed, or another node keeps it from that. */
static void nothing_was_forgotten(const struct world *w)
{
    for (uint32_t i = 0; i < w->g.count; i++) {
        const struct transition_node *n = &w->t.node[i];
        const struct node *g = &w->g.node[i];
        const uint32_t *other = n->goal_up ? g->needs : g->needed_by;
        enum node_state wanted = n->goal_up ? NODE_UP : NODE_DOWN;
        bool kept = !n->goal || n->failed || n->state == wanted;
        for (uint32_t j = 0; j < (n->goal_up ? g->needs_count : g->needed_by_count); j++)
            kept = kept || w->t.node[other[j]].state != wanted;
        assert_true(kept);
    }
}

static void the_laws_hold(void **state)
{
    enum { NODES = 40, ROUNDS = 300 };
    uint32_t seed = 2463534242U;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char text[8192] = "";
        struct world w;
        for (int i = 0; i < NODES; i++) {
            size_t n = strlen(text);
            n += (size_t)snprintf(text + n, sizeof text - n, "%sn%d", i == 0 ? "" : " ", i);
            for (int j = 0, first = 1; j < i; j++) {
                seed ^= seed << 13;
                seed ^= seed >> 17;
                seed ^= seed << 5;
                if (seed % 12 != 0)
                    continue;
                n += (size_t)snprintf(text + n, sizeof text - n, "%cn%d", first ? ':' : ',', j);
                first = 0;
            }
        }
        char *copy = text;
        struct transition_action a;
        uint32_t busy[NODES];
        uint32_t count = 0;
        bool over = false;
        memset(&w, 0, sizeof w);
        build(&w, copy);
        transition_begin(&w.t, w.all, true, S, 0);
        for (int turns = 0; !over; turns++) {
            assert_true(turns < 100000);
            bool full = (seed >> 12) % 3 == 0;
            while (!over && transition_next(&w.t, S, full, &a)) {
                assert_false(full && a.kind == TRANSITION_START);
                over = a.kind == TRANSITION_OVER;
                if (over)
                    break;
                const struct node *n = &w.g.node[a.node];
                for (uint32_t i = 0; a.kind == TRANSITION_START && i < n->needs_count; i++)
                    assert_int_equal(w.t.node[n->needs[i]].state, NODE_UP);
                for (uint32_t i = 0; a.kind == TRANSITION_STOP && i < n->needed_by_count; i++)
                    assert_int_equal(w.t.node[n->needed_by[i]].state, NODE_DOWN);
                busy[count++] = a.node;
            }
            seed = seed * 1664525U + 1013904223U;
            if (count > 0) {
                uint32_t which = (seed >> 8) % count;
                transition_done(&w.t, busy[which], (seed >> 20) % 16 != 0, S);
                busy[which] = busy[--count];
            }
            if ((seed >> 16) % 50 == 0 && !over)
                transition_begin(&w.t, w.all, (seed >> 24) % 2 == 0, S, 0);
        }
        assert_int_equal(count, 0);
        nothing_was_forgotten(&w);
        destroy(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_go_up_and_come_down),
        cmocka_unit_test(no_longrun_starts_when_full),
        cmocka_unit_test(independents_go_together),
        cmocka_unit_test(what_was_left_is_not_waited_for),
        cmocka_unit_test(what_was_left_has_its_limit_where_it_is_wanted),
        cmocka_unit_test(what_was_left_pulls_nothing_along),
        cmocka_unit_test(a_selection_is_closed_over_its_dependencies),
        cmocka_unit_test(what_is_already_there_is_no_work),
        cmocka_unit_test(a_failed_start_stops_its_dependents_only),
        cmocka_unit_test(a_failed_stop_keeps_what_it_needs),
        cmocka_unit_test(a_late_node_is_given_up),
        cmocka_unit_test(the_global_timeout_begins_nothing_new),
        cmocka_unit_test(a_stop_during_a_start_waits_for_what_is_under_way),
        cmocka_unit_test(the_laws_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
