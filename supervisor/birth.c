#include "supervisor/birth.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void birth_begin(struct birth *b, pid_t parent)
{
    *b = (struct birth){.parent = parent, .awaited = true};
}

bool birth_holds(struct birth *b, int signal)
{
    if (!b->awaited)
        return false;
    if (abs(signal) == SIGKILL)
        b->held = 0; /* nothing that came before matters */
    if (b->held == BIRTH_SIGNALS) {
        b->held--;
        memmove(b->signal + 1, b->signal + 2, (b->held - 1) * sizeof b->signal[0]);
    }
    b->signal[b->held++] = signal;
    return true;
}
