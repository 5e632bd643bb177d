/* Named values in a line: the members of a JSON object, NAME=VALUE pairs (logfmt), or the parts of
 * a line of the combined log format of nginx and apache. Pure; names and values point into the
 * line. */
#ifndef LOGCAT_FIELDS_H
#define LOGCAT_FIELDS_H

#include "base/json.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum field_kind {
    FIELD_TEXT,   /* as it stands */
    FIELD_STRING, /* with the escapes of JSON */
    FIELD_NUMBER, /* as JSON writes them */
    FIELD_OTHER   /* JSON's true, false, null, object or array, as it stands */
};

struct field_value {
    const char *text;
    size_t length;
    enum field_kind kind;
};

struct field {
    struct field_value name; /* FIELD_STRING or FIELD_TEXT */
    struct field_value value;
};

/* Of the combined log format; fields_combined has their names. */
enum { FIELDS_COMBINED = 13 };
extern const char *const fields_combined[FIELDS_COMBINED];

struct fields {
    struct json json;
    const char *at, *end; /* of logfmt; at NULL: it is another form */
    struct field_value part[FIELDS_COMBINED];
    int next, parts; /* of the combined log format; parts 0: it is another form */
    bool broken;     /* JSON that ends early, or worse */
};

/* Begins to read the line's fields. False: it has none. */
bool fields_begin(struct fields *f, const char *message, size_t length);
/* Whether these are NAME=VALUE pairs. */
bool fields_are_pairs(const char *message, size_t length);
/* Reads the next one. False: there are no more. */
bool fields_next(struct fields *f, struct field *field);

/* Finds the field of that name; "user.id" is the member with that name, or member id of member
 * user. False: there is none. */
bool fields_find(const char *message, size_t length, const char *name, struct field_value *value);

/* Appends the value as text, without quotes and escapes. 0, or -1: no memory. */
int field_add(const struct field_value *v, struct str *out);
/* Whether the value, or the text, is a number, which *number gets then. */
bool field_number(const struct field_value *v, double *number);

#endif
