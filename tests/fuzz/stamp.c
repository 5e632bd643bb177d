/* The stamps of lines. One that the logger wrote is read back as what was written; of any text, one
 * that is read says the time that the C library reads there.
 *
 * Input: a byte with the forms, one with stream and partial, eight with the time; then the message,
 * which is read as a line by itself, too. */
#include "logger/stamp.h"
#include "base/clock.h"
#include "rotate/bgzf.h"
#include "tests/fuzz/fuzz.h"
#include <stdbool.h>

#define YEAR_0 (-62167219200LL)
#define YEAR_10000 253402300800LL

static struct timespec read_time(struct input *in)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | input_byte(in);
    return (struct timespec){
        .tv_sec = (time_t)(YEAR_0 + (long long)(number % (uint64_t)(YEAR_10000 - YEAR_0))),
        .tv_nsec = (long)(number % 1000000000)};
}

/* What begins with another stamp of the same time would belong to ours, as would the rest of a CRI
 * stamp. */
static bool is_plain(const char *message, size_t length)
{
    bool stream =
        length > 7 && (memcmp(message, "stdout ", 7) == 0 || memcmp(message, "stderr ", 7) == 0);
    return length == 0 || (strchr("0123456789@", message[0]) == NULL && !stream);
}

static void check_written(struct input *in, const struct timespec *t, uint8_t forms, uint8_t how)
{
    char stamp[STAMP_MAX];
    struct stamp s;
    struct timespec again;
    enum stamp_stream stream = how & 1 ? STREAM_ERR : STREAM_OUT;
    int partial = (how & 2) != 0;
    size_t n = stamp_format(stamp, forms, t, stream, partial);
    MUST(n <= sizeof stamp && (n == 0 || stamp[n - 1] == ' '));
    char *line = malloc(n + in->left + 1);
    MUST(line != NULL);
    memcpy(line, stamp, n);
    memcpy(line + n, in->at, in->left);
    char *exact = input_copy(line, n + in->left);
    free(line);
    if (n > 0 && is_plain((const char *)in->at, in->left)) {
        MUST(stamp_parse(exact, n + in->left, &s) == 0);
        MUST(s.form == (enum stamp_form)(forms & -forms));
        MUST(s.length == n && clock_compare(&s.time, t) == 0);
        MUST(s.stream == (forms & STAMP_CRI ? stream : STREAM_UNKNOWN));
        MUST(s.partial == (forms & STAMP_CRI ? partial : 0));
        MUST(stamp_time(exact, n + in->left, &again) == 0 && clock_compare(&again, t) == 0);
    }
    free(exact);
}

/* The same, by other means: UTC, as the zone of the process is. */
static bool read_calendar(const char *text, const char *form, struct timespec *t)
{
    struct tm tm = {0};
    char *end = strptime(text, form, &tm);
    if (end == NULL || (*end != '.' && *end != 'Z'))
        return false;
    t->tv_sec = timegm(&tm);
    return true;
}

static void check_read(const char *line, size_t length)
{
    struct stamp s;
    struct timespec t, again;
    char text[64];
    if (stamp_parse(line, length, &s) < 0) {
        MUST(stamp_index(line, length, &t) == -1);
        return;
    }
    MUST(s.length > 0 && s.length <= length && clock_is_usual(&s.time));
    int index = stamp_index(line, length, &t);
    MUST(index >= 0 && clock_compare(&t, &s.time) == 0);
    MUST(((index & BGZF_GOES_ON) != 0) == (s.partial != 0));
    if (line[0] == '@')
        return;
    snprintf(text, sizeof text, "%.*s", (int)(length < 60 ? length : 60), line);
    text[10] = s.form == STAMP_LOCAL ? ' ' : 'T';
    MUST(read_calendar(text, s.form == STAMP_LOCAL ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%S",
                       &again));
    MUST(again.tv_sec == s.time.tv_sec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t forms = input_byte(&in) & 15, how = input_byte(&in);
    setenv("TZ", "UTC0", 1);
    struct timespec t = read_time(&in);
    check_written(&in, &t, forms, how);
    char *exact = input_copy(in.at, in.left);
    check_read(exact, in.left);
    free(exact);
    return 0;
}
