/* What a logger has counted, as it stands in its file, which others may have changed, and sizes as
 * people type them. A text that is a rate is written again as it was, and no rate makes counting go
 * wrong; a size that is written as a number of bytes is read as that number.
 *
 * Input: eight bytes with a time; then the text. */
#include "logger/rate.h"
#include "base/quantity.h"
#include "tests/fuzz/fuzz.h"

static void check_rate(const char *text, int64_t now)
{
    struct rate r;
    char again[RATE_TEXT + 1];
    if (rate_parse(&r, text) < 0)
        return;
    rate_format(&r, again);
    MUST(strncmp(text, again, RATE_TEXT) == 0);
    uint64_t all = r.all;
    rate_a_minute(&r, now);
    rate_pace(&r, now);
    rate_count(&r, 5, now);
    rate_floods(&r, 1, now);
    MUST(r.all == all + 5);
}

static void check_size(const char *text)
{
    char plain[32];
    uint64_t bytes = 7, same;
    int result = size_parse(text, INT64_MAX, &bytes);
    MUST(result == 0 || (bytes == 7 && (result == 1 || result == -1)));
    MUST(result != 0 || bytes <= INT64_MAX);
    snprintf(plain, sizeof plain, "%llu", (unsigned long long)bytes);
    MUST(size_parse(plain, bytes, &same) == 0 && same == bytes);
    MUST(bytes == 0 || size_parse(plain, bytes - 1, &same) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t now = 0;
    struct input in = {data, size};
    for (int i = 0; i < 8; i++)
        now = now << 8 | input_byte(&in);
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    check_rate(text, (int64_t)(now & INT64_MAX));
    check_size(text);
    free(text);
    return 0;
}
