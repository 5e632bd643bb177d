#include "logcat/filter.h"
#include "base/clock.h"
#include "logcat/columns.h"
#include <stdlib.h>

int filter_add(struct filter *f, const char *text, bool exclude, bool ignore_case, struct error *e)
{
    struct filter_pattern *grown = realloc(f->pattern, (f->count + 1) * sizeof *grown);
    if (!grown)
        return error_system(e, "unable to take the expression %s", text);
    f->pattern = grown;
    grown[f->count].exclude = exclude;
    if (pattern_open(&grown[f->count].pattern, text, ignore_case, e) < 0)
        return -1;
    f->count++;
    f->includes += !exclude;
    return 0;
}

int filter_add_where(struct filter *f, const char *text, struct error *e)
{
    struct where *grown = realloc(f->where, (f->wheres + 1) * sizeof *grown);
    if (!grown)
        return error_system(e, "unable to take the condition %s", text);
    f->where = grown;
    if (where_parse(&grown[f->wheres], text, e) < 0)
        return -1;
    /* Numbers are compared first: that costs less, and mostly leaves out more. */
    for (size_t i = f->wheres++; i > 0 && grown[i].numeric && !grown[i - 1].numeric; i--) {
        struct where other = grown[i - 1];
        grown[i - 1] = grown[i];
        grown[i] = other;
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
