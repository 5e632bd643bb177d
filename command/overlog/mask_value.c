#include "command/overlog/mask_value.h"
#include "command/overlog/mask.h"
#include <ctype.h>
#include <string.h>

enum { LINE_MAX = 512, MASKED_LENGTH = sizeof MASKED - 1 };

/* A value, and the quote of a shell that is open where it begins; 0: none. */
struct span {
    size_t begin, end;
    char quote;
};

static bool is_masked(const struct mask_parts *p, size_t i)
{
    return p->length - i >= MASKED_LENGTH && memcmp(p->text + i, MASKED, MASKED_LENGTH) == 0;
}

/* Behind a value that stands in a quote with its name, and may go on behind that. */
static size_t end_outer(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t line = mask_line_end(p, i), close = mask_close_quote(p, i, n->quote), quote = n->begin;
    /* The word that was masked had its quote behind a piece of its own. */
    if (is_masked(p, i) && isspace((unsigned char)mask_at(p, i + MASKED_LENGTH)))
        return i + MASKED_LENGTH;
    if (close >= line)
        return line;
    if (close == i && !mask_is_quote(mask_at(p, close + 1)))
        return i; /* none: "token=" + x */
    while (quote > 0 && p->text[quote] != n->quote)
        quote--;
    size_t end = mask_word_end(p, quote, close + 1);
    return end - (p->text[end - 1] == n->quote);
}

/* Of a URL's query. */
static size_t end_query(const struct mask_parts *p, size_t i)
{
    size_t line = mask_line_end(p, i), end = i;
    for (; end < line && !isspace((unsigned char)p->text[end]); end++) {
        if (strchr("&\"'<>", p->text[end]) != NULL ||
            (line - end > 6 && memcmp(p->text + end, MASK_CODED_AND, 6) == 0))
            break;
        end += p->text[end] == '\\' && end + 1 < line;
    }
    return end;
}

/* A number of JSON, and its like. */
static size_t end_bare(const struct mask_parts *p, size_t i)
{
    size_t line = mask_line_end(p, i), end = i;
    for (; end < line && !isspace((unsigned char)p->text[end]); end++)
        if (p->text[end] == '\\' && end + 1 < line)
            end++;
        else if (strchr(",}]", p->text[end]) != NULL)
            break;
    return end;
}

/* Behind an unquoted value. */
static size_t end_plain(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t line = mask_line_end(p, i);
    if (n->quote != 0 && !n->quoted)
        return end_outer(p, n, i);
    if ((n->first && !n->option) || (n->colon && n->quote == 0)) {
        while (line > i && isspace((unsigned char)p->text[line - 1]))
            line--;
        return line;
    }
    return n->query ? end_query(p, i) : n->quoted ? end_bare(p, i) : mask_word_end(p, i, i);
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

/* Adds it, unless it is harmless. NULL: it was not added. */
static struct mask_part *add_span(struct mask_parts *p, const struct mask_place *n,
                                  const struct span *s)
{
    if (s->begin >= s->end || mask_is_harmless(p->text + s->begin, s->end - s->begin))
        return NULL;
    struct mask_part *part =
        mask_add_value(p, s->begin, s->end, "value of", p->text + n->begin, n->end - n->begin);
    if (part != NULL)
        part->quote = s->quote;
    return part;
}

/* "TOKEN=x command": the part, which begins without a quote, may be more than the secret. A line
 * that is long is a text that begins with one. */
static void add_first_word(struct mask_parts *p, const struct mask_place *n, struct mask_part *part)
{
    struct span s = {part->begin, mask_word_end(p, part->begin, part->begin), '\0'};
    if (s.end >= part->end)
        return;
    if (part->end - part->begin > LINE_MAX)
        part->from = part->end;
    add_span(p, n, &s);
}

/* Of a word of several pieces, the first one is added as well: what seems to go on may be another
 * text that begins right behind it. */
static struct span quoted_value(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    char c = p->text[i];
    struct span first = {i + 1, mask_close_quote(p, i + 1, c), c};
    size_t stop = first.end + 1;
    if (mask_at(p, first.end) == c)
        stop = mask_word_end(p, i, stop);
    if (stop == first.end + 1)
        return first;
    add_span(p, n, &first);
    if (p->text[stop - 1] == c)
        return (struct span){i + 1, stop - 1, c};
    size_t end = end_plain(p, n, i);
    return (struct span){i, end > stop ? end : stop, '\0'};
}

/* As it is written in a string of JSON: \"value\". */
static struct span escaped_value(const struct mask_parts *p, size_t i)
{
    char mark[2] = {'\\', mask_at(p, i + 1)};
    size_t line = mask_line_end(p, i + 2);
    const char *close = memmem(p->text + i + 2, line - i - 2, mark, 2);
    return (struct span){i + 2, close == NULL ? line : (size_t)(close - p->text), '\0'};
}

static struct span value_at(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    char c = mask_at(p, i);
    bool outer = n->quote != 0 && !n->quoted;
    if (c == '\\' && mask_is_quote(mask_at(p, i + 1)))
        return escaped_value(p, i);
    if (mask_is_quote(c) && (c != n->quote || n->quoted))
        return quoted_value(p, n, i);
    if (begins_block(p, i))
        return (struct span){mask_line_end(p, i) + 1, mask_block_end(p, n, i), '\0'};
    return (struct span){i, end_plain(p, n, i), outer ? n->quote : '\0'};
}

/* A list or an object, of which each member is learned. False: the value is none, or more. */
static bool add_list(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    char c = mask_at(p, i);
    if ((c != '[' && c != '{') || n->option || n->assigned || n->query || is_masked(p, i))
        return false;
    if (i < p->members_end)
        return true; /* one of another list's */
    size_t end = mask_list_end(p, n, i);
    bool members = mask_add_members(p, n, i, end), whole = end > i && end >= end_plain(p, n, i);
    if (members && whole)
        mask_add_whole(p, n, i, end);
    return whole;
}

void mask_add_value_at(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    if (add_list(p, n, i))
        return;
    struct span s = value_at(p, n, i);
    if (s.begin >= s.end || s.begin >= p->length)
        return;
    /* The bracket that closes MASKED may have ended it. */
    s.end += s.end - s.begin == MASKED_LENGTH - 1 && is_masked(p, s.begin);
    struct mask_part *part = add_span(p, n, &s);
    if (part == NULL)
        return;
    /* "export A B" of a shell: B is a name, and stands elsewhere as such. */
    if (n->assigned && mask_is_variable(p->text + s.begin, s.end - s.begin))
        part->from = s.end;
    if (s.begin == i)
        add_first_word(p, n, part);
}
