#include "services/keys.h"
#include "base/file.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "contract/logger.h"
#include "services/definition.h"
#include "services/supervise_format.h"
#include <signal.h>
#include <string.h>

enum { DESCRIPTORS = 1 << 20 }; /* that a process can have: the usual fs.nr_open of Linux */

_Static_assert(sizeof(enum definition_exit) == sizeof(uint32_t), "numbers are 32 bits");

#define PLACE(member) .offset = offsetof(struct definition, member)
#define RANGE(least, most, fallback) .low = (least), .high = (most), .usual = (fallback)

#define ONLY_BUNDLES "only bundles have contents: name dependencies in dependencies.d"
#define NO_BUNDLES "bundles have no dependencies: give them to the members"
#define ONLY_MEMBERS "put it into the members"
#define ONLY_LONGRUNS "only longruns are in pipelines"

/* In the order in which they are read, and what is wrong in them is said. */
const struct key_row key_rows[] = {
    {"type", .kind = KEY_TYPE, .types = KEY_ANY},
    {"flag-essential", .kind = KEY_FLAG, .types = KEY_ANY, .use = KEY_ADDED, PLACE(essential)},
    {"flag-recommended", .kind = KEY_FLAG, .types = KEY_ANY, .use = KEY_ADDED, PLACE(recommended)},
    {"dependencies", "dependencies.d", KEY_NAMES, KEY_ATOMIC, .use = KEY_ADDED, PLACE(dependencies),
     .list = LIST_DEPENDENCIES, .cure = NO_BUNDLES},
    {"after", "after.d", KEY_NAMES, KEY_ATOMIC, .use = KEY_ADDED, PLACE(after), .list = LIST_AFTER,
     .cure = NO_BUNDLES},
    {"contents", "contents.d", KEY_NAMES, KEY_BUNDLE, .use = KEY_ADDED, PLACE(contents),
     .list = LIST_CONTENTS, .cure = ONLY_BUNDLES},
    {"instances", .kind = KEY_INSTANCES, .types = KEY_LONGRUN, PLACE(instances),
     .cure = "only longruns have instances"},
    {"enable-if", .kind = KEY_CONDITIONS, .types = KEY_ANY, PLACE(enable_if)},
    {"timeout-up", .kind = KEY_MILLISECONDS, .types = KEY_ATOMIC, PLACE(timeout_up),
     RANGE(0, UINT32_MAX, 0), .cure = ONLY_MEMBERS},
    {"timeout-down", .kind = KEY_MILLISECONDS, .types = KEY_ATOMIC, PLACE(timeout_down),
     RANGE(0, UINT32_MAX, 0), .cure = ONLY_MEMBERS},
    {"up", .kind = KEY_COMMAND, .types = KEY_ONESHOT, .needed = KEY_ONESHOT, PLACE(up),
     .wanted = "a oneshot needs an up file: one command line", .cure = "a longrun has run"},
    {"down", .kind = KEY_COMMAND, .types = KEY_ONESHOT, PLACE(down),
     .cure = "leave the service out of the user bundle instead"},
    {"reload", .kind = KEY_COMMAND, .types = KEY_ONESHOT, PLACE(reload),
     .cure = "a longrun is sent its reload-signal"},
    {"run", .kind = KEY_PROGRAM, .types = KEY_ATOMIC, .needed = KEY_LONGRUN, .use = KEY_COPIED,
     .change = KEY_NEXT_START, PLACE(keys.has_run),
     .wanted = "a longrun needs an executable script run"},
    {"finish", .kind = KEY_PROGRAM, .types = KEY_ATOMIC, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.has_finish)},
    {"notification-fd", .kind = KEY_DESCRIPTOR, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     .change = KEY_NEXT_START, PLACE(keys.notification_fd), RANGE(0, DESCRIPTORS - 1, -1),
     .cure = "a oneshot is ready when up has ended"},
    {"lock-fd", .kind = KEY_DESCRIPTOR, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     .change = KEY_NEXT_START, PLACE(keys.lock_fd), RANGE(0, DESCRIPTORS - 1, -1)},
    {"timeout-kill", .kind = KEY_MILLISECONDS, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.timeout_kill), RANGE(0, UINT32_MAX, 0),
     .cure = "a oneshot has timeout-up and timeout-down"},
    {"timeout-finish", .kind = KEY_MILLISECONDS, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.timeout_finish), RANGE(0, UINT32_MAX, 5000), .cure = "a oneshot has timeout-down"},
    {"flag-timeout-killpg", .kind = KEY_FLAG, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.kill_group)},
    {"flag-newpidns", .kind = KEY_FLAG, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     .change = KEY_NEXT_START, PLACE(keys.new_pids)},
    {"max-death-tally", .kind = KEY_NUMBER, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.max_death_tally), RANGE(0, SUPERVISE_DEATHS_MAX, 100)},
    {"down-signal", .kind = KEY_SIGNAL, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.down_signal), RANGE(1, SIGNAL_LAST, SIGTERM)},
    {"reload-signal", .kind = KEY_SIGNAL, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.reload_signal), RANGE(1, SIGNAL_LAST, SIGHUP)},
    {"data", .kind = KEY_DIRECTORY, .types = KEY_ANY, .use = KEY_COPIED},
    {"env", .kind = KEY_DIRECTORY, .types = KEY_ANY, .use = KEY_COPIED},
    {"template", .kind = KEY_DIRECTORY, .types = KEY_ANY, .use = KEY_COPIED},
    {"producer-for", .kind = KEY_NAME, .types = KEY_LONGRUN, .change = KEY_RESTART,
     PLACE(producer_for), .cure = ONLY_LONGRUNS},
    {"consumer-for", .kind = KEY_NAMES, .types = KEY_LONGRUN, .change = KEY_RESTART,
     PLACE(consumer_for), .list = LIST_CONSUMER_FOR, .cure = ONLY_LONGRUNS},
    {"pipeline-name", .kind = KEY_NAME, .types = KEY_LONGRUN, PLACE(pipeline_name),
     .cure = ONLY_LONGRUNS},
    {"container-exit", .kind = KEY_WORD, .types = KEY_LONGRUN, .use = KEY_SCANNED,
     PLACE(keys.container_exit), RANGE(EXIT_FAILURE_ONLY, EXIT_GAVE_UP, EXIT_NEVER),
     .words = {"failure", "always", "gave-up"}, .wanted = "write always, failure or gave-up"},
    {"restart", .kind = KEY_POLICY, .types = KEY_LONGRUN, .use = KEY_COPIED | KEY_LIVE,
     PLACE(keys.restart), .cure = "a oneshot is not started again: loop in its script"},
    {"logging", .kind = KEY_WORD, .types = KEY_LONGRUN, .use = KEY_SCANNED, .change = KEY_NEXT_BOOT,
     PLACE(keys.logging), RANGE(LOGGING_CONSOLE, LOGGING_DISK, -1), .words = {"0", "1", "2"},
     .wanted = "write 0 (console), 1 (console and disk) or 2 (disk)"},
    {"logging-script", .kind = KEY_SCRIPT, .types = KEY_LONGRUN, .use = KEY_SCANNED,
     .change = KEY_NEXT_BOOT, PLACE(logging_script)},
    {"log", .kind = KEY_NOTHING,
     .cure = "delete it: every longrun has a logger (or use producer-for)"},
    {"nosetsid", .kind = KEY_NOTHING, .cure = "delete it: every service has a session of its own"},
    {"down", .kind = KEY_FLAG, .use = KEY_LIVE, PLACE(keys.down)},
    {NULL, .kind = KEY_NOTHING},
};

const struct key_row *key_find(const char *name, enum definition_type type)
{
    const struct key_row *other = NULL;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if (strcmp(k->name, name) != 0 && (k->folder == NULL || strcmp(k->folder, name) != 0))
            continue;
        if ((k->types & 1U << type) != 0)
            return k;
        if (other == NULL)
            other = k;
    }
    return other;
}

const struct key_row *key_of_list(enum definition_list list)
{
    const struct key_row *k = key_rows;
    while (k->kind != KEY_NAMES || k->list != list)
        k++;
    return k;
}

bool key_is_number(const struct key_row *k)
{
    return k->kind >= KEY_NUMBER && k->kind <= KEY_WORD;
}

bool key_is_flag(const struct key_row *k)
{
    return k->kind == KEY_FLAG || k->kind == KEY_PROGRAM;
}

bool key_is_words(const struct key_row *k)
{
    return k->kind >= KEY_NAMES && k->kind <= KEY_CONDITIONS;
}

/* --- values ----------------------------------------------------------------------------------- */

char *key_line(char *text)
{
    size_t length = strcspn(text, "\n");
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    text[length] = '\0';
    return text;
}

static enum key_fault parse_word(const struct key_row *k, const char *line, int64_t *value)
{
    for (int i = 0; i < KEY_WORDS_MAX && k->words[i] != NULL; i++)
        if (strcmp(line, k->words[i]) == 0) {
            *value = k->low + i;
            return KEY_GOOD;
        }
    return KEY_INVALID;
}

enum key_fault key_parse(const struct key_row *k, const char *line, int64_t *value)
{
    unsigned long long number;
    if (k->kind == KEY_WORD)
        return parse_word(k, line, value);
    if (k->kind == KEY_SIGNAL) {
        int found = signal_number(line, (int)k->high);
        if (found < k->low)
            return KEY_INVALID;
        *value = found;
        return KEY_GOOD;
    }
    if (k->kind == KEY_MILLISECONDS) {
        uint64_t ms;
        int result = duration_parse(line, (uint64_t)k->high, &ms);
        if (result == 0)
            *value = (int64_t)ms;
        return result == 0 ? KEY_GOOD : result > 0 ? KEY_TOO_LARGE : KEY_INVALID;
    }
    if (number_parse(line, UINT64_MAX, &number) < 0)
        return KEY_INVALID;
    if (number > (unsigned long long)k->high)
        return KEY_TOO_LARGE;
    *value = (int64_t)number;
    return KEY_GOOD;
}

int64_t key_number(const struct key_row *k, const void *place)
{
    uint32_t value;
    int32_t with_sign;
    memcpy(&value, place, sizeof value);
    memcpy(&with_sign, place, sizeof with_sign);
    return k->usual < 0 ? (int64_t)with_sign : (int64_t)value;
}

void key_set_number(void *place, int64_t value)
{
    uint32_t stored = (uint32_t)value;
    memcpy(place, &stored, sizeof stored);
}

_Static_assert(sizeof key_rows / sizeof key_rows[0] <= 64, "each row has its bit");

int keys_note(void *there, const char *name, int is_file)
{
    struct keys_there *t = there;
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0 || (k->folder != NULL && strcmp(k->folder, name) == 0)) {
            t->rows |= 1ULL << (k - key_rows);
            t->files |= is_file ? 1ULL << (k - key_rows) : 0;
        }
    return 0;
}

void keys_list(struct keys_there *there, int directory)
{
    *there = (struct keys_there){0};
    if (fd_each_entry(directory, keys_note, there) < 0)
        *there = (struct keys_there){.rows = ~0ULL};
}

bool keys_may_have(const struct keys_there *there, const struct key_row *k)
{
    return (there->rows >> (k - key_rows) & 1) != 0;
}

bool keys_is_file(const struct keys_there *there, const struct key_row *k)
{
    return (there->files >> (k - key_rows) & 1) != 0;
}

void *key_place(const struct key_row *k, struct definition *d)
{
    return (char *)d + k->offset;
}

const void *key_value(const struct key_row *k, const struct definition *d)
{
    return (const char *)d + k->offset;
}

void *key_place_in(const struct key_row *k, struct service_keys *keys)
{
    size_t first = offsetof(struct definition, keys);
    if (k->offset < first || k->offset >= first + sizeof *keys)
        return NULL;
    return (char *)keys + (k->offset - first);
}

void keys_init(struct service_keys *keys)
{
    *keys = (struct service_keys){.has_run = false};
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if (key_is_number(k) && key_place_in(k, keys) != NULL)
            key_set_number(key_place_in(k, keys), k->usual);
}

bool key_same(const struct key_row *k, const struct definition *a, const struct definition *b)
{
    const void *one = key_value(k, a);
    const void *other = key_value(k, b);
    const char *text, *other_text;
    if (key_is_flag(k))
        return *(const bool *)one == *(const bool *)other;
    if (key_is_number(k))
        return key_number(k, one) == key_number(k, other);
    if (k->kind == KEY_POLICY)
        return restart_same(one, other);
    if (k->kind == KEY_NAME) {
        memcpy(&text, one, sizeof text);
        memcpy(&other_text, other, sizeof other_text);
        return text == other_text ||
               (text != NULL && other_text != NULL && strcmp(text, other_text) == 0);
    }
    const struct words *words = one;
    const struct words *others = other;
    if (k->kind == KEY_NAMES)
        return (words->count > 0) == (others->count > 0);
    bool same = words->count == others->count;
    for (size_t i = 0; same && i < words->count; i++)
        same = strcmp(words->item[i], others->item[i]) == 0;
    return same;
}
