#include "command/overlog/imageword.h"
#include "base/json.h"
#include <ctype.h>
#include <string.h>

enum { NESTED_MAX = 8 };

const char *image_skip(const char *p)
{
    return p + strspn(p, " \t\r");
}

/* --- variables -------------------------------------------------------------------------------- */

const char *image_value(const struct words *variables, const char *name, size_t length)
{
    for (size_t i = variables->count; i-- > 0;)
        if (strncmp(variables->item[i], name, length) == 0 &&
            strchr("=", variables->item[i][length]) != NULL)
            return variables->item[i][length] == '=' ? variables->item[i] + length + 1 : NULL;
    return NULL;
}

static bool expand(const char *text, size_t size, char escape, const struct words *variables,
                   struct str *out, int depth);

/* ${NAME}, ${NAME:-WORD} and ${NAME:+WORD}; inside is what stands between the braces. */
static bool expand_braces(const char *inside, size_t size, char escape,
                          const struct words *variables, struct str *out, int depth)
{
    size_t n = 0;
    while (n < size && (isalnum((unsigned char)inside[n]) || inside[n] == '_'))
        n++;
    const char *value = image_value(variables, inside, n);
    bool colon = n < size && inside[n] == ':';
    size_t at = n + colon;
    char kind = at < size ? inside[at] : '\0';
    if (n == 0 || (kind != '\0' && kind != '-' && kind != '+'))
        return false;
    bool is_set = value != NULL && (!colon || *value != '\0');
    if (kind == '+' && value == NULL)
        return false; /* the build may have one */
    if ((kind == '-' && !is_set) || (kind == '+' && is_set))
        return expand(inside + at + 1, size - at - 1, escape, variables, out, depth + 1);
    if (kind == '+')
        return true;
    return value != NULL && str_add_text(out, value) == 0;
}

/* The length of what stands before the brace that closes; size: none does. */
static size_t brace_length(const char *text, size_t size)
{
    int depth = 0;
    for (size_t i = 0; i < size; i++) {
        depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
        if (depth < 0)
            return i;
    }
    return size;
}

/* False: something in it is not known. */
static bool expand(const char *text, size_t size, char escape, const struct words *variables,
                   struct str *out, int depth)
{
    if (depth > NESTED_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        size_t n = 0;
        if (text[i] == escape && i + 1 < size) {
            if (str_add_char(out, text[++i]) < 0)
                return false;
        } else if (text[i] == '$' && i + 1 < size && text[i + 1] == '{') {
            n = brace_length(text + i + 2, size - i - 2);
            if (n == size - i - 2 || !expand_braces(text + i + 2, n, escape, variables, out, depth))
                return false;
            i += n + 2;
        } else if (text[i] == '$') {
            while (i + 1 + n < size &&
                   (isalnum((unsigned char)text[i + 1 + n]) || text[i + 1 + n] == '_'))
                n++;
            const char *value = n == 0 ? "$" : image_value(variables, text + i + 1, n);
            if (value == NULL || str_add_text(out, value) < 0)
                return false;
            i += n;
        } else if (text[i] != '"' && text[i] != '\'' && str_add_char(out, text[i]) < 0) {
            return false;
        }
    }
    return true;
}

char *image_expand(const char *text, size_t size, char escape, const struct words *variables)
{
    struct str out = STR_INIT;
    if (str_add_text(&out, "") == 0 && expand(text, size, escape, variables, &out, 0))
        return out.data;
    str_release(&out);
    return NULL;
}

size_t image_word(const char *p, char escape)
{
    char quote = '\0';
    size_t n = 0;
    for (; p[n] != '\0' && (quote != '\0' || strchr(" \t\r", p[n]) == NULL); n++) {
        if (p[n] == escape && p[n + 1] != '\0')
            n++;
        else if (quote == '\0' && (p[n] == '"' || p[n] == '\''))
            quote = p[n];
        else if (p[n] == quote)
            quote = '\0';
    }
    return n;
}

bool image_list(const char *text, struct words *out)
{
    struct json j;
    struct json_value name, value;
    struct str one = STR_INIT;
    int more = json_begin(&j, text, strlen(text), '[') ? 1 : -1;
    while (more == 1 && (more = json_next(&j, &name, &value)) == 1) {
        str_clear(&one);
        if (value.kind != JSON_STRING || str_add_text(&one, "") < 0 || json_add(&value, &one) < 0 ||
            strlen(one.data) != one.length || words_add(out, one.data) < 0)
            more = -1;
    }
    str_release(&one);
    return more == 0;
}
