#include "supervisor/patience.h"
#include "base/clock.h"
#include <stdio.h>

int64_t patience_due(int64_t since, int64_t said, uint32_t first_ms)
{
    int64_t step = first_ms * CLOCK_MS;
    while (since + step <= said)
        step *= 2;
    return since + step;
}

/* Whole seconds of the time that is over; of the time that is left, the begun second counts, too.
 */
void patience_line(char line[PATIENCE_LINE_MAX], const struct patience_wait *w, int64_t now)
{
    long long spent = (long long)((now - w->since) / CLOCK_SECOND);
    long long left = (long long)((w->limit - now + CLOCK_SECOND - 1) / CLOCK_SECOND);
    if (w->limit == 0)
        snprintf(line, PATIENCE_LINE_MAX, "%s %s after %lld s (there is no time limit)", w->who,
                 w->what, spent);
    else if (left <= 0)
        snprintf(line, PATIENCE_LINE_MAX, "%s %s after %lld s (%s now)", w->who, w->what, spent,
                 w->end);
    else
        snprintf(line, PATIENCE_LINE_MAX, "%s %s after %lld s (%s in %lld s)", w->who, w->what,
                 spent, w->end, left);
}
