#include "command/overlog/mask_value.h"
#include "command/overlog/mask.h"
#include <ctype.h>
#include <string.h>

enum { LINE_MAX = 512, MASKED_LENGTH = sizeof MASKED - 1 };

/* Behind an unquoted value. */
static size_t end_plain(const struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t line = mask_line_end(p, i), end = i;
    if (n->quote != 0 && !n->quoted) {
        size_t close = mask_close_quote(p, i, n->quote);
        return close < line ? close : line;
    }
    if ((n->first && !n->option) || (n->colon && n->quote == 0)) {
        while (line > i && isspace((unsigned char)p->text[line - 1]))
            line--;
        return line;
    }
    for (; end < line && !isspace((unsigned char)p->text[end]); end++) {
        if (n->query && (strchr("&\"'<>", p->text[end]) != NULL ||
                         (line - end > 6 && memcmp(p->text + end, MASK_CODED_AND, 6) == 0)))
            break;
        if (p->text[end] == '\\' && end + 1 < line)
            end++;
        else if (n->quoted && strchr(",}]", p->text[end]) != NULL)
            break;
    }
    return end;
}

/* The lines of YAML below "name: |" that are further in. */
static size_t end_block(const struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t margin = n->key - mask_line_begin(p, n->key), end = mask_line_end(p, i);
    while (end < p->length) {
        size_t line = end + 1, in = mask_skip_blanks(p, line) - line, stop = end + 1;
        if (line >= p->length)
            break;
        stop = mask_line_end(p, line);
        if (in <= margin && stop > line)
            break;
        end = stop;
    }
    return end;
}

static bool begins_block(const struct mask_parts *p, size_t i)
{
    size_t end = mask_line_end(p, i);
    char c = mask_at(p, i);
    return (c == '|' || c == '>') && end - i <= 3 && end < p->length;
}

bool mask_is_variable(const char *word, size_t length)
{
    bool joined = false, digits = false;
    for (size_t i = 0; i < length; i++) {
        digits |= isdigit((unsigned char)word[i]) != 0;
        joined |= word[i] == '_';
        if (!isupper((unsigned char)word[i]) && !isdigit((unsigned char)word[i]) && word[i] != '_')
            return false;
    }
    return joined || !digits;
}

/* "TOKEN=x command": the last part, which has no quotes, may be more than the secret. A line that
 * is long is a text that begins with one. */
static void add_first_word(struct mask_parts *p, const struct mask_place *n, size_t begin,
                           size_t end)
{
    const char *blank = memchr(p->text + begin, ' ', end - begin);
    if (blank == NULL)
        return;
    if (end - begin > LINE_MAX)
        p->part[p->count - 1].from = end;
    mask_add_value(p, begin, (size_t)(blank - p->text), "value of", p->text + n->begin,
                   n->end - n->begin);
}

void mask_add_value_at(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t begin = i, end;
    char c = mask_at(p, i);
    if (c == '\\' && mask_is_quote(mask_at(p, i + 1))) {
        char mark[2] = {'\\', mask_at(p, i + 1)};
        size_t line = mask_line_end(p, i + 2);
        const char *close = memmem(p->text + i + 2, line - i - 2, mark, 2);
        begin = i + 2;
        end = close == NULL ? line : (size_t)(close - p->text);
    } else if (mask_is_quote(c) && (c != n->quote || n->quoted)) {
        begin = i + 1;
        end = mask_close_quote(p, begin, c);
    } else if (begins_block(p, i)) {
        begin = mask_line_end(p, i) + 1;
        end = end_block(p, n, i);
    } else {
        end = end_plain(p, n, i);
    }
    if (begin >= end || begin >= p->length)
        return;
    /* The bracket that closes MASKED may have ended it. */
    if (end - begin == MASKED_LENGTH - 1 && p->length - begin >= MASKED_LENGTH)
        end += memcmp(p->text + begin, MASKED, MASKED_LENGTH) == 0;
    if (mask_is_harmless(p->text + begin, end - begin))
        return;
    mask_add_value(p, begin, end, "value of", p->text + n->begin, n->end - n->begin);
    if (p->failed)
        return;
    /* "export A B" of a shell: B is a name, and stands elsewhere as such. */
    if (n->assigned && mask_is_variable(p->text + begin, end - begin))
        p->part[p->count - 1].from = end;
    if (begin == i)
        add_first_word(p, n, begin, end);
}
