#include "logger/pattern.h"
#include <string.h>

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_special(char c)
{
    return c != '\0' && strchr("\\^$.[]|()*+?{}", c) != NULL;
}

/* --- the word --- */

/* Past a bracket expression. */
static const char *skip_bracket(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    if (*at == ']')
        at++;
    while (*at && *at != ']') {
        char kind = at[1];
        if (*at == '[' && (kind == ':' || kind == '.' || kind == '=')) {
            const char close[] = {kind, ']', '\0'};
            const char *end = strstr(at + 2, close);
            at = end ? end + 2 : at + 1;
        } else {
            at++;
        }
    }
    return *at ? at + 1 : at;
}

enum { OPEN = 256, CLOSE, BAR, OTHER };

/* The element there, a character if it is a plain one; *at is then behind it. */
static int next_element(const char **at)
{
    const char *p = *at;
    *at = p[0] == '\\' && p[1] ? p + 2 : *p == '[' ? skip_bracket(p) : p + 1;
    if (*p == '{')
        *at += strcspn(*at, "}");
    if (*p == '\\')
        return is_special(p[1]) ? (unsigned char)p[1] : OTHER;
    if (!is_special(*p))
        return (unsigned char)*p;
    return *p == '(' ? OPEN : *p == ')' ? CLOSE : *p == '|' ? BAR : OTHER;
}

static void keep_longer(struct pattern_word *w, const unsigned char *run, size_t length)
{
    if (length <= w->length)
        return;
    memcpy(w->text, run, length);
    w->length = length;
}

/* The longest run of plain characters in an alternative that no group or repetition makes optional;
 * *at is then behind the alternative. */
static void find_word(struct pattern_word *w, const char **at)
{
    unsigned char run[PATTERN_WORD_MAX];
    size_t length = 0;
    int depth = 0;
    w->length = 0;
    while (**at) {
        int c = next_element(at);
        bool optional = **at == '*' || **at == '?' || **at == '{';
        if (c < OPEN && !optional && depth == 0 && length < sizeof run) {
            run[length++] = (unsigned char)c;
            if (**at != '+')
                continue;
        }
        keep_longer(w, run, length);
        length = 0;
        depth += c == OPEN ? 1 : c == CLOSE ? -1 : 0;
        if (c == BAR && depth == 0)
            break;
    }
    keep_longer(w, run, length);
}

static void find_words(struct pattern *p, const char *text)
{
    const char *at = text;
    do {
        bool room = p->count < PATTERN_WORDS;
        if (room)
            find_word(&p->word[p->count], &at);
        if (!room || p->word[p->count++].length == 0) {
            p->count = 0;
            return;
        }
    } while (*at);
    if (at > text && at[-1] == '|') /* the last alternative is empty, or a character after all */
        p->count = 0;
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

/* Where the word stands, or NULL. */
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

int pattern_open(struct pattern *p, const char *text, bool ignore_case, struct error *e)
{
    size_t length = strlen(text);
    p->count = 0;
    p->fold = ignore_case;
    p->literal = !strpbrk(text, "\\^$.[]|()*+?{}") && length > 0 && length < PATTERN_WORD_MAX;
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

/* A NUL ends what the expression can see: each part between two is looked at by itself. */
static bool search(const struct pattern *p, const char *text, size_t length,
                   struct pattern_place *place)
{
    regmatch_t match;
    for (size_t at = 0; at <= length; at += strlen(text + at) + 1) {
        if (regexec(&p->regex, text + at, place ? 1 : 0, &match, at > 0 ? REG_NOTBOL : 0) != 0)
            continue;
        if (place)
            *place = (struct pattern_place){at + (size_t)match.rm_so, at + (size_t)match.rm_eo};
        return true;
    }
    return false;
}

bool pattern_find(const struct pattern *p, const char *text, size_t length,
                  struct pattern_place *place)
{
    if (!p->literal)
        return pattern_may(p, text, length) && search(p, text, length, place);
    const char *word = find(&p->word[0], p->fold, text, length);
    if (word && place) {
        place->begin = (size_t)(word - text);
        place->end = place->begin + p->word[0].length;
    }
    return word != NULL;
}
