#include "logcat/text_time.h"
#include "logcat/letters.h"
#include "logcat/severity.h"
#include <stdbool.h>
#include <string.h>

/* The number of digits at that place, `most` of them at most. */
static int count_digits(const char *at, const char *end, int most)
{
    int n = 0;
    while (n < most && at + n < end && is_digit(at[n]))
        n++;
    return n;
}

static bool is_at(const char *at, const char *end, char c)
{
    return at < end && *at == c;
}

static bool is_one_of(const char *at, const char *end, const char *list)
{
    return at < end && *at && strchr(list, *at);
}

/* Whether three letters are a month, or a day of the week. */
static bool is_word(const char *at, const char *end, const char *list)
{
    char three[4] = {0};
    if (end - at < 3)
        return false;
    for (int i = 0; i < 3; i++)
        three[i] = (char)(at[i] | 0x20);
    const char *found = strstr(list, three);
    return found && (found - list) % 3 == 0;
}

static bool is_month(const char *at, const char *end)
{
    return is_word(at, end, "janfebmaraprmayjunjulaugsepoctnovdec");
}

static bool is_day(const char *at, const char *end)
{
    return is_word(at, end, "montuewedthufrisatsun") && is_one_of(at + 3, end, " ,");
}

/* HH:MM, seconds and fraction where they are, AM or PM. */
static const char *clock_time(const char *at, const char *end)
{
    int hours = count_digits(at, end, 2);
    if (hours == 0 || !is_at(at + hours, end, ':') || count_digits(at + hours + 1, end, 3) != 2)
        return NULL;
    at += hours + 3;
    if (is_at(at, end, ':') && count_digits(at + 1, end, 3) == 2)
        at += 3;
    if (is_one_of(at, end, ".,") && count_digits(at + 1, end, 9) > 0)
        at += 1 + count_digits(at + 1, end, 9);
    if (end - at >= 2 && (at[0] == 'A' || at[0] == 'P') && at[1] == 'M')
        at += 2;
    else if (end - at >= 3 && at[0] == ' ' && (at[1] == 'A' || at[1] == 'P') && at[2] == 'M')
        at += 3;
    return at;
}

static const char *zone(const char *at, const char *end)
{
    const char *from = at + is_at(at, end, ' '), *p = from;
    if (is_at(at, end, 'Z'))
        return at + 1;
    if (is_one_of(p, end, "+-") && count_digits(p + 1, end, 5) == 4)
        return p + 5;
    if (is_one_of(p, end, "+-") && count_digits(p + 1, end, 3) == 2)
        return is_at(p + 3, end, ':') && count_digits(p + 4, end, 3) == 2 ? p + 6 : p + 3;
    while (p < end && *p >= 'A' && *p <= 'Z')
        p++;
    if (from == at || p - from < 3 || p - from > 4 || !is_one_of(p, end, " ]:|") ||
        severity_word(from, (size_t)(p - from)) != SEVERITY_UNKNOWN)
        return at;
    return p;
}

/* The time of day behind a date, and the zone; the date alone is a time as well. */
static const char *behind_date(const char *at, const char *end)
{
    const char *p = at, *clock;
    if (is_one_of(p, end, "T :_,"))
        p++;
    while (is_at(p, end, ' '))
        p++;
    clock = p > at ? clock_time(p, end) : NULL;
    return clock ? zone(clock, end) : at;
}

/* YYYY-MM-DD; '/' and '.' as well. */
static const char *numeric_date(const char *at, const char *end)
{
    if (count_digits(at, end, 5) != 4 || !is_one_of(at + 4, end, "-/.") ||
        count_digits(at + 5, end, 3) != 2 || !is_at(at + 7, end, at[4]) ||
        count_digits(at + 8, end, 3) != 2)
        return NULL;
    return at + 10;
}

/* DD-Mon-YYYY; '/' and blanks as well. */
static const char *named_date(const char *at, const char *end)
{
    int day = count_digits(at, end, 3);
    const char *p = at + day;
    if (day == 0 || day > 2 || !is_one_of(p, end, "-/ ") || !is_month(p + 1, end) ||
        !is_one_of(p + 4, end, "-/ ") || count_digits(p + 5, end, 5) != 4)
        return NULL;
    return p + 9;
}

/* Mon DD, with a day of the week before it and a year behind it or behind the time. */
static const char *month_first(const char *at, const char *end)
{
    if (is_day(at, end))
        at += 4;
    while (is_at(at, end, ' '))
        at++;
    if (!is_month(at, end) || !is_at(at + 3, end, ' '))
        return NULL;
    for (at += 3; is_at(at, end, ' ');)
        at++;
    int day = count_digits(at, end, 3);
    if (day == 0 || day > 2)
        return NULL;
    at += day;
    if (is_at(at, end, ','))
        at++;
    if (is_at(at, end, ' ') && count_digits(at + 1, end, 5) == 4)
        at += 5;
    const char *behind = behind_date(at, end);
    if (behind > at && is_at(behind, end, ' ') && count_digits(behind + 1, end, 5) == 4)
        behind += 5;
    return behind > at ? behind : NULL;
}

const char *text_time(const char *at, const char *end)
{
    const char *date;
    if (at == end)
        return NULL;
    if (!is_digit(*at))
        return end - at > 8 && *at >= 'A' && *at <= 'W' ? month_first(at, end) : NULL;
    if ((date = numeric_date(at, end)) || (date = named_date(at, end)))
        return behind_date(date, end);
    const char *clock = clock_time(at, end);
    if (clock)
        return zone(clock, end);
    if (*at == '1' && count_digits(at, end, 11) == 10)
        return is_at(at + 10, end, '.') ? at + 11 + count_digits(at + 11, end, 9) : at + 10;
    return NULL;
}
