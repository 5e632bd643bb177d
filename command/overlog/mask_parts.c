#include "command/overlog/mask_parts.h"
#include "base/str.h"
#include "command/overlog/mask.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { QUOTED_MAX = 8192, MASKED_LENGTH = sizeof MASKED - 1 };

struct mask_part *mask_add(struct mask_parts *p, size_t begin, size_t end, size_t from,
                           const char *kind)
{
    if (begin >= end)
        return NULL;
    if (LIST_ROOM(p->part, p->count, p->room) < 0) {
        p->failed = true;
        return NULL;
    }
    struct mask_part *part = &p->part[p->count++];
    *part = (struct mask_part){.begin = begin, .end = end, .from = from};
    snprintf(part->kind, sizeof part->kind, "%s", kind);
    return part;
}

struct mask_part *mask_add_value(struct mask_parts *p, size_t begin, size_t end, const char *what,
                                 const char *name, size_t length)
{
    char kind[MASK_KIND_MAX];
    snprintf(kind, sizeof kind, "%s %.*s", what, length > 48 ? 48 : (int)length, name);
    return mask_add(p, begin, end, begin, kind);
}

/* Of a position in the line that was asked for last, nothing is searched again. */
static const struct mask_line *line_of(const struct mask_parts *p, size_t at)
{
    struct mask_line *line = p->line;
    if (line->known && line->begin <= at && at <= line->end)
        return line;
    const char *begin = at == 0 ? NULL : memrchr(p->text, '\n', at);
    const char *end = memchr(p->text + at, '\n', p->length - at);
    *line = (struct mask_line){.begin = begin == NULL ? 0 : (size_t)(begin + 1 - p->text),
                               .end = end == NULL ? p->length : (size_t)(end - p->text),
                               .known = true};
    return line;
}

size_t mask_line_end(const struct mask_parts *p, size_t at)
{
    return line_of(p, at)->end;
}

size_t mask_line_begin(const struct mask_parts *p, size_t at)
{
    return line_of(p, at)->begin;
}

void mask_trim(const char **text, size_t *length)
{
    for (; *length > 0 && isspace((unsigned char)(*text)[0]); (*text)++)
        (*length)--;
    while (*length > 0 && isspace((unsigned char)(*text)[*length - 1]))
        (*length)--;
}

char mask_at(const struct mask_parts *p, size_t i)
{
    return i < p->length ? p->text[i] : '\0';
}

size_t mask_skip_blanks(const struct mask_parts *p, size_t i)
{
    size_t end = i;
    while (end - i < MASK_BLANKS_MAX && (mask_at(p, end) == ' ' || mask_at(p, end) == '\t'))
        end++;
    return end;
}

bool mask_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

size_t mask_close_quote(const struct mask_parts *p, size_t i, char quote)
{
    bool escapes = quote != '\'' || (i > 1 && p->text[i - 2] == '$'); /* $'it\'s' */
    for (size_t end = i; end < p->length && end - i < QUOTED_MAX; end++)
        if (p->text[end] == quote)
            return end;
        else if (p->text[end] == '\\' && escapes)
            end++;
    return mask_line_end(p, i);
}

size_t mask_look_back(const struct mask_parts *p, size_t i)
{
    size_t line = mask_line_begin(p, i);
    return i - line > MASK_LOOK_BACK ? i - MASK_LOOK_BACK : line;
}

bool mask_stands_before(const struct mask_parts *p, size_t i, const char *text)
{
    size_t begin = mask_look_back(p, i);
    return memmem(p->text + begin, i - begin, text, strlen(text)) != NULL;
}

bool mask_is_harmless(const char *value, size_t length)
{
    static const char *const words[] = {"yes", "no",   "true",      "false",  "null",
                                        "nil", "none", "undefined", "empty",  "0",
                                        "1",   "on",   "off",       "string", NULL};
    char word[16];
    while (length > 0 && strchr(",;)]}.", value[length - 1]) != NULL && value[0] != '$')
        length--;
    if (length == 0 || ((length == MASKED_LENGTH || length == MASKED_LENGTH - 1) &&
                        memcmp(value, MASKED, length) == 0))
        return true;
    if (value[0] == '$') {
        size_t begin = length > 2 && value[1] == '{' ? 2 : 1, end = begin;
        /* Without braces only in capitals: "$ecret" is none. */
        while (end < length && (isupper((unsigned char)value[end]) || value[end] == '_' ||
                                isdigit((unsigned char)value[end]) ||
                                (begin == 2 && islower((unsigned char)value[end]))))
            end++;
        end += begin == 2 && end < length && value[end] == '}';
        while (end < length && strchr(",;)]}\"'", value[end]) != NULL)
            end++;
        return end == length && end > begin && !isdigit((unsigned char)value[begin]);
    }
    if (length >= sizeof word)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)value[i]);
    word[length] = '\0';
    return is_among(word, words);
}
