#include "logcat/members.h"
#include "logcat/fields.h"
#include "logcat/json_write.h"
#include <string.h>

static bool is_taken(const struct str *name)
{
    static const char *const ours[] = {"time",   "service",   "stream",  "message",
                                       "base64", "truncated", "severity"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strlen(ours[i]) == name->length && memcmp(ours[i], name->data, name->length) == 0)
            return true;
    return false;
}

/* Whether a part of the combined log format is a number there. */
static bool is_count(const struct fields *f, const struct field *field)
{
    const struct field_value *v = &field->value;
    if (f->parts == 0 || !strchr("sb", *field->name.text) || (*v->text == '0' && v->length > 1))
        return false;
    for (size_t i = 0; i < v->length; i++)
        if (v->text[i] < '0' || v->text[i] > '9')
            return false;
    return true;
}

static int add_field(const struct fields *f, const struct field *field, struct str *text,
                     struct str *out)
{
    str_clear(text);
    if (field_add(&field->name, text) < 0)
        return -1;
    if (is_taken(text))
        return 0;
    str_add_char(out, ',');
    json_write_string(out, text->data ? text->data : "", text->length, NULL);
    str_add_char(out, ':');
    enum field_kind kind = is_count(f, field) ? FIELD_NUMBER : field->value.kind;
    if (kind == FIELD_NUMBER || kind == FIELD_OTHER)
        return json_write_raw(out, field->value.text, field->value.length);
    str_clear(text);
    field_add(&field->value, text);
    return json_write_string(out, text->data ? text->data : "", text->length, NULL);
}

int members_add(const struct entry *entry, struct str *out)
{
    struct fields f;
    struct field field;
    struct str text = STR_INIT;
    int result = 0;
    if (entry->severity != SEVERITY_UNKNOWN)
        result = str_printf(out, ",\"severity\":\"%s\"", severity_name(entry->severity));
    size_t before = out->length;
    if (fields_begin(&f, entry->message, entry->length))
        while (result == 0 && fields_next(&f, &field))
            result = add_field(&f, &field, &text, out);
    if (f.broken) {
        out->length = before;
        out->data[before] = '\0';
    }
    str_release(&text);
    return result;
}
