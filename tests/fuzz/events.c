/* The event log, as pid 1 writes it and logcat reads it: a service is the one whose name was
 * written, whatever bytes it has, and its state is the last that was written of it. A line of any
 * bytes stays within its own.
 *
 * Input: a byte, odd where the rest is the text of one line. Else events: a byte with the event,
 * one with the length of the service's name, and the name; a length of 0 names the last one again.
 */
#include "logcat/events.h"
#include "logcat/source.h"
#include "supervisor/event_log.h"
#include "tests/fuzz/fuzz.h"

enum { EVENTS_MAX = 40, NAME_LENGTH_MAX = 200 };

static const struct {
    const char *event, *details, *state; /* NULL: says nothing of the service */
} kinds[] = {{"start", "pid=17", "up"},
             {"ready", "pid=17", "ready"},
             {"exit", "pid=17 code=3", "exit 3"},
             {"exit", "pid=17 signal=9", "signal 9"},
             {"fail", "reason=no code=7 here", "failed"},
             {"up", "", "up"},
             {"down", "", "down"},
             {"upset", "code=1", NULL},
             {"started", "", NULL},
             {"boot", "id=0123456789abcdef pid=1", NULL}};

struct known {
    char name[NAME_LENGTH_MAX + 1];
    const char *state;
};

static char *no_words[] = {NULL};
static const struct logdirs everything = {.root = "/nowhere", .wanted = no_words};

/* What logcat shows of a line: the message behind its stamp, in memory that ends with it. */
static bool take(struct events *ev, const char *line, size_t length, struct entry *entry,
                 char **memory)
{
    *memory = malloc(length + 1);
    MUST(*memory != NULL);
    memcpy(*memory, line, length);
    (*memory)[length] = '\0';
    struct stamp s;
    MUST(stamp_parse(*memory, length, &s) == 0 && s.length <= length);
    *entry = (struct entry){.time = s.time,
                            .stamped = true,
                            .stream = s.stream,
                            .message = *memory + s.length,
                            .length = length - s.length};
    bool shown = events_take(ev, entry);
    if (shown) {
        MUST(entry->message >= *memory && entry->message + entry->length == *memory + length);
        MUST(memcmp(entry->message, "overlog: ", 9) == 0 && entry->name != NULL);
    }
    return shown;
}

static void check_line(const char *line, size_t length, const char *name, int kind)
{
    struct events ev = {.logdirs = &everything};
    struct entry entry;
    char expected[200];
    char *memory;
    MUST(take(&ev, line, length, &entry, &memory));
    MUST(strcmp(entry.name, name) == 0);
    snprintf(expected, sizeof expected, "overlog: %s%s%s", kinds[kind].event,
             kinds[kind].details[0] != '\0' ? " " : "", kinds[kind].details);
    MUST(strcmp(entry.message, expected) == 0);
    free(memory);
    events_release(&ev);
}

/* Names as a directory may have them, but for a newline, which no line can hold. */
static void read_name(struct input *in, char *name)
{
    size_t length = input_byte(in) % (NAME_LENGTH_MAX + 1), n = 0;
    if (length == 0 && name[0] != '\0')
        return;
    while (n < length && in->left > 0) {
        char c = (char)input_byte(in);
        name[n++] = c == '\0' || c == '\n' || c == '/' ? 'x' : c;
    }
    if (n == 0)
        name[n++] = 'y';
    name[n] = '\0';
}

static void keep(struct known *known, size_t *count, const char *name, int kind)
{
    size_t i = 0;
    if (strcmp(kinds[kind].event, "boot") == 0)
        *count = 0;
    if (kinds[kind].state == NULL)
        return;
    while (i < *count && strcmp(known[i].name, name) != 0)
        i++;
    if (i == *count)
        strcpy(known[(*count)++].name, name);
    known[i].state = kinds[kind].state;
}

static void check_states(const struct str *log, const struct known *known, size_t count)
{
    struct events_states s = {WORDS_INIT, WORDS_INIT};
    struct error e = ERROR_INIT;
    char path[100];
    const char *root = fuzz_directory();
    snprintf(path, sizeof path, "%s/current", root);
    MUST(file_write(AT_FDCWD, path, log->data, log->length, 0600, &e) == 0);
    MUST(events_states(root, &s, &e) == 0);
    MUST(s.names.count == count && s.states.count == count);
    for (size_t i = 0; i < count; i++) {
        MUST(strcmp(s.names.item[i], known[i].name) == 0);
        MUST(strcmp(s.states.item[i], known[i].state) == 0);
    }
    events_states_release(&s);
}

static void written(struct input *in)
{
    static struct known known[EVENTS_MAX];
    struct str log = STR_INIT;
    char name[NAME_LENGTH_MAX + 1] = "", line[EVENT_LINE_MAX];
    size_t count = 0;
    for (int i = 0; i < EVENTS_MAX && in->left > 0; i++) {
        const struct timespec t = {1700000000 + i, 1000 * i};
        int kind = input_byte(in) % (int)(sizeof kinds / sizeof kinds[0]);
        bool boot = strcmp(kinds[kind].event, "boot") == 0;
        read_name(in, name);
        size_t length =
            event_line(line, &t, kinds[kind].event, boot ? NULL : name, kinds[kind].details);
        MUST(length <= sizeof line && line[length - 1] == '\n');
        check_line(line, length - 1, boot ? ".init" : name, kind);
        keep(known, &count, name, kind);
        str_add(&log, line, length);
    }
    if (log.length > 0)
        check_states(&log, known, count);
    str_release(&log);
}

static void any(const struct input *in)
{
    static const char stamp[] = "2023-11-14T22:13:20.123456789Z ";
    struct events ev = {.logdirs = &everything};
    struct entry entry;
    struct str line = STR_INIT;
    char *memory;
    str_add(&line, stamp, sizeof stamp - 1);
    str_add(&line, in->at, in->left);
    take(&ev, line.data, line.length, &entry, &memory);
    free(memory);
    str_release(&line);
    events_release(&ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    if ((input_byte(&in) & 1) != 0)
        any(&in);
    else
        written(&in);
    return 0;
}
