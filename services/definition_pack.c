/* Definitions as bytes: a header, then pairs of key and value, each ended by a NUL. "name" begins a
 * definition; a list has a pair for each word. What has its default is left out. */
#include "services/database.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEADER "overlog definitions "
#define VERSION "2"

/* The values that no file of a definition says. */
#define OWN(member) .types = KEY_ANY, .offset = offsetof(struct definition, member)
static const struct key_row own_rows[] = {
    {"builtin", .kind = KEY_NUMBER, OWN(builtin), .high = BUILTIN_LEGACY_SERVICES},
    {"left-out", .kind = KEY_NAME, OWN(left_out)},
    {"instance", .kind = KEY_NAME, OWN(instance)},
    {"instance-of", .kind = KEY_NAME, OWN(instance_of)}};
enum { OWN_ROWS = sizeof own_rows / sizeof own_rows[0] };

_Static_assert(sizeof(enum definition_builtin) == sizeof(uint32_t), "numbers are 32 bits");

/* --- out -------------------------------------------------------------------------------------- */

static int put_text(struct str *out, const char *text)
{
    return str_add(out, text, strlen(text) + 1);
}

static int put_number(struct str *out, const struct key_row *k, const void *at)
{
    char text[24];
    int64_t value = key_number(k, at);
    if (value == k->usual)
        return 0;
    snprintf(text, sizeof text, "%lld", (long long)value);
    return put_text(out, k->name) | put_text(out, text);
}

static int put_policy(struct str *out, const struct key_row *k, const struct restart_policy *p)
{
    char text[RESTART_LINE_MAX];
    if (restart_format(p, text, sizeof text) == 0)
        return 0;
    return put_text(out, k->name) | put_text(out, text);
}

static int put_value(struct str *out, const struct key_row *k, const struct definition *d)
{
    const void *at = key_value(k, d);
    const char *text;
    int bad = 0;
    if (key_is_number(k))
        return put_number(out, k, at);
    if (key_is_flag(k))
        return *(const bool *)at ? put_text(out, k->name) | put_text(out, "1") : 0;
    if (k->kind == KEY_POLICY)
        return put_policy(out, k, at);
    if (k->kind == KEY_NAME) {
        memcpy(&text, at, sizeof text);
        return text == NULL ? 0 : put_text(out, k->name) | put_text(out, text);
    }
    const struct words *words = at;
    for (size_t i = 0; key_is_words(k) && i < words->count; i++)
        bad |= put_text(out, k->name) | put_text(out, words->item[i]);
    return bad;
}

static int put_definition(struct str *out, const struct definition *d)
{
    int bad = put_text(out, "name") | put_text(out, d->name) | put_text(out, "type") |
              put_text(out, definition_type_name(d->type));
    for (size_t i = 0; i < OWN_ROWS; i++)
        bad |= put_value(out, &own_rows[i], d);
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if ((k->types & 1U << d->type) != 0)
            bad |= put_value(out, k, d);
    return bad;
}

int definitions_pack(const struct definitions *d, struct str *out)
{
    int bad = put_text(out, HEADER VERSION);
    for (size_t i = 0; bad == 0 && i < d->count; i++)
        bad = put_definition(out, &d->item[i]);
    return bad == 0 ? 0 : -1;
}

/* --- in --------------------------------------------------------------------------------------- */

static bool take_number(const struct key_row *k, const char *value, void *at)
{
    unsigned long long number;
    if (number_parse(value, UINT32_MAX, &number) < 0 || (int64_t)number < k->low ||
        (int64_t)number > k->high)
        return false;
    key_set_number(at, (int64_t)number);
    return true;
}

static const struct key_row *row_of(const char *key, enum definition_type type)
{
    for (size_t i = 0; i < OWN_ROWS; i++)
        if (strcmp(key, own_rows[i].name) == 0)
            return &own_rows[i];
    return key_find(key, type);
}

static bool take_value(struct definition *d, const char *key, const char *value)
{
    const struct key_row *k = row_of(key, d->type);
    struct condition c;
    const char *wrong;
    char *text;
    struct restart_mistake m;
    if (k == NULL || (k->types & 1U << d->type) == 0)
        return false;
    void *at = key_place(k, d);
    if (key_is_number(k))
        return take_number(k, value, at);
    if (key_is_flag(k))
        return *(bool *)at = strcmp(value, "1") == 0;
    if (k->kind == KEY_CONDITIONS && condition_parse(&c, value, &wrong) < 0)
        return false;
    if (key_is_words(k))
        return words_add(at, value) == 0;
    if (k->kind == KEY_POLICY)
        return restart_parse(value, at, &m) == 0;
    if (k->kind != KEY_NAME)
        return false;
    memcpy(&text, at, sizeof text);
    if (text != NULL || (text = strdup(value)) == NULL)
        return false;
    memcpy(at, &text, sizeof text);
    return true;
}

static struct definition *take_definition(struct definitions *d, const char *name, const char *type)
{
    enum definition_type found = definition_type_of(type);
    if (found == 0 || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
        strchr(name, '\n') != NULL || definitions_find(d, name) >= 0)
        return NULL;
    return definitions_add(d, name, found);
}

/* The next text, or NULL at the end or when it has no end. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;
    if (nul == NULL)
        return NULL;
    *at = nul + 1;
    return text;
}

static int no_memory(struct error *e)
{
    errno = ENOMEM;
    return error_set(e, EXIT_SYSTEM, "out of memory");
}

int definitions_unpack(struct definitions *d, const char *bytes, size_t length, struct error *e)
{
    const char *end = bytes + length;
    struct definition *one = NULL;
    const char *key = next_text(&bytes, end);
    if (key == NULL || strncmp(key, HEADER, sizeof HEADER - 1) != 0)
        return error_set(e, EXIT_DATABASE, "it is no database of overlog");
    if (strcmp(key + sizeof HEADER - 1, VERSION) != 0)
        return error_set(e, EXIT_DATABASE,
                         "it has format %.10s, and this version of overlog reads format " VERSION
                         ": compile it again",
                         key + sizeof HEADER - 1);
    while (bytes < end) {
        key = next_text(&bytes, end);
        const char *value = key == NULL ? NULL : next_text(&bytes, end);
        if (value == NULL)
            return error_set(e, EXIT_DATABASE, "the database is cut off");
        if (strcmp(key, "name") == 0) {
            const char *type = next_text(&bytes, end);
            type = type != NULL && strcmp(type, "type") == 0 ? next_text(&bytes, end) : NULL;
            errno = 0;
            one = type == NULL ? NULL : take_definition(d, value, type);
            if (one == NULL && errno == ENOMEM)
                return no_memory(e);
            if (one == NULL)
                return error_set(e, EXIT_DATABASE, "the database has a bad service %.100s", value);
        } else if (errno = 0, one == NULL || !take_value(one, key, value)) {
            if (errno == ENOMEM)
                return no_memory(e);
            return error_set(e, EXIT_DATABASE, "the database has a bad field %.50s %.100s", key,
                             value);
        }
    }
    return 0;
}
