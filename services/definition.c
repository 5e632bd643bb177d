#include "services/definition.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void definition_release(struct definition *d)
{
    words_release(&d->instances);
    free(d->instance);
    free(d->instance_of);
    free(d->name);
    free(d->directory);
    free(d->producer_for);
    free(d->pipeline_name);
    words_release(&d->dependencies);
    words_release(&d->after);
    words_release(&d->contents);
    words_release(&d->enable_if);
    free(d->left_out);
    words_release(&d->up);
    words_release(&d->down);
    words_release(&d->reload);
    for (int i = 0; i < DEFINITION_LISTS; i++)
        free(d->from[i].item);
    words_release(&d->consumer_for);
    words_release(&d->logging_script);
}

void definition_free(struct definition *d)
{
    if (d == NULL)
        return;
    definition_release(d);
    free(d);
}

void definitions_forget_files(struct definitions *d)
{
    for (size_t i = 0; i < d->count; i++)
        d->item[i].section = NULL;
    sections_release(&d->sections);
}

void definitions_release(struct definitions *d)
{
    for (size_t i = 0; i < d->count; i++)
        definition_release(&d->item[i]);
    free(d->item);
    free(d->by_name);
    words_release(&d->sources);
    words_release(&d->refused);
    sections_release(&d->sections);
    *d = (struct definitions){.item = NULL};
}

static size_t hash(const char *name)
{
    size_t h = 5381;
    for (; *name != '\0'; name++)
        h = h * 33 ^ (unsigned char)*name;
    return h;
}

long definitions_find(const struct definitions *d, const char *name)
{
    if (d->buckets == 0)
        return -1;
    for (size_t i = hash(name) & (d->buckets - 1); d->by_name[i] != 0;
         i = (i + 1) & (d->buckets - 1))
        if (strcmp(d->item[d->by_name[i] - 1].name, name) == 0)
            return (long)d->by_name[i] - 1;
    return -1;
}

static void index_one(struct definitions *d, uint32_t index)
{
    size_t i = hash(d->item[index].name) & (d->buckets - 1);
    while (d->by_name[i] != 0)
        i = (i + 1) & (d->buckets - 1);
    d->by_name[i] = index + 1;
}

static int grow(struct definitions *d)
{
    size_t capacity = d->capacity == 0 ? 32 : 2 * d->capacity;
    struct definition *item = realloc(d->item, capacity * sizeof *item);
    if (item == NULL)
        return -1;
    d->item = item;
    uint32_t *by_name = calloc(4 * capacity, sizeof *by_name);
    if (by_name == NULL)
        return -1;
    free(d->by_name);
    d->by_name = by_name;
    d->buckets = 4 * capacity;
    d->capacity = capacity;
    for (uint32_t i = 0; i < d->count; i++)
        index_one(d, i);
    return 0;
}

struct definition *definitions_add(struct definitions *d, const char *name,
                                   enum definition_type type)
{
    if (d->count == d->capacity && grow(d) < 0)
        return NULL;
    char *copy = strdup(name);
    if (copy == NULL)
        return NULL;
    struct definition *new = &d->item[d->count];
    *new = (struct definition){.name = copy, .type = type};
    keys_init(&new->keys);
    index_one(d, (uint32_t)d->count++);
    return new;
}

static void index_all(struct definitions *d)
{
    memset(d->by_name, 0, d->buckets * sizeof *d->by_name);
    for (uint32_t i = 0; i < d->count; i++)
        index_one(d, i);
}

int definitions_replace(struct definitions *d, size_t i, const char *name,
                        enum definition_type type, struct definition *was)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return -1;
    *was = d->item[i];
    d->item[i] = (struct definition){.name = copy, .type = type};
    keys_init(&d->item[i].keys);
    index_all(d);
    return 0;
}

void definitions_remove(struct definitions *d, size_t i)
{
    definition_release(&d->item[i]);
    memmove(&d->item[i], &d->item[i + 1], (d->count - i - 1) * sizeof d->item[i]);
    d->count--;
    index_all(d);
}

/* --- copies ----------------------------------------------------------------------------------- */

static int copy_text(char **to, const char *from)
{
    *to = from == NULL ? NULL : strdup(from);
    return from != NULL && *to == NULL ? -1 : 0;
}

static int copy_origins(struct origins *to, const struct origins *from)
{
    *to = (struct origins){.item = NULL};
    if (from->count == 0)
        return 0;
    to->item = malloc(from->count * sizeof *to->item);
    if (to->item == NULL)
        return -1;
    memcpy(to->item, from->item, from->count * sizeof *to->item);
    to->count = from->count;
    return 0;
}

static int copy_row(struct definition *to, const struct definition *from, const struct key_row *k)
{
    char *text;
    if (key_is_words(k)) {
        *(struct words *)key_place(k, to) = WORDS_INIT;
        return words_copy(key_place(k, to), key_value(k, from));
    }
    if (k->kind != KEY_NAME)
        return 0;
    memcpy(&text, key_value(k, from), sizeof text);
    int result = copy_text(&text, text);
    memcpy(key_place(k, to), &text, sizeof text);
    return result;
}

int definition_copy(struct definition *to, const struct definition *from)
{
    char *name = to->name;
    int bad = 0;
    *to = *from;
    to->name = name;
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        bad |= copy_row(to, from, k);
    for (int i = 0; i < DEFINITION_LISTS; i++)
        bad |= copy_origins(&to->from[i], &from->from[i]);
    bad |= copy_text(&to->directory, from->directory) | copy_text(&to->left_out, from->left_out) |
           copy_text(&to->instance, from->instance) |
           copy_text(&to->instance_of, from->instance_of);
    return bad == 0 ? 0 : -1;
}

/* --- what it says ----------------------------------------------------------------------------- */

const struct words *definition_list(const struct definition *d, enum definition_list list)
{
    return key_value(key_of_list(list), d);
}

unsigned int definition_where(const struct definitions *all, const struct definition *d,
                              enum definition_list list, size_t i, char *path, size_t size)
{
    const struct key_row *k = key_of_list(list);
    if (i >= d->from[list].count || d->from[list].item[i].source == ORIGIN_BUILTIN) {
        snprintf(path, size, "%s", d->directory != NULL ? d->directory : d->name);
        return 0;
    }
    const struct origin *o = &d->from[list].item[i];
    const char *source = all->sources.item[o->source];
    if (o->line > 0 || k->folder == NULL)
        snprintf(path, size, "%s/%s/%s", source, d->name, k->name);
    else
        snprintf(path, size, "%s/%s/%s/%s", source, d->name, k->folder,
                 definition_list(d, list)->item[i]);
    return o->line;
}

int origins_add(struct origins *from, struct words *list, const char *name, struct origin at)
{
    struct origin *item = realloc(from->item, (list->count + 1) * sizeof *item);
    if (item != NULL)
        from->item = item;
    if (item == NULL || words_add(list, name) < 0)
        return -1;
    while (from->count + 1 < list->count) /* built-in names, which no file holds, come first */
        item[from->count++] = (struct origin){.source = ORIGIN_BUILTIN};
    item[from->count++] = at;
    return 0;
}

const char *definition_type_name(enum definition_type type)
{
    static const char *const names[] = {"unknown", "oneshot", "longrun", "bundle"};
    return (unsigned int)type < 4 ? names[type] : names[0];
}

enum definition_type definition_type_of(const char *name)
{
    for (int t = DEFINITION_ONESHOT; t <= DEFINITION_BUNDLE; t++)
        if (strcmp(name, definition_type_name((enum definition_type)t)) == 0)
            return (enum definition_type)t;
    return 0;
}

int definitions_builtin(struct definitions *d)
{
    static const struct {
        const char *name;
        enum definition_type type;
        enum definition_builtin builtin;
        const char *names[5]; /* members, or dependencies of a oneshot */
    } nodes[] = {
        {"fix-attrs", DEFINITION_ONESHOT, BUILTIN_FIX_ATTRS, {NULL}},
        {"legacy-cont-init", DEFINITION_ONESHOT, BUILTIN_CONT_INIT, {"fix-attrs", NULL}},
        {"base", DEFINITION_BUNDLE, BUILTIN_NONE, {"fix-attrs", "legacy-cont-init", NULL}},
        {"user", DEFINITION_BUNDLE, BUILTIN_NONE, {NULL}},
        {"user2", DEFINITION_BUNDLE, BUILTIN_NONE, {NULL}},
        {"legacy-services", DEFINITION_ONESHOT, BUILTIN_LEGACY_SERVICES, {"base", "user", NULL}},
        {"top",
         DEFINITION_BUNDLE,
         BUILTIN_NONE,
         {"base", "user", "legacy-services", "user2", NULL}},
    };
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        struct definition *n = definitions_add(d, nodes[i].name, nodes[i].type);
        if (n == NULL)
            return -1;
        n->builtin = nodes[i].builtin;
        struct words *w = nodes[i].type == DEFINITION_BUNDLE ? &n->contents : &n->dependencies;
        for (size_t j = 0; nodes[i].names[j] != NULL; j++)
            if (words_add(w, nodes[i].names[j]) < 0)
                return -1;
    }
    return 0;
}
