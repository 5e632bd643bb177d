#include "logger/flow.h"

enum flow_step flow_next(enum flow *f, bool held)
{
    static const struct {
        enum flow next;
        enum flow_step step;
    } table[][2] = {
        [FLOW_READING] = {{FLOW_READING, FLOW_WAIT}, {FLOW_HELD, FLOW_PAUSE}},
        [FLOW_HELD] = {{FLOW_CATCHING, FLOW_WRITE}, {FLOW_HELD, FLOW_WAIT}},
        [FLOW_CATCHING] = {{FLOW_READING, FLOW_READ}, {FLOW_HELD, FLOW_WAIT}},
        [FLOW_ENDING] = {{FLOW_LEAVING, FLOW_WRITE}, {FLOW_ENDING, FLOW_WAIT}},
        [FLOW_LEAVING] = {{FLOW_LEAVING, FLOW_LEAVE}, {FLOW_ENDING, FLOW_WAIT}},
    };
    enum flow was = *f;
    *f = table[was][held].next;
    return table[was][held].step;
}

void flow_end(enum flow *f)
{
    if (!flow_ends(*f))
        *f = FLOW_ENDING;
}
