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

static void keep_longer(struct pattern *p, const unsigned char *run, size_t length)
{
    if (length <= p->length)
        return;
    memcpy(p->word, run, length);
    p->length = length;
}

/* The longest run of plain characters that no alternative, group or repetition makes optional. */
static void find_word(struct pattern *p, const char *at)
{
    unsigned char run[PATTERN_WORD_MAX];
    size_t length = 0;
    int depth = 0;
    while (*at) {
        int c = next_element(&at);
        bool optional = *at == '*' || *at == '?' || *at == '{';
        if (c < OPEN && !optional && depth == 0 && length < sizeof run) {
            run[length++] = (unsigned char)c;
            if (*at != '+')
                continue;
        }
        keep_longer(p, run, length);
        length = 0;
        depth += c == OPEN ? 1 : c == CLOSE ? -1 : 0;
        if (c == BAR && depth == 0) {
            p->length = 0;
            return;
        }
    }
    keep_longer(p, run, length);
}

static void prepare_word(struct pattern *p)
{
    memset(p->skip, (int)p->length, sizeof p->skip);
    for (size_t i = 0; i < p->length; i++) {
        unsigned char c = p->fold ? fold(p->word[i]) : p->word[i];
        p->word[i] = c;
        p->skip[c] = (unsigned char)(p->length - 1 - i);
        if (p->fold && c >= 'a' && c <= 'z')
            p->skip[c ^ 0x20] = p->skip[c];
    }
}

static bool same(const struct pattern *p, const unsigned char *at)
{
    size_t i = 0;
    while (i < p->length && (p->fold ? fold(at[i]) : at[i]) == p->word[i])
        i++;
    return i == p->length;
}

/* Where the word stands, or NULL. */
static const unsigned char *find(const struct pattern *p, const unsigned char *text, size_t length)
{
    const unsigned char *at = text + p->length - 1, *end = text + length;
    while (at < end) {
        size_t skip = p->skip[*at];
        if (skip > 0) {
            at += skip;
        } else if (same(p, at - p->length + 1)) {
            return at - p->length + 1;
        } else {
            at++;
        }
    }
    return NULL;
}

/* --- the expression --- */

int pattern_open(struct pattern *p, const char *text, bool ignore_case, struct error *e)
{
    size_t length = strlen(text);
    p->length = 0;
    p->fold = ignore_case;
    p->literal = !strpbrk(text, "\\^$.[]|()*+?{}") && length > 0 && length < PATTERN_WORD_MAX;
    if (p->literal) {
        memcpy(p->word, text, length);
        p->length = length;
    } else {
        int code = regcomp(&p->regex, text, REG_EXTENDED | (ignore_case ? REG_ICASE : 0));
        if (code != 0) {
            char reason[128];
            regerror(code, &p->regex, reason, sizeof reason);
            return error_set(e, EXIT_USAGE, "invalid regular expression %s: %s", text, reason);
        }
        find_word(p, text);
    }
    prepare_word(p);
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
    const unsigned char *bytes = (const unsigned char *)text, *word = bytes;
    if (p->length > 0 && !(word = find(p, bytes, length)))
        return false;
    if (!p->literal)
        return search(p, text, length, place);
    if (place)
        *place = (struct pattern_place){(size_t)(word - bytes), (size_t)(word - bytes) + p->length};
    return true;
}
