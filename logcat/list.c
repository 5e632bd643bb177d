#include "logcat/list.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/quantity.h"
#include "base/utf8.h"
#include "logcat/events.h"
#include "logcat/source.h"
#include "rotate/read/count.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOURS = 24,
    HOUR = 3600,
    YEAR = 330 * 24 * HOUR, /* or nearly so */
    BESIDE = 77,            /* columns of what is neither name nor bar, */
    NARROW = 100,           /* on a screen with less than these, without FIRST, */
    FIRST_WIDTH = 13        /* which takes these */
};

struct row {
    struct timespec first, last;
    int64_t bytes;
    unsigned long archives;
    unsigned long lines[HOURS];
    unsigned long errors, warnings; /* entries in the last hour */
};

struct layout {
    bool utc;
    size_t screen; /* columns, 0: no terminal */
    size_t width;  /* of the longest name */
    time_t newest; /* line of all */
    bool narrow;   /* no room for FIRST */
    int hours;     /* that the bars show */
};

struct bar {
    struct row *row;
    time_t begin;
};

/* --- what the directories hold --- */

static bool find_times(const char *path, struct row *row)
{
    struct source *s = source_new(path, path);
    struct error e = ERROR_INIT;
    bool good = s && source_open(s, READER_ALL, 0, &e) == 0;
    while (good && row->first.tv_sec == 0 && source_next(s, true) == 1)
        row->first = s->entry.time;
    good = good && source_open_tail(s, 1, &e) == 0;
    while (good && source_next(s, true) == 1)
        if (s->entry.stamped)
            row->last = s->entry.time;
    if (!good)
        message_warning("%s", s ? e.text : "out of memory");
    good = good && !s->broken;
    source_free(s);
    return good;
}

/* Spreads lines evenly over the hours between the first and the last. */
static void found(void *context, const struct timespec *first, const struct timespec *last,
                  unsigned long lines)
{
    const struct bar *b = context;
    time_t from = first->tv_sec, length = last->tv_sec - from + 1;
    for (time_t hour = 0; hour < HOURS; hour++) {
        time_t begin = b->begin + hour * HOUR, end = begin + HOUR;
        begin = from > begin ? from : begin;
        end = from + length < end ? from + length : end;
        if (begin < end)
            b->row->lines[hour] += (unsigned long)((int64_t)lines * (end - begin) / length);
    }
}

static bool count(const char *path, struct row *row, time_t begin)
{
    struct bar b = {row, begin};
    struct count c = {.found = found, .context = &b, .stamp_of = stamp_time, .since = {begin, 0}};
    struct error e = ERROR_INIT;
    if (count_directory(&c, path, &e) < 0) {
        message_warning("%s", e.text);
        return false;
    }
    row->bytes = c.bytes;
    row->archives = c.archives;
    return true;
}

/* Counts the errors and warnings of the hour that ends with the newest line of all. */
static bool rate(const char *path, struct row *row, time_t newest)
{
    struct source *s = source_new(path, path);
    struct error e = ERROR_INIT;
    if (s)
        s->since = (struct timespec){newest - HOUR + 1, 0};
    bool good = s && source_open(s, READER_ALL, 0, &e) == 0;
    while (good && source_next(s, true) == 1) {
        if (s->entry.time.tv_sec < s->since.tv_sec || s->entry.time.tv_sec > newest)
            continue;
        source_rate(s);
        row->errors += s->entry.severity >= SEVERITY_ERROR && !s->entry.continues;
        row->warnings += s->entry.severity == SEVERITY_WARNING && !s->entry.continues;
    }
    source_free(s);
    return good;
}

/* --- showing --- */

static const char *state_of(const struct events_states *s, const char *name)
{
    for (size_t i = 0; i < s->states.count; i++)
        if (strcmp(s->names.item[i], name) == 0)
            return s->states.item[i];
    return "-";
}

static void put_size(struct str *out, int64_t bytes)
{
    char text[QUANTITY_MAX];
    quantity_size(bytes, text);
    str_printf(out, "  %6s", text);
}

/* Shows a time as ls does: with the year only where the month would mislead. */
static void put_time(struct str *out, const struct timespec *t, const struct layout *l)
{
    struct tm tm;
    if (t->tv_sec == 0 || !clock_is_usual(t) ||
        !(l->utc ? gmtime_r(&t->tv_sec, &tm) : localtime_r(&t->tv_sec, &tm)))
        str_printf(out, "  %-11s", "-");
    else if (t->tv_sec < l->newest - YEAR)
        str_printf(out, "  %04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    else
        str_printf(out, "  %02d-%02d %02d:%02d", tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
}

static void put_bar(struct str *out, const struct row *row, int hours)
{
    unsigned long most = 0;
    for (int i = 0; i < HOURS; i++)
        most = row->lines[i] > most ? row->lines[i] : most;
    str_printf(out, "  %7lu  ", most);
    for (int i = HOURS - hours; i < HOURS; i++)
        if (row->lines[i] == 0)
            str_add_char(out, ' ');
        else /* eighths */
            str_printf(out, "\xe2\x96%c", (int)(0x81 + (row->lines[i] * 8 - 1) / most));
    str_add_char(out, '\n');
}

static void put_name(struct str *out, const char *name, const struct layout *l)
{
    size_t begin = out->length;
    utf8_visible(name, strlen(name), out);
    for (size_t w = utf8_width(out->data + begin, out->length - begin); w < l->width; w++)
        str_add_char(out, ' ');
}

static void put_row(struct str *out, const char *name, const char *state, const struct row *row,
                    const struct layout *l)
{
    put_name(out, name, l);
    str_printf(out, "  %-9s", state);
    put_size(out, row->bytes);
    str_printf(out, "  %4lu", row->archives);
    if (!l->narrow)
        put_time(out, &row->first, l);
    put_time(out, &row->last, l);
    str_printf(out, "  %5lu  %6lu", row->errors, row->warnings);
    put_bar(out, row, l->hours);
}

static struct row sum_of(const struct row *rows, size_t count)
{
    struct row sum = {.bytes = 0};
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        if (clock_is_set(&row->first) &&
            (!clock_is_set(&sum.first) || clock_compare(&row->first, &sum.first) < 0))
            sum.first = row->first;
        if (clock_compare(&row->last, &sum.last) > 0)
            sum.last = row->last;
        sum.bytes += row->bytes;
        sum.archives += row->archives;
        sum.errors += row->errors;
        sum.warnings += row->warnings;
        for (int hour = 0; hour < HOURS; hour++)
            sum.lines[hour] += row->lines[hour];
    }
    return sum;
}

static void put_rows(struct str *out, const struct logdirs_list *list, const struct row *rows,
                     const struct events_states *states, struct layout *l)
{
    size_t begin = out->length, width = strlen("SERVICE");
    for (size_t i = 0; i < list->names.count; i++) {
        put_name(out, list->names.item[i], l);
        size_t name = utf8_width(out->data + begin, out->length - begin);
        width = name > width ? name : width;
        out->length = begin;
    }
    l->width = width;
    /* The bars take what the screen leaves. */
    l->narrow = l->screen > 0 && l->screen < NARROW;
    int beside = l->narrow ? BESIDE - FIRST_WIDTH : BESIDE;
    int hours = l->screen > 0 ? (int)l->screen - (int)l->width - beside : HOURS;
    l->hours = hours < 1 ? 1 : hours > HOURS ? HOURS : hours;
    put_name(out, "SERVICE", l);
    str_printf(out, "  %-9s  %6s  %4s", "STATE", "SIZE", "ARCH");
    if (!l->narrow)
        str_printf(out, "  %-11s", "FIRST");
    str_printf(out, "  %-11s  %5s  %6s  %7s  LAST %d H\n", "LAST", "ERR/H", "WARN/H", "MOST/H",
               l->hours);
    for (size_t i = 0; i < list->names.count; i++)
        put_row(out, list->names.item[i], state_of(states, list->names.item[i]), &rows[i], l);
    if (list->names.count > 1) {
        struct row sum = sum_of(rows, list->names.count);
        put_row(out, "total", "", &sum, l);
    }
}

static bool read_states(const struct logdirs *r, struct events_states *states)
{
    struct words logs = WORDS_INIT;
    struct error e = ERROR_INIT;
    int result = logdirs_event_logs(r, &logs);
    for (size_t i = 0; result == 0 && i < logs.count; i++)
        if (access(logs.item[i], F_OK) == 0 && events_states(logs.item[i], states, &e) < 0)
            result = -1;
    if (result < 0)
        message_warning("%s", e.text);
    words_release(&logs);
    return result == 0;
}

bool list_services(const struct logdirs *r, const struct logdirs_list *list, bool utc,
                   size_t screen, struct str *out)
{
    struct row *rows = calloc(list->names.count + 1, sizeof *rows);
    struct events_states states = {WORDS_INIT, WORDS_INIT};
    struct layout l = {.utc = utc, .screen = screen};
    bool good = rows && read_states(r, &states);
    for (size_t i = 0; rows && i < list->names.count; i++) {
        good &= find_times(list->paths.item[i], &rows[i]);
        if (rows[i].last.tv_sec > l.newest)
            l.newest = rows[i].last.tv_sec;
    }
    for (size_t i = 0; rows && i < list->names.count; i++)
        good &=
            count(list->paths.item[i], &rows[i], l.newest - l.newest % HOUR - (HOURS - 1) * HOUR) &&
            rate(list->paths.item[i], &rows[i], l.newest);
    if (rows)
        put_rows(out, list, rows, &states, &l);
    events_states_release(&states);
    free(rows);
    return good;
}
