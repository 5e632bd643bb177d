#include "logcat/where.h"
#include "logcat/fields.h"
#include <stdlib.h>
#include <string.h>

/* Longer ones first. */
static const struct {
    char text[3];
    enum where_operator is;
} operators[] = {
    {">=", WHERE_AT_LEAST}, {"<=", WHERE_AT_MOST}, {"!=", WHERE_UNEQUAL}, {"!~", WHERE_DIFFERS},
    {"==", WHERE_EQUAL},    {"=~", WHERE_MATCHES}, {"=", WHERE_EQUAL},    {">", WHERE_GREATER},
    {"<", WHERE_LESS},      {"~", WHERE_MATCHES},
};

/* The operator at that place; its length. 0: none. */
static size_t operator_at(const char *at, enum where_operator *is)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t n = strlen(operators[i].text);
        if (strncmp(at, operators[i].text, n) == 0) {
            *is = operators[i].is;
            return n;
        }
    }
    return 0;
}

/* Ends the text behind its last byte that is no blank. */
static void trim(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
}

int where_parse(struct where *w, const char *text, struct error *e)
{
    const char *name = text + strspn(text, " ");
    const char *end = name + strcspn(name, "<>=!~");
    *w = (struct where){.operator= WHERE_THERE, .name = strdup(name)};
    if (!w->name)
        return error_system(e, "unable to take the condition");
    size_t length = operator_at(end, &w->operator);
    w->value = w->name + (end - name) + length;
    w->value += strspn(w->value, " ");
    w->name[end - name] = '\0';
    trim(w->name);
    trim(w->name + (w->value - w->name));
    if (!*w->name || (*end && length == 0)) {
        where_release(w);
        return error_set(e, EXIT_USAGE, "not a condition, as status>=500 is one: %s", text);
    }
    struct field_value value = {w->value, strlen(w->value), FIELD_TEXT};
    w->numeric = field_number(&value, &w->number);
    if (w->operator<WHERE_MATCHES || pattern_open(&w->pattern, w->value, false, e) == 0)
        return 0;
    w->operator= WHERE_THERE;
    where_release(w);
    return -1;
}

void where_release(struct where *w)
{
    if (w->operator>= WHERE_MATCHES)
        pattern_close(&w->pattern);
    str_release(&w->text);
    free(w->name);
    *w = (struct where){.name = NULL};
}

/* *order: less than 0, 0 or more, as the field is less than the value, the same or greater. False:
 * no order may be asked for, it is a word that is compared with a number. */
static bool compare(struct where *w, const struct field_value *field, int *order)
{
    double number;
    if (w->numeric && field_number(field, &number)) {
        *order = number < w->number ? -1 : number > w->number;
        return true;
    }
    str_clear(&w->text);
    field_add(field, &w->text);
    size_t length = strlen(w->value), least = length < w->text.length ? length : w->text.length;
    *order = least > 0 ? memcmp(w->text.data, w->value, least) : 0;
    if (*order == 0)
        *order = (w->text.length > length) - (w->text.length < length);
    return !w->numeric;
}

static bool matches(struct where *w, const struct field_value *field)
{
    str_clear(&w->text);
    return field_add(field, &w->text) == 0 && str_reserve(&w->text, 1) == 0 &&
           pattern_find(&w->pattern, w->text.data, w->text.length, NULL);
}

bool where_holds(struct where *w, const char *message, size_t length)
{
    struct field_value field;
    int order = 0;
    if (!fields_find(message, length, w->name, &field))
        return false;
    bool ordered =
        w->operator<WHERE_MATCHES && w->operator!= WHERE_THERE && compare(w, &field, &order);
    switch (w->operator) {
    case WHERE_EQUAL:
        return order == 0;
    case WHERE_UNEQUAL:
        return order != 0;
    case WHERE_LESS:
        return ordered && order < 0;
    case WHERE_AT_MOST:
        return ordered && order <= 0;
    case WHERE_GREATER:
        return ordered && order > 0;
    case WHERE_AT_LEAST:
        return ordered && order >= 0;
    case WHERE_MATCHES:
        return matches(w, &field);
    case WHERE_DIFFERS:
        return !matches(w, &field);
    case WHERE_THERE:
        break;
    }
    return true;
}
