/* Files that are nothing but secrets. */
#include "base/envfile.h"
#include "base/json.h"
#include "command/overlog/mask.h"
#include "command/overlog/mask_parts.h"
#include <string.h>

/* A value behind a sign, which may be quoted, and have a comma behind it. */
static int learn_value(struct mask *m, const char *text, size_t length)
{
    mask_trim(&text, &length);
    if (length > 0 && text[length - 1] == ',')
        length--;
    if (length > 1 && mask_is_quote(text[0]) && text[length - 1] == text[0]) {
        text++;
        length -= 2;
    }
    return mask_learn(m, text, length);
}

/* NAME=VALUE, NAME: VALUE, user:password, and - VALUE. */
static int learn_line(struct mask *m, const char *line, size_t length)
{
    const char *sign = memchr(line, '=', length), *colon = memchr(line, ':', length);
    const char *last = memrchr(line, ':', length), *end = line + length;
    int result = 0;
    if (length > 2 && line[0] == '-' && line[1] == ' ')
        result |= learn_value(m, line + 2, length - 2);
    if (sign != NULL)
        result |= learn_value(m, sign + 1, (size_t)(end - sign) - 1);
    /* A URL has nothing before its colon. */
    if (colon == NULL || (end - colon > 1 && colon[1] == '/'))
        return result;
    result |= learn_value(m, colon + 1, (size_t)(end - colon) - 1);
    return result | learn_value(m, last + 1, (size_t)(end - last) - 1);
}

static int learn_lines(struct mask *m, const char *text, size_t length)
{
    int result = 0;
    for (const char *at = text, *stop = text + length; at < stop && result == 0;) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        const char *line = at;
        size_t n = (size_t)((end == NULL ? stop : end) - at);
        at = end == NULL ? stop : end + 1;
        mask_trim(&line, &n);
        if (n > 0 && line[0] != '#')
            result = learn_line(m, line, n);
    }
    return result;
}

/* Values over several lines, and escapes, which no line shows. What is no such file has mistakes.
 */
static int learn_variables(struct mask *m, const char *text, size_t length)
{
    struct words list = WORDS_INIT;
    struct envfile_mistake mistake = {.text = ""};
    int result = envfile_parse(text, length, &list, &mistake) < 0 && mistake.text == NULL ? -1 : 0;
    for (size_t i = 0; i < list.count && result == 0; i++) {
        const char *value = strchr(list.item[i], '=');
        if (value != NULL)
            result = mask_learn(m, value + 1, strlen(value + 1));
    }
    words_release(&list);
    return result;
}

/* As it stands, and what it means. */
static int learn_member(struct mask *m, const struct json_value *v)
{
    struct str plain = STR_INIT;
    int result = json_add(v, &plain);
    if (result == 0)
        result = mask_learn(m, v->text, v->length);
    if (result == 0 && plain.length > 0)
        result = mask_learn(m, plain.data, plain.length);
    str_release(&plain);
    return result;
}

/* The members of an object or an array; json.h ends what is nested too deep. */
static int learn_json(struct mask *m, const char *text, size_t length, int depth)
{
    struct json j;
    struct json_value name, value;
    int result = 0;
    if (depth == 0 || (!json_begin(&j, text, length, '{') && !json_begin(&j, text, length, '[')))
        return 0;
    while (result == 0 && json_next(&j, &name, &value) > 0)
        if (value.kind == JSON_OBJECT || value.kind == JSON_ARRAY)
            result = learn_json(m, value.text, value.length, depth - 1);
        else
            result = learn_member(m, &value);
    return result;
}

int mask_learn_file(struct mask *m, const char *text, size_t length)
{
    enum { DEPTH = 8 };
    int result = mask_learn(m, text, length);
    if (length == 0 || memchr(text, '\0', length) != NULL)
        return result;
    result |= mask_learn_text(m, text, length);
    result |= learn_variables(m, text, length);
    result |= learn_lines(m, text, length);
    return result | learn_json(m, text, length, DEPTH);
}
