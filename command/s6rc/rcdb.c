/* s6-rc-db: what is in a service database. */
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/s6rc/rcsource.h"
#include "contract/paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_UNKNOWN = 3, EXIT_TYPE = 5 };

struct db {
    const char *path;
    struct definitions d;
    struct graph g;
    char **names;
    const struct definition *one; /* of the first name */
    unsigned char *set;           /* of nodes */
    bool down, hides_essential;
};

/* --- verbs ------------------------------------------------------------------------------------ */

static void print_name(const struct db *b, const struct definition *d)
{
    if (!b->hides_essential || !d->essential || d->type == DEFINITION_BUNDLE)
        puts(d->name);
}

static int print_set(struct db *b)
{
    for (uint32_t i = 0; i < b->g.count; i++)
        if (b->set[i] != 0)
            print_name(b, &b->d.item[b->g.node[i].definition]);
    return 0;
}

static int check(struct db *b)
{
    (void)b; /* it was read, and its graph built */
    return 0;
}

static int list(struct db *b)
{
    static const struct {
        const char *name;
        unsigned int types;
    } kinds[] = {{"all", 14}, {"services", 6}, {"oneshots", 2}, {"longruns", 4}, {"bundles", 8}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (strcmp(b->names[0], kinds[k].name) != 0)
            continue;
        for (size_t i = 0; i < b->d.count; i++)
            if ((kinds[k].types >> b->d.item[i].type & 1) != 0)
                print_name(b, &b->d.item[i]);
        return 0;
    }
    return refuse(EXIT_USAGE, "list all, services, oneshots, longruns or bundles, not %s",
                  b->names[0]);
}

static int type(struct db *b)
{
    puts(definition_type_name(b->one->type));
    return 0;
}

static int timeout(struct db *b)
{
    printf("%lu\n", (unsigned long)(b->down ? b->one->timeout_down : b->one->timeout_up));
    return 0;
}

static int flags(struct db *b)
{
    printf("%08x\n", (unsigned int)b->one->essential | (unsigned int)b->one->recommended << 1);
    return 0;
}

static int script(struct db *b)
{
    const struct words *w = b->down ? &b->one->down : &b->one->up;
    for (size_t i = 0; i < w->count; i++)
        fwrite(w->item[i], 1, strlen(w->item[i]) + 1, stdout);
    return 0;
}

static int dependencies(struct db *b)
{
    unsigned char *next = calloc((size_t)b->g.count + 1, 1);
    if (next == NULL)
        return EXIT_SYSTEM;
    for (uint32_t i = 0; i < b->g.count; i++) {
        const struct node *n = &b->g.node[i];
        const uint32_t *to = b->down ? n->needed_by : n->needs;
        uint32_t count = b->down ? n->needed_by_count : n->needs_count;
        for (uint32_t j = 0; b->set[i] != 0 && j < count; j++)
            next[to[j]] = 1;
    }
    free(b->set);
    b->set = next;
    return print_set(b);
}

static int closure(struct db *b)
{
    (b->down ? graph_close_down : graph_close_up)(&b->g, b->set);
    return print_set(b);
}

/* A line for each pipe that leads to d, the first ones first. */
static void print_pipes(const struct db *b, const struct definition *d)
{
    for (size_t i = 0; i < d->consumer_for.count; i++) {
        const char *producer = d->consumer_for.item[i];
        print_pipes(b, &b->d.item[definitions_find(&b->d, producer)]);
        printf("%s/%s\n", producer, d->name);
    }
}

static int pipeline(struct db *b)
{
    const struct definition *last = b->one;
    while (last->producer_for != NULL)
        last = &b->d.item[definitions_find(&b->d, last->producer_for)];
    if (last->consumer_for.count == 0)
        puts(last->name); /* in none */
    print_pipes(b, last);
    return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

enum { ATOMIC = 1 << DEFINITION_ONESHOT | 1 << DEFINITION_LONGRUN };
enum { ANY = ATOMIC | 1 << DEFINITION_BUNDLE };

static const struct verb {
    const char *name;
    const char *operand; /* NULL none; with dots: any number */
    unsigned int types;  /* that operands may be; 0: they are no services */
    int (*run)(struct db *b);
} verbs[] = {
    {"check", NULL, 0, check},
    {"list", "all|services|oneshots|longruns|bundles", 0, list},
    {"type", "SERVICE", ANY, type},
    {"timeout", "SERVICE", ATOMIC, timeout},
    {"contents", "BUNDLE", 1 << DEFINITION_BUNDLE, print_set},
    {"dependencies", "SERVICE...", ANY, dependencies},
    {"pipeline", "LONGRUN", 1 << DEFINITION_LONGRUN, pipeline},
    {"script", "ONESHOT", 1 << DEFINITION_ONESHOT, script},
    {"flags", "SERVICE", ATOMIC, flags},
    {"atomics", "SERVICE...", ANY, print_set},
    {"all-dependencies", "SERVICE...", ANY, closure},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int help(const struct invocation *c)
{
    printf("usage: %s %s\n", c->command->name, c->command->usage);
    for (size_t i = 0; i < VERBS; i++)
        printf("  %s%s%s\n", verbs[i].name, verbs[i].operand == NULL ? "" : " ",
               verbs[i].operand == NULL ? "" : verbs[i].operand);
    return 0;
}

static const struct verb *find_verb(const char *name, int operands)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        int wanted = verbs[i].operand != NULL;
        bool more = wanted && verbs[i].operand[strlen(verbs[i].operand) - 1] == '.';
        return operands == wanted || (more && operands > 1) ? &verbs[i] : NULL;
    }
    return NULL;
}

static int select_names(struct db *b, unsigned int types)
{
    for (char **name = b->names; types != 0 && *name != NULL; name++) {
        long found = definitions_find(&b->d, *name);
        if (found < 0)
            return refuse(EXIT_UNKNOWN, "%s is not a valid identifier in %s", *name, b->path);
        enum definition_type is = b->d.item[found].type;
        if ((types & 1U << is) == 0)
            return refuse(EXIT_TYPE, "%s is a %s", *name, definition_type_name(is));
        graph_select(&b->g, *name, b->set);
        if (b->one == NULL)
            b->one = &b->d.item[found];
    }
    return 0;
}

static int run(struct db *b, const struct verb *v)
{
    int code = rcsource_open(&b->d, &b->g, b->path);
    if (code == 0 && (b->set = calloc((size_t)b->g.count + 1, 1)) == NULL) {
        message_fatal("out of memory");
        code = EXIT_SYSTEM;
    }
    if (code == 0)
        code = select_names(b, v->types);
    return code == 0 ? v->run(b) : code;
}

static int run_db(struct invocation *c)
{
    struct db b = {.d = DEFINITIONS_INIT, .g = GRAPH_INIT};
    char live[4096];
    int code = options_read(c, 1);
    if (code != 0)
        return code;
    if (strcmp(options.operand[0], "help") == 0)
        return help(c);
    const struct verb *v = find_verb(options.operand[0], options.count - 1);
    if (v == NULL)
        return command_usage(c);
    snprintf(live, sizeof live, "%s/compiled", given('l') ? argument_of('l') : RUN_RC);
    b.path = given('c') ? argument_of('c') : live;
    b.names = options.operand + 1;
    b.down = options_last("ud") == 'd';
    b.hides_essential = options_last("eE") == 'e';
    code = run(&b, v);
    graph_release(&b.g);
    definitions_release(&b.d);
    free(b.set);
    return code;
}

static const char db_options[] =
    "-l, --livedir=DIR         the live directory (/run/s6-rc)\n"
    "-c, --compiled=DIR        a database of s6-rc-compile, or a directory of definitions\n"
    "-u, --up                  of bringing it up (default)\n"
    "-d, --down                of bringing it down\n"
    "-e, --without-essentials  do not print essential services\n"
    "-E, --with-essentials     print them (default)\n"
    "-b, --block               accepted: nothing is locked\n";

const struct command command_rcdb[] = {
    {"s6-rc-db", "[-l livedir|-c compiled] [-b] [-u|-d] [-e|-E] help|check|list|type|... [name...]",
     "look into the database of services", db_options, run_db},
    {.name = NULL}};
