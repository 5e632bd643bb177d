#include "logger/list.h"
#include "base/clock.h"
#include "base/message.h"
#include "logger/events.h"
#include "logger/source.h"
#include "rotate/count.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOURS = 24, HOUR = 3600 };

struct row {
    struct timespec first, last;
    int64_t bytes;
    unsigned long archives;
    unsigned long lines[HOURS];
};

struct bar {
    struct row *row;
    time_t begin;
};

/* --- what the directories hold --- */

static bool find_times(const char *path, struct row *row)
{
    static const struct timespec always = {0, 0};
    struct source *s = source_new(path, path);
    struct error e = ERROR_INIT;
    bool good = s && source_open(s, READER_ALL, 0, always, &e) == 0;
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

/* Spreads them evenly over the hours between. */
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

/* --- showing --- */

static const char *state_of(const struct events_states *s, const char *name)
{
    for (size_t i = 0; i < s->states.count; i++)
        if (strcmp(s->names.item[i], name) == 0)
            return s->states.item[i];
    return "-";
}

static void put_size(int64_t bytes)
{
    static const char units[] = " KMGTP";
    int unit = 0;
    int64_t tenths = bytes * 10;
    for (; tenths >= 10000 && unit < 5; unit++)
        tenths = (tenths + 512) / 1024;
    if (unit == 0)
        printf("  %7lld", (long long)bytes);
    else
        printf("  %4lld.%lld%c", (long long)tenths / 10, (long long)tenths % 10, units[unit]);
}

static void put_time(const struct timespec *t, bool utc)
{
    struct tm tm;
    if (t->tv_sec == 0 || !(utc ? gmtime_r(&t->tv_sec, &tm) : localtime_r(&t->tv_sec, &tm)))
        printf("  %-16s", "-");
    else
        printf("  %04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
               tm.tm_hour, tm.tm_min);
}

static void put_bar(const struct row *row)
{
    unsigned long most = 0;
    for (int i = 0; i < HOURS; i++)
        most = row->lines[i] > most ? row->lines[i] : most;
    printf("  %8lu  ", most);
    for (int i = 0; i < HOURS; i++)
        if (row->lines[i] == 0)
            putchar(' ');
        else
            printf("\xe2\x96%c", (int)(0x81 + (row->lines[i] * 8 - 1) / most)); /* eighths */
    putchar('\n');
}

static void put_rows(const struct roster_list *list, const struct row *rows,
                     const struct events_states *states, bool utc)
{
    int width = (int)strlen("SERVICE");
    for (size_t i = 0; i < list->names.count; i++)
        if ((int)strlen(list->names.item[i]) > width)
            width = (int)strlen(list->names.item[i]);
    printf("%-*s  %-9s  %7s  %8s  %-16s  %-16s  %8s  %s\n", width, "SERVICE", "STATE", "SIZE",
           "ARCHIVES", "FIRST", "LAST", "MOST/H", "LINES/H, 24 H");
    for (size_t i = 0; i < list->names.count; i++) {
        const struct row *row = &rows[i];
        printf("%-*s  %-9s", width, list->names.item[i], state_of(states, list->names.item[i]));
        put_size(row->bytes);
        printf("  %8lu", row->archives);
        put_time(&row->first, utc);
        put_time(&row->last, utc);
        put_bar(row);
    }
}

static bool read_states(const struct roster *r, struct events_states *states)
{
    struct words logs = WORDS_INIT;
    struct error e = ERROR_INIT;
    int result = roster_event_logs(r, &logs);
    for (size_t i = 0; result == 0 && i < logs.count; i++)
        if (access(logs.item[i], F_OK) == 0 && events_states(logs.item[i], states, &e) < 0)
            result = -1;
    if (result < 0)
        message_warning("%s", e.text);
    words_release(&logs);
    return result == 0;
}

bool list_services(const struct roster *r, const struct roster_list *list, bool utc)
{
    struct row *rows = calloc(list->names.count + 1, sizeof *rows);
    struct events_states states = {WORDS_INIT, WORDS_INIT};
    time_t newest = 0;
    bool good = rows && read_states(r, &states);
    for (size_t i = 0; rows && i < list->names.count; i++) {
        good &= find_times(list->paths.item[i], &rows[i]);
        if (rows[i].last.tv_sec > newest)
            newest = rows[i].last.tv_sec;
    }
    for (size_t i = 0; rows && i < list->names.count; i++)
        good &= count(list->paths.item[i], &rows[i], newest - newest % HOUR - (HOURS - 1) * HOUR);
    if (rows)
        put_rows(list, rows, &states, utc);
    fflush(stdout);
    events_states_release(&states);
    free(rows);
    return good;
}
