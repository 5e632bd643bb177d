#include "logcat/events.h"
#include "base/clock.h"
#include "logcat/source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "overlog: ", SERVICE[] = " service=";

const char *events_value(const char *words, const char *key, size_t *length)
{
    const char *at = strstr(words, key);
    if (!at)
        return NULL;
    at += strlen(key);
    *length = strcspn(at, " ");
    return at;
}

long events_number(const char *words, const char *key)
{
    size_t length;
    const char *text = events_value(words, key, &length);
    return text == NULL || length == 0 ? -1 : strtol(text, NULL, 10);
}

bool events_is(const char *words, const char *kind)
{
    size_t length = strlen(kind);
    return strncmp(words, kind, length) == 0 && (words[length] == ' ' || words[length] == '\0');
}

/* The byte for which an escape such as \040 or \134 stands; 0: the text begins with none. */
static char escaped(const char *text, size_t length)
{
    if (length < 4 || text[0] != '\\' || text[1] < '0' || text[1] > '3')
        return 0;
    for (int i = 2; i < 4; i++)
        if (text[i] < '0' || text[i] > '7')
            return 0;
    return (char)((text[1] & 3) << 6 | (text[2] & 7) << 3 | (text[3] & 7));
}

/* Reads a service's name of length bytes as an event has it: escaped, it may be four times as long.
 */
static void read_name(char name[EVENTS_NAME_MAX], const char *text, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < EVENTS_NAME_MAX; i++) {
        char byte = escaped(text + i, length - i);
        name[n++] = byte != 0 ? byte : text[i];
        i += byte != 0 ? 3 : 0;
    }
    name[n] = '\0';
}

bool events_service(const char *words, char name[EVENTS_NAME_MAX])
{
    size_t length;
    const char *text = events_value(words, SERVICE, &length);
    if (text != NULL)
        read_name(name, text, length);
    return text != NULL;
}

/* Returns the list's own copy of name, which is added if need be; NULL: no memory. */
static const char *intern(struct words *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->item[i], name) == 0)
            return w->item[i];
    return words_add(w, name) < 0 ? NULL : w->item[w->count - 1];
}

/* Returns our copy of the service's name; NULL: the service is not wanted. */
static const char *wanted(struct events *ev, const char *name)
{
    if (words_has(&ev->unwanted, name))
        return NULL;
    if (words_has(&ev->wanted, name) || logdirs_wants(ev->logdirs, name))
        return intern(&ev->wanted, name);
    words_add(&ev->unwanted, name);
    return NULL;
}

/* Whether the entry is the boot of the next run, which is shown as the end of this one: nothing
 * else tells when it ended. */
static bool is_run_end(const struct events *ev, const struct entry *entry)
{
    return ev->run_end && clock_compare(&entry->time, &ev->next_boot) == 0 &&
           strncmp(entry->message, "boot ", 5) == 0;
}

bool events_take(struct events *ev, struct entry *entry)
{
    if (entry->stamped && is_run_end(ev, entry)) {
        entry->length = (size_t)snprintf(ev->text, sizeof ev->text, "%s%s", PREFIX, ev->run_end);
        entry->message = ev->text;
        entry->name = wanted(ev, ".init");
        return entry->name != NULL;
    }
    char *words = entry->message, name[EVENTS_NAME_MAX];
    size_t event = strcspn(words, " "), length = 0;
    if (!entry->stamped || entry->stream != STREAM_UNKNOWN || event == 0)
        return false;
    if (strncmp(words + event, SERVICE, strlen(SERVICE)) == 0) {
        length = strcspn(words + event + strlen(SERVICE), " ");
        read_name(name, words + event + strlen(SERVICE), length);
        entry->name = wanted(ev, name);
        length += strlen(SERVICE);
    } else {
        entry->name = strncmp(words, "cmd", 3) == 0 ? ".cmd" : ".init";
    }
    if (!entry->name)
        return false;
    /* In place: where the event named no service, the stamp before the message makes room. */
    char *begin = words + length - strlen(PREFIX);
    memmove(begin + strlen(PREFIX), words, event);
    memcpy(begin, PREFIX, strlen(PREFIX));
    entry->length += (size_t)(words - begin);
    entry->message = begin;
    return true;
}

void events_release(struct events *ev)
{
    words_release(&ev->wanted);
    words_release(&ev->unwanted);
}

/* --- states --- */

static int set(struct events_states *s, const char *service, const char *state)
{
    char *copy = strdup(state);
    size_t i = 0;
    while (i < s->names.count && strcmp(s->names.item[i], service) != 0)
        i++;
    if (copy && i < s->states.count) {
        free(s->states.item[i]);
        s->states.item[i] = copy;
        return 0;
    }
    int result = copy && words_add(&s->names, service) == 0 && words_add(&s->states, copy) == 0;
    free(copy);
    return result ? 0 : -1;
}

static int note(struct events_states *s, const char *words)
{
    static const char *const shown[] = {"start", "ready", "fail", "up", "down", "exit", "gave-up"};
    enum { SHOWN = sizeof shown / sizeof shown[0] };
    bool command = strncmp(words, "cmd", 3) == 0;
    const char *event = !command ? words : words[3] == ' ' ? "start" : words + 3;
    char service[EVENTS_NAME_MAX] = ".cmd", state[64];
    size_t length = 0, i = 0, word = strcspn(event, " ");
    bool is_of_service = events_service(words, service);
    if (strncmp(words, "boot ", 5) == 0)
        events_states_release(s);
    while (i < SHOWN && (strlen(shown[i]) != word || strncmp(event, shown[i], word) != 0))
        i++;
    if (i == SHOWN || (!is_of_service && !command))
        return 0;
    const char *code = events_value(words, " code=", &length);
    const char *killer = code ? code : events_value(words, " signal=", &length);
    snprintf(state, sizeof state, "%s", i == 0 ? "up" : i == 2 || i == 6 ? "failed" : shown[i]);
    if (i == 5 && killer)
        snprintf(state, sizeof state, "%s %.*s", code ? "exit" : "signal", (int)length, killer);
    return set(s, service, state);
}

int events_states(const char *directory, struct events_states *s, struct error *e)
{
    struct source *log = source_new(".events", directory);
    int result =
        log ? source_open(log, READER_ALL, 0, e) : error_system(e, "unable to read %s", directory);
    while (result == 0 && source_next(log, true) == 1)
        if (log->entry.stamped && note(s, log->entry.message) < 0)
            result = error_system(e, "unable to keep the states of services");
    source_free(log);
    return result;
}

void events_states_release(struct events_states *s)
{
    words_release(&s->names);
    words_release(&s->states);
}
