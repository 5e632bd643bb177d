#include "logcat/pretty.h"
#include "base/utf8.h"
#include <string.h>

enum { DEPTH_MOST = 32, STEP = 4 };

struct layout {
    const char *at, *end;
    struct str *out; /* NULL: only look whether it is JSON */
    bool caret;
    int depth;
};

static bool value(struct layout *l);

static void blanks(struct layout *l)
{
    while (l->at < l->end && strchr(" \t\r\n", *l->at) && *l->at)
        l->at++;
}

static bool skip(struct layout *l, char c)
{
    blanks(l);
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

static void new_line(struct layout *l)
{
    if (!l->out)
        return;
    str_add_char(l->out, '\n');
    for (int i = 0; i < l->depth * STEP; i++)
        str_add_char(l->out, ' ');
}

static void add_text(struct layout *l, const char *bytes, size_t length)
{
    if (!l->out)
        return;
    if (l->caret)
        utf8_visible(bytes, length, l->out);
    else
        str_add(l->out, bytes, length);
}

static int hex(const char *at)
{
    int number = 0;
    for (int i = 0; i < 4; i++) {
        int c = at[i] | 0x20;
        bool digit = at[i] >= '0' && at[i] <= '9';
        if (!digit && (c < 'a' || c > 'f'))
            return -1;
        number = number << 4 | (digit ? at[i] - '0' : c - 'a' + 10);
    }
    return number;
}

static void add_point(struct layout *l, int p)
{
    char u[4] = {(char)p};
    size_t n = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; n > 1 && i-- > 0; p >>= 6)
        u[i] = (char)(i > 0 ? 0x80 | (p & 0x3f) : lead[n] | p);
    add_text(l, u, n);
}

/* Reads \uXXXX from its first X on; two of them where the first is half of a surrogate pair. */
static bool code_point(struct layout *l)
{
    int high = l->end - l->at >= 4 ? hex(l->at) : -1;
    if (high < 0)
        return false;
    l->at += 4;
    if (high >= 0xd800 && high < 0xdc00 && l->end - l->at >= 6 && memcmp(l->at, "\\u", 2) == 0) {
        int low = hex(l->at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            l->at += 6;
            high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    add_point(l, high >= 0xd800 && high < 0xe000 ? 0xfffd : high);
    return true;
}

static bool escape(struct layout *l)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = l->at < l->end && *l->at ? strchr(from, *l->at) : NULL;
    if (l->at < l->end && *l->at == 'u') {
        l->at++;
        return code_point(l);
    }
    if (!found)
        return false;
    l->at++;
    if (*found == 'n')
        new_line(l);
    else
        add_text(l, &to[found - from], 1);
    return true;
}

/* Reads a string, and appends its content without the quotes. */
static bool string(struct layout *l)
{
    if (!skip(l, '"'))
        return false;
    for (;;) {
        const char *plain = l->at;
        while (l->at < l->end && *l->at != '"' && *l->at != '\\')
            l->at++;
        add_text(l, plain, (size_t)(l->at - plain));
        if (l->at == l->end)
            return false;
        if (*l->at++ == '"')
            return true;
        if (!escape(l))
            return false;
    }
}

static bool members(struct layout *l)
{
    if (skip(l, '}')) {
        add_text(l, "{}", 2);
        return true;
    }
    do {
        new_line(l);
        if (!string(l) || !skip(l, ':'))
            return false;
        add_text(l, ": ", 2);
        if (!value(l))
            return false;
    } while (skip(l, ','));
    return skip(l, '}');
}

static bool elements(struct layout *l)
{
    if (skip(l, ']')) {
        add_text(l, "[]", 2);
        return true;
    }
    do {
        new_line(l);
        add_text(l, "- ", 2);
        if (!value(l))
            return false;
    } while (skip(l, ','));
    return skip(l, ']');
}

static bool word(struct layout *l)
{
    const char *begin = l->at;
    while (l->at < l->end && *l->at && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *l->at))
        l->at++;
    size_t n = (size_t)(l->at - begin);
    bool number = n > 0 && (*begin == '-' || (*begin >= '0' && *begin <= '9'));
    add_text(l, begin, n);
    return number || (n == 4 && (memcmp(begin, "true", 4) == 0 || memcmp(begin, "null", 4) == 0)) ||
           (n == 5 && memcmp(begin, "false", 5) == 0);
}

static bool value(struct layout *l)
{
    blanks(l);
    char c = l->at < l->end ? *l->at : '\0';
    if (c != '{' && c != '[' && c != '"')
        return word(l);
    if (l->depth == DEPTH_MOST)
        return false;
    l->depth++;
    l->at += c != '"';
    bool good = c == '{' ? members(l) : c == '[' ? elements(l) : string(l);
    l->depth--;
    return good;
}

static bool object(struct layout *l)
{
    blanks(l);
    if (l->at == l->end || *l->at != '{' || !value(l))
        return false;
    blanks(l);
    return l->at == l->end;
}

bool pretty_add(const char *message, size_t length, bool caret, struct str *out)
{
    struct layout look = {.at = message, .end = message + length};
    struct layout layout = {.at = message, .end = message + length, .out = out, .caret = caret};
    return object(&look) && object(&layout);
}
