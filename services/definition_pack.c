/* Definitions as bytes: a header, then pairs of key and value, each ended by a NUL. "name" begins a
 * definition; a list has a pair for each word. What has its default is left out. */
#include "services/database.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "overlog definitions 1"

enum kind { KIND_NUMBER, KIND_FLAG, KIND_TEXT, KIND_WORDS };

#define FIELD(kind, key, member, low, high)                                                        \
    {                                                                                              \
        key, offsetof(struct definition, member), low, high, kind                                  \
    }

static const struct field {
    const char *key;
    size_t offset;
    long long low, high; /* of numbers */
    enum kind kind;
} fields[] = {
    FIELD(KIND_NUMBER, "builtin", builtin, 0, BUILTIN_LEGACY_SERVICES),
    FIELD(KIND_WORDS, "dependencies", dependencies, 0, 0),
    FIELD(KIND_WORDS, "contents", contents, 0, 0),
    FIELD(KIND_WORDS, "up", up, 0, 0),
    FIELD(KIND_WORDS, "down", down, 0, 0),
    FIELD(KIND_WORDS, "reload", reload, 0, 0),
    FIELD(KIND_NUMBER, "timeout-up", timeout_up, 0, UINT32_MAX),
    FIELD(KIND_NUMBER, "timeout-down", timeout_down, 0, UINT32_MAX),
    FIELD(KIND_FLAG, "essential", essential, 0, 1),
    FIELD(KIND_FLAG, "recommended", recommended, 0, 1),
    FIELD(KIND_FLAG, "finish", has_finish, 0, 1),
    FIELD(KIND_NUMBER, "notification-fd", notification_fd, -1, 1 << 20),
    FIELD(KIND_NUMBER, "lock-fd", lock_fd, -1, 1 << 20),
    FIELD(KIND_NUMBER, "timeout-kill", timeout_kill, 0, UINT32_MAX),
    FIELD(KIND_NUMBER, "timeout-finish", timeout_finish, 0, UINT32_MAX),
    FIELD(KIND_FLAG, "timeout-killpg", kill_group, 0, 1),
    FIELD(KIND_NUMBER, "max-death-tally", max_death_tally, 0, 4096),
    FIELD(KIND_NUMBER, "down-signal", down_signal, 1, 64),
    FIELD(KIND_NUMBER, "reload-signal", reload_signal, 1, 64),
    FIELD(KIND_TEXT, "producer-for", producer_for, 0, 0),
    FIELD(KIND_WORDS, "consumer-for", consumer_for, 0, 0),
    FIELD(KIND_TEXT, "pipeline-name", pipeline_name, 0, 0),
    FIELD(KIND_NUMBER, "container-exit", container_exit, 0, EXIT_ALWAYS),
    FIELD(KIND_NUMBER, "logging", logging, -1, 2),
    FIELD(KIND_WORDS, "logging-script", logging_script, 0, 0),
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

_Static_assert(sizeof(enum definition_exit) == sizeof(uint32_t), "numbers are 32 bits");

/* --- out -------------------------------------------------------------------------------------- */

static int put(struct str *out, const char *text)
{
    return str_add(out, text, strlen(text) + 1);
}

static int put_number(struct str *out, const struct field *f, const char *at, const char *fresh)
{
    uint32_t value;
    int32_t as_signed;
    char text[24];
    if (memcmp(at, fresh, sizeof value) == 0)
        return 0;
    memcpy(&value, at, sizeof value);
    memcpy(&as_signed, at, sizeof as_signed);
    snprintf(text, sizeof text, "%lld", f->low < 0 ? (long long)as_signed : (long long)value);
    return put(out, f->key) | put(out, text);
}

static int put_field(struct str *out, const struct field *f, const struct definition *d,
                     const struct definition *fresh)
{
    const char *at = (const char *)d + f->offset;
    const char *text;
    const struct words *words = (const void *)at;
    int bad = 0;
    switch (f->kind) {
    case KIND_NUMBER:
        return put_number(out, f, at, (const char *)fresh + f->offset);
    case KIND_FLAG:
        return *(const bool *)(const void *)at ? put(out, f->key) | put(out, "1") : 0;
    case KIND_TEXT:
        memcpy(&text, at, sizeof text);
        return text == NULL ? 0 : put(out, f->key) | put(out, text);
    case KIND_WORDS:
        for (size_t i = 0; i < words->count; i++)
            bad |= put(out, f->key) | put(out, words->item[i]);
        return bad;
    }
    return -1;
}

int definitions_pack(const struct definitions *d, struct str *out)
{
    struct definitions defaults = DEFINITIONS_INIT;
    const struct definition *fresh = definitions_add(&defaults, "", DEFINITION_ONESHOT);
    int bad = fresh == NULL ? -1 : put(out, HEADER);
    for (size_t i = 0; bad == 0 && i < d->count; i++) {
        const struct definition *one = &d->item[i];
        bad |= put(out, "name") | put(out, one->name) | put(out, "type") |
               put(out, definition_type_name(one->type));
        for (size_t f = 0; f < FIELDS; f++)
            bad |= put_field(out, &fields[f], one, fresh);
    }
    definitions_release(&defaults);
    return bad == 0 ? 0 : -1;
}

/* --- in --------------------------------------------------------------------------------------- */

static bool take_number(const struct field *f, const char *value, char *at)
{
    unsigned long long number;
    bool negative = value[0] == '-';
    if (number_parse(value + negative, UINT32_MAX, &number) < 0)
        return false;
    long long read = negative ? -(long long)number : (long long)number;
    if (read < f->low || read > f->high)
        return false;
    uint32_t stored = (uint32_t)read;
    memcpy(at, &stored, sizeof stored);
    return true;
}

static bool take_field(struct definition *d, const char *key, const char *value)
{
    const struct field *f = fields;
    char *text;
    while (f < fields + FIELDS && strcmp(f->key, key) != 0)
        f++;
    if (f == fields + FIELDS)
        return false;
    char *at = (char *)d + f->offset;
    switch (f->kind) {
    case KIND_NUMBER:
        return take_number(f, value, at);
    case KIND_FLAG:
        return *(bool *)(void *)at = strcmp(value, "1") == 0;
    case KIND_TEXT:
        memcpy(&text, at, sizeof text);
        if (text != NULL || (text = strdup(value)) == NULL)
            return false;
        memcpy(at, &text, sizeof text);
        return true;
    case KIND_WORDS:
        return words_add((void *)at, value) == 0;
    }
    return false;
}

static struct definition *take_definition(struct definitions *d, const char *name, const char *type)
{
    enum definition_type found = 0;
    for (int t = DEFINITION_ONESHOT; t <= DEFINITION_BUNDLE; t++)
        if (strcmp(type, definition_type_name((enum definition_type)t)) == 0)
            found = (enum definition_type)t;
    if (found == 0 || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
        strchr(name, '\n') != NULL || definitions_find(d, name) >= 0)
        return NULL;
    return definitions_add(d, name, found);
}

/* The next text, or NULL at the end or when it has no end. */
static const char *next(const char **at, const char *end)
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
    const char *key = next(&bytes, end);
    if (key == NULL || strcmp(key, HEADER) != 0)
        return error_set(e, EXIT_DATABASE, "it is no database of this version of overlog");
    while (bytes < end) {
        key = next(&bytes, end);
        const char *value = key == NULL ? NULL : next(&bytes, end);
        if (value == NULL)
            return error_set(e, EXIT_DATABASE, "the database is cut off");
        if (strcmp(key, "name") == 0) {
            const char *type = next(&bytes, end);
            type = type != NULL && strcmp(type, "type") == 0 ? next(&bytes, end) : NULL;
            errno = 0;
            one = type == NULL ? NULL : take_definition(d, value, type);
            if (one == NULL && errno == ENOMEM)
                return no_memory(e);
            if (one == NULL)
                return error_set(e, EXIT_DATABASE, "the database has a bad service %.100s", value);
        } else if (errno = 0, one == NULL || !take_field(one, key, value)) {
            if (errno == ENOMEM)
                return no_memory(e);
            return error_set(e, EXIT_DATABASE, "the database has a bad field %.50s %.100s", key,
                             value);
        }
    }
    return 0;
}
