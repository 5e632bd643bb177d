/* What s6-rc-update brings: the services of the boot, without some. A database is made of copies of
 * the definitions that pid 1 has read at the boot. */
#include "services/database.h"
#include "tests/simulation/lives.h"
#include <stdlib.h>
#include <string.h>

static struct definitions all; /* of the tree as it is at the boot */

static bool is_missing(const char *name, uint32_t missing)
{
    for (size_t i = 0; i < life.plan->services; i++)
        if (strcmp(plan_name(i), name) == 0)
            return (missing & 1U << i) != 0;
    return false;
}

static void copy_words(struct words *to, const struct words *from, uint32_t missing)
{
    for (size_t i = 0; i < from->count; i++)
        if (!is_missing(from->item[i], missing))
            words_add(to, from->item[i]);
}

static void copy_one(struct definitions *to, const struct definition *from, uint32_t missing)
{
    struct definition *d = definitions_add(to, from->name, from->type);
    char *name = d->name;
    *d = (struct definition){.name = name,
                             .type = from->type,
                             .builtin = from->builtin,
                             .timeout_up = from->timeout_up,
                             .timeout_down = from->timeout_down,
                             .essential = from->essential,
                             .recommended = from->recommended,
                             .keys = from->keys};
    if (from->directory != NULL)
        d->directory = strdup(from->directory);
    if (from->producer_for != NULL && !is_missing(from->producer_for, missing))
        d->producer_for = strdup(from->producer_for);
    copy_words(&d->dependencies, &from->dependencies, missing);
    copy_words(&d->contents, &from->contents, missing);
    copy_words(&d->consumer_for, &from->consumer_for, missing);
    copy_words(&d->up, &from->up, 0);
    copy_words(&d->down, &from->down, 0);
    copy_words(&d->reload, &from->reload, 0);
}

/* As pid 1 has read it, before the first update. */
static void take_all(void)
{
    const struct definitions *now = &world.sv->catalogue.definitions;
    for (size_t i = 0; i < now->count; i++)
        copy_one(&all, &now->item[i], 0);
}

bool update_compile(const char *path, uint32_t missing, struct error *e)
{
    struct definitions d = DEFINITIONS_INIT;
    if (all.count == 0)
        take_all();
    for (size_t i = 0; i < all.count; i++)
        if (!is_missing(all.item[i].name, missing))
            copy_one(&d, &all.item[i], missing);
    bool well = database_compile(path, &d, e) == 0;
    definitions_release(&d);
    return well;
}

void update_forget(void)
{
    definitions_release(&all);
}
