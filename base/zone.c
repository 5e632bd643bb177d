#include "base/zone.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Where nothing else is known: of the United States, as POSIX systems have it. */
static const char RULE[] = ",M3.2.0,M11.1.0";

static bool has_data(const char *zone)
{
    static const char *const places[] = {"/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"};
    char path[PATH_MAX];
    if (zone[0] == '/')
        return access(zone, R_OK) == 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", places[i], zone);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

/* "EST5EDT": musl reads it as a zone with daylight saving time and no rule for it. */
static bool is_without_rule(const char *zone)
{
    size_t name = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    size_t offset = strspn(zone + name, "+-0123456789");
    size_t summer = strspn(zone + name + offset, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return name > 0 && offset > 0 && summer > 0 && zone[name + offset + summer] == '\0';
}

void zone_settle(void)
{
    char settled[64];
    const char *zone = getenv("TZ");
    if (!zone || strlen(zone) + sizeof RULE > sizeof settled || !is_without_rule(zone))
        return;
    bool data = has_data(zone);
    snprintf(settled, sizeof settled, "%s%s%s", data ? ":" : "", zone, data ? "" : RULE);
    setenv("TZ", settled, 1);
}

bool zone_take(const char *zone)
{
    if (zone)
        setenv("TZ", zone, 0);
    zone_settle();
    tzset();
    if (!zone || !*zone)
        return true;
    zone += *zone == ':';
    /* "XYZ-5" says it all by itself, and UTC is right without data. */
    size_t length = strlen(zone);
    const char *end = length > 3 ? zone + length - 3 : zone;
    bool name = zone[strcspn(zone, "/,")] == '/' || !strpbrk(zone, "0123456789");
    return !name || strcmp(end, "UTC") == 0 || strcmp(end, "GMT") == 0 || has_data(zone);
}

long zone_offset(int64_t t)
{
    struct tm tm;
    time_t at = (time_t)t;
    return localtime_r(&at, &tm) == NULL ? 0 : tm.tm_gmtoff;
}
