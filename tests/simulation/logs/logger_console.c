/* What the console shows of a service. By the description in docs/logger-contract.md; nothing of
 * the product is called. */
#include "tests/simulation/logs/logger_life.h"
#include <string.h>

enum { BEGINNING = 8 /* bytes of a line that tell it from others */ };

static bool wraps(void)
{
    return life.plan->console != NULL;
}

static bool is_json(void)
{
    return wraps() && strcmp(life.plan->console, "-j") == 0;
}

/* What a process of the logger says; on its console that would be in the way of the service. */
bool console_says(const char *text, size_t length)
{
    static const char name[] = "logger web: ";
    if (kernel.current == life.reader || memmem(text, length, name, sizeof name - 1) == NULL)
        return false;
    life_story("%.*s", (int)length - 1, text);
    life.said++;
    if (memmem(text, length, "logging to the console only", 27) != NULL)
        life.absent++;
    return true;
}

/* --- one line --------------------------------------------------------------------------------- */

static bool skip(const char **at, const char *end, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/* The message of an object; *partial: it does not end its line. The texts need no escapes. */
static bool take_object(const char **from, const char **end, int stream, bool *partial)
{
    static const char tail[] = "\",\"partial\":true}";
    enum { TIME = 30, TAIL = sizeof tail - 1 };
    const char *at = *from;
    if (!skip(&at, *end, "{\"time\":\"") || *end - at < TIME)
        return false;
    at += TIME;
    if (!skip(&at, *end, "\",\"service\":\"web\",\"stream\":\"") ||
        !skip(&at, *end, stream == 0 ? "stdout" : "stderr") ||
        !skip(&at, *end, "\",\"message\":\"") || *end - at < 2 || (*end)[-1] != '}')
        return false;
    *partial = *end - at >= TAIL && memcmp(*end - TAIL, tail, TAIL) == 0;
    *end -= *partial ? TAIL : 2;
    *from = at;
    return true;
}

/* A letter of which only the first byte was written is no text for an object. */
static void add_text(struct bytes *to, const char *text, size_t length)
{
    static const char bad[] = "\\ufffd";
    size_t last = length >= sizeof bad - 1 ? length - (sizeof bad - 1) : length;
    bool torn = is_json() && last < length && memcmp(text + last, bad, sizeof bad - 1) == 0;
    bytes_add(to, text, torn ? last : length);
    if (torn)
        bytes_add(to, "\xc3", 1);
}

/* Appends what the console shows of the service; where it is wrapped, lines with their ends if it
 * tells them. */
static void unwrap(int stream, struct bytes *to)
{
    const struct bytes *c = &life.console[stream]->data;
    if (!wraps()) {
        bytes_add(to, c->at, c->length);
        return;
    }
    const char *last = c->at + c->length;
    for (const char *at = c->at; at < last;) {
        const char *end = memchr(at, '\n', (size_t)(last - at)), *from = at;
        bool partial = false;
        bool good = end != NULL && (is_json() ? take_object(&from, &end, stream, &partial)
                                              : skip(&from, end, "[web] "));
        if (!good && life.kills + life.crashes > 0) { /* a kill may tear one */
            at = end == NULL ? last : end + 1;
            continue;
        }
        if (!good)
            life_fails("console", "it shows a line that is torn: %.60s", at);
        add_text(to, from, (size_t)(end - from));
        at = (const char *)memchr(end, '\n', (size_t)(last - end)) + 1;
        if (is_json() && !partial)
            bytes_add(to, "\n", 1);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Appends the bytes without line ends. */
static void squeeze(const char *bytes, size_t length, struct bytes *to)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != '\n' && bytes[i] != '\0')
            bytes_add(to, bytes + i, 1);
}

/* Appends what the service wrote, with a line end where an instance ended within a line: always, or
 * only if something follows. */
static void expect(int stream, bool always, struct bytes *to)
{
    const struct bytes *f = &life.fed[stream];
    size_t cut = 0;
    for (size_t i = 0; i <= f->length; i++) {
        if (cut < life.cuts[stream] && life.cut[stream][cut] == i) {
            cut++;
            if (always || i < f->length)
                bytes_add(to, "\n", 1);
        }
        if (i < f->length)
            bytes_add(to, is_json() && f->at[i] == '\0' ? "\n" : f->at + i, 1);
    }
}

/* Of a plain console: the lines, some of which messages may have torn. */
static bool agrees(const struct bytes *shown, const struct bytes *expected, unsigned int said)
{
    size_t at = 0;
    for (size_t i = 0; i < shown->length; i++) {
        if (at < expected->length && shown->at[i] == expected->at[at])
            at++;
        else if (shown->at[i] != '\n' || said-- == 0)
            return false;
    }
    return at == expected->length;
}

void console_check(void)
{
    for (int stream = 0; stream < STREAMS; stream++) {
        struct bytes shown = {.at = NULL}, expected = {.at = NULL}, bare = {.at = NULL};
        expect(stream, is_json(), &expected);
        unwrap(stream, &shown);
        if (wraps() && !is_json()) {
            squeeze(expected.at, expected.length, &bare);
            bytes_free(&expected);
            expected = bare;
        }
        if (!agrees(&shown, &expected, wraps() ? 0 : life.said))
            life_fails("console", "it shows %zu bytes of %zu of the service's %s, or others",
                       shown.length, expected.length, stream == 0 ? "stdout" : "stderr");
        bytes_free(&shown);
        bytes_free(&expected);
    }
}

bool console_has(int stream, const struct written *w)
{
    struct bytes all = {.at = NULL}, shown = {.at = NULL};
    unwrap(stream, &all);
    squeeze(all.at, all.length, &shown);
    /* of a begun line a kill may have a part shown again */
    size_t length = life.kills > 0 && w->pieces && w->length > BEGINNING ? BEGINNING : w->length;
    bool has = memmem(shown.at, shown.length, life.fed[stream].at + w->at, length) != NULL;
    bytes_free(&all);
    bytes_free(&shown);
    return has;
}
