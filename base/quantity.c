#include "base/quantity.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void quantity_size(int64_t bytes, char out[QUANTITY_MAX])
{
    static const char units[] = " KMGTPE";
    int unit = bytes >= 1LL << 50;
    int64_t tenths = (unit > 0 ? bytes / 1024 : bytes) * 10;
    for (; tenths >= 9995; unit++) /* which would be shown as 1000 */
        tenths = (tenths + 512) / 1024;
    if (bytes < 0)
        strcpy(out, "-");
    else if (unit == 0)
        snprintf(out, QUANTITY_MAX, "%lld", (long long)bytes);
    else if (tenths < 1000)
        snprintf(out, QUANTITY_MAX, "%lld.%lld%c", (long long)tenths / 10, (long long)tenths % 10,
                 units[unit]);
    else
        snprintf(out, QUANTITY_MAX, "%lld%c", (long long)(tenths + 5) / 10, units[unit]);
}

/* How many bits the unit at text, which ends it, shifts a number; -1: it is no unit. */
static int size_unit(const char *text)
{
    static const char units[] = "KMGTP";
    if (text[0] == '\0' || strcasecmp(text, "B") == 0)
        return 0;
    const char *unit = strchr(units, text[0] & ~0x20);
    bool ends = text[1] == '\0' || strcmp(text + 1, "B") == 0 || strcmp(text + 1, "iB") == 0;
    return unit == NULL || *unit == '\0' || !ends ? -1 : 10 * (int)(unit - units + 1);
}

int size_parse(const char *text, uint64_t max, uint64_t *bytes)
{
    uint64_t whole = 0, thousandths = 0, worth = 1000;
    bool large = false;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        large |= whole > (UINT64_MAX - digit) / 10;
        whole = large ? 0 : whole * 10 + digit;
    }
    bool broken = at == text;
    if (*at == '.')
        for (at++; worth > 1 && *at >= '0' && *at <= '9'; at++)
            thousandths += (uint64_t)(*at - '0') * (worth /= 10);
    broken |= at > text && at[-1] == '.';
    int unit = size_unit(at);
    if (broken || unit < 0 || (unit == 0 && worth < 1000))
        return -1;
    uint64_t part = (thousandths << unit) / 1000;
    if (large || whole > UINT64_MAX >> unit || whole << unit > UINT64_MAX - part ||
        (whole << unit) + part > max)
        return 1;
    *bytes = (whole << unit) + part;
    return 0;
}

void quantity_duration(int64_t ms, char out[QUANTITY_MAX])
{
    static const struct {
        int64_t seconds;
        char big, small;
        int64_t part;
    } units[] = {{86400, 'd', 'h', 3600}, {3600, 'h', 'm', 60}, {60, 'm', 's', 1}};
    long long s = ms / 1000;
    if (ms < 0)
        strcpy(out, "-");
    else
        snprintf(out, QUANTITY_MAX, "%llds", s);
    for (size_t i = 0; ms >= 0 && i < 3; i++)
        if (s >= units[i].seconds) {
            snprintf(out, QUANTITY_MAX, "%lld%c %lld%c", s / units[i].seconds, units[i].big,
                     s % units[i].seconds / units[i].part, units[i].small);
            return;
        }
}

/* No pointers: a process that has given its tables back (base/image.h) still writes times. */
static const struct {
    char name[3];
    uint32_t ms;
} time_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { TIME_UNITS = sizeof time_units / sizeof time_units[0] };

void duration_format(uint32_t ms, char out[QUANTITY_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < TIME_UNITS; i++) {
        uint32_t count = ms / time_units[i].ms;
        ms %= time_units[i].ms;
        if (count > 0 || (i == TIME_UNITS - 1 && length == 0))
            length += (size_t)snprintf(out + length, QUANTITY_MAX - length, "%s%u%s",
                                       length > 0 ? " " : "", count, time_units[i].name);
    }
}

/* The unit at text, of those from number `from` on; TIME_UNITS: there is none. */
static size_t time_unit(const char *text, size_t length, size_t from)
{
    while (from < TIME_UNITS && (strlen(time_units[from].name) != length ||
                                 memcmp(time_units[from].name, text, length) != 0))
        from++;
    return from;
}

int duration_parse(const char *text, uint64_t max, uint64_t *ms)
{
    uint64_t sum = 0;
    size_t next = 0;
    bool large = false;
    unsigned long long plain;
    if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0') {
        if (number_parse(text, max, &plain) < 0)
            return 1;
        *ms = plain;
        return 0;
    }
    do {
        uint64_t count = 0;
        size_t digits = strspn(text, "0123456789");
        size_t letters = strspn(text + digits, "dhms");
        size_t unit = time_unit(text + digits, letters, next);
        if (digits == 0 || unit == TIME_UNITS)
            return -1;
        for (size_t i = 0; i < digits && !large; i++) {
            count = count * 10 + (uint64_t)(text[i] - '0');
            large = count > max;
        }
        large = large || count > (max - sum) / time_units[unit].ms;
        sum += large ? 0 : count * time_units[unit].ms;
        next = unit + 1;
        text += digits + letters;
        if (text[0] == ' ' && text[strspn(text, " ")] != '\0')
            text += strspn(text, " ");
    } while (*text != '\0');
    if (!large)
        *ms = sum;
    return large;
}

int integer_parse(const char *text, long long *value)
{
    unsigned long long size = 0;
    bool negative = text[0] == '-';
    const char *digits = text + (negative || text[0] == '+');
    unsigned long long most = (unsigned long long)INT64_MAX + negative;
    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return -1;
    int large = number_parse(digits, most, &size) < 0;
    if (large)
        size = most;
    *value = (long long)(negative ? 0 - size : size);
    return large;
}

int octal_parse(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t n = 0;
    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '7' || digit > max || n > (max - digit) / 8)
            return -1;
        n = n * 8 + digit;
    }
    *value = n;
    return 0;
}
