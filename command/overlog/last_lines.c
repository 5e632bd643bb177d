#include "command/overlog/last_lines.h"
#include "base/clock.h"
#include "contract/logger.h"
#include "logcat/logdirs.h"
#include "logcat/source.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int keep(struct last_lines *l, size_t most, const struct entry *entry, struct error *e)
{
    char *text = malloc(entry->length + 1);
    if (text == NULL)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    memcpy(text, entry->message, entry->length);
    text[entry->length] = '\0';
    if (l->count == most) {
        free(l->line[0].text);
        memmove(l->line, l->line + 1, --l->count * sizeof l->line[0]);
    }
    l->line[l->count++] = (struct last_line){entry->time, text};
    return 0;
}

static bool is_within(const struct entry *entry, const struct timespec *since,
                      const struct timespec *until)
{
    if (clock_is_set(since) && clock_compare(&entry->time, since) < 0)
        return false;
    return !clock_is_set(until) || clock_compare(&entry->time, until) < 0;
}

int last_lines_read(struct last_lines *l, const char *directory, size_t most,
                    const struct timespec *since, const struct timespec *until, struct error *e)
{
    *l = (struct last_lines){.count = 0};
    if (directory[0] == '\0' || access(directory, F_OK) < 0 || most == 0)
        return 0;
    most = most < LAST_LINES_MAX ? most : LAST_LINES_MAX;
    struct source *s = source_new(directory, directory);
    if (s == NULL)
        return error_system(e, "unable to read %s", directory);
    bool bounded = clock_is_set(since) || clock_is_set(until);
    s->since = *since;
    s->until = *until;
    int result = bounded ? source_open(s, READER_ALL, 0, e) : source_open_tail(s, most, e);
    while (result == 0 && source_next(s, true) == 1)
        if (is_within(&s->entry, since, until))
            result = keep(l, most, &s->entry, e);
    source_free(s);
    return result;
}

void last_lines_release(struct last_lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->line[i].text);
    l->count = 0;
}

int last_lines_events(const char *directory,
                      void (*take)(void *context, const struct timespec *time, const char *line),
                      void *context, struct error *e)
{
    if (access(directory, F_OK) < 0)
        return 0;
    struct source *s = source_new(".events", directory);
    int result = s == NULL ? error_system(e, "unable to read %s", directory)
                           : source_open(s, READER_ALL, 0, e);
    while (result == 0 && source_next(s, true) == 1)
        if (s->entry.stamped)
            take(context, &s->entry.time, s->entry.message);
    source_free(s);
    return result;
}

const char *last_lines_root(void)
{
    const char *set = logdirs_setting("OVERLOG_DIR");
    return set == NULL || set[0] == '\0' ? LOGGER_ROOT : set;
}
