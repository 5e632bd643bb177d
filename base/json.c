#include "base/json.h"
#include <string.h>

enum { DEPTH_MOST = 32 };

static void blanks(struct json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' || *j->at == '\n'))
        j->at++;
}

static bool skip(struct json *j, char c)
{
    blanks(j);
    if (j->at == j->end || *j->at != c)
        return false;
    j->at++;
    return true;
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

/* j->at is behind a backslash. */
static bool escape(struct json *j)
{
    if (j->at == j->end)
        return false;
    char c = *j->at++;
    if (c != 'u')
        return c != '\0' && strchr("\"\\/bfnrt", c);
    if (j->end - j->at < 4 || hex(j->at) < 0)
        return false;
    j->at += 4;
    return true;
}

static bool string(struct json *j, struct json_value *v)
{
    if (!skip(j, '"'))
        return false;
    *v = (struct json_value){.text = j->at, .kind = JSON_STRING};
    while (j->at < j->end) {
        unsigned char c = (unsigned char)*j->at++;
        if (c == '"') {
            v->length = (size_t)(j->at - 1 - v->text);
            return true;
        }
        if (c < 0x20 || (c == '\\' && !escape(j)))
            return false;
    }
    return false;
}

static bool digits(struct json *j)
{
    const char *begin = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
        j->at++;
    return j->at > begin;
}

static bool number(struct json *j)
{
    j->at += j->at < j->end && *j->at == '-';
    const char *first = j->at;
    if (!digits(j) || (*first == '0' && j->at - first > 1))
        return false;
    if (j->at < j->end && *j->at == '.') {
        j->at++;
        if (!digits(j))
            return false;
    }
    if (j->at == j->end || (*j->at | 0x20) != 'e')
        return true;
    j->at++;
    j->at += j->at < j->end && (*j->at == '+' || *j->at == '-');
    return digits(j);
}

static bool word(struct json *j)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(j->end - j->at) >= n && memcmp(j->at, words[i], n) == 0) {
            j->at += n;
            return true;
        }
    }
    return false;
}

/* Passes over what an object or array holds, with one look at each of its tokens and no recursion:
 * is_object has, for each level, whether it is an object. */
static bool nested(struct json *j)
{
    bool is_object[DEPTH_MOST];
    struct json_value v;
    int depth = 0;
    bool value = true; /* one is expected next */
    do {
        blanks(j);
        char c = j->at < j->end ? *j->at : '\0';
        if (value && (c == '{' || c == '[')) {
            if (depth == DEPTH_MOST)
                return false;
            j->at++;
            is_object[depth++] = c == '{';
            value = !skip(j, c == '{' ? '}' : ']');
            depth -= !value;
        } else if (value) {
            if (!(c == '"'                             ? string(j, &v)
                  : c == '-' || (c >= '0' && c <= '9') ? number(j)
                                                       : word(j)))
                return false;
            value = false;
        } else if (skip(j, ',')) {
            value = true;
        } else if (skip(j, is_object[depth - 1] ? '}' : ']')) {
            depth--;
        } else {
            return false;
        }
        if (value && depth > 0 && is_object[depth - 1] && (!string(j, &v) || !skip(j, ':')))
            return false;
    } while (depth > 0);
    return true;
}

static bool any_value(struct json *j, struct json_value *v)
{
    blanks(j);
    char c = j->at < j->end ? *j->at : '\0';
    if (c == '"')
        return string(j, v);
    *v = (struct json_value){.text = j->at};
    v->kind = c == '{' ? JSON_OBJECT : c == '[' ? JSON_ARRAY : JSON_NUMBER;
    bool good = false;
    if (c == '{' || c == '[') {
        good = nested(j);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        good = number(j);
    } else {
        v->kind = JSON_WORD;
        good = word(j);
    }
    v->length = (size_t)(j->at - v->text);
    return good;
}

bool json_begin(struct json *j, const char *text, size_t length, char open)
{
    *j = (struct json){text, text + length, open == '{' ? '}' : ']', false};
    return skip(j, open);
}

bool json_text(struct json *j, struct json_value *v)
{
    return string(j, v);
}

int json_next(struct json *j, struct json_value *name, struct json_value *value)
{
    if (skip(j, j->close)) {
        blanks(j);
        return j->at == j->end ? 0 : -1;
    }
    if (j->begun && !skip(j, ','))
        return -1;
    j->begun = true;
    bool named = j->close == ']' || (string(j, name) && skip(j, ':'));
    return named && any_value(j, value) ? 1 : -1;
}

bool json_is(const struct json_value *v, const char *text, size_t length)
{
    return v->length == length && memcmp(v->text, text, length) == 0 && !memchr(text, '\\', length);
}

static int add_point(struct str *out, int p)
{
    char u[4] = {(char)p};
    size_t n = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; n > 1 && i-- > 0; p >>= 6)
        u[i] = (char)(i > 0 ? 0x80 | (p & 0x3f) : lead[n] | p);
    return str_add(out, u, n);
}

/* at is behind "\u"; the text was read once, so that four digits are there. Returns the place
 * behind. */
static const char *unescape(const char *at, const char *end, struct str *out)
{
    int high = hex(at);
    at += 4;
    if (high >= 0xd800 && high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        int low = hex(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
    }
    add_point(out, high >= 0xd800 && high < 0xe000 ? 0xfffd : high);
    return at;
}

int json_add(const struct json_value *v, struct str *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = v->text, *end = at + v->length, *slash;
    if (v->kind != JSON_STRING)
        return str_add(out, at, v->length);
    while ((slash = memchr(at, '\\', (size_t)(end - at)))) {
        if (str_add(out, at, (size_t)(slash - at)) < 0)
            return -1;
        at = slash + 2;
        if (slash[1] == 'u')
            at = unescape(at, end, out);
        else
            str_add_char(out, to[strchr(from, slash[1]) - from]);
    }
    return str_add(out, at, (size_t)(end - at));
}
