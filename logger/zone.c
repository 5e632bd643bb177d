#include "logger/zone.h"
#include "logger/roster.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

bool zone_take(void)
{
    const char *zone = roster_setting("TZ");
    if (zone)
        setenv("TZ", zone, 0);
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
