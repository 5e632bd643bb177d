#include "logcat/shape.h"
#include "logcat/text_time.h"
#include <stdbool.h>
#include <string.h>

enum { WORD = 1, DIGIT = 2, HEX = 4, CAPITAL = 8, QUOTE = 16 };

/* What each byte is. */
static const unsigned char class_of[256] = {
    ['0' ... '9'] = WORD | DIGIT | HEX,
    ['a' ... 'f'] = WORD | HEX,
    ['g' ... 'z'] = WORD,
    ['A' ... 'F'] = WORD | HEX | CAPITAL,
    ['G' ... 'Z'] = WORD | CAPITAL,
    ['_'] = WORD,
    ['"'] = QUOTE,
    ['\''] = QUOTE,
};

/* A line being read. out has room for all that may be put. */
struct shape {
    const char *at, *end;
    struct str *out;
    bool json;          /* the line is a JSON object */
    const char *closes; /* the quote that ends the value which is being read */
};

static unsigned int class_at(const char *p)
{
    return class_of[(unsigned char)*p];
}

static void put_bytes(struct shape *s, const char *bytes, size_t length)
{
    memcpy(s->out->data + s->out->length, bytes, length);
    s->out->length += length;
}

static void place(struct shape *s, const char *holder)
{
    put_bytes(s, holder, strlen(holder));
}

/* --- words --- */

static bool is_uuid(const char *at, const char *end)
{
    if (end - at < 36)
        return false;
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? at[i] != '-' : !(class_at(at + i) & HEX))
            return false;
    }
    return end - at == 36 || !(class_at(at + 36) & WORD);
}

/* The place behind an IPv4 address; NULL: none is there. */
static const char *address(const char *at, const char *end)
{
    for (int i = 0; i < 4; i++) {
        const char *first = at;
        while (at < end && class_at(at) & DIGIT)
            at++;
        if (at == first || at - first > 3)
            return NULL;
        if (i < 3 && (at == end || *at++ != '.'))
            return NULL;
    }
    return at == end || !(class_at(at) & WORD) ? at : NULL;
}

/* Puts a word, with <n> for each run of digits. */
static void put_mixed(struct shape *s, const char *word, const char *end)
{
    while (word < end) {
        const char *first = word;
        while (word < end && !(class_at(word) & DIGIT))
            word++;
        put_bytes(s, first, (size_t)(word - first));
        if (word == end)
            return;
        while (word < end && class_at(word) & DIGIT)
            word++;
        place(s, "<n>");
    }
}

/* Puts the word that begins at s->at; all: the classes that each of its bytes has; digits: how many
 * of them are some, one at least. */
static void put_word(struct shape *s, const char *end, unsigned int all, unsigned int digits)
{
    const char *word = s->at;
    size_t length = (size_t)(end - word);
    s->at = end;
    if (all & DIGIT)
        place(s, "<n>");
    else if (all & HEX && length >= 8)
        place(s, "<hex>");
    else if (length > 2 && word[0] == '0' && word[1] == 'x')
        place(s, "<hex>");
    else if (length >= 16 && digits >= 3)
        place(s, "<id>");
    else
        put_mixed(s, word, end);
}

/* s->at is the first byte of a word. */
static void word(struct shape *s)
{
    const char *p = s->at, *behind;
    unsigned int all = WORD | DIGIT | HEX, digits = 0, first = class_at(p);
    if ((first & DIGIT || first & CAPITAL) && (behind = text_time(p, s->end)) &&
        (behind == s->end || !(class_at(behind) & WORD))) {
        place(s, "<time>");
        s->at = behind;
        return;
    }
    if (first & DIGIT && (behind = address(p, s->end))) {
        place(s, "<ip>");
        s->at = behind;
        return;
    }
    const char *end = s->end - p > SHAPE_MAX ? p + SHAPE_MAX : s->end;
    for (; p < end && class_at(p) & WORD; p++) {
        all &= class_at(p);
        digits += (class_at(p) & DIGIT) != 0;
    }
    if (first & HEX && p - s->at == 8 && is_uuid(s->at, s->end)) {
        place(s, "<id>");
        s->at += 36;
    } else if (digits > 0) {
        put_word(s, p, all, digits);
    } else {
        put_bytes(s, s->at, (size_t)(p - s->at));
        s->at = p;
    }
}

/* --- quotes --- */

/* The closing quote, or NULL. */
static const char *closing(const struct shape *s)
{
    const char *p = s->at + 1;
    while (p < s->end && *p != *s->at)
        p += *p == '\\' && s->end - p > 1 ? 2 : 1;
    return p < s->end ? p : NULL;
}

/* Whether what was put ends with the name of a message or level: then its value is no <text>. */
static bool is_told(const struct shape *s)
{
    static const char *const names[] = {
        "\"msg\":",   "\"message\":", "\"level\":", "\"severity\":", "\"error\":",
        "\"event\":", "msg=",         "message=",   "err="};
    const char *out = s->out->data;
    size_t length = s->out->length;
    while (length > 0 && out[length - 1] == ' ')
        length--;
    if (length == 0 || (out[length - 1] != ':' && out[length - 1] != '='))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (length >= n && memcmp(out + length - n, names[i], n) == 0)
            return true;
    }
    return false;
}

/* A single quote is one only at the beginning of a word: others are apostrophes. */
static bool is_quote(const struct shape *s, const char *begin)
{
    return *s->at == '"' || s->at == begin || !(class_at(s->at - 1) & WORD);
}

static void quoted(struct shape *s, const char *begin)
{
    bool opens = s->at != s->closes && is_quote(s, begin);
    const char *close = opens ? closing(s) : NULL;
    bool name =
        close && s->json && close - s->at < SHAPE_MAX && close + 1 < s->end && close[1] == ':';
    if (name) {
        put_bytes(s, s->at, (size_t)(close + 1 - s->at));
        s->at = close + 1;
    } else if (close && !is_told(s)) {
        put_bytes(s, s->at, 1);
        place(s, "<text>");
        put_bytes(s, close, 1);
        s->at = close + 1;
    } else {
        s->closes = close;
        put_bytes(s, s->at++, 1);
    }
}

/* --- lines --- */

int shape_of(const char *message, size_t length, struct str *out)
{
    struct shape s = {
        .at = message, .end = message + length, .out = out, .json = length > 0 && *message == '{'};
    str_clear(out);
    /* A step begins below SHAPE_MAX, and puts less than two more of them. */
    if (str_reserve(out, 4 * SHAPE_MAX) < 0)
        return -1;
    while (s.at < s.end && out->length < SHAPE_MAX) {
        unsigned int is = class_at(s.at);
        if (is & WORD) {
            word(&s);
        } else if (is & QUOTE) {
            quoted(&s, message);
        } else {
            put_bytes(&s, s.at++, 1);
        }
    }
    bool cut = s.at < message + length || out->length > SHAPE_MAX;
    if (out->length > SHAPE_MAX)
        out->length = SHAPE_MAX;
    return cut ? str_add(out, "...", 3) : str_add(out, "", 0);
}
