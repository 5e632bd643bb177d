/* Reads a JSON object or array where it stands, member by member, without memory of its own. Pure.
 * What is not JSON (RFC 8259) is refused, and so is what is nested more than 32 deep. Names and
 * values point into the text. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum json_kind { JSON_STRING, JSON_NUMBER, JSON_WORD, JSON_OBJECT, JSON_ARRAY };

struct json_value {
    const char *text; /* of a string: what is between its quotes, escapes as they are */
    size_t length;
    enum json_kind kind; /* JSON_WORD: true, false or null */
};

struct json {
    const char *at, *end;
    char close; /* what ends it: '}' or ']' */
    bool begun; /* a member was read */
};

/* Begins to read the text's object (open '{') or array ('['). False: the text begins with something
 * else. */
bool json_begin(struct json *j, const char *text, size_t length, char open);
/* Reads the next member, which in an array has no name: 1; 0: there are no more, and nothing is
 * behind it; -1: the text is not JSON. */
int json_next(struct json *j, struct json_value *name, struct json_value *value);

/* Reads a string that stands alone; j has the text in at and end. False: none is there. */
bool json_text(struct json *j, struct json_value *v);

/* Whether the name or string is that text. One that has an escape never is. */
bool json_is(const struct json_value *v, const char *text, size_t length);
/* Appends a string's content with its escapes resolved, as UTF-8; any other value as it stands. 0,
 * or -1: no memory. */
int json_add(const struct json_value *v, struct str *out);

#endif
