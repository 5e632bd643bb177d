#include "logger/stamp.h"
#include "base/clock.h"
#include "rotate/bgzf.h"
#include <string.h>

enum {
    LOCAL_LENGTH = 29 /* "YYYY-MM-DD HH:MM:SS.nnnnnnnnn" */,
    STREAM_LENGTH = 10,
    SVLOGD_LENGTH = 25
};

static size_t format_local(char *out, const struct timespec *t)
{
    struct tm tm;
    memcpy(out, "0000-00-00 00:00:00.000000000  ", LOCAL_LENGTH + 2);
    clock_put(out, localtime_r(&t->tv_sec, &tm), t->tv_nsec);
    return LOCAL_LENGTH + 2;
}

size_t stamp_format(char out[STAMP_MAX], unsigned int forms, const struct timespec *t,
                    enum stamp_stream stream, int partial)
{
    size_t n = 0;
    if (forms & STAMP_TAI64N) {
        clock_tai64n_format(out, t);
        n += CLOCK_TAI64N_LENGTH;
        out[n++] = ' ';
    }
    if (forms & STAMP_LOCAL)
        n += format_local(out + n, t);
    if (forms & STAMP_UTC) {
        clock_utc_format(out + n, t);
        n += CLOCK_UTC_LENGTH;
        out[n++] = ' ';
    }
    if (forms & STAMP_CRI) {
        clock_utc_format(out + n, t);
        n += CLOCK_UTC_LENGTH;
        memcpy(out + n, stream == STREAM_ERR ? " stderr " : " stdout ", 8);
        out[n + 8] = partial ? 'P' : 'F';
        out[n + 9] = ' ';
        n += STREAM_LENGTH;
    }
    return n;
}

static int number(const char *text, int count, long low, long high, long *value)
{
    *value = 0;
    while (count-- > 0) {
        if (*text < '0' || *text > '9')
            return -1;
        *value = *value * 10 + (*text++ - '0');
    }
    return *value < low || *value > high ? -1 : 0;
}

/* Each parse_X reads one stamp with its blanks and returns its length, 0 when there is none. */

static size_t parse_tai64n(const char *line, size_t length, struct timespec *t)
{
    if (length <= CLOCK_TAI64N_LENGTH || line[0] != '@' || line[CLOCK_TAI64N_LENGTH] != ' ' ||
        clock_tai64n_parse(line, t) < 0 || !clock_is_usual(t))
        return 0;
    return CLOCK_TAI64N_LENGTH + 1;
}

static size_t parse_local(const char *line, size_t length, struct timespec *t)
{
    long year, month, day, hour, minute, second, nano;
    if (length <= LOCAL_LENGTH || line[4] != '-' || line[7] != '-' || line[10] != ' ' ||
        line[13] != ':' || line[16] != ':' || line[19] != '.' || line[LOCAL_LENGTH] != ' ')
        return 0;
    if (number(line, 4, 0, 9999, &year) < 0 || number(line + 5, 2, 1, 12, &month) < 0 ||
        number(line + 8, 2, 1, 31, &day) < 0 || number(line + 11, 2, 0, 23, &hour) < 0 ||
        number(line + 14, 2, 0, 59, &minute) < 0 || number(line + 17, 2, 0, 60, &second) < 0 ||
        number(line + 20, 9, 0, 999999999, &nano) < 0)
        return 0;
    struct tm tm = {.tm_year = (int)year - 1900,
                    .tm_mon = (int)month - 1,
                    .tm_mday = (int)day,
                    .tm_hour = (int)hour,
                    .tm_min = (int)minute,
                    .tm_sec = (int)second,
                    .tm_isdst = -1};
    t->tv_sec = mktime(&tm);
    t->tv_nsec = nano;
    return length > LOCAL_LENGTH + 1 && line[LOCAL_LENGTH + 1] == ' ' ? LOCAL_LENGTH + 2
                                                                      : LOCAL_LENGTH + 1;
}

static size_t parse_utc(const char *line, size_t length, struct timespec *t)
{
    if (length <= CLOCK_UTC_LENGTH || line[CLOCK_UTC_LENGTH] != ' ' || line[10] != 'T' ||
        clock_utc_parse(line, t) < 0)
        return 0;
    return CLOCK_UTC_LENGTH + 1;
}

/* svlogd -tt and -ttt: UTC to the hundredth of a millisecond. */
static size_t parse_svlogd(const char *line, size_t length, struct timespec *t)
{
    char text[CLOCK_UTC_LENGTH];
    if (length <= SVLOGD_LENGTH || line[SVLOGD_LENGTH] != ' ' || line[19] != '.' ||
        (line[10] != '_' && line[10] != 'T'))
        return 0;
    memcpy(text, line, SVLOGD_LENGTH);
    memcpy(text + SVLOGD_LENGTH, "0000Z", 5);
    text[10] = 'T';
    return clock_utc_parse(text, t) < 0 ? 0 : SVLOGD_LENGTH + 1;
}

/* What follows the time in a CRI stamp. */
static size_t parse_stream(const char *text, size_t length, struct stamp *s)
{
    const size_t rest = STREAM_LENGTH - 1;
    if (length < rest || (text[7] != 'F' && text[7] != 'P') || text[8] != ' ')
        return 0;
    if (memcmp(text, "stdout ", 7) == 0)
        s->stream = STREAM_OUT;
    else if (memcmp(text, "stderr ", 7) == 0)
        s->stream = STREAM_ERR;
    else
        return 0;
    s->partial = text[7] == 'P';
    return rest;
}

/* All stamps of a line come from one reading of the clock: a time that differs belongs to the
 * message. Only nanoseconds are compared, local times depend on the reader's zone. */
static int same_reading(const struct stamp *s, const struct timespec *t)
{
    return s->form == STAMP_NONE || s->time.tv_nsec == t->tv_nsec;
}

static void add_form(struct stamp *s, enum stamp_form form, const struct timespec *t, size_t length)
{
    if (s->form == STAMP_NONE) {
        s->form = form;
        s->time = *t;
    }
    s->length += length;
}

int stamp_parse(const char *line, size_t length, struct stamp *s)
{
    struct timespec t;
    *s = (struct stamp){.form = STAMP_NONE};
    size_t n = parse_tai64n(line, length, &t);
    if (n > 0)
        add_form(s, STAMP_TAI64N, &t, n);
    n = parse_local(line + s->length, length - s->length, &t);
    if (n > 0 && same_reading(s, &t))
        add_form(s, STAMP_LOCAL, &t, n);
    n = parse_utc(line + s->length, length - s->length, &t);
    if (n > 0 && same_reading(s, &t)) {
        size_t more = parse_stream(line + s->length + n, length - s->length - n, s);
        add_form(s, more > 0 ? STAMP_CRI : STAMP_UTC, &t, n + more);
        if (more > 0)
            return 0;
        /* U and C together */
        n = parse_utc(line + s->length, length - s->length, &t);
        if (n > 0 && same_reading(s, &t)) {
            more = parse_stream(line + s->length + n, length - s->length - n, s);
            if (more > 0)
                s->length += n + more;
        }
    }
    if (s->form == STAMP_NONE && (n = parse_svlogd(line, length, &t)) > 0)
        add_form(s, STAMP_UTC, &t, n);
    return s->form == STAMP_NONE ? -1 : 0;
}

int stamp_time(const char *line, size_t length, struct timespec *t)
{
    if (parse_tai64n(line, length, t) > 0 || parse_utc(line, length, t) > 0 ||
        parse_local(line, length, t) > 0 || parse_svlogd(line, length, t) > 0)
        return 0;
    return -1;
}

int stamp_index(const char *line, size_t length, struct timespec *t)
{
    struct stamp s;
    if (stamp_parse(line, length, &s) < 0)
        return -1;
    *t = s.time;
    bool indented = s.length < length && (line[s.length] == ' ' || line[s.length] == '\t');
    return (s.form == STAMP_LOCAL ? BGZF_ZONED : 0) | (indented ? BGZF_FOLLOWS : 0) |
           (s.partial ? BGZF_GOES_ON : 0) | (int)s.stream * BGZF_STREAM;
}
