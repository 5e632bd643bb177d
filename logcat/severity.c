#include "logcat/severity.h"
#include <string.h>

enum { WORD_MAX = 13 };

/* Shorter ones first. */
static const struct {
    char text[WORD_MAX + 1];
    unsigned char is;
} words[] = {
    {"dbg", SEVERITY_DEBUG},         {"err", SEVERITY_ERROR},
    {"ftl", SEVERITY_CRITICAL},      {"inf", SEVERITY_INFO},
    {"log", SEVERITY_INFO},          {"trc", SEVERITY_DEBUG},
    {"vrb", SEVERITY_DEBUG},         {"wrn", SEVERITY_WARNING},
    {"crit", SEVERITY_CRITICAL},     {"dbug", SEVERITY_DEBUG},
    {"debu", SEVERITY_DEBUG},        {"eror", SEVERITY_ERROR},
    {"erro", SEVERITY_ERROR},        {"fail", SEVERITY_ERROR},
    {"fata", SEVERITY_CRITICAL},     {"fine", SEVERITY_DEBUG},
    {"info", SEVERITY_INFO},         {"note", SEVERITY_INFO},
    {"pani", SEVERITY_EMERGENCY},    {"trac", SEVERITY_DEBUG},
    {"trce", SEVERITY_DEBUG},        {"warn", SEVERITY_WARNING},
    {"alert", SEVERITY_ALERT},       {"debug", SEVERITY_DEBUG},
    {"emerg", SEVERITY_EMERGENCY},   {"error", SEVERITY_ERROR},
    {"fatal", SEVERITY_CRITICAL},    {"finer", SEVERITY_DEBUG},
    {"panic", SEVERITY_EMERGENCY},   {"trace", SEVERITY_DEBUG},
    {"config", SEVERITY_INFO},       {"dpanic", SEVERITY_CRITICAL},
    {"finest", SEVERITY_DEBUG},      {"notice", SEVERITY_NOTICE},
    {"severe", SEVERITY_ERROR},      {"system", SEVERITY_NOTICE},
    {"verbose", SEVERITY_DEBUG},     {"warning", SEVERITY_WARNING},
    {"critical", SEVERITY_CRITICAL}, {"emergency", SEVERITY_EMERGENCY},
    {"information", SEVERITY_INFO},  {"informational", SEVERITY_INFO},
};

static const char *const colors[] = {
    [SEVERITY_UNKNOWN] = NULL,    [SEVERITY_DEBUG] = "2",    [SEVERITY_INFO] = NULL,
    [SEVERITY_NOTICE] = "1",      [SEVERITY_WARNING] = "33", [SEVERITY_ERROR] = "31",
    [SEVERITY_CRITICAL] = "1;31", [SEVERITY_ALERT] = "1;31", [SEVERITY_EMERGENCY] = "1;31",
};

enum severity severity_word(const char *word, size_t length)
{
    char small[WORD_MAX + 1] = {0};
    if (length < 3 || length > WORD_MAX)
        return SEVERITY_UNKNOWN;
    for (size_t i = 0; i < length; i++)
        small[i] = (char)(word[i] | 0x20);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].text[0] == small[0] && strcmp(words[i].text, small) == 0)
            return (enum severity)words[i].is;
    return SEVERITY_UNKNOWN;
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"",    "debug", "info",  "notice", "warning",
                                        "err", "crit",  "alert", "emerg"};
    return names[s];
}

const char *severity_color(enum severity s)
{
    return colors[s];
}

static enum severity bound(const char *text, size_t length)
{
    if (length == 1 && *text >= '0' && *text <= '7')
        return (enum severity)(SEVERITY_EMERGENCY - (*text - '0'));
    return severity_word(text, length);
}

int severity_range_parse(const char *text, struct severity_range *range)
{
    const char *dots = strstr(text, ".."), *last = dots ? dots + 2 : "";
    size_t length = dots ? (size_t)(dots - text) : strlen(text);
    enum severity a = SEVERITY_DEBUG, b = SEVERITY_EMERGENCY;
    if (length + strlen(last) == 0)
        return -1;
    if (length > 0)
        a = bound(text, length);
    if (*last)
        b = bound(last, strlen(last));
    if (a == SEVERITY_UNKNOWN || b == SEVERITY_UNKNOWN)
        return -1;
    *range = a < b ? (struct severity_range){a, b} : (struct severity_range){b, a};
    return 0;
}

bool severity_in(const struct severity_range *range, enum severity s)
{
    if (s == SEVERITY_UNKNOWN)
        s = SEVERITY_INFO;
    return range->most == SEVERITY_UNKNOWN || (s >= range->least && s <= range->most);
}
