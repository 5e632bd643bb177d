#include "logcat/fields.h"
#include "logcat/letters.h"
#include <stdlib.h>
#include <string.h>

enum {
    VHOST,
    ADDR,
    USER,
    TIME,
    REQUEST,
    METHOD,
    PATH,
    QUERY,
    PROTOCOL,
    STATUS,
    BYTES,
    REFERER,
    AGENT
};
const char *const fields_combined[FIELDS_COMBINED] = {
    [VHOST] = "vhost",       [ADDR] = "addr",     [USER] = "user",   [TIME] = "time",
    [REQUEST] = "request",   [METHOD] = "method", [PATH] = "path",   [QUERY] = "query",
    [PROTOCOL] = "protocol", [STATUS] = "status", [BYTES] = "bytes", [REFERER] = "referer",
    [AGENT] = "agent",
};

static bool is_name(char c)
{
    return is_digit(c) || is_letter(c) || c == '_' || c == '-' || c == '.' || c == '@' || c == '/';
}

/* Of pairs behind the first, which would make one of "ERROR:code=7". */
static bool is_later_name(char c)
{
    return is_name(c) || c == ':' || c == '$' || c == '\\';
}

static struct field_value value_of(const struct json_value *v)
{
    static const enum field_kind kinds[] = {[JSON_STRING] = FIELD_STRING,
                                            [JSON_NUMBER] = FIELD_NUMBER,
                                            [JSON_WORD] = FIELD_OTHER,
                                            [JSON_OBJECT] = FIELD_OTHER,
                                            [JSON_ARRAY] = FIELD_OTHER};
    return (struct field_value){v->text, v->length, kinds[v->kind]};
}

/* --- the combined log format --- */

static struct field_value text_of(const char *begin, const char *end)
{
    return (struct field_value){begin, (size_t)(end - begin), FIELD_TEXT};
}

static bool is_missing(const struct field_value *v)
{
    return v->length == 0 || (v->length == 1 && *v->text == '-');
}

/* Reads bytes up to a blank, and the blank. */
static bool bare(struct fields *f, struct field_value *v)
{
    const char *blank = memchr(f->at, ' ', (size_t)(f->end - f->at));
    const char *stop = blank ? blank : f->end;
    *v = text_of(f->at, stop);
    f->at = blank ? blank + 1 : f->end;
    return v->length > 0;
}

/* Reads what is between two quotes, and a blank behind them. */
static bool quoted(struct fields *f, struct field_value *v)
{
    if (f->at == f->end || *f->at != '"')
        return false;
    const char *begin = ++f->at;
    while (f->at < f->end && *f->at != '"')
        f->at += *f->at == '\\' && f->end - f->at > 1 ? 2 : 1;
    *v = text_of(begin, f->at);
    if (f->at == f->end)
        return false;
    f->at++;
    f->at += f->at < f->end && *f->at == ' ';
    return true;
}

static bool is_count(const struct field_value *v)
{
    for (size_t i = 0; i < v->length; i++)
        if (!is_digit(v->text[i]))
            return false;
    return v->length > 0;
}

/* A count is a number of JSON, but for zeros before it. */
static enum field_kind kind_of(const struct field_value *v)
{
    return is_count(v) && (*v->text != '0' || v->length == 1) ? FIELD_NUMBER : FIELD_TEXT;
}

/* Reads [29/Nov/2026:10:15:42 +0000] and a blank. */
static bool bracketed(struct fields *f, struct field_value *v)
{
    const char *stop = memchr(f->at, ']', (size_t)(f->end - f->at));
    if (!stop || *f->at != '[' || f->end - stop < 2 || stop[1] != ' ')
        return false;
    *v = text_of(f->at + 1, stop);
    f->at = stop + 2;
    return true;
}

/* "GET /api?id=7 HTTP/1.1" */
static void split_request(struct fields *f)
{
    struct field_value *request = &f->part[REQUEST];
    struct fields words = {.at = request->text, .end = request->text + request->length};
    struct field_value *path = &f->part[PATH];
    if (!bare(&words, &f->part[METHOD]) || !bare(&words, path)) {
        f->part[METHOD].length = path->length = 0;
        return;
    }
    f->part[PROTOCOL] = text_of(words.at, words.end);
    const char *mark = memchr(path->text, '?', path->length);
    if (mark) {
        f->part[QUERY] = text_of(mark + 1, path->text + path->length);
        path->length = (size_t)(mark - path->text);
    }
}

static bool combined(struct fields *f)
{
    struct field_value first[4];
    int count = 0;
    if (f->at == f->end || *f->at == '[')
        return false;
    memset(f->part, 0, sizeof f->part);
    while (count < 4 && f->at < f->end && *f->at != '[')
        if (!bare(f, &first[count++]))
            return false;
    if (count < 3 || f->at == f->end || !bracketed(f, &f->part[TIME]) ||
        !quoted(f, &f->part[REQUEST]) || !bare(f, &f->part[STATUS]) ||
        !is_count(&f->part[STATUS]) || !bare(f, &f->part[BYTES]))
        return false;
    if (count == 4)
        f->part[VHOST] = first[0];
    f->part[ADDR] = first[count - 3];
    f->part[USER] = first[count - 1];
    split_request(f);
    if (quoted(f, &f->part[REFERER]) && !quoted(f, &f->part[AGENT]))
        f->part[AGENT].length = 0;
    f->part[STATUS].kind = kind_of(&f->part[STATUS]);
    f->part[BYTES].kind = kind_of(&f->part[BYTES]);
    f->parts = FIELDS_COMBINED;
    return true;
}

static bool next_part(struct fields *f, struct field *field)
{
    while (f->next < f->parts) {
        int i = f->next++;
        if (is_missing(&f->part[i]))
            continue;
        const char *name = fields_combined[i];
        *field = (struct field){text_of(name, name + strlen(name)), f->part[i]};
        return true;
    }
    return false;
}

/* --- logfmt --- */

static bool next_pair(struct fields *f, struct field *field)
{
    while (f->at < f->end && (*f->at == ' ' || *f->at == '\t'))
        f->at++;
    const char *name = f->at;
    while (f->at < f->end && is_later_name(*f->at))
        f->at++;
    if (f->at == name || f->at == f->end || *f->at != '=')
        return false;
    *field = (struct field){.name = text_of(name, f->at++)};
    struct json_value string;
    struct json json = {.at = f->at, .end = f->end};
    if (f->at < f->end && *f->at == '"') {
        if (json_text(&json, &string)) {
            f->at = json.at;
            field->value = value_of(&string);
        } else {
            quoted(f, &field->value); /* to the line's end, if it is cut */
        }
        return true;
    }
    const char *begin = f->at;
    while (f->at < f->end && *f->at != ' ' && *f->at != '\t')
        f->at++;
    field->value = text_of(begin, f->at);
    return true;
}

bool fields_are_pairs(const char *message, size_t length)
{
    size_t n = 0;
    while (n < length && is_name(message[n]))
        n++;
    return n > 0 && n < length && message[n] == '=';
}

/* --- all --- */

bool fields_begin(struct fields *f, const char *message, size_t length)
{
    f->at = NULL;
    f->next = f->parts = 0;
    f->broken = false;
    if (json_begin(&f->json, message, length, '{'))
        return true;
    f->at = message;
    f->end = message + length;
    if (fields_are_pairs(message, length))
        return true;
    bool good = combined(f);
    f->at = NULL;
    return good;
}

bool fields_next(struct fields *f, struct field *field)
{
    struct json_value name, value;
    if (f->parts > 0)
        return next_part(f, field);
    if (f->at)
        return next_pair(f, field);
    int result = json_next(&f->json, &name, &value);
    f->broken |= result < 0;
    if (result != 1)
        return false;
    *field = (struct field){value_of(&name), value_of(&value)};
    return true;
}

static bool find_member(const char *object, size_t length, const char *path,
                        struct field_value *value)
{
    struct json_value name, member;
    struct json j;
    size_t path_length = strlen(path);
    if (!json_begin(&j, object, length, '{'))
        return false;
    while (json_next(&j, &name, &member) == 1) {
        if (json_is(&name, path, path_length)) {
            *value = value_of(&member);
            return true;
        }
        if (member.kind == JSON_OBJECT && name.length < path_length && path[name.length] == '.' &&
            json_is(&name, path, name.length) &&
            find_member(member.text, member.length, path + name.length + 1, value))
            return true;
    }
    return false;
}

bool fields_find(const char *message, size_t length, const char *name, struct field_value *value)
{
    struct fields f;
    struct field field;
    size_t name_length = strlen(name);
    if (!fields_begin(&f, message, length))
        return false;
    if (!f.at && f.parts == 0)
        return find_member(message, length, name, value);
    while (fields_next(&f, &field))
        if (field.name.length == name_length && memcmp(field.name.text, name, name_length) == 0) {
            *value = field.value;
            return true;
        }
    return false;
}

int field_add(const struct field_value *v, struct str *out)
{
    struct json_value string = {v->text, v->length, JSON_STRING};
    return v->kind == FIELD_STRING ? json_add(&string, out) : str_add(out, v->text, v->length);
}

bool field_number(const struct field_value *v, double *number)
{
    char copy[64], *end;
    if (v->length == 0 || v->length >= sizeof copy)
        return false;
    for (size_t i = 0; i < v->length; i++)
        if (!is_digit(v->text[i]) && (v->text[i] == '\0' || !strchr("+-.eE", v->text[i])))
            return false;
    memcpy(copy, v->text, v->length);
    copy[v->length] = '\0';
    *number = strtod(copy, &end);
    return *end == '\0';
}
