#include "logcat/pattern.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_special(char c)
{
    return c != '\0' && strchr("\\^$.[]|()*+?{}", c) != NULL;
}

/* --- the word ---
 *
 * Words are found only in expressions that every C library reads in the same way. Where POSIX
 * leaves a choice (a parenthesis too many, a quantifier that repeats nothing, an escaped letter),
 * there is no word, and the expression alone decides. */

enum element {
    ELEMENT_END,
    ELEMENT_PLAIN, /* an ASCII character that stands for itself */
    ELEMENT_ATOM,  /* another element that matches characters */
    ELEMENT_ANCHOR,
    ELEMENT_OPEN,
    ELEMENT_CLOSE,
    ELEMENT_BAR,
    ELEMENT_STRANGE
};

/* How often the element before a quantifier is matched. */
enum times { TIMES_ONE, TIMES_SOME, TIMES_ANY, TIMES_STRANGE };

struct scan {
    const char *at;
    unsigned char c; /* of ELEMENT_PLAIN */
    int depth;
    unsigned char run[PATTERN_WORD_MAX];
    size_t length;
};

/* Returns the end of a bracket expression; NULL: C libraries may read it differently. */
static const char *skip_bracket(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    if (*at == ']')
        at++;
    for (; *at != ']'; at++) {
        if (*at == '\0')
            return NULL;
        if (*at != '[' || at[1] == '\0' || strchr(":.=", at[1]) == NULL)
            continue;
        at += 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz");
        if (at[0] != ':' || at[1] != ']')
            return NULL;
        at++;
    }
    return at + 1;
}

static enum element escaped(struct scan *s)
{
    char c = *s->at;
    if (c == '\0')
        return ELEMENT_STRANGE;
    s->at++;
    s->c = (unsigned char)c;
    if (is_special(c))
        return ELEMENT_PLAIN;
    return strchr("wWsS", c) != NULL   ? ELEMENT_ATOM
           : strchr("bB<>", c) != NULL ? ELEMENT_ANCHOR
                                       : ELEMENT_STRANGE;
}

static enum element next_element(struct scan *s)
{
    const char *after;
    char c = *s->at;
    if (c == '\0')
        return ELEMENT_END;
    s->at++;
    s->c = (unsigned char)c;
    switch (c) {
    case '\\':
        return escaped(s);
    case '[':
        after = skip_bracket(s->at - 1);
        s->at = after == NULL ? s->at : after;
        return after == NULL ? ELEMENT_STRANGE : ELEMENT_ATOM;
    case '^':
    case '$':
        return ELEMENT_ANCHOR;
    case '(':
        return ELEMENT_OPEN;
    case ')':
        return ELEMENT_CLOSE;
    case '|':
        return ELEMENT_BAR;
    case '.':
        return ELEMENT_ATOM;
    case '*': /* nothing to repeat stands before it */
    case '+':
    case '?':
    case '{':
        return ELEMENT_STRANGE;
    default: /* a character of several bytes may be one to the library, or several */
        return s->c < 0x80 ? ELEMENT_PLAIN : ELEMENT_ATOM;
    }
}

/* Returns the closing brace of "{N}", "{N,}" or "{N,M}"; NULL: it is no interval. */
static const char *skip_interval(const char *at)
{
    static const char digits[] = "0123456789";
    size_t n = strspn(++at, digits);
    if (n == 0)
        return NULL;
    at += n;
    if (*at == ',')
        at += 1 + strspn(at + 1, digits);
    return *at == '}' ? at + 1 : NULL;
}

/* Reads all quantifiers in a row: one that allows zero times makes the element optional. */
static enum times next_times(struct scan *s)
{
    enum times times = TIMES_ONE;
    for (;; s->at++) {
        char c = *s->at;
        if (c == '+') {
            times = times == TIMES_ONE ? TIMES_SOME : times;
        } else if (c == '*' || c == '?') {
            times = TIMES_ANY;
        } else if (c == '{') {
            const char *after = skip_interval(s->at);
            if (after == NULL)
                return TIMES_STRANGE;
            times = TIMES_ANY;
            s->at = after - 1;
        } else {
            return times;
        }
    }
}

static void end_run(struct scan *s, struct pattern_word *w)
{
    if (s->length > w->length) {
        memcpy(w->text, s->run, s->length);
        w->length = s->length;
    }
    s->length = 0;
}

static void add_element(struct scan *s, enum element e, enum times times, struct pattern_word *w)
{
    bool plain = e == ELEMENT_PLAIN && s->depth == 0 && times != TIMES_ANY;
    if (plain && s->length == sizeof s->run)
        end_run(s, w);
    if (plain)
        s->run[s->length++] = s->c;
    if (!plain || times == TIMES_SOME)
        end_run(s, w);
    s->depth += e == ELEMENT_OPEN ? 1 : e == ELEMENT_CLOSE ? -1 : 0;
}

/* Finds the longest run of plain characters in an alternative that no group or repetition makes
 * optional. Returns the bar or end behind the alternative, or ELEMENT_STRANGE. */
static enum element find_word(struct scan *s, struct pattern_word *w)
{
    w->length = 0;
    for (;;) {
        enum element e = next_element(s);
        enum times times = next_times(s);
        bool can_repeat = e == ELEMENT_PLAIN || e == ELEMENT_ATOM || e == ELEMENT_CLOSE;
        if (times == TIMES_STRANGE || (times != TIMES_ONE && !can_repeat) ||
            (e == ELEMENT_CLOSE && s->depth == 0))
            return ELEMENT_STRANGE;
        if (e == ELEMENT_STRANGE || e == ELEMENT_END || (e == ELEMENT_BAR && s->depth == 0)) {
            end_run(s, w);
            return e;
        }
        add_element(s, e, times, w);
    }
}

/* Finds a word for each alternative; if one has none, the pattern has no words. */
static void find_words(struct pattern *p, const char *text)
{
    struct scan s = {.at = text};
    enum element end = ELEMENT_BAR;
    size_t count = 0;
    while (end == ELEMENT_BAR && count < PATTERN_WORDS) {
        end = find_word(&s, &p->word[count]);
        if (end == ELEMENT_STRANGE || p->word[count++].length == 0)
            return;
    }
    if (end == ELEMENT_END && s.depth == 0)
        p->count = count;
}

static void prepare_word(struct pattern_word *w, bool ignore_case)
{
    memset(w->skip, (int)w->length, sizeof w->skip);
    for (size_t i = 0; i < w->length; i++) {
        unsigned char c = ignore_case ? fold(w->text[i]) : w->text[i];
        w->text[i] = c;
        w->skip[c] = (unsigned char)(w->length - 1 - i);
        if (ignore_case && c >= 'a' && c <= 'z')
            w->skip[c ^ 0x20] = w->skip[c];
    }
}

static bool same(const struct pattern_word *w, bool ignore_case, const unsigned char *at)
{
    size_t i = 0;
    while (i < w->length && (ignore_case ? fold(at[i]) : at[i]) == w->text[i])
        i++;
    return i == w->length;
}

/* Returns the first occurrence of the word, or NULL. */
static const char *find(const struct pattern_word *w, bool ignore_case, const char *text,
                        size_t length)
{
    const unsigned char *at = (const unsigned char *)text + w->length - 1;
    const unsigned char *end = (const unsigned char *)text + length;
    while (at < end) {
        size_t skip = w->skip[*at];
        if (skip > 0) {
            at += skip;
        } else if (same(w, ignore_case, at - w->length + 1)) {
            return (const char *)(at - w->length + 1);
        } else {
            at++;
        }
    }
    return NULL;
}

bool pattern_may(const struct pattern *p, const char *text, size_t length)
{
    for (size_t i = 0; i < p->count; i++)
        if (find(&p->word[i], p->fold, text, length))
            return true;
    return p->count == 0;
}

/* --- the expression --- */

static bool is_beyond_ascii(const char *text)
{
    while (*text && !(*text & 0x80))
        text++;
    return *text != '\0';
}

/* The place of the first byte that is no UTF-8, from `at` on; length: there is none. */
static size_t first_broken(const char *text, size_t at, size_t length)
{
    while (at < length) {
        unsigned int point;
        size_t n = text[at] & 0x80 ? utf8_decode(text + at, length - at, &point) : 1;
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

/* A copy with a control character in the place of each byte that is no UTF-8, which the caller
 * frees. NULL: there is no such byte, or the locale knows bytes alone, or no memory. */
static char *mend(const char *text, size_t length)
{
    size_t at = MB_CUR_MAX > 1 ? first_broken(text, 0, length) : length;
    char *copy = at < length ? malloc(length + 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, length + 1);
    for (; at < length; at = first_broken(text, at + 1, length))
        copy[at] = 0x1a;
    return copy;
}

int pattern_open(struct pattern *p, const char *text, bool ignore_case, struct error *e)
{
    size_t length = strlen(text);
    p->count = 0;
    p->fold = ignore_case;
    p->literal = !strpbrk(text, "\\^$.[]|()*+?{}") && length > 0 && length < PATTERN_WORD_MAX &&
                 !(ignore_case && MB_CUR_MAX > 1 && is_beyond_ascii(text));
    if (p->literal) {
        memcpy(p->word[0].text, text, length);
        p->word[0].length = length;
        p->count = 1;
    } else {
        int code = regcomp(&p->regex, text, REG_EXTENDED | (ignore_case ? REG_ICASE : 0));
        if (code != 0) {
            char reason[128];
            regerror(code, &p->regex, reason, sizeof reason);
            return error_set(e, EXIT_USAGE, "invalid regular expression %s: %s", text, reason);
        }
        find_words(p, text);
    }
    for (size_t i = 0; i < p->count; i++)
        prepare_word(&p->word[i], ignore_case);
    return 0;
}

void pattern_close(struct pattern *p)
{
    if (!p->literal)
        regfree(&p->regex);
}

/* Which matches count. */
struct wanted {
    bool begun; /* the text is the rest of a line: `^` is before it */
    bool fills; /* not an empty one */
};

/* Searches a text up to its NUL. */
static bool search_part(const struct pattern *p, const char *text, struct wanted w,
                        struct pattern_place *place)
{
    regmatch_t match;
    size_t at = 0;
    while (regexec(&p->regex, text + at, place ? 1 : 0, &match,
                   w.begun || at > 0 ? REG_NOTBOL : 0) == 0) {
        if (!place)
            return true;
        *place = (struct pattern_place){at + (size_t)match.rm_so, at + (size_t)match.rm_eo};
        if (!w.fills || place->end > place->begin)
            return true;
        at = place->begin;
        if (text[at] == '\0')
            return false;
        do
            at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80); /* no character begins there */
    }
    return false;
}

/* Searches each part between NULs by itself, for regexec stops at a NUL. */
static bool search_parts(const struct pattern *p, const char *text, size_t length, struct wanted w,
                         struct pattern_place *place)
{
    for (size_t at = 0; at <= length; at += strlen(text + at) + 1) {
        w.begun |= at > 0;
        if (!search_part(p, text + at, w, place))
            continue;
        if (place)
            *place = (struct pattern_place){at + place->begin, at + place->end};
        return true;
    }
    return false;
}

static bool search(const struct pattern *p, const char *text, size_t length, struct wanted w,
                   struct pattern_place *place)
{
    char *mended = mend(text, length);
    bool found = search_parts(p, mended ? mended : text, length, w, place);
    free(mended);
    return found;
}

static bool find_wanted(const struct pattern *p, const char *text, size_t length, struct wanted w,
                        struct pattern_place *place)
{
    if (!p->literal)
        return pattern_may(p, text, length) && search(p, text, length, w, place);
    const char *word = find(&p->word[0], p->fold, text, length);
    if (word && place) {
        place->begin = (size_t)(word - text);
        place->end = place->begin + p->word[0].length;
    }
    return word != NULL;
}

bool pattern_find(const struct pattern *p, const char *text, size_t length,
                  struct pattern_place *place)
{
    const struct wanted any = {.begun = false};
    return find_wanted(p, text, length, any, place);
}

bool pattern_find_behind(const struct pattern *p, const char *text, size_t length, size_t from,
                         struct pattern_place *place)
{
    const struct wanted next = {.begun = from > 0, .fills = true};
    if (!find_wanted(p, text + from, length - from, next, place))
        return false;
    *place = (struct pattern_place){from + place->begin, from + place->end};
    return true;
}
