#include "logger/rate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE (60 * CLOCK_SECOND)

/* --- counting --------------------------------------------------------------------------------- */

void rate_count(struct rate *r, size_t bytes, int64_t now)
{
    int64_t age = now - r->began;
    if (r->began == 0 || age < 0 || age >= 2 * MINUTE) {
        r->before = r->minute = 0;
        r->began = now;
    } else if (age >= MINUTE) {
        r->before = r->minute;
        r->minute = 0;
        r->began += MINUTE;
    }
    r->minute += bytes;
    r->all += bytes;
}

/* The part of bytes that falls to `time` of a minute. */
static uint64_t part(uint64_t bytes, int64_t time)
{
    const int64_t unit = CLOCK_MS;
    return bytes / 60000 * (uint64_t)(time / unit) +
           bytes % 60000 * (uint64_t)(time / unit) / 60000;
}

uint64_t rate_a_minute(const struct rate *r, int64_t now)
{
    int64_t age = now - r->began;
    if (r->began == 0 || age < 0 || age >= 2 * MINUTE)
        return 0;
    if (age >= MINUTE)
        return part(r->minute, 2 * MINUTE - age);
    if (r->before > 0)
        return r->minute + part(r->before, MINUTE - age);
    return r->minute;
}

/* A second is the least by which that can be told. */
uint64_t rate_pace(const struct rate *r, int64_t now)
{
    int64_t age = now - r->began;
    if (r->before > 0 || age < 0 || age >= MINUTE)
        return rate_a_minute(r, now);
    int64_t ms = (age < CLOCK_SECOND ? CLOCK_SECOND : age) / CLOCK_MS;
    return r->minute / (uint64_t)ms * 60000 + r->minute % (uint64_t)ms * 60000 / (uint64_t)ms;
}

bool rate_floods(struct rate *r, uint64_t threshold, int64_t now)
{
    if (threshold == 0 || (r->flood_at != 0 && now - r->flood_at < MINUTE) ||
        rate_a_minute(r, now) < threshold)
        return false;
    r->flood_at = now;
    return true;
}

/* --- the file --------------------------------------------------------------------------------- */

void rate_format(const struct rate *r, char text[RATE_TEXT + 1])
{
    snprintf(text, RATE_TEXT + 1, "%020lld %020llu %020llu %020llu %020lld\n", (long long)r->began,
             (unsigned long long)r->minute, (unsigned long long)r->before,
             (unsigned long long)r->all, (long long)r->flood_at);
}

int rate_parse(struct rate *r, const char *text)
{
    enum { FIELDS = 5, DIGITS = 20 };
    unsigned long long value[FIELDS];
    if (strnlen(text, RATE_TEXT) < RATE_TEXT)
        return -1;
    for (size_t i = 0; i < FIELDS; i++) {
        char digits[DIGITS + 1] = "";
        const char *end = text + i * (DIGITS + 1) + DIGITS;
        memcpy(digits, end - DIGITS, DIGITS);
        if (*end != (i + 1 < FIELDS ? ' ' : '\n') ||
            number_parse(digits, i == 0 || i + 1 == FIELDS ? INT64_MAX : UINT64_MAX, &value[i]) < 0)
            return -1;
    }
    *r = (struct rate){(int64_t)value[0], value[1], value[2], value[3], (int64_t)value[4]};
    return 0;
}

static int read_file(struct rate *r, int fd)
{
    char text[RATE_TEXT + 1] = "";
    struct rate found;
    if (pread(fd, text, RATE_TEXT, 0) != RATE_TEXT || rate_parse(&found, text) < 0)
        return -1;
    *r = found;
    return 0;
}

int rate_open(struct rate *r, const char *service, bool keep)
{
    struct str path = STR_INIT;
    int fd = -1;
    *r = (struct rate){.began = 0};
    bool named = str_printf(&path, RUN_RATES "/%s", service) == 0;
    for (int i = 0; i < 2 && fd < 0 && named; i++) {
        if (i > 0)
            mkdir(RUN_RATES, 0755);
        fd = openat(AT_FDCWD, path.data, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0644);
    }
    str_release(&path);
    if (fd >= 0 && keep)
        read_file(r, fd);
    if (fd >= 0)
        rate_save(r, fd);
    return fd;
}

void rate_save(const struct rate *r, int fd)
{
    char text[RATE_TEXT + 1];
    rate_format(r, text);
    ssize_t ignored = pwrite(fd, text, RATE_TEXT, 0);
    (void)ignored;
}

int rate_read(struct rate *r, const char *run, const char *service)
{
    struct str path = STR_INIT;
    int fd = -1;
    if (str_printf(&path, "%s%s/%s", run, &RUN_RATES[strlen("/run")], service) == 0)
        fd = openat(AT_FDCWD, path.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    str_release(&path);
    int result = fd < 0 ? -1 : read_file(r, fd);
    fd_close(fd);
    return result;
}
