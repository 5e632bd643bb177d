#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/flow.h"

/* A logger that obeys: what it has read and not written, and whether it reads. */
struct model {
    enum flow flow;
    bool reading, left, held, ended;
};

/* Asks until told to wait, with something that begins to hold again after so many writes. */
static void settle(struct model *m, int writes)
{
    enum flow_step step;
    for (int steps = 0; (step = flow_next(&m->flow, m->held)) == FLOW_WRITE; steps++) {
        assert_true(steps < 4);
        assert_false(m->held);
        if (writes-- == 0)
            m->held = true; /* and what was read is not all written */
        else
            m->left = false;
    }
    if (step == FLOW_PAUSE)
        m->reading = false;
    if (step == FLOW_READ)
        m->reading = true;
    m->ended = step == FLOW_LEAVE;
}

/* Whatever happened before: it reads if and only if nothing holds, leaves nothing unwritten behind,
 * and ends when it may. */
static void check(const struct model *m, bool end)
{
    assert_int_equal(m->reading, !m->held && !end);
    assert_true(m->held || !m->left);
    assert_int_equal(m->ended, end && !m->held);
}

/* Every sequence of six events: hold, free, free and held again at once, end. */
static void it_reads_whenever_nothing_holds(void **state)
{
    (void)state;
    enum { EVENTS = 4, LENGTH = 6, ALL = 1 << (2 * LENGTH) };
    for (int sequence = 0; sequence < ALL; sequence++) {
        struct model m = {.flow = FLOW_READING, .reading = true};
        bool end = false;
        for (int i = 0; i < LENGTH; i++) {
            int event = sequence >> (2 * i) & (EVENTS - 1);
            if (event == 0)
                m.held = true;
            else if (event < 3)
                m.held = false;
            else
                end = true, m.reading = false, flow_end(&m.flow);
            m.left |= m.held || !end;
            if (m.reading && !m.held)
                m.left = false; /* what is read is written at once */
            settle(&m, event == 2 ? 0 : 9);
            check(&m, end);
        }
    }
}

static void the_end_is_said_once(void **state)
{
    (void)state;
    enum flow f = FLOW_READING;
    assert_false(flow_ends(f));
    flow_end(&f);
    assert_true(flow_ends(f));
    assert_int_equal(flow_next(&f, false), FLOW_WRITE);
    flow_end(&f); /* nothing is written again for that */
    assert_int_equal(flow_next(&f, false), FLOW_LEAVE);
    assert_int_equal(flow_next(&f, true), FLOW_WAIT); /* the disk failed after all */
    assert_int_equal(flow_next(&f, false), FLOW_WRITE);
    assert_int_equal(flow_next(&f, false), FLOW_LEAVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_whenever_nothing_holds),
        cmocka_unit_test(the_end_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
