/* Fields of lines. Up to the first newline a condition of --where, then lines. No byte beyond a
 * line is read; every field that is listed is found by its name; the members made of them are JSON,
 * which gives the same fields again. */
#include "logcat/fields.h"
#include "base/json.h"
#include "logcat/members.h"
#include "logcat/where.h"
#include "tests/fuzz/fuzz.h"

enum { CONDITION_MAX = 40, LINES_MAX = 32 };

/* A regular expression of the input may take the C library for ever: fuzz/pattern.c is for them. */
static bool is_expression(const char *condition)
{
    return strchr(condition, '~') != NULL;
}

static void find_each(const char *line, size_t length)
{
    struct fields f;
    struct field field;
    struct field_value value;
    struct str text = STR_INIT;
    double number;
    if (!fields_begin(&f, line, length))
        return;
    while (fields_next(&f, &field)) {
        MUST(field.value.text >= line && field.value.text + field.value.length <= line + length);
        MUST(field_add(&field.value, &text) == 0);
        field_number(&field.value, &number);
        const struct field_value *n = &field.name;
        char *name = calloc(1, n->length + 1);
        MUST(name != NULL);
        memcpy(name, n->text, n->length);
        bool escaped = n->kind == FIELD_STRING && memchr(name, '\\', n->length) != NULL;
        if (!escaped && memchr(name, '\0', n->length) == NULL)
            MUST(fields_find(line, length, name, &value));
        free(name);
    }
    str_release(&text);
}

static void make_members(char *line, size_t length)
{
    struct entry e = {.message = line, .length = length};
    struct str out = STR_INIT;
    struct json_value name, value;
    struct json j;
    int result;
    MUST(str_add_text(&out, "{\"time\":0") == 0);
    MUST(members_add(&e, &out) == 0);
    MUST(str_add_char(&out, '}') == 0);
    MUST(json_begin(&j, out.data, out.length, '{'));
    while ((result = json_next(&j, &name, &value)) == 1)
        continue;
    MUST(result == 0);
    str_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = memchr(data, '\n', size), *end = data + size;
    struct where w;
    struct error e = ERROR_INIT;
    char condition[CONDITION_MAX + 1] = {0};
    if (newline == NULL || newline - data > CONDITION_MAX)
        return 0;
    memcpy(condition, data, (size_t)(newline - data));
    bool good = !is_expression(condition) && where_parse(&w, condition, &e) == 0;
    for (int lines = 0; newline < end && lines < LINES_MAX; lines++) {
        const uint8_t *at = newline + 1;
        const uint8_t *next = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        newline = next == NULL ? end : next;
        size_t length = at < newline ? (size_t)(newline - at) : 0;
        char *line = input_copy(at, length);
        if (good)
            where_holds(&w, line, length);
        find_each(line, length);
        make_members(line, length);
        free(line);
    }
    if (good)
        where_release(&w);
    return 0;
}
