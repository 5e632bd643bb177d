#include "services/instances.h"
#include "base/file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

enum { NAME_BYTES = 256, PATH_ROOM = 4096 };

enum { WHOLE_NAME = 2 * NAME_BYTES };

/* Writes the name of an instance to out, and returns it. */
static const char *whole_name(const char *bundle, const char *instance, char out[WHOLE_NAME])
{
    snprintf(out, WHOLE_NAME, "%.255s-%.64s", bundle, instance);
    return out;
}

static bool is_of(const struct definition *d, const char *bundle)
{
    return d->instance_of != NULL && strcmp(d->instance_of, bundle) == 0;
}

/* --- expansion -------------------------------------------------------------------------------- */

struct expansion {
    struct definitions *all;
    struct problems *p;
    condition_lookup *lookup;
    const char *folder;
    struct words templates; /* names of definitions that were expanded, and of their bundles */
    struct words bundles;
};

static const char *place(const struct definition *d, char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "%s/instances", d->directory == NULL ? d->name : d->directory);
    return path;
}

static void say(const struct expansion *x, const struct definition *d, const char *cure,
                const char *text)
{
    char path[PATH_ROOM];
    problems_error(x->p, place(d, path), 1, cure, "%s", text);
}

/* The number that somebody has set for a bundle while the container runs; -1: nobody has. */
static long scaled(const struct expansion *x, const char *bundle)
{
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    char path[PATH_ROOM];
    unsigned long long number;
    long result = -1;
    if (x->folder == NULL)
        return -1;
    snprintf(path, sizeof path, "%.3700s/%.255s", x->folder, bundle);
    if (file_read(AT_FDCWD, path, NAME_BYTES, &text, &ignored) == 0 &&
        number_parse(key_line(text.data), INSTANCES_MAX, &number) == 0)
        result = (long)number;
    str_release(&text);
    return result;
}

/* The names of the file, or the numbers that somebody has set; names stay. */
static bool list(const struct expansion *x, const struct definition *d, const char *bundle,
                 struct words *names)
{
    char path[PATH_ROOM];
    struct instances_mistake m = {.cure = NULL};
    long number = scaled(x, bundle);
    int result = instances_list(&d->instances, x->lookup, names, &m);
    if (result == 0 && number >= 0 && (size_t)number != names->count &&
        instances_are_numbers(names)) {
        words_release(names);
        result = instances_numbers((unsigned long long)number, names, &m);
        problems_warning(x->p, place(d, path), 1, "overlog scale sets another number",
                         "scaled to %ld: instances is not used", number);
    }
    if (result < 0)
        say(x, d, m.cure, m.text);
    return result == 0;
}

/* Adds one that is like the definition `like`. False: there is no memory, or such a name. */
static bool add_instance(struct definitions *all, const struct definition *like, const char *bundle,
                         const char *instance)
{
    char name[WHOLE_NAME];
    whole_name(bundle, instance, name);
    struct definition *d =
        definitions_find(all, name) >= 0 ? NULL : definitions_add(all, name, like->type);
    if (d == NULL || definition_copy(d, like) < 0)
        return false;
    free(d->instance);
    free(d->instance_of);
    d->instance = strdup(instance);
    d->instance_of = strdup(bundle);
    return d->instance != NULL && d->instance_of != NULL;
}

static bool add_member(struct definitions *all, const char *bundle, const char *instance)
{
    char name[WHOLE_NAME];
    return words_add(&all->item[definitions_find(all, bundle)].contents,
                     whole_name(bundle, instance, name)) == 0;
}

/* Makes a bundle of definition i, and its instances. */
static bool make(struct expansion *x, size_t i, const char *bundle, const struct words *names)
{
    struct definition like;
    if (definitions_replace(x->all, i, bundle, DEFINITION_BUNDLE, &like) < 0)
        return false;
    words_release(&like.instances);
    struct definition *b = &x->all->item[i];
    b->section = like.section;
    b->essential = like.essential;
    b->directory = like.directory == NULL ? NULL : strdup(like.directory);
    bool good = words_copy(&b->enable_if, &like.enable_if) == 0;
    if (names->count == 0)
        good = good && add_instance(x->all, &like, bundle, "1");
    for (size_t k = 0; k < names->count && good; k++)
        good = add_instance(x->all, &like, bundle, names->item[k]) &&
               add_member(x->all, bundle, names->item[k]);
    good = good && words_add(&x->templates, like.name) == 0 && words_add(&x->bundles, bundle) == 0;
    if (good) { /* whether its own name has the @ or not */
        char name[NAME_BYTES + 1];
        snprintf(name, sizeof name, "%.255s@", bundle);
        good = words_add(&x->templates, name) == 0 && words_add(&x->bundles, bundle) == 0;
    }
    definition_release(&like);
    return good;
}

/* The name of an instance, or of the bundle, that something else has; NULL: all are free. */
static const char *taken(const struct expansion *x, const struct definition *d, const char *bundle,
                         const struct words *names)
{
    static char name[WHOLE_NAME];
    if (strcmp(d->name, bundle) != 0 && definitions_find(x->all, bundle) >= 0)
        return bundle;
    for (size_t i = 0; i < names->count || i == 0; i++) {
        whole_name(bundle, i < names->count ? names->item[i] : "1", name);
        if (definitions_find(x->all, name) >= 0)
            return name;
    }
    return NULL;
}

/* Whether the name of each instance can be that of a directory. */
static bool fits(const char *bundle, const struct words *names)
{
    size_t longest = 1;
    for (size_t i = 0; i < names->count; i++) {
        size_t length = strlen(names->item[i]);
        longest = length > longest ? length : longest;
    }
    return strlen(bundle) + 1 + longest < NAME_BYTES;
}

static void expand_one(struct expansion *x, size_t i)
{
    const struct definition *d = &x->all->item[i];
    struct words names = WORDS_INIT;
    char bundle[NAME_BYTES], text[NAME_BYTES + 64];
    size_t length = strlen(d->name);
    snprintf(bundle, sizeof bundle, "%.*s", (int)(length - (d->name[length - 1] == '@')), d->name);
    if (bundle[0] == '\0' || length >= sizeof bundle) {
        say(x, d, "choose another name", "there is no name before the @, or a very long one");
    } else if (d->consumer_for.count > 0) {
        say(x, d, "let each producer have a consumer of its own",
            "a consumer has no instances: its producers write to one pipe");
    } else if (!list(x, d, bundle, &names)) {
        /* it was said */
    } else if (!fits(bundle, &names)) {
        say(x, d, "choose a shorter name", "the names of its instances have more than 255 bytes");
    } else {
        const char *other = taken(x, d, bundle, &names);
        snprintf(text, sizeof text, "%.255s is already defined", other == NULL ? "" : other);
        if (other != NULL)
            say(x, d, "choose another name", text);
        else if (!make(x, i, bundle, &names))
            say(x, &x->all->item[i], NULL, "out of memory");
    }
    words_release(&names);
}

/* --- who names them --------------------------------------------------------------------------- */

static const char *bundle_of(const struct expansion *x, const char *name)
{
    for (size_t i = 0; i < x->templates.count; i++)
        if (strcmp(x->templates.item[i], name) == 0 || strcmp(x->bundles.item[i], name) == 0)
            return x->bundles.item[i];
    return NULL;
}

/* Replaces worker@ by worker. */
static int rename_in(const struct expansion *x, struct words *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *bundle = bundle_of(x, names->item[i]);
        char *copy = bundle == NULL ? NULL : strdup(bundle);
        if (bundle != NULL && copy == NULL)
            return -1;
        if (copy == NULL)
            continue;
        free(names->item[i]);
        names->item[i] = copy;
    }
    return 0;
}

/* Replaces a bundle of instances, among the producers of a consumer, by its members. */
static int name_producers(const struct expansion *x, struct definition *d)
{
    struct words names = WORDS_INIT;
    struct origins from = {.item = NULL};
    int result = 0;
    for (size_t i = 0; i < d->consumer_for.count && result == 0; i++) {
        const char *bundle = bundle_of(x, d->consumer_for.item[i]);
        struct origin at = {.source = ORIGIN_BUILTIN};
        if (i < d->from[LIST_CONSUMER_FOR].count)
            at = d->from[LIST_CONSUMER_FOR].item[i];
        if (bundle == NULL)
            result = origins_add(&from, &names, d->consumer_for.item[i], at);
        for (size_t k = 0; bundle != NULL && k < x->all->count && result == 0; k++) {
            const struct definition *one = &x->all->item[k];
            if (is_of(one, bundle))
                result = origins_add(&from, &names, one->name, at);
        }
    }
    words_release(&d->consumer_for);
    free(d->from[LIST_CONSUMER_FOR].item);
    d->consumer_for = names;
    d->from[LIST_CONSUMER_FOR] = from;
    return result;
}

void instances_expand(struct definitions *all, condition_lookup *lookup, const char *folder,
                      struct problems *p)
{
    struct expansion x = {.all = all, .p = p, .lookup = lookup, .folder = folder};
    size_t count = all->count;
    int result = 0;
    for (size_t i = 0; i < count; i++)
        if (all->item[i].instances.count > 0)
            expand_one(&x, i);
    for (size_t i = 0; i < all->count && x.templates.count > 0 && result == 0; i++) {
        struct definition *d = &all->item[i];
        result = rename_in(&x, &d->dependencies) | rename_in(&x, &d->after) |
                 rename_in(&x, &d->contents) | name_producers(&x, d);
    }
    if (result < 0)
        problems_system(p, "instances", 0, NULL, "out of memory");
    words_release(&x.templates);
    words_release(&x.bundles);
}

/* --- other numbers ---------------------------------------------------------------------------- */

/* The first instance of a bundle; -1: it has none, or they cannot be counted, which e says. */
static long first_of(const struct definitions *all, const char *bundle, struct error *e)
{
    char name[WHOLE_NAME];
    long first = definitions_find(all, whole_name(bundle, "1", name));
    long whole = definitions_find(all, bundle);
    for (size_t i = 0; i < all->count; i++) {
        const struct definition *d = &all->item[i];
        if (d->instance == NULL || !is_of(d, bundle))
            continue;
        if (d->producer_for != NULL)
            return error_set(e, EXIT_FAILURE,
                             "the instances of %s write to %s: as many as at the "
                             "start of the container stay",
                             bundle, d->producer_for);
        if (first < 0 || d->instance[strspn(d->instance, DIGITS)] != '\0')
            return error_set(e, EXIT_FAILURE,
                             "the instances of %s have names, as %s: change the "
                             "file instances",
                             bundle, d->instance);
    }
    if (first < 0 || whole < 0 || !is_of(&all->item[first], bundle))
        return error_set(e, EXIT_FAILURE, "%s has no instances", bundle);
    return first;
}

bool instances_are_counted(const struct definitions *all, const char *bundle)
{
    struct error ignored = ERROR_INIT;
    return first_of(all, bundle, &ignored) >= 0;
}

/* The first stays defined when there is none, and is to be down then. */
static int mark_first(struct definition *first, unsigned int count)
{
    static const char none[] = "there are to be no instances";
    if (count == 0 && first->left_out == NULL)
        return (first->left_out = strdup(none)) == NULL ? -1 : 0;
    if (count > 0 && first->left_out != NULL && strcmp(first->left_out, none) == 0) {
        free(first->left_out);
        first->left_out = NULL;
    }
    return 0;
}

/* Removes those with a number above count, but not the first. */
static void remove_above(struct definitions *all, const char *bundle, unsigned int count)
{
    for (size_t i = all->count; i > 0; i--) {
        const struct definition *d = &all->item[i - 1];
        if (d->instance != NULL && is_of(d, bundle) &&
            strtoul(d->instance, NULL, 10) > (count == 0 ? 1 : count))
            definitions_remove(all, i - 1);
    }
}

/* The name among these of an instance that was removed; NULL: there is none. */
static const char *removed_in(const struct definitions *all, const char *bundle,
                              const struct words *names)
{
    size_t length = strlen(bundle);
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->item[i];
        if (strncmp(name, bundle, length) == 0 && name[length] == '-' &&
            definitions_find(all, name) < 0)
            return name;
    }
    return NULL;
}

/* Whether nothing names an instance that was removed; else -1 with e. */
static int are_unnamed(const struct definitions *all, const char *bundle, struct error *e)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct definition *d = &all->item[i];
        const struct {
            const struct words *names;
            const char *how;
        } lists[] = {{&d->dependencies, "needs"}, {&d->after, "is after"}, {&d->contents, "holds"}};
        for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
            const char *name = removed_in(all, bundle, lists[k].names);
            if (name != NULL)
                return error_set(e, EXIT_FAILURE, "%s %s %s", d->name, lists[k].how, name);
        }
    }
    return 0;
}

int instances_scale(struct definitions *all, const char *bundle, unsigned int count,
                    struct error *e)
{
    char name[24];
    long first = first_of(all, bundle, e);
    if (first < 0)
        return -1;
    snprintf(name, sizeof name, "%u", count);
    if (strlen(bundle) + 1 + strlen(name) >= NAME_BYTES)
        return error_set(e, EXIT_FAILURE, "the names of %u instances have more than 255 bytes",
                         count);
    bool good = mark_first(&all->item[first], count) == 0;
    remove_above(all, bundle, count);
    first = first_of(all, bundle, e); /* it has moved up where one before it is gone */
    if (first < 0)
        return -1;
    words_release(&all->item[definitions_find(all, bundle)].contents);
    for (unsigned int i = 1; i <= count && good; i++) {
        char whole[WHOLE_NAME];
        snprintf(name, sizeof name, "%u", i);
        if (definitions_find(all, whole_name(bundle, name, whole)) < 0) {
            struct definition like = all->item[first]; /* the table may move; it owns nothing */
            good = add_instance(all, &like, bundle, name);
        }
        good = good && add_member(all, bundle, name);
    }
    return good ? are_unnamed(all, bundle, e) : error_set(e, EXIT_SYSTEM, "out of memory");
}
