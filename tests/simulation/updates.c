/* What s6-rc-update brings: the services of the boot, without some. A database is made of copies of
 * the definitions that pid 1 has read at the boot. */
#include "contract/paths.h"
#include "services/database.h"
#include "tests/simulation/lives.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool compile(const char *path, uint32_t missing, struct error *e)
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

/* --- the command ------------------------------------------------------------------------------ */

enum { DATABASES = 128 };

/* Of each: the services that it lacks, and those that the one before it lacked, by bits. */
static struct {
    uint32_t missing, before;
} database[DATABASES];

/* Number of the one that runs; -1: that of the boot. */
static int running(void)
{
    char name[64] = "";
    int number = -1;
    ssize_t n = readlink(RUN_COMPILED, name, sizeof name - 1);
    if (n > 0 && sscanf(name, "db%d", &number) == 1)
        return number;
    return -1;
}

static void begin(struct random *r, uint32_t missing)
{
    struct error e = ERROR_INIT;
    char name[32], path[64];
    uint32_t number = life.databases;
    const char *words[] = {"s6-rc-update",
                           random_chance(r, 30) ? "b" : "",
                           random_chance(r, 30) ? "1500" : "0",
                           "2",
                           "0",
                           name,
                           NULL};
    if (number == DATABASES)
        return;
    int now = running();
    life.databases++;
    database[number].missing = missing;
    database[number].before = now < 0 ? 0 : database[now].missing;
    snprintf(name, sizeof name, "db%u", number);
    snprintf(path, sizeof path, RUN_RC "/%s", name);
    if (compile(path, missing, &e))
        callers_ask(words, number + 1);
    else
        story("the new database does not compile: %s", e.text);
}

void update_any(struct random *r)
{
    uint32_t missing = 0;
    for (size_t i = 0; i < life.plan->services; i++)
        missing |= random_chance(r, 30) ? 1U << i : 0;
    begin(r, missing);
}

/* What the command does then: the directories of what has gone, go. Maybe the next one brings all
 * back at once, while something of it is still about to end. */
void update_answered(uint32_t number)
{
    struct random r = {random_mix(life.plan->seed, 700 + number)};
    char path[160];
    if (running() != (int)number) {
        snprintf(path, sizeof path, RUN_RC "/db%u", number);
        files_remove(path);
        return;
    }
    for (size_t i = 0; i < life.plan->services; i++) {
        uint32_t bit = 1U << i;
        snprintf(path, sizeof path, RUN_SERVICEDIRS "/%s", plan_name(i));
        if ((database[number].missing & bit) != 0 && (database[number].before & bit) == 0)
            files_remove(path);
    }
    if (database[number].missing != 0 && random_chance(&r, 60))
        begin(&r, 0);
}

void update_forget(void)
{
    definitions_release(&all);
}
