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

/* Of what is over, whole seconds; of what is left, the one that has begun, too. */
void patience_line(char line[PATIENCE_LINE_MAX], const char *who, const char *what, int64_t since,
                   int64_t limit, const char *end, int64_t now)
{
    long long spent = (long long)((now - since) / CLOCK_SECOND);
    long long left = (long long)((limit - now + CLOCK_SECOND - 1) / CLOCK_SECOND);
    if (limit == 0)
        snprintf(line, PATIENCE_LINE_MAX, "%s %s after %lld s (there is no time limit)", who, what,
                 spent);
    else
        snprintf(line, PATIENCE_LINE_MAX, "%s %s after %lld s (%s in %lld s)", who, what, spent,
                 end, left > 0 ? left : 0);
}
