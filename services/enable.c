#include "services/enable.h"
#include "base/message.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 400 };

static int leave_out(struct definition *d, const char *why)
{
    d->left_out = strdup(why);
    return d->left_out == NULL ? -1 : 0;
}

static int judge(struct definition *d, condition_lookup *lookup)
{
    char why[WHY_MAX], text[WHY_MAX + sizeof "enable-if: "];
    free(d->left_out);
    d->left_out = NULL;
    for (size_t i = 0; i < d->enable_if.count; i++)
        if (!condition_holds(d->enable_if.item[i], lookup, why, sizeof why)) {
            snprintf(text, sizeof text, "enable-if: %s", why);
            return leave_out(d, text);
        }
    return 0;
}

static bool is_left_out(const struct definitions *all, const char *name)
{
    long found = definitions_find(all, name);
    return found >= 0 && all->item[found].left_out != NULL;
}

/* The name of one that d needs and that is left out; NULL: there is none. */
static const char *missing(const struct definitions *all, const struct definition *d)
{
    for (size_t i = 0; i < d->dependencies.count; i++)
        if (is_left_out(all, d->dependencies.item[i]))
            return d->dependencies.item[i];
    return d->producer_for != NULL && is_left_out(all, d->producer_for) ? d->producer_for : NULL;
}

int enable_choose(struct definitions *all, condition_lookup *lookup)
{
    char why[WHY_MAX];
    int result = 0;
    for (size_t i = 0; i < all->count && result == 0; i++)
        result = judge(&all->item[i], lookup);
    for (bool changed = true; changed && result == 0;) {
        changed = false;
        for (size_t i = 0; i < all->count && result == 0; i++) {
            struct definition *d = &all->item[i];
            const char *name = d->left_out != NULL ? NULL : missing(all, d);
            if (name == NULL)
                continue;
            snprintf(why, sizeof why, "it needs %.255s, which is left out", name);
            result = leave_out(d, why);
            changed = true;
        }
    }
    return result;
}

void enable_say(const struct definitions *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->item[i].left_out != NULL)
            message_info("service %s is left out: %s", all->item[i].name, all->item[i].left_out);
}
