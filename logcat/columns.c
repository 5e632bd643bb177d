#include "logcat/columns.h"
#include "base/utf8.h"
#include "logcat/fields.h"
#include <stdlib.h>
#include <string.h>

enum { WIDTH_MOST = 60 };

static const char *const ours[] = {"ts", "service", "stream", "severity", "message", NULL};

int columns_parse(struct columns *c, const char *text, struct error *e)
{
    while (*text) {
        size_t length = strcspn(text, ",");
        char *name = strndup(text, length);
        if (!name || LIST_ROOM(c->column, c->count, c->room) < 0) {
            free(name);
            return error_system(e, "unable to take the columns");
        }
        c->column[c->count++] =
            (struct column){.name = name, .width = length, .ours = is_among(name, ours)};
        if (length == 0)
            break;
        text += length + (text[length] == ',');
    }
    for (size_t i = 0; i < c->count; i++)
        if (!*c->column[i].name)
            return error_set(e, EXIT_USAGE, "a column has no name");
    return c->count > 0 ? 0 : error_set(e, EXIT_USAGE, "a column has no name");
}

void columns_release(struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->column[i].name);
    free(c->column);
    str_release(&c->value);
    *c = (struct columns){.column = NULL};
}

bool columns_has(const struct columns *c, const struct entry *entry)
{
    struct field_value value;
    bool any = false, all_ours = true;
    for (size_t i = 0; i < c->count && !any; i++) {
        all_ours &= c->column[i].ours;
        any = (!c->column[i].ours || strcmp(c->column[i].name, "message") == 0) &&
              fields_find(entry->message, entry->length, c->column[i].name, &value);
    }
    return any || all_ours;
}

/* Makes c->value of what the line says, or of what we know. */
static void make_cell(struct columns *c, const char *name, struct render *r, const char *service,
                      const struct entry *entry)
{
    static const char *const streams[] = {"-", "out", "err"};
    struct field_value value;
    struct str *out = &c->value;
    str_clear(out);
    if (strcmp(name, "ts") == 0)
        render_time(r, &entry->time, out);
    else if (fields_find(entry->message, entry->length, name, &value))
        field_add(&value, out);
    else if (strcmp(name, "service") == 0)
        str_add_text(out, service);
    else if (strcmp(name, "stream") == 0)
        str_add_text(out, streams[entry->stream]);
    else if (strcmp(name, "severity") == 0)
        str_add_text(out, severity_name(entry->severity));
    else if (strcmp(name, "message") == 0)
        str_add(out, entry->message, entry->length);
    if (out->length == 0)
        str_add_char(out, '-');
}

/* Appends a cell, and blanks up to the width of the column and two more. */
static int put_cell(struct column *column, const char *text, size_t length, bool last,
                    struct str *out)
{
    size_t begin = out->length;
    if (utf8_visible(text, length, out) < 0)
        return -1;
    size_t width = utf8_width(out->data + begin, out->length - begin);
    if (width > column->width)
        column->width = width < WIDTH_MOST ? width : WIDTH_MOST;
    for (size_t i = width; !last && i < column->width + 2; i++)
        str_add_char(out, ' ');
    return last ? str_add_char(out, '\n') : 0;
}

int columns_row(struct columns *c, struct render *r, const char *service, const struct entry *entry,
                struct str *out)
{
    int result = 0;
    for (size_t i = 0; i < c->count && !c->headed; i++) {
        struct column *column = &c->column[i];
        if (strcmp(column->name, "ts") == 0) {
            make_cell(c, "ts", r, service, entry);
            column->width = c->value.length > 2 ? c->value.length : 2;
        }
        result |= put_cell(column, column->name, strlen(column->name), i + 1 == c->count, out);
    }
    c->headed = true;
    for (size_t i = 0; i < c->count; i++) {
        make_cell(c, c->column[i].name, r, service, entry);
        result |= put_cell(&c->column[i], c->value.data, c->value.length, i + 1 == c->count, out);
    }
    return result;
}
