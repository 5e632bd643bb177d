#include "logcat/usual.h"
#include "base/clock.h"
#include <endian.h>
#include <stdint.h>
#include <string.h>

bool usual_line(const char *line)
{
    return line[0] >= '0' && line[0] <= '9' && line[10] == 'T' && line[29] == 'Z' &&
           line[30] == ' ' && line[37] == ' ' && line[38] == 'F' && line[40] != ' ' &&
           line[40] != '\t';
}

static uint64_t eight_of(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* The lowest byte that is not 0 stands where the first newline is. */
static uint64_t newlines_of(const char *bytes)
{
    uint64_t word = le64toh(eight_of(bytes)) ^ '\n' * EACH_BYTE;
    return (word - EACH_BYTE) & ~word & 0x80 * EACH_BYTE;
}

char *usual_newline(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        uint64_t first = newlines_of(at), second = newlines_of(at + 8);
        if (first)
            return (char *)at + __builtin_ctzll(first) / 8;
        if (second)
            return (char *)at + 8 + __builtin_ctzll(second) / 8;
    }
    while (at < end && *at != '\n')
        at++;
    return at < end ? (char *)at : NULL;
}

static bool are_digits(uint64_t word)
{
    const uint64_t high = 0xf0 * EACH_BYTE;
    return (word & high) == '0' * EACH_BYTE && ((word + 6 * EACH_BYTE) & high) == '0' * EACH_BYTE;
}

bool usual_next(const char *a, const char *b)
{
    if (eight_of(a) != eight_of(b) || eight_of(a + 8) != eight_of(b + 8) || a[16] != b[16]) {
        struct timespec x, y;
        return clock_utc_parse(a, &x) == 0 && clock_utc_parse(b, &y) == 0 &&
               clock_compare(&x, &y) <= 0;
    }
    /* SS.nnnnn and nnnnnnnZ: as big-endian numbers they are in order as their times are. */
    uint64_t second[2] = {be64toh(eight_of(a + 17)), be64toh(eight_of(b + 17))};
    uint64_t nano[2] = {be64toh(eight_of(a + 22)), be64toh(eight_of(b + 22))};
    return (second[0] < second[1] || (second[0] == second[1] && nano[0] <= nano[1])) &&
           b[19] == '.' && b[17] >= '0' && b[17] < '6' && b[18] >= '0' && b[18] <= '9' &&
           are_digits(eight_of(b + 20)) && b[28] >= '0' && b[28] <= '9';
}
