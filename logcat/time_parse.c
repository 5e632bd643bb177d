#include "logcat/time_parse.h"
#include "base/clock.h"
#include "base/str.h"
#include <string.h>

static bool digits(const char **p, size_t count, int *value)
{
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        char c = (*p)[i];
        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
    }
    *p += count;
    return true;
}

static bool skip(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool read_fraction(const char **p, long *nanoseconds)
{
    long scale = 100000000;
    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; ++*p, scale /= 10)
        *nanoseconds += (**p - '0') * scale;
    return true;
}

static bool read_clock(const char **p, struct tm *tm, long *nanoseconds)
{
    size_t width = **p && (*p)[1] == ':' ? 1 : 2; /* 3:00 */
    if (!digits(p, width, &tm->tm_hour))
        return false;
    if (**p == '\0') /* an hour alone */
        return tm->tm_hour < 25;
    if (!skip(p, ':') || !digits(p, 2, &tm->tm_min))
        return false;
    if (skip(p, ':')) {
        if (!digits(p, 2, &tm->tm_sec))
            return false;
        if ((skip(p, '.') || skip(p, ',')) && !read_fraction(p, nanoseconds))
            return false;
    }
    return tm->tm_hour < 25 && tm->tm_min < 60 && tm->tm_sec < 61;
}

static bool read_date(const char **p, struct tm *tm)
{
    tm->tm_mon = tm->tm_mday = 1;
    if (!digits(p, 4, &tm->tm_year))
        return false;
    if (**p != '\0' && (!skip(p, '-') || !digits(p, 2, &tm->tm_mon)))
        return false;
    if (**p != '\0' && (!skip(p, '-') || !digits(p, 2, &tm->tm_mday)))
        return false;
    bool valid = tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 &&
                 tm->tm_mday <= clock_month_days(tm->tm_year, tm->tm_mon);
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return valid;
}

/* Reads a zone: *offset is seconds east of UTC. */
static bool read_zone(const char **p, bool *said, long *offset)
{
    int hours, minutes = 0;
    *said = true;
    *offset = 0;
    if (skip(p, 'Z') || skip(p, 'z'))
        return true;
    long sign = **p == '-' ? -1 : 1;
    if (!skip(p, '+') && !skip(p, '-')) {
        *said = false;
        return true;
    }
    if (!digits(p, 2, &hours))
        return false;
    if (skip(p, ':') || **p != '\0')
        if (!digits(p, 2, &minutes))
            return false;
    *offset = sign * (hours * 3600L + minutes * 60L);
    return true;
}

static void calendar(time_t second, bool utc, struct tm *tm)
{
    if (!(utc ? gmtime_r(&second, tm) : localtime_r(&second, tm)))
        memset(tm, 0, sizeof *tm);
}

static time_t second_of(struct tm *tm, bool utc)
{
    tm->tm_isdst = -1;
    return utc ? timegm(tm) : mktime(tm);
}

static bool read_word(const char **p, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*p, word, length) != 0)
        return false;
    *p += length;
    return true;
}

/* Reads "today" or "yesterday": the beginning of that day. */
static bool read_day(const char **p, const struct timespec *now, bool utc, struct tm *tm)
{
    bool yesterday = read_word(p, "yesterday");
    if (!yesterday && !read_word(p, "today"))
        return false;
    calendar(now->tv_sec, utc, tm);
    tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
    tm->tm_mday -= yesterday;
    return true;
}

static bool absolute(const char *text, const struct timespec *now, bool utc, struct timespec *t)
{
    struct tm tm = {0};
    const char *p = text;
    long nanoseconds = 0, offset = 0;
    bool zone_said = false;
    if (strlen(text) > 2 && (text[1] == ':' || text[2] == ':')) {
        calendar(now->tv_sec, utc, &tm);
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    } else {
        if (!read_day(&p, now, utc, &tm) && !read_date(&p, &tm))
            return false;
        if (*p == '\0' || !(skip(&p, 'T') || skip(&p, ' ') || skip(&p, '_'))) {
            t->tv_nsec = 0;
            t->tv_sec = second_of(&tm, utc);
            return *p == '\0';
        }
    }
    if (!read_clock(&p, &tm, &nanoseconds) || !read_zone(&p, &zone_said, &offset) || *p != '\0')
        return false;
    t->tv_sec = second_of(&tm, utc || zone_said) - offset;
    t->tv_nsec = nanoseconds;
    return true;
}

/* Reads 1h30m, -10m, "10 min ago", "2 hours ago". */
static bool ago(const char *text, const struct timespec *now, struct timespec *t)
{
    static const struct {
        const char *name; /* any beginning of it will do */
        long long seconds;
    } units[] = {
        {"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86400}, {"weeks", 604800}};
    long long sum = 0;
    text += *text == '-';
    do {
        long long value = 0;
        size_t unit = 0, i = 0;
        for (; text[i] >= '0' && text[i] <= '9' && i < 10; i++)
            value = value * 10 + (text[i] - '0');
        text += i;
        text += strspn(text, " ");
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        while (unit < sizeof units / sizeof units[0] &&
               strncmp(units[unit].name, text, length) != 0)
            unit++;
        if (i == 0 || length == 0 || unit == sizeof units / sizeof units[0])
            return false;
        sum += value * units[unit].seconds;
        text += length;
        text += strspn(text, " ");
        if (sum > 1LL << 50)
            return false;
    } while (*text && strcmp(text, "ago") != 0);
    *t = *now;
    t->tv_sec -= sum;
    return true;
}

static bool named(const char *text, const struct timespec *now, struct timespec *t)
{
    unsigned long long unix_seconds;
    if (strcmp(text, "now") == 0) {
        *t = *now;
        return true;
    }
    /* Less than nine digits may be a year. */
    bool bare = strlen(text) >= 9 && strspn(text, "0123456789") == strlen(text);
    if (text[0] != '@' && !bare)
        return false;
    if (!bare && strlen(text) == CLOCK_TAI64N_LENGTH)
        return clock_tai64n_parse(text, t) == 0;
    if (number_parse(text + !bare, 1ULL << 40, &unix_seconds) < 0)
        return false;
    *t = (struct timespec){(time_t)unix_seconds, 0};
    return true;
}

int time_parse(const char *text, const struct timespec *now, bool utc, struct timespec *t,
               struct error *e)
{
    if (named(text, now, t) || absolute(text, now, utc, t) || ago(text, now, t))
        return 0;
    return error_set(e, EXIT_USAGE,
                     "unable to understand the time %s: say 10m, 2h, today, yesterday, HH:MM or "
                     "YYYY-MM-DD HH:MM:SS",
                     text);
}
