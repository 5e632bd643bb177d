#include "logcat/filter.h"
#include "base/clock.h"
#include "logcat/columns.h"
#include <stdlib.h>

int filter_add(struct filter *f, const char *text, bool exclude, bool ignore_case, struct error *e)
{
    if (LIST_ROOM(f->pattern, f->count, f->room) < 0)
        return error_system(e, "unable to take the expression %s", text);
    f->pattern[f->count].exclude = exclude;
    if (pattern_open(&f->pattern[f->count].pattern, text, ignore_case, e) < 0)
        return -1;
    f->count++;
    f->includes += !exclude;
    return 0;
}

int filter_add_where(struct filter *f, const char *text, struct error *e)
{
    if (LIST_ROOM(f->where, f->wheres, f->wheres_room) < 0)
        return error_system(e, "unable to take the condition %s", text);
    struct where *w = f->where;
    if (where_parse(&w[f->wheres], text, e) < 0)
        return -1;
    /* Numbers are compared first: that costs less, and mostly leaves out more. */
    for (size_t i = f->wheres++; i > 0 && w[i].numeric && !w[i - 1].numeric; i--) {
        struct where other = w[i - 1];
        w[i - 1] = w[i];
        w[i] = other;
    }
    return 0;
}

void filter_release(struct filter *f)
{
    for (size_t i = 0; i < f->wheres; i++)
        where_release(&f->where[i]);
    free(f->where);
    for (size_t i = 0; i < f->count; i++)
        pattern_close(&f->pattern[i].pattern);
    free(f->pattern);
    *f = FILTER_INIT;
}

bool filter_any(const struct filter *f)
{
    return f->count > 0 || f->stream != STREAM_UNKNOWN || clock_is_set(&f->since) ||
           clock_is_set(&f->until) || f->severity.most != SEVERITY_UNKNOWN || f->wheres > 0 ||
           f->columns;
}

const struct pattern *filter_needle(const struct filter *f)
{
    const struct pattern *only = NULL;
    if (f->includes != 1 || clock_is_set(&f->until) || f->severity.most != SEVERITY_UNKNOWN)
        return NULL;
    for (size_t i = 0; i < f->count; i++)
        if (!f->pattern[i].exclude)
            only = &f->pattern[i].pattern;
    return only->count > 0 ? only : NULL;
}

/* Whether the entry has a severity and fields that are asked for. */
static bool is_meant(const struct filter *f, const struct entry *entry)
{
    if (!severity_in(&f->severity, entry->severity))
        return false;
    for (size_t i = 0; i < f->wheres; i++)
        if (!where_holds(&f->where[i], entry->message, entry->length))
            return false;
    return !f->columns || columns_has(f->columns, entry);
}

enum filter_verdict filter_judge(const struct filter *f, const struct entry *entry)
{
    bool included = f->includes == 0;
    if ((f->stream != STREAM_UNKNOWN && entry->stream != f->stream) ||
        !clock_is_within(&entry->time, &f->since, &f->until))
        return FILTER_OUT;
    bool meant = is_meant(f, entry);
    if (!meant && f->includes == f->count) /* nothing could exclude it */
        return FILTER_REST;
    for (size_t i = 0; i < f->count; i++) {
        struct filter_pattern *p = &f->pattern[i];
        if ((p->exclude || !included) &&
            pattern_find(&p->pattern, entry->message, entry->length, NULL)) {
            if (p->exclude)
                return FILTER_EXCLUDED;
            included = true;
        }
    }
    return included && meant ? FILTER_MATCH : FILTER_REST;
}
