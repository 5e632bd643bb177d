#include "command/overlog/unit_value.h"
#include "base/str.h"
#include <string.h>
#include <strings.h>

static const struct {
    const char *names;
    int64_t us;
} units[] = {{" us usec \xc2\xb5s \xce\xbcs ", 1},      {" ms msec ", 1000},
             {" s sec second seconds ", 1000000},       {" m min minute minutes ", 60 * 1000000LL},
             {" h hr hour hours ", 3600 * 1000000LL},   {" d day days ", 86400 * 1000000LL},
             {" w week weeks ", 7 * 86400 * 1000000LL}, {" M month months ", 2629800 * 1000000LL},
             {" y year years ", 31557600 * 1000000LL}};

enum { NUMBER_DIGITS = 12, PARTS_MAX = 16 };

/* The microseconds of a unit of that name; 0: there is none. */
static int64_t unit_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        for (const char *p = units[i].names; (p = strchr(p, ' ')) != NULL && p[1] != '\0';) {
            size_t n = strcspn(++p, " ");
            if (n == length && strncmp(p, name, n) == 0)
                return units[i].us;
        }
    return 0;
}

static const char digits[] = "0123456789";

/* Adds one number with its unit; NULL: it is none. */
static const char *add_part(const char *p, double *us)
{
    size_t whole = strspn(p, digits), part = 0;
    double value = 0, scale = 1;
    for (size_t i = 0; i < whole && whole <= NUMBER_DIGITS; i++)
        value = value * 10 + (p[i] - '0');
    if (p[whole] == '.')
        part = strspn(p + whole + 1, digits);
    for (size_t i = 0; i < part; i++)
        value += (p[whole + 1 + i] - '0') * (scale /= 10);
    if (whole + part == 0 || whole > NUMBER_DIGITS)
        return NULL;
    p += whole + (p[whole] == '.' ? part + 1 : 0);
    p += strspn(p, " \t");
    size_t name = strcspn(p, " \t0123456789.");
    int64_t unit = name == 0 ? 1000000 : unit_of(p, name);
    *us += value * (double)unit;
    return unit == 0 ? NULL : p + name;
}

int64_t unit_time(const char *text)
{
    double us = 0;
    int parts = 0;
    if (strcmp(text, "infinity") == 0)
        return UNIT_FOREVER;
    for (const char *p = text + strspn(text, " \t"); *p != '\0'; p += strspn(p, " \t"))
        if ((p = add_part(p, &us)) == NULL || ++parts > PARTS_MAX)
            return UNIT_NO_TIME;
    if (parts == 0 || us > 1e18)
        return UNIT_NO_TIME;
    return us > 0 && us < 1000 ? 1 : (int64_t)(us / 1000);
}

int unit_boolean(const char *text)
{
    static const char *const words[] = {"1", "yes", "y", "true",  "t", "on",
                                        "0", "no",  "n", "false", "f", "off"};
    for (int i = 0; i < 12; i++)
        if (strcasecmp(words[i], text) == 0)
            return i < 6;
    return -1;
}

int64_t unit_number(const char *text, bool bytes)
{
    static const char letters[] = "KMGTPE";
    unsigned long long value;
    char number[24];
    size_t n = strspn(text, digits);
    if (strcmp(text, "infinity") == 0)
        return UNIT_FOREVER;
    const char *unit = bytes && text[n] != '\0' ? strchr(letters, text[n]) : NULL;
    if (n == 0 || n > 18 || (text[n] != '\0' && (unit == NULL || text[n + 1] != '\0')))
        return UNIT_NO_TIME;
    memcpy(number, text, n);
    number[n] = '\0';
    if (number_parse(number, INT64_MAX, &value) < 0)
        return UNIT_NO_TIME;
    for (ptrdiff_t i = unit == NULL ? 0 : unit - letters + 1; i > 0; i--) {
        if (value > INT64_MAX / 1024)
            return UNIT_NO_TIME;
        value *= 1024;
    }
    return (int64_t)value;
}

int unit_exit_code(const char *text)
{
    static const struct {
        const char *name;
        int code;
    } known[] = {
        {"SUCCESS", 0},      {"FAILURE", 1},      {"INVALIDARGUMENT", 2}, {"NOTIMPLEMENTED", 3},
        {"NOPERMISSION", 4}, {"NOTINSTALLED", 5}, {"NOTCONFIGURED", 6},   {"NOTRUNNING", 7},
        {"USAGE", 64},       {"DATAERR", 65},     {"NOINPUT", 66},        {"NOUSER", 67},
        {"NOHOST", 68},      {"UNAVAILABLE", 69}, {"SOFTWARE", 70},       {"OSERR", 71},
        {"OSFILE", 72},      {"CANTCREAT", 73},   {"IOERR", 74},          {"TEMPFAIL", 75},
        {"PROTOCOL", 76},    {"NOPERM", 77},      {"CONFIG", 78}};
    unsigned long long code;
    if (number_parse(text, 255, &code) == 0)
        return (int)code;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, text) == 0)
            return known[i].code;
    return -1;
}
