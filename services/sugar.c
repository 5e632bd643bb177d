#include "services/sugar.h"
#include "base/nearest.h"
#include "services/definition.h"
#include <string.h>

const struct sugar sugar_rows[] = {
    {"run", SUGAR_PROGRAM, KEY_LONGRUN, "run", "a command line"},
    {"once", SUGAR_PROGRAM, KEY_ONESHOT, "up", "a command line"},
    {"script", SUGAR_PROGRAM, KEY_LONGRUN, "run", "a script, indented below the key"},
    {"script", SUGAR_PROGRAM, KEY_ONESHOT, "up", "a script, indented below the key"},
    {"needs", SUGAR_FILE, KEY_ATOMIC, "dependencies", "names, or none"},
    {"bundle", SUGAR_BUNDLE, KEY_ANY, "contents", "names of bundles, or none"},
    {"signal", SUGAR_FILE, KEY_LONGRUN, "down-signal", "a signal"},
    {"stop-timeout", SUGAR_FILE, KEY_LONGRUN, "timeout-kill", "a time"},
    {"stop-timeout", SUGAR_FILE, KEY_ONESHOT, "timeout-down", "a time"},
    {"log", SUGAR_FILE, KEY_LONGRUN, "logging-script", "directives of a logger"},
    {"env-file", SUGAR_SOURCE, KEY_ATOMIC, "with-envfile",
     "a file, with -o before one that may be absent"},
    {"env", SUGAR_ENV, KEY_ATOMIC, "s6-env", "none, NAME=VALUE words, or both"},
    {"live", SUGAR_CHECK, KEY_LONGRUN, "livecheck",
     "a target of probe, a command line, or options"},
    {"ready", SUGAR_CHECK, KEY_LONGRUN, "s6-notifyoncheck",
     "a target of probe, a command line, options, or notify"},
    {"schedule", SUGAR_TIMES, KEY_LONGRUN, "schedule", "a timetable, or options"},
    {"limits", SUGAR_LIMITS, KEY_ATOMIC, "s6-softlimit", "NAME=VALUE words"},
    {"umask", SUGAR_WORD, KEY_ATOMIC, "umask", "a mask"},
    {"cwd", SUGAR_WORD, KEY_ATOMIC, "cd", "a directory"},
    {"user", SUGAR_WORD, KEY_ATOMIC, "s6-setuidgid", "a user, or user:group"},
    {.name = NULL},
};

const struct sugar *sugar_find(const char *name, enum definition_type type)
{
    const struct sugar *other = NULL;
    for (const struct sugar *s = sugar_rows; s->name != NULL; s++) {
        if (strcmp(s->name, name) != 0)
            continue;
        if ((s->types & 1U << type) != 0)
            return s;
        if (other == NULL)
            other = s;
    }
    return other;
}

bool sugar_is_command(const struct sugar *row)
{
    return row->kind >= SUGAR_ENV;
}

static const struct {
    char letter;
    const char *name;
} limits[] = {{'a', "as"},      {'c', "core"},   {'d', "data"},  {'f', "fsize"},
              {'l', "memlock"}, {'o', "nofile"}, {'p', "nproc"}, {'P', "rtprio"},
              {'r', "rss"},     {'s', "stack"},  {'t', "cpu"}};

char sugar_limit(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (strlen(limits[i].name) == length && memcmp(limits[i].name, name, length) == 0)
            return limits[i].letter;
    return 0;
}

const char *sugar_limit_name(char letter)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].letter == letter)
            return limits[i].name;
    return NULL;
}

/* A service that is starting is no failure: what it waits for is said after a second. */
const char *sugar_probe(const struct sugar *check)
{
    return strcmp(check->name, "ready") == 0 ? "probe -w 1m " : "probe ";
}

int sugar_word(struct str *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_./:=@%+,-${}";
    bool bare = strcmp(word, "{") != 0 && strcmp(word, "}") != 0;
    if (bare && word[0] != '\0' && word[strspn(word, plain)] == '\0')
        return str_add_text(out, word);
    int bad = str_add_char(out, '"');
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            bad |= str_add_char(out, '\\');
        bad |= str_add_char(out, *p);
    }
    return bad | str_add_char(out, '"');
}

static void compare(const char *name, const char *known, const char **best, unsigned int *least)
{
    unsigned int n = nearest_distance(name, known);
    if (n < *least) {
        *least = n;
        *best = known;
    }
}

const char *sugar_meant(const char *name)
{
    const char *best = NULL;
    unsigned int least = strlen(name) < 5 ? 2 : 3;
    for (const struct sugar *s = sugar_rows; s->name != NULL; s++)
        compare(name, s->name, &best, &least);
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if (k->kind != KEY_DIRECTORY && k->kind != KEY_NOTHING)
            compare(name, k->name, &best, &least);
    return best;
}
