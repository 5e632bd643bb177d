/* The text of a timetable. */
#include "base/timetable.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 6, EVERY_LEAST_MS = 1000, SHOWN_MAX = 60 };
/* A century. */
#define EVERY_MOST_MS ((uint64_t)36525 * 86400 * 1000)

static const char blanks[] = " \t\r\n";

/* --- fields ----------------------------------------------------------------------------------- */

struct field {
    const char *name;
    unsigned int least, most;
    const char *names; /* of three letters each, for the numbers from least on; NULL: none */
};

static const struct field fields[FIELDS] = {
    {"second", 0, 59, NULL},
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 7, "sunmontuewedthufrisatsun"},
};

enum { FIELD_SECOND, FIELD_MINUTE, FIELD_HOUR, FIELD_DAY, FIELD_MONTH, FIELD_WEEKDAY };

/* A field as it is read. */
struct reading {
    const struct field *field;
    const char *at, *whole;
    struct error *e;
};

static int wrong(const struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int wrong(const struct reading *r, const char *format, ...)
{
    char text[200];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return error_set(r->e, EXIT_USAGE, "%s: %s", r->field->name, text);
}

/* How many bytes belong to a number or a name. */
static int word_length(const char *at)
{
    return (int)strcspn(at, ",-/");
}

static const char *find_name(const struct field *f, const char *at)
{
    const char *name = f->names;
    while (name != NULL && *name != '\0' && strncasecmp(name, at, 3) != 0)
        name += 3;
    return name != NULL && *name != '\0' ? name : NULL;
}

/* A number or a name that is not below least; it is passed over. */
static int read_value(struct reading *r, unsigned int least, unsigned int *value)
{
    const struct field *f = r->field;
    unsigned long long n = 0;
    char digits[12];
    int length = word_length(r->at);
    const char *name = length == 3 ? find_name(f, r->at) : NULL;
    if (name != NULL) {
        n = f->least + (unsigned int)(name - f->names) / 3;
        n += f->most == 7 && n == 0 && least > 0 ? 7 : 0; /* Sunday is at both ends */
    } else {
        snprintf(digits, sizeof digits, "%.*s", length, r->at);
        if (length == 1 && *r->at == '?')
            return wrong(r, "? is not known here; write *");
        if (length >= (int)sizeof digits)
            return wrong(r, "%.40s is too long", r->at);
        if (length == 0)
            return wrong(r, "a number is missing in %.40s", r->whole);
        if (number_parse(digits, UINT32_MAX, &n) < 0 && digits[strspn(digits, "0123456789")] != 0)
            return wrong(r, "%.*s is not a number%s", length < 20 ? length : 20, r->at,
                         f->names == NULL ? "" : ", nor a name of three letters");
        if (number_parse(digits, f->most, &n) < 0 || n < f->least)
            return wrong(r, "%s is not one of %u to %u%s", digits, f->least, f->most,
                         f->most == 23 && n == 24 ? "; midnight is 0" : "");
    }
    *value = (unsigned int)n;
    r->at += length;
    return 0;
}

static int backwards(const struct reading *r, unsigned int first, unsigned int last)
{
    const struct field *f = r->field;
    if (f->most == 7 && first == 7) /* a Sunday, which is at both ends */
        return wrong(r, "7-%u runs backwards; write 0-%u", last, last);
    return wrong(r, "%u-%u runs backwards; write %u-%u,%u-%u", first, last, first,
                 f->most == 7 ? 6 : f->most, f->least, last);
}

/* "/N" behind a range. */
static int read_step(struct reading *r, unsigned int *step)
{
    unsigned long long n = 0;
    char digits[12];
    unsigned int most = r->field->most - r->field->least + 1;
    int length = word_length(++r->at);
    snprintf(digits, sizeof digits, "%.*s", length, r->at);
    if (length >= (int)sizeof digits || number_parse(digits, most, &n) < 0 || n == 0)
        return wrong(r, "the step /%s is not one of 1 to %u; for a longer period write: every TIME",
                     digits, most);
    *step = (unsigned int)n;
    r->at += length;
    return 0;
}

/* What is between two commas. */
static int read_element(struct reading *r, uint64_t *set)
{
    const struct field *f = r->field;
    unsigned int first = f->least, last = f->most, step = 1;
    bool range = *r->at == '*';
    if (range)
        r->at++;
    else if (read_value(r, 0, &first) < 0)
        return -1;
    else
        last = first;
    if (!range && *r->at == '-') {
        r->at++;
        range = true;
        if (read_value(r, first, &last) < 0)
            return -1;
        if (last < first)
            return backwards(r, first, last);
    }
    if (*r->at == '/' && !range)
        return wrong(r, "a step needs a range; write %u-%u%.10s", first, f->most, r->at);
    if (*r->at == '/' && read_step(r, &step) < 0)
        return -1;
    if (*r->at != ',' && *r->at != '\0')
        return wrong(r, "%.20s is unexpected in %.40s", r->at, r->whole);
    for (; first <= last; first += step)
        *set |= (uint64_t)1 << first;
    return 0;
}

static int read_field(const struct field *f, const char *text, uint64_t *set, struct error *e)
{
    struct reading r = {.field = f, .at = text, .whole = text, .e = e};
    for (*set = 0;; r.at++) {
        if (read_element(&r, set) < 0)
            return -1;
        if (*r.at == '\0')
            return 0;
    }
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Whether some month has one of the days. */
static bool has_date(const struct timetable_part *p)
{
    enum { LEAP_YEAR = 2000 };
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= clock_month_days(LEAP_YEAR, month); day++)
            if ((p->months >> month & 1) != 0 && (p->days >> day & 1) != 0)
                return true;
    return false;
}

static int finish_part(struct timetable_part *p, char *const *word, struct error *e)
{
    bool day = word[FIELD_DAY][0] == '*', week = word[FIELD_WEEKDAY][0] == '*';
    p->weekdays |= p->weekdays >> 7;
    p->weekdays &= 0x7f;
    p->any_day = !day && !week;
    p->fixed =
        word[FIELD_SECOND][0] != '*' && word[FIELD_MINUTE][0] != '*' && word[FIELD_HOUR][0] != '*';
    return p->any_day || has_date(p)
               ? 0
               : error_set(e, EXIT_USAGE, "day of month: there is no day %.20s in month %.20s",
                           word[FIELD_DAY], word[FIELD_MONTH]);
}

static int read_calendar(struct timetable_part *p, char *text, struct error *e)
{
    char zero[] = "0", *word[FIELDS + 1] = {zero};
    uint64_t *sets[FIELDS] = {&p->seconds, &p->minutes, &p->hours,
                              &p->days,    &p->months,  &p->weekdays};
    size_t count = 1;
    char *rest;
    for (char *w = strtok_r(text, blanks, &rest); w != NULL; w = strtok_r(NULL, blanks, &rest))
        if (count <= FIELDS)
            word[count++] = w;
        else
            return error_set(e, EXIT_USAGE, "it has more than six fields; join times by ';'");
    if (count < FIELDS)
        return error_set(e, EXIT_USAGE,
                         "it has %zu field%s; a time has five: minute, hour, day of month, month, "
                         "day of week (or six, with seconds in front)",
                         count - 1, count == 2 ? "" : "s");
    char **first = count == FIELDS ? word : word + 1;
    for (size_t i = 0; i < FIELDS; i++)
        if (read_field(&fields[i], first[i], sets[i], e) < 0)
            return -1;
    return finish_part(p, first, e);
}

static int read_name(struct timetable_part *p, const char *text, struct error *e)
{
    static const struct {
        const char *name, *fields;
    } names[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                 {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                 {"@annually", "0 0 1 1 *"}};
    char copy[16];
    p->kind = strcasecmp(text, "@reboot") == 0 ? TIMETABLE_REBOOT : TIMETABLE_CALENDAR;
    if (p->kind == TIMETABLE_REBOOT)
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(names[i].name, text) == 0) {
            snprintf(copy, sizeof copy, "%s", names[i].fields);
            return read_calendar(p, copy, e);
        }
    return error_set(e, EXIT_USAGE,
                     "there is no such name; write @hourly, @daily, @weekly, @monthly, @yearly "
                     "or @reboot");
}

static int read_every(struct timetable_part *p, const char *text, struct error *e)
{
    uint64_t ms = 0;
    text += strspn(text, blanks);
    if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0')
        return error_set(e, EXIT_USAGE, "a unit is missing; write every %.20ss", text);
    int result = duration_parse(text, EVERY_MOST_MS, &ms);
    if (result < 0)
        return error_set(e, EXIT_USAGE,
                         "it is no time; write the units d, h, m and s, the larger first: every "
                         "1h30m");
    if (result > 0 || ms < EVERY_LEAST_MS)
        return error_set(e, EXIT_USAGE, "it must be a second to a century");
    p->kind = TIMETABLE_EVERY;
    p->period = (int64_t)ms * CLOCK_MS;
    return 0;
}

static int read_part(struct timetable_part *p, char *text, struct error *e)
{
    *p = (struct timetable_part){.kind = TIMETABLE_CALENDAR};
    if (text[0] == '@')
        return read_name(p, text, e);
    if (strncasecmp(text, "every", 5) == 0 && strchr(blanks, text[5]) != NULL)
        return read_every(p, text + 5, e);
    return read_calendar(p, text, e);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Cuts blanks off at both ends. */
static char *trim(char *text)
{
    text += strspn(text, blanks);
    for (size_t n = strlen(text); n > 0 && strchr(blanks, text[n - 1]) != NULL;)
        text[--n] = '\0';
    return text;
}

int timetable_parse(struct timetable *t, const char *text, struct error *e)
{
    char copy[TIMETABLE_MAX], shown[SHOWN_MAX];
    struct error why = ERROR_INIT;
    t->count = 0;
    if (strlen(text) >= sizeof copy)
        return error_set(e, EXIT_USAGE, "a timetable has at most %d bytes", TIMETABLE_MAX - 1);
    strcpy(copy, text);
    for (char *part = copy, *next; part != NULL; part = next) {
        next = strchr(part, ';');
        if (next != NULL)
            *next++ = '\0';
        part = trim(part);
        if (part[0] == '\0')
            continue;
        if (t->count == TIMETABLE_PARTS)
            return error_set(e, EXIT_USAGE, "a timetable has at most %d parts", TIMETABLE_PARTS);
        snprintf(shown, sizeof shown, "%s", part);
        if (read_part(&t->part[t->count++], part, &why) < 0)
            return error_set(e, why.code, "\"%s\": %s", shown, why.text);
    }
    return t->count > 0 ? 0 : error_set(e, EXIT_USAGE, "it names no time; write \"15 3 * * *\"");
}

bool timetable_has(const struct timetable *t, enum timetable_kind kind)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->part[i].kind == kind)
            return true;
    return false;
}
