/* Times as people type them. A time that is written in any of the forms is read as that time; any
 * text is refused with a message, or means a time that follows now as a text of its kind must: not
 * at all, or by the same days.
 *
 * Input: a byte with the form and one with more of it, eight with a time; then the text. */
#include "base/clock.h"
#include "logcat/time_parse.h"
#include "tests/fuzz/fuzz.h"

enum { DAY = 86400, DAYS = 1000 };
#define YEAR_9999 253370764800ULL

static const struct timespec now = {1700000000, 123456789};

static void is(const char *text, time_t second, long nanosecond, bool utc)
{
    struct timespec t;
    struct error e = ERROR_INIT;
    int result = time_parse(text, &now, utc, &t, &e);
    if (result < 0 || t.tv_sec != second || t.tv_nsec != nanosecond)
        fprintf(stderr, "%s\n", text);
    MUST(result == 0 && t.tv_sec == second && t.tv_nsec == nanosecond);
}

static void check_calendar(time_t second, long nanosecond, uint8_t more)
{
    static const char joins[] = "T _T";
    static const char *const zones[] = {"Z", "z", "+00:00", "-0000", "+00", ""};
    char date[64], text[160];
    struct tm tm;
    long east = (more >> 4) * 900L;
    time_t there = second + east;
    MUST(gmtime_r(&second, &tm) != NULL);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    is(date, second - second % DAY, 0, true);
    snprintf(text, sizeof text, "%s%c%02d:%02d:%02d%c%09ld%s", date, joins[more & 3], tm.tm_hour,
             tm.tm_min, tm.tm_sec, more & 1 ? '.' : ',', nanosecond, zones[more % 6]);
    is(text, second, nanosecond, more % 6 == 5 || (more & 8) != 0);
    snprintf(text, sizeof text, "%s%c%02d:%02d", date, joins[more & 3], tm.tm_hour, tm.tm_min);
    is(text, second - second % 60, 0, true);
    snprintf(text, sizeof text, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    is(text, now.tv_sec - now.tv_sec % DAY + second % DAY, 0, true);
    MUST(gmtime_r(&there, &tm) != NULL);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof text, "%s+%02ld%s%02ld", date, east / 3600, more & 1 ? ":" : "",
             east / 60 % 60);
    is(text, second, 0, (more & 2) != 0);
}

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* Where clocks are changed: a time of the calendar there, which may be there twice. */
static void check_zone(time_t second)
{
    struct tm tm, again;
    struct timespec t;
    struct error e = ERROR_INIT;
    char text[64], back[64];
    use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    MUST(localtime_r(&second, &tm) != NULL);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    MUST(time_parse(text, &now, false, &t, &e) == 0 && localtime_r(&t.tv_sec, &again) != NULL);
    strftime(back, sizeof back, "%Y-%m-%d %H:%M:%S", &again);
    MUST(strcmp(text, back) == 0 && labs((long)(t.tv_sec - second)) <= 3600);
    use_zone("UTC0");
}

static void check_numbers(time_t second, long nanosecond, uint8_t more)
{
    static const char *const units[] = {"s", "min", "h", "d", "weeks"};
    static const time_t seconds[] = {1, 60, 3600, 86400, 604800};
    const struct timespec t = {second, nanosecond};
    char text[100];
    snprintf(text, sizeof text, "%s%lld", second < 100000000 || more & 16 ? "@" : "",
             (long long)second);
    is(text, second, 0, (more & 1) != 0);
    memset(text, 0, sizeof text);
    clock_tai64n_format(text, &t);
    is(text, second, nanosecond, false);
    unsigned int many = more, a = more % 5, b = (more >> 3) % 5;
    snprintf(text, sizeof text, "%s%u%s%s%u%s%s", more & 2 ? "-" : "", many, units[a],
             more & 4 ? " " : "", many * 3, units[b], more & 8 ? " ago" : "");
    is(text, now.tv_sec - (time_t)many * (seconds[a] + 3 * seconds[b]), now.tv_nsec, true);
}

/* What stands for a time of its own stays; all else goes with now. */
static void check_text(const char *text, bool utc)
{
    const struct timespec later = {now.tv_sec + (time_t)DAYS * DAY, now.tv_nsec};
    struct timespec t, then;
    struct error e = ERROR_INIT, e2 = ERROR_INIT;
    int result = time_parse(text, &now, utc, &t, &e);
    MUST(time_parse(text, &later, utc, &then, &e2) == result);
    if (result < 0) {
        MUST(e.text[0] != '\0' && e.code == EXIT_USAGE);
        return;
    }
    MUST(t.tv_nsec >= 0 && t.tv_nsec < 1000000000 && t.tv_nsec == then.tv_nsec);
    time_t moved = then.tv_sec - t.tv_sec;
    MUST(moved == 0 || moved == (time_t)DAYS * DAY);
    size_t digits = strspn(text, "0123456789");
    bool year = digits == 4 && strchr("-", text[4]) != NULL;
    bool epoch = text[0] == '@' || digits >= 9;
    MUST(moved != 0 || year || epoch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t form = input_byte(&in), more = input_byte(&in);
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | input_byte(&in);
    use_zone("UTC0");
    time_t second = (time_t)(number % YEAR_9999);
    long nanosecond = (long)(number % 1000000000);
    if (form & 1)
        check_calendar(second, nanosecond, more);
    if (form & 2)
        check_numbers(second, nanosecond, more);
    if (form & 8)
        check_zone(second);
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    check_text(text, (form & 4) != 0);
    free(text);
    return 0;
}
