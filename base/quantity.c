#include "base/quantity.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

int duration_parse(const char *text, uint64_t max, uint64_t *ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"", 1},           {"ms", 1},           {"s", 1000},
                 {"m", 60 * 1000L}, {"h", 3600 * 1000L}, {"d", 24 * 3600 * 1000L}};
    uint64_t n = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (digit > max || n > (max - digit) / 10)
            return -1;
        n = n * 10 + digit;
    }
    for (size_t i = 0; at > text && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(at, units[i].name) == 0 && n <= max / units[i].ms) {
            *ms = n * units[i].ms;
            return 0;
        }
    return -1;
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
