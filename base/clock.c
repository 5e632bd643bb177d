#include "base/clock.h"
#include <errno.h>
#include <string.h>

enum { TAI_OFFSET = 37 };
static const uint64_t tai_epoch = (uint64_t)1 << 62;
static const char hex[] = "0123456789abcdef";

int64_t clock_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return clock_ns(&t) + 1;
}

int64_t clock_ns(const struct timespec *t)
{
    return (int64_t)t->tv_sec * CLOCK_SECOND + t->tv_nsec;
}

struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / CLOCK_SECOND),
                             .tv_nsec = (long)(ns % CLOCK_SECOND)};
}

int64_t clock_deadline(uint64_t ms)
{
    return ms == 0 ? 0 : clock_monotonic() + (int64_t)ms * CLOCK_MS;
}

void clock_sleep(int64_t ns)
{
    struct timespec left = clock_timespec(ns);
    while (ns > 0 && nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

struct timespec clock_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t;
}

void clock_tain_pack(unsigned char out[12], const struct timespec *t)
{
    uint64_t label = tai_epoch + TAI_OFFSET + (uint64_t)(int64_t)t->tv_sec;
    uint32_t nano = (uint32_t)t->tv_nsec;
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(label >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        out[8 + i] = (unsigned char)(nano >> (24 - 8 * i));
}

void clock_tain_unpack(struct timespec *t, const unsigned char in[12])
{
    uint64_t label = 0;
    uint32_t nano = 0;
    for (int i = 0; i < 8; i++)
        label = label << 8 | in[i];
    for (int i = 8; i < 12; i++)
        nano = nano << 8 | in[i];
    *t = (struct timespec){.tv_sec = (time_t)(int64_t)(label - tai_epoch - TAI_OFFSET),
                           .tv_nsec = (long)nano};
    if (!clock_is_usual(t))
        *t = (struct timespec){.tv_sec = 0};
}

void clock_tai64n_format(char out[CLOCK_TAI64N_LENGTH], const struct timespec *t)
{
    unsigned char packed[12];
    clock_tain_pack(packed, t);
    out[0] = '@';
    for (int i = 0; i < 12; i++) {
        out[1 + 2 * i] = hex[packed[i] >> 4];
        out[2 + 2 * i] = hex[packed[i] & 15];
    }
}

/* memchr, not strchr: a NUL in the text is no hex digit. */
static int hex_digit(char c)
{
    const char *p = memchr(hex, c, 16);
    return p == NULL ? -1 : (int)(p - hex);
}

int clock_tai64n_parse(const char *text, struct timespec *t)
{
    uint64_t label = 0;
    uint32_t nano = 0;
    if (text[0] != '@')
        return -1;
    for (int i = 1; i < CLOCK_TAI64N_LENGTH; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        if (i <= 16)
            label = label << 4 | (uint64_t)digit;
        else
            nano = nano << 4 | (uint32_t)digit;
    }
    if (label >> 63 != 0 || nano > 999999999)
        return -1;
    t->tv_sec = (time_t)(int64_t)(label - tai_epoch - TAI_OFFSET);
    t->tv_nsec = (long)nano;
    return 0;
}

static void put_digits(char *out, int count, unsigned long value)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_put(char *out, const struct tm *tm, long ns)
{
    if (tm == NULL || tm->tm_year < -1900 || tm->tm_year > 9999 - 1900)
        return;
    put_digits(out, 4, (unsigned long)tm->tm_year + 1900);
    put_digits(out + 5, 2, (unsigned long)tm->tm_mon + 1);
    put_digits(out + 8, 2, (unsigned long)tm->tm_mday);
    put_digits(out + 11, 2, (unsigned long)tm->tm_hour);
    put_digits(out + 14, 2, (unsigned long)tm->tm_min);
    put_digits(out + 17, 2, (unsigned long)tm->tm_sec);
    put_digits(out + 20, 9, (unsigned long)ns);
}

void clock_utc_format(char out[CLOCK_UTC_LENGTH], const struct timespec *t)
{
    struct tm tm;
    memcpy(out, "0000-00-00T00:00:00.000000000Z", CLOCK_UTC_LENGTH);
    clock_put(out, gmtime_r(&t->tv_sec, &tm), t->tv_nsec);
}

static inline int get_digits(const char *text, int count, unsigned low, unsigned high, long *value)
{
    unsigned sum = 0, odd = 0; /* what is odd may make it wrap */
    for (int i = 0; i < count; i++) {
        unsigned digit = (unsigned)text[i] - '0';
        odd |= digit > 9;
        sum = sum * 10 + digit;
    }
    *value = (long)sum;
    return odd || sum < low || sum > high ? -1 : 0;
}

/* Counts years from March so that leap days come last. */
int64_t clock_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + days - 719468;
}

int clock_month_days(int64_t year, int month)
{
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? 28 + leap : 30 + ((month + (month > 7)) & 1);
}

/* YYYY-MM-DDTHH:MM: as seconds. */
static int get_minute(const char *text, int64_t *seconds)
{
    long year, month, day, hour, minute;
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return -1;
    if (get_digits(text, 4, 0, 9999, &year) < 0 || get_digits(text + 5, 2, 1, 12, &month) < 0 ||
        get_digits(text + 8, 2, 1, 31, &day) < 0 || get_digits(text + 11, 2, 0, 23, &hour) < 0 ||
        get_digits(text + 14, 2, 0, 59, &minute) < 0)
        return -1;
    *seconds = clock_days(year, (int)month, (int)day) * 86400 + hour * 3600 + minute * 60;
    return 0;
}

enum { MINUTE = 17 };

/* Whether both begin with the same minute. */
static bool same_minute(const char *a, const char *b)
{
    uint64_t x[2], y[2];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0 && a[MINUTE - 1] == b[MINUTE - 1];
}

int clock_utc_parse(const char *text, struct timespec *t)
{
    /* Most stamps are of the minute of the one before. */
    static char last[MINUTE];
    static int64_t last_seconds;
    long second, nano;
    if (text[19] != '.' || text[29] != 'Z' || get_digits(text + 17, 2, 0, 60, &second) < 0 ||
        get_digits(text + 20, 9, 0, 999999999, &nano) < 0)
        return -1;
    if (!same_minute(text, last)) {
        int64_t seconds;
        if (get_minute(text, &seconds) < 0)
            return -1;
        memcpy(last, text, MINUTE);
        last_seconds = seconds;
    }
    t->tv_sec = (time_t)(last_seconds + second);
    t->tv_nsec = nano;
    return 0;
}

bool clock_is_usual(const struct timespec *t)
{
    const int64_t year_0 = -62167219200, year_10000 = 253402300800;
    return t->tv_sec >= year_0 && t->tv_sec < year_10000 && t->tv_nsec >= 0 &&
           t->tv_nsec < CLOCK_SECOND;
}

int64_t clock_between(const struct timespec *from, const struct timespec *to)
{
    int64_t seconds, ns;
    if (__builtin_sub_overflow((int64_t)to->tv_sec, (int64_t)from->tv_sec, &seconds) ||
        __builtin_mul_overflow(seconds, CLOCK_SECOND, &ns) ||
        __builtin_add_overflow(ns, (int64_t)to->tv_nsec - from->tv_nsec, &ns))
        return to->tv_sec < from->tv_sec ? -INT64_MAX : INT64_MAX;
    return ns;
}

int clock_compare(const struct timespec *a, const struct timespec *b)
{
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec < b->tv_sec ? -1 : 1;
    if (a->tv_nsec != b->tv_nsec)
        return a->tv_nsec < b->tv_nsec ? -1 : 1;
    return 0;
}

bool clock_is_within(const struct timespec *t, const struct timespec *since,
                     const struct timespec *until)
{
    return !(clock_is_set(since) && clock_compare(t, since) < 0) &&
           !(clock_is_set(until) && clock_compare(t, until) >= 0);
}
