#include "execline/bindings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Begins a key that may not be one of the first so many. */
static int begin(struct bindings *b, size_t bound, const char *key, struct error *e)
{
    const struct words before = {.item = b->keys.item, .count = bound};
    if (key[0] == '\0' || words_has(&before, key))
        return error_set(e, b->bad_key, key[0] == '\0' ? "empty key" : "key %s is there twice",
                         key);
    size_t *first = realloc(b->first, (b->keys.count + 1) * sizeof *first);
    if (first == NULL)
        return error_system(e, "unable to bind %s", key);
    b->first = first;
    first[b->keys.count] = b->values.count;
    return words_add(&b->keys, key) < 0 ? error_system(e, "unable to bind %s", key) : 0;
}

int bindings_begin(struct bindings *b, const char *key, struct error *e)
{
    return begin(b, b->keys.count, key, e);
}

int bindings_positional(struct bindings *b, const struct positional *p, struct error *e)
{
    char number[24];
    size_t bound = b->keys.count; /* those that follow differ from each other */
    snprintf(number, sizeof number, "%zu", p->count);
    int bad = begin(b, bound, "#", e);
    if (bad == 0)
        bad = words_add(&b->values, number);
    for (size_t i = 0; bad == 0 && (i <= p->count || i <= p->wanted); i++) {
        const char *value = i == 0 ? p->zero : i <= p->count ? p->args[i - 1] : "";
        snprintf(number, sizeof number, "%zu", i);
        bad = begin(b, bound, number, e);
        if (bad == 0)
            bad = words_add(&b->values, value);
    }
    if (bad == 0)
        bad = begin(b, bound, "@", e);
    for (unsigned long long i = p->rest; bad == 0 && i < p->count; i++)
        bad = words_add(&b->values, p->args[i]);
    return bad == 0 || e->code != 0 ? bad : error_system(e, "unable to bind the arguments");
}

void bindings_release(struct bindings *b)
{
    words_release(&b->keys);
    words_release(&b->values);
    words_release(&b->removed);
    free(b->first);
    *b = (struct bindings){.bad_key = b->bad_key};
}

int bindings_apply(const struct bindings *b, char *const *argv, struct words *out, struct error *e)
{
    size_t count = b->keys.count;
    struct substitution *s = calloc(count + 1, sizeof *s);
    if (s == NULL)
        return error_system(e, "unable to substitute");
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1 < count ? b->first[i + 1] : b->values.count;
        size_t length = end - b->first[i];
        s[i] = (struct substitution){.key = b->keys.item[i],
                                     .value = length > 0 ? b->values.item + b->first[i] : NULL,
                                     .count = length};
    }
    int bad = substitute(argv, s, count, out);
    free(s);
    for (size_t i = 0; bad == 0 && i < b->removed.count; i++)
        if (unsetenv(b->removed.item[i]) < 0 && errno != EINVAL)
            bad = -1;
    return bad == 0 ? 0 : error_system(e, "unable to substitute");
}
