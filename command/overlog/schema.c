#include "command/overlog/schema.h"
#include "command/overlog/overlog.h"
#include "services/sugar.h"
#include <stdio.h>

/* A key of services.conf, of either table. */
struct entry {
    const char *name, *becomes, *value;
    unsigned int types;
    const struct key_row *row; /* NULL: it is no file of that name */
};

static const char *types_name(unsigned int types)
{
    return types == KEY_LONGRUN   ? "longrun"
           : types == KEY_ONESHOT ? "oneshot"
           : types == KEY_BUNDLE  ? "bundle"
           : types == KEY_ATOMIC  ? "both"
                                  : "any";
}

static const char *value_of(const struct key_row *k)
{
    static const char *const values[] = {
        [KEY_TYPE] = "longrun, oneshot or bundle",
        [KEY_FLAG] = "yes or no",
        [KEY_PROGRAM] = "a command line, or a script that begins with #!",
        [KEY_NUMBER] = "a number",
        [KEY_MILLISECONDS] = "a time",
        [KEY_DESCRIPTOR] = "a descriptor",
        [KEY_SIGNAL] = "a signal",
        [KEY_WORD] = "a word",
        [KEY_NAME] = "a name",
        [KEY_NAMES] = "names",
        [KEY_COMMAND] = "a command line",
        [KEY_SCRIPT] = "directives of a logger",
        [KEY_CONDITIONS] = "conditions, one on each line",
        [KEY_INSTANCES] = "a number, names, or a variable",
        [KEY_POLICY] = "when it starts again",
    };
    bool known = k->kind < sizeof values / sizeof values[0] && values[k->kind] != NULL;
    if (k->kind == KEY_DIRECTORY || k->kind == KEY_NOTHING)
        return NULL;
    return known ? values[k->kind] : "as in s6-rc-source(5)";
}

typedef void visit_entry(const struct entry *e, struct str *out);

static void each(visit_entry *visit, struct str *out)
{
    for (const struct sugar *s = sugar_rows; s->name != NULL; s++) {
        const struct entry e = {s->name, s->becomes, s->value, s->types, NULL};
        visit(&e, out);
    }
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        const struct entry e = {k->name, k->name, value_of(k), k->types, k};
        if (k->types != 0 && e.value != NULL && sugar_find(k->name, DEFINITION_LONGRUN) == NULL)
            visit(&e, out);
    }
}

static void put_line(const struct entry *e, struct str *out)
{
    str_printf(out, "%s\t%s\t%s\t%s\n", e->name, types_name(e->types), e->becomes, e->value);
}

void schema_keys(struct str *out)
{
    each(put_line, out);
}

bool schema_has(const char *key)
{
    const struct key_row *k = key_find(key, DEFINITION_LONGRUN);
    return sugar_find(key, DEFINITION_LONGRUN) != NULL ||
           (k != NULL && k->types != 0 && value_of(k) != NULL);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_words(const struct key_row *k, struct str *out)
{
    static const char *const types[] = {"longrun", "oneshot", "bundle", NULL};
    static const char *const flags[] = {"yes", "no", NULL};
    const char *const *words = k->kind == KEY_TYPE ? types : k->kind == KEY_FLAG ? flags : k->words;
    json_open(out, "enum", '[');
    for (int i = 0; i < KEY_WORDS_MAX && words[i] != NULL; i++)
        json_string(out, NULL, words[i]);
    json_close(out, ']');
}

/* A key that two types have differently stands in the table twice, and here once. */
static bool is_second(const struct entry *e)
{
    const struct sugar *first = sugar_find(e->name, 0);
    return e->row == NULL && first->types != e->types;
}

static void put_property(const struct entry *e, struct str *out)
{
    char text[256];
    if (is_second(e))
        return;
    snprintf(text, sizeof text, "%s (%s): %s", e->value, types_name(e->types), e->becomes);
    json_open(out, e->name, '{');
    json_string(out, "type", "string");
    json_string(out, "description", text);
    if (e->row != NULL &&
        (e->row->kind == KEY_TYPE || e->row->kind == KEY_FLAG || e->row->kind == KEY_WORD))
        put_words(e->row, out);
    json_close(out, '}');
}

void schema_json(struct str *out)
{
    json_open(out, NULL, '{');
    json_string(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_string(out, "title", "services.conf");
    json_string(out, "type", "object");
    json_open(out, "additionalProperties", '{');
    json_string(out, "type", "object");
    json_bool(out, "additionalProperties", false);
    json_open(out, "properties", '{');
    each(put_property, out);
    json_close(out, '}');
    json_close(out, '}');
    json_close(out, '}');
    str_add_char(out, '\n');
}
