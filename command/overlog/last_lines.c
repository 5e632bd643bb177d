#include "command/overlog/last_lines.h"
#include "base/clock.h"
#include "contract/logger.h"
#include "logcat/logdirs.h"
#include "logcat/source.h"
#include <stdio.h>
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

static bool is_wanted(const struct entry *entry, const struct last_lines_wish *w)
{
    return clock_is_within(&entry->time, &w->since, &w->until) &&
           (w->begins == NULL || strncmp(entry->message, w->begins, strlen(w->begins)) == 0);
}

static int read_source(struct last_lines *l, const struct last_lines_wish *w, struct source *s,
                       struct error *e)
{
    size_t most = w->most < LAST_LINES_MAX ? w->most : LAST_LINES_MAX;
    bool all = clock_is_set(&w->since) || clock_is_set(&w->until) || w->begins != NULL;
    s->since = w->since;
    s->until = w->until;
    int result = all ? source_open(s, READER_ALL, 0, e) : source_open_tail(s, most, e);
    while (result == 0 && source_next(s, true) == 1)
        if (is_wanted(&s->entry, w))
            result = keep(l, most, &s->entry, e);
    return result;
}

int last_lines_read(struct last_lines *l, const struct last_lines_wish *w, struct error *e)
{
    struct pattern needle;
    *l = (struct last_lines){.count = 0};
    if (w->directory[0] == '\0' || access(w->directory, F_OK) < 0 || w->most == 0)
        return 0;
    struct source *s = source_new(w->directory, w->directory);
    if (s == NULL)
        return error_system(e, "unable to read %s", w->directory);
    if (w->begins != NULL && pattern_open(&needle, w->begins, false, e) == 0)
        s->needle = &needle;
    int result = read_source(l, w, s, e);
    if (s->needle != NULL)
        pattern_close(&needle);
    source_free(s);
    return result;
}

void last_lines_only(struct last_lines *l, bool (*is)(const char *line))
{
    struct last_lines one = {.count = 0};
    for (size_t i = l->count; i > 0 && one.count == 0; i--)
        if (is(l->line[i - 1].text)) {
            one.line[one.count++] = l->line[i - 1];
            l->line[i - 1].text = NULL;
        }
    last_lines_release(l);
    *l = one;
}

void last_lines_release(struct last_lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->line[i].text);
    l->count = 0;
}

int last_lines_each(const char *directory, const char *holds,
                    void (*take)(void *context, const struct timespec *time, const char *line),
                    void *context, struct error *e)
{
    struct pattern needle;
    if (directory[0] == '\0' || access(directory, F_OK) < 0)
        return 0;
    struct source *s = source_new(directory, directory);
    if (s != NULL && holds != NULL && pattern_open(&needle, holds, false, e) == 0)
        s->needle = &needle;
    int result = s == NULL ? error_system(e, "unable to read %s", directory)
                           : source_open(s, READER_ALL, 0, e);
    while (result == 0 && source_next(s, true) == 1)
        if (s->entry.stamped && (holds == NULL || strstr(s->entry.message, holds) != NULL))
            take(context, &s->entry.time, s->entry.message);
    if (s != NULL && s->needle != NULL)
        pattern_close(&needle);
    source_free(s);
    return result;
}

int last_lines_events(void (*take)(void *context, const struct timespec *time, const char *line),
                      void *context, struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.4000s/.events", last_lines_root());
    return last_lines_each(path, NULL, take, context, e);
}

const char *last_lines_root(void)
{
    const char *set = logdirs_setting("OVERLOG_DIR");
    return set == NULL || set[0] == '\0' ? LOGGER_ROOT : set;
}
