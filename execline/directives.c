#include "base/message.h"
#include "base/options.h"
#include "execline/bindings.h"
#include "execline/block.h"
#include "execline/frames.h"
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONAL_MAX = 1 << 16 };

static int syntax(struct error *e)
{
    return error_set(e, EXIT_USAGE, "%s", "");
}

static int no_memory(struct error *e)
{
    return error_set(e, EXIT_SYSTEM, "out of memory");
}

/* The options of a transformation; false for any other. */
static bool transform_option(struct transform *t, int option, const char *argument)
{
    switch (option) {
    case 's':
        t->split = true;
        return true;
    case 'c':
    case 'C':
        t->crunch = option == 'C';
        return true;
    case 'n':
    case 'N':
        t->chomp = option == 'n';
        return true;
    case 'd':
        t->delimiters = argument;
        return true;
    default:
        return false;
    }
}

int directive_define(struct invocation *c, struct bindings *b, struct error *e)
{
    struct transform t = TRANSFORM_INIT;
    for (int option; (option = command_option(c)) != 0;)
        if (!transform_option(&t, option, c->argument))
            return syntax(e);
    char **operands = command_operands(c);
    if (command_operand_count(c) < 2)
        return syntax(e);
    c->next += 2;
    if (bindings_begin(b, operands[0], e) < 0)
        return -1;
    return transform(operands[1], &t, &b->values, e);
}

/* --- importas -----------------------------------------------------------------------------------
 */

struct import {
    struct transform transform;
    const char *value; /* -D */
    bool insist;       /* -i */
    bool remove;       /* -u */
    bool same_name;    /* -S */
};

static int read_import(struct invocation *c, struct import *i, struct error *e)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'i':
            i->insist = true;
            break;
        case 'D':
            i->value = c->argument;
            break;
        case 'u':
            i->remove = true;
            break;
        case 'S':
            i->same_name = true;
            break;
        default:
            if (!transform_option(&i->transform, option, c->argument))
                return syntax(e);
        }
    }
    return command_operand_count(c) < (i->same_name ? 1 : 2) ? syntax(e) : 0;
}

int directive_importas(struct invocation *c, struct bindings *b, struct error *e)
{
    struct import i = {.transform = TRANSFORM_INIT};
    if (read_import(c, &i, e) < 0)
        return -1;
    char **operands = command_operands(c);
    const char *key = operands[0];
    const char *name = operands[i.same_name ? 0 : 1];
    c->next += i.same_name ? 1 : 2;
    const char *value = getenv(name);
    if (bindings_begin(b, key, e) < 0)
        return -1;
    if (value == NULL && i.insist)
        return error_set(e, EXIT_USAGE, "%s not set", name);
    if (i.remove && words_add(&b->removed, name) < 0)
        return no_memory(e);
    if (value == NULL)
        value = i.value;
    return value == NULL ? 0 : transform(value, &i.transform, &b->values, e);
}

/* --- elgetpositionals ---------------------------------------------------------------------------
 */

static int bind_positional(struct bindings *b, const struct words *args, size_t wanted,
                           struct error *e)
{
    struct str name = STR_INIT;
    size_t count = args->count - 1;
    int bad = str_printf(&name, "%zu", count);
    if (bad == 0)
        bad = bindings_begin(b, "#", e);
    if (bad == 0)
        bad = words_add(&b->values, name.data);
    for (size_t i = 0; bad == 0 && (i <= count || i <= wanted); i++) {
        str_clear(&name);
        bad = str_printf(&name, "%zu", i);
        if (bad == 0)
            bad = bindings_begin(b, name.data, e);
        if (bad == 0)
            bad = words_add(&b->values, i <= count ? args->item[i] : "");
    }
    if (bad == 0)
        bad = bindings_begin(b, "@", e);
    for (size_t i = 1; bad == 0 && i <= count; i++)
        bad = words_add(&b->values, args->item[i]);
    str_release(&name);
    return bad == 0 || e->code != 0 ? bad : no_memory(e);
}

int directive_elgetpositionals(struct invocation *c, struct bindings *b, struct error *e)
{
    unsigned long long wanted = 0;
    struct words args = WORDS_INIT;
    for (int option; (option = command_option(c)) != 0;)
        if (option != 'P' || number_parse(c->argument, POSITIONAL_MAX, &wanted) < 0)
            return syntax(e);
    int bad = positional_read(&args, e);
    if (bad != 0 && e->code == EXIT_USAGE)
        e->code = b->bad_key;
    if (bad == 0)
        bad = bind_positional(b, &args, (size_t)wanted, e);
    words_release(&args);
    return bad;
}

/* --- multidefine --------------------------------------------------------------------------------
 */

struct spread {
    struct transform transform;
    bool none; /* -0: a variable without a word has none, instead of an empty one */
    bool rest; /* -r: the last variable has all that remain */
};

static int bind_spread(struct bindings *b, const struct spread *s, const struct words *words,
                       char **variables, size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        if (variables[i][0] == '\0')
            continue;
        if (bindings_begin(b, variables[i], e) < 0)
            return -1;
        size_t end = s->rest && i + 1 == count ? words->count : i + 1;
        for (size_t at = i; at < end && at < words->count; at++)
            if (words_add(&b->values, words->item[at]) < 0)
                return no_memory(e);
        if (i >= words->count && !s->none && words_add(&b->values, "") < 0)
            return no_memory(e);
    }
    return 0;
}

int directive_multidefine(struct invocation *c, struct bindings *b, struct error *e)
{
    struct spread s = {.transform = {.split = true}};
    struct words words = WORDS_INIT;
    struct block_reader r;
    char **variables;
    size_t count;
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '0')
            s.none = true;
        else if (option == 'r')
            s.rest = true;
        else if (!transform_option(&s.transform, option, c->argument))
            return syntax(e);
    }
    char **operands = command_operands(c);
    if (command_operand_count(c) < 2)
        return syntax(e);
    block_begin(&r, operands + 1);
    if (block_read(&r, &variables, &count, e) < 0)
        return -1;
    c->next += (int)(r.next - operands);
    if (count == 0)
        return error_set(e, EXIT_USAGE, "empty block");
    int bad = transform(operands[0], &s.transform, &words, e);
    if (bad == 0)
        bad = bind_spread(b, &s, &words, variables, count, e);
    words_release(&words);
    return bad;
}

/* --- elglob -------------------------------------------------------------------------------------
 */

struct globbing {
    int flags;
    bool verbose;          /* -v */
    bool strict;           /* -w */
    bool chomp;            /* -n: no delimiter after the last */
    const char *delimiter; /* -d: one word */
};

static int warn_about(const char *path, int error)
{
    message_warning("unable to read %s: %s", path, strerror(error));
    return 0;
}

static int read_globbing(struct invocation *c, struct globbing *g, struct error *e)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'v':
            g->verbose = true;
            break;
        case 'w':
            g->strict = true;
            g->flags |= GLOB_ERR;
            break;
        case 's':
            g->flags &= ~GLOB_NOSORT;
            break;
        case 'm':
            g->flags |= GLOB_MARK;
            break;
        case 'e':
            g->flags |= GLOB_NOESCAPE;
            break;
        case '0':
            g->flags &= ~GLOB_NOCHECK;
            break;
        case 'n':
            g->chomp = true;
            break;
        case 'd':
            g->delimiter = c->argument;
            break;
        default:
            return syntax(e);
        }
    }
    return command_operand_count(c) < 2 ? syntax(e) : 0;
}

static int bind_found(struct bindings *b, const struct globbing *g, const glob_t *found,
                      struct error *e)
{
    struct str joined = STR_INIT;
    int bad = g->delimiter == NULL ? 0 : str_add_text(&joined, "");
    for (size_t i = 0; bad == 0 && i < found->gl_pathc; i++) {
        const char *path = found->gl_pathv[i];
        if (g->delimiter == NULL) {
            bad = words_add(&b->values, path);
        } else if (g->delimiter[0] == '\0') {
            bad = str_printf(&joined, "%zu:%s,", strlen(path), path);
        } else {
            bool last = i + 1 == found->gl_pathc;
            bad = str_add_text(&joined, path);
            if (bad == 0 && !(last && g->chomp))
                bad = str_add_char(&joined, g->delimiter[0]);
        }
    }
    if (bad == 0 && g->delimiter != NULL)
        bad = words_add(&b->values, joined.data);
    str_release(&joined);
    return bad == 0 ? 0 : no_memory(e);
}

int directive_elglob(struct invocation *c, struct bindings *b, struct error *e)
{
    struct globbing g = {.flags = GLOB_NOSORT | GLOB_NOCHECK};
    glob_t found = {.gl_pathc = 0};
    if (read_globbing(c, &g, e) < 0)
        return -1;
    char **operands = command_operands(c);
    c->next += 2;
    if (bindings_begin(b, operands[0], e) < 0)
        return -1;
    int result = glob(operands[1], g.flags, g.verbose ? warn_about : NULL, &found);
    int bad = 0;
    if (result == GLOB_NOSPACE)
        bad = no_memory(e);
    else if (result == GLOB_ABORTED && g.strict)
        bad = error_set(e, EXIT_SYSTEM, "unable to look for %s: read error", operands[1]);
    else
        bad = bind_found(b, &g, &found, e);
    globfree(&found);
    return bad;
}
