/* The machine that knows stack traces, told the lines of the input: no byte beyond a line is read,
 * and told again after a reset it says the same. */
#include "logcat/trace.h"
#include "tests/fuzz/fuzz.h"

enum { LINES_MAX = 200 };

static size_t tell(const uint8_t *data, size_t size, bool *said)
{
    struct trace t = {.state = TRACE_SANITIZER};
    size_t lines = 0;
    trace_reset(&t);
    for (const uint8_t *at = data, *end = data + size; at < end && lines < LINES_MAX; lines++) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline == NULL ? end : newline) - at);
        char *line = input_copy(at, length);
        said[lines] = trace_continues(&t, line, length);
        trace_keep(&t);
        MUST(t.state <= TRACE_SANITIZER);
        free(line);
        at += length + 1;
    }
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool first[LINES_MAX], again[LINES_MAX];
    size_t lines = tell(data, size, first);
    MUST(tell(data, size, again) == lines);
    MUST(lines == 0 || memcmp(first, again, lines * sizeof *first) == 0);
    return 0;
}
