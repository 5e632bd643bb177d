#include "logger/filter.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

int filter_add(struct filter *f, const char *text, bool exclude, bool ignore_case, struct error *e)
{
    struct filter_pattern *grown = realloc(f->pattern, (f->count + 1) * sizeof *grown);
    if (!grown)
        return error_system(e, "unable to take the expression %s", text);
    f->pattern = grown;
    struct filter_pattern *p = &grown[f->count];
    *p = (struct filter_pattern){.exclude = exclude, .length = strlen(text)};
    if (!ignore_case && !strpbrk(text, "\\^$.[]|()*+?{}")) {
        p->literal = text;
    } else {
        int flags = REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0);
        int code = regcomp(&p->regex, text, flags);
        if (code != 0) {
            char reason[128];
            regerror(code, &p->regex, reason, sizeof reason);
            return error_set(e, EXIT_USAGE, "invalid regular expression %s: %s", text, reason);
        }
    }
    f->count++;
    f->includes += !exclude;
    return 0;
}

void filter_release(struct filter *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (!f->pattern[i].literal)
            regfree(&f->pattern[i].regex);
    free(f->pattern);
    *f = (struct filter)FILTER_INIT;
}

static bool is_set(const struct timespec *t)
{
    return t->tv_sec != 0 || t->tv_nsec != 0;
}

bool filter_any(const struct filter *f)
{
    return f->count > 0 || f->stream != STREAM_UNKNOWN || is_set(&f->since) || is_set(&f->until);
}

static bool pattern_matches(const struct filter_pattern *p, const struct entry *entry)
{
    if (p->literal)
        return memmem(entry->message, entry->length, p->literal, p->length) != NULL;
    return regexec(&p->regex, entry->message, 0, NULL, 0) == 0;
}

bool filter_match(const struct filter *f, const struct entry *entry)
{
    bool included = f->includes == 0;
    if (f->stream != STREAM_UNKNOWN && entry->stream != f->stream)
        return false;
    if (is_set(&f->since) && clock_compare(&entry->time, &f->since) < 0)
        return false;
    if (is_set(&f->until) && clock_compare(&entry->time, &f->until) >= 0)
        return false;
    for (size_t i = 0; i < f->count; i++) {
        const struct filter_pattern *p = &f->pattern[i];
        if ((p->exclude || !included) && pattern_matches(p, entry)) {
            if (p->exclude)
                return false;
            included = true;
        }
    }
    return included;
}
