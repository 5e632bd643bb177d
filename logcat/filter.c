#include "logcat/filter.h"
#include "base/clock.h"
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

void filter_release(struct filter *f)
{
    for (size_t i = 0; i < f->count; i++)
        pattern_close(&f->pattern[i].pattern);
    free(f->pattern);
    *f = (struct filter)FILTER_INIT;
}

bool filter_any(const struct filter *f)
{
    return f->count > 0 || f->stream != STREAM_UNKNOWN || clock_is_set(&f->since) ||
           clock_is_set(&f->until) || f->severity.most != SEVERITY_UNKNOWN;
}

bool filter_is_outside(const struct filter *f, const struct timespec *time)
{
    return (clock_is_set(&f->since) && clock_compare(time, &f->since) < 0) ||
           (clock_is_set(&f->until) && clock_compare(time, &f->until) >= 0);
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

enum filter_verdict filter_judge(const struct filter *f, const struct entry *entry)
{
    bool included = f->includes == 0;
    if (f->stream != STREAM_UNKNOWN && entry->stream != f->stream)
        return FILTER_OUT;
    if (filter_is_outside(f, &entry->time))
        return FILTER_OUT;
    bool meant = severity_in(&f->severity, entry->severity);
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
