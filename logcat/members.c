#include "logcat/members.h"
#include "base/json_write.h"
#include "logcat/fields.h"
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

static int add_field(const struct field *field, struct str *text, struct str *out)
{
    str_clear(text);
    if (field_add(&field->name, text) < 0)
        return -1;
    if (is_taken(text))
        return 0;
    str_add_char(out, ',');
    json_write_string(out, text->data ? text->data : "", text->length, NULL);
    str_add_char(out, ':');
    if (field->value.kind == FIELD_NUMBER || field->value.kind == FIELD_OTHER)
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
            result = add_field(&field, &text, out);
    if (f.broken) {
        out->length = before;
        out->data[before] = '\0';
    }
    str_release(&text);
    return result;
}
