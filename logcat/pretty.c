#include "logcat/pretty.h"
#include "base/json.h"
#include "base/utf8.h"
#include <string.h>

enum { STEP = 4 };

struct layout {
    struct str *out;
    bool caret;
    int depth;
};

static void new_line(const struct layout *l)
{
    str_add_char(l->out, '\n');
    for (int i = 0; i < l->depth * STEP; i++)
        str_add_char(l->out, ' ');
}

static void add_text(const struct layout *l, const char *bytes, size_t length)
{
    if (l->caret)
        utf8_visible(bytes, length, l->out);
    else
        str_add(l->out, bytes, length);
}

/* A string of JSON without its quotes; its line breaks are ours. */
static void add_string(const struct layout *l, const struct json_value *v)
{
    struct str text = STR_INIT;
    if (json_add(v, &text) < 0)
        str_clear(&text);
    for (const char *at = text.data, *end = at + text.length; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        add_text(l, at, (size_t)((line != NULL ? line : end) - at));
        if (line != NULL)
            new_line(l);
        at = line != NULL ? line + 1 : end;
    }
    str_release(&text);
}

static void add_value(struct layout *l, const struct json_value *v)
{
    bool object = v->kind == JSON_OBJECT;
    struct json j;
    struct json_value name, value;
    l->depth++;
    if (v->kind == JSON_STRING) {
        add_string(l, v);
    } else if (object || v->kind == JSON_ARRAY) {
        json_begin(&j, v->text, v->length, object ? '{' : '[');
        while (json_next(&j, &name, &value) == 1) {
            new_line(l);
            if (object)
                add_string(l, &name);
            add_text(l, object ? ": " : "- ", 2);
            add_value(l, &value);
        }
        if (!j.begun)
            add_text(l, object ? "{}" : "[]", 2);
    } else {
        add_text(l, v->text, v->length);
    }
    l->depth--;
}

bool pretty_add(const char *message, size_t length, bool caret, struct str *out)
{
    struct layout l = {.out = out, .caret = caret};
    struct json j;
    struct json_value name, value;
    int more = json_begin(&j, message, length, '{') ? 1 : -1;
    while (more == 1)
        more = json_next(&j, &name, &value);
    if (more < 0)
        return false;
    add_value(&l, &(struct json_value){.text = message, .length = length, .kind = JSON_OBJECT});
    return true;
}
