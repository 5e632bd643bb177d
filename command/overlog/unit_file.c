#include "command/overlog/unit_file.h"
#include "base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

static int add(struct unit_file *u, struct unit_setting s)
{
    bool added = false;
    if (u->count == UNIT_SETTINGS_MAX)
        errno = E2BIG;
    else if (s.section != NULL && s.key != NULL && s.value != NULL)
        added = LIST_ROOM(u->item, u->count, u->room) == 0;
    if (!added) {
        free(s.section);
        free(s.key);
        free(s.value);
        return -1;
    }
    u->item[u->count++] = s;
    return 0;
}

static char *piece(const char *text, size_t length)
{
    while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
        length--;
    while (length > 0 && strchr(BLANKS, *text) != NULL)
        text++, length--;
    return strndup(text, length);
}

static int add_mistake(struct unit_file *u, struct unit_setting s, const char *line,
                       enum unit_mistake mistake)
{
    s.mistake = mistake;
    s.section = strdup("");
    s.key = piece(line, strlen(line));
    s.value = strdup("");
    return add(u, s);
}

/* The whole of a line that may have been several. */
static int take_line(struct unit_file *u, const char *line, char **section,
                     const struct unit_setting *place)
{
    struct unit_setting s = *place;
    line += strspn(line, BLANKS);
    size_t length = strlen(line);
    while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL)
        length--;
    const char *sign = memchr(line, '=', length);
    if (length == 0)
        return 0;
    if (line[0] == '[') {
        bool good = line[length - 1] == ']' && length > 2;
        char *name = good ? strndup(line + 1, length - 2) : strdup("");
        if (name == NULL)
            return -1;
        free(*section);
        *section = name;
        return good ? 0 : add_mistake(u, s, line, UNIT_BAD_HEADER);
    }
    if (sign == NULL || *section == NULL || (*section)[0] == '\0')
        return add_mistake(u, s, line, sign == NULL ? UNIT_NO_SIGN : UNIT_NO_SECTION);
    s.section = strdup(*section);
    s.key = piece(line, (size_t)(sign - line));
    s.value = piece(sign + 1, (size_t)(line + length - sign - 1));
    return add(u, s);
}

/* Whether it ends with a backslash that no other one escapes. */
static bool goes_on(const char *line, size_t length)
{
    bool escaped = false;
    for (size_t i = 0; i < length; i++)
        escaped = !escaped && line[i] == '\\';
    return escaped;
}

int unit_parse(struct unit_file *u, const char *file, const char *text)
{
    struct unit_setting place = {.file = file};
    struct str joined = STR_INIT;
    char *section = NULL;
    int result = 0;
    unsigned int number = 0;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (*text != '\0' && result == 0) {
        size_t length = strcspn(text, "\n");
        const char *line = text, *first = text + strspn(text, " \t\r\v\f");
        text += length + (text[length] == '\n');
        number++;
        if (length > 0 && line[length - 1] == '\r')
            length--;
        if (*first == '#' || *first == ';')
            continue;
        if (joined.length == 0)
            place.line = number;
        bool more = goes_on(line, length);
        result = str_add(&joined, line, length - more);
        if (result == 0 && more)
            result = str_add_char(&joined, ' ');
        if (result == 0 && !more) {
            result = take_line(u, joined.data == NULL ? "" : joined.data, &section, &place);
            str_clear(&joined);
        }
    }
    if (result == 0 && joined.length > 0)
        result = take_line(u, joined.data, &section, &place);
    free(section);
    str_release(&joined);
    return result;
}

static bool is(const struct unit_setting *s, const char *section, const char *key)
{
    return s->mistake == UNIT_GOOD && strcmp(s->key, key) == 0 && strcmp(s->section, section) == 0;
}

const struct unit_setting *unit_find(const struct unit_file *u, const char *section,
                                     const char *key)
{
    for (size_t i = u->count; i-- > 0;)
        if (is(&u->item[i], section, key))
            return &u->item[i];
    return NULL;
}

const char *unit_get(const struct unit_file *u, const char *section, const char *key)
{
    const struct unit_setting *s = unit_find(u, section, key);
    return s == NULL ? "" : s->value;
}

const struct unit_setting *unit_next(const struct unit_file *u, const char *section,
                                     const char *key, size_t *at)
{
    for (size_t i = u->count; *at == 0 && i-- > 0;)
        if (is(&u->item[i], section, key) && u->item[i].value[0] == '\0')
            *at = i + 1;
    for (; *at < u->count; ++*at)
        if (is(&u->item[*at], section, key))
            return &u->item[(*at)++];
    return NULL;
}

void unit_file_release(struct unit_file *u)
{
    for (size_t i = 0; i < u->count; i++) {
        free(u->item[i].section);
        free(u->item[i].key);
        free(u->item[i].value);
    }
    free(u->item);
    *u = (struct unit_file){.count = 0};
}
