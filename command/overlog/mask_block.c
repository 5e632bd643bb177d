/* Values that are lists, objects and blocks of JSON and YAML. */
#include "command/overlog/mask_value.h"
#include <ctype.h>
#include <string.h>

/* --- members ---------------------------------------------------------------------------------- */

/* Whether a string begins at i. An apostrophe in a word begins none, and an escaped quote is one of
 * a text in a string. */
static bool begins_string(const struct mask_parts *p, size_t i)
{
    char c = p->text[i], before = i > 0 ? p->text[i - 1] : '\n';
    return (c == '"' && before != '\\') || (c == '\'' && strchr(" \t\n[{,:", before) != NULL);
}

/* The last character of the string that begins at i, or i if none does; end: it is cut off. */
static size_t string_end(const struct mask_parts *p, size_t i, size_t end)
{
    if (!begins_string(p, i))
        return i;
    size_t close = mask_close_quote(p, i + 1, p->text[i]);
    return close < end && p->text[close] == p->text[i] ? close : end;
}

/* Behind "name:" at i; i: there is none. */
static size_t skip_name(const struct mask_parts *p, size_t i, size_t end)
{
    size_t close = string_end(p, i, end), colon = mask_skip_blanks(p, close + 1);
    if (close == i) {
        const char *found = memchr(p->text + i, ':', end - i);
        colon = found == NULL ? end : (size_t)(found - p->text);
    }
    char next = mask_at(p, colon + 1);
    bool ends = colon + 1 >= end || isspace((unsigned char)next) || strchr("\"'\\", next) != NULL;
    return colon < end && p->text[colon] == ':' && ends ? colon + 1 : i;
}

/* Adds the value of "- value", "name: value" or "value". False: it is harmless. */
static bool add_member(struct mask_parts *p, const struct mask_place *n, size_t begin, size_t end)
{
    char quote = '\0';
    for (size_t before = end; before != begin;) {
        before = begin;
        while (begin < end && isspace((unsigned char)p->text[begin]))
            begin++;
        begin += end - begin > 1 && p->text[begin] == '-' && p->text[begin + 1] == ' ';
        begin = begin < end ? skip_name(p, begin, end) : end;
    }
    while (end > begin && isspace((unsigned char)p->text[end - 1]))
        end--;
    if (end - begin > 1 && p->text[begin] == '\\' && mask_is_quote(p->text[begin + 1])) {
        begin += 2;
        end -= end - begin > 1 && p->text[end - 2] == '\\' ? 2 : 0;
    } else if (begin < end && begins_string(p, begin)) {
        end = string_end(p, begin, end);
        quote = p->text[begin++];
    }
    if (begin >= end || mask_is_harmless(p->text + begin, end - begin))
        return false;
    struct mask_part *part =
        mask_add_value(p, begin, end, "value of", p->text + n->begin, n->end - n->begin);
    if (part != NULL)
        part->quote = quote;
    return true;
}

void mask_add_whole(struct mask_parts *p, const struct mask_place *n, size_t begin, size_t end)
{
    struct mask_part *part =
        mask_add_value(p, begin, end, "values of", p->text + n->begin, n->end - n->begin);
    if (part != NULL)
        part->from = end;
}

bool mask_add_members(struct mask_parts *p, const struct mask_place *n, size_t begin, size_t end)
{
    bool added = false;
    p->members_end = end;
    for (size_t i = begin, member = begin; i <= end; i++) {
        i = i < end ? string_end(p, i, end) : end;
        if (i >= end || strchr(",[]{}\n", p->text[i]) != NULL) {
            added |= add_member(p, n, member, i);
            member = i + 1;
        }
    }
    return added;
}

size_t mask_list_end(const struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t limit = p->length - i < MASK_BLOCK_MAX ? p->length : i + MASK_BLOCK_MAX, depth = 0;
    for (size_t at = i; at < limit; at++) {
        at = string_end(p, at, limit);
        char c = at < limit ? p->text[at] : '\0';
        depth += c == '[' || c == '{';
        if ((c == ']' || c == '}') && --depth == 0)
            return at + 1;
    }
    return !n->quoted ? i : limit == p->length ? limit : mask_line_end(p, i);
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* Whether nothing is before the name on its line but "- " and a quote. */
static bool leads_line(const struct mask_parts *p, const struct mask_place *n)
{
    size_t i = mask_line_begin(p, n->key);
    while (i < n->key && p->text[i] != '\0' && strchr(" \t-\"'", p->text[i]) != NULL)
        i++;
    return i == n->key && !n->option;
}

static bool is_blank_line(const struct mask_parts *p, size_t i)
{
    return mask_at(p, i) == '\n' || (mask_at(p, i) == '\r' && mask_at(p, i + 1) == '\n');
}

size_t mask_block_end(const struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t margin = n->key - mask_line_begin(p, n->key), end = mask_line_end(p, i);
    margin -= margin > 0 && mask_is_quote(p->text[n->key - 1]);
    for (size_t line = end + 1; line < p->length; line = mask_line_end(p, line) + 1) {
        size_t text = mask_skip_blanks(p, line);
        bool item = mask_at(p, text) == '-' && mask_at(p, text + 1) == ' ';
        if (is_blank_line(p, text))
            continue;
        if (text - line < margin ||
            (text - line == margin && !item && strchr("[{", mask_at(p, text)) == NULL))
            break;
        end = mask_line_end(p, line);
    }
    return end;
}

void mask_add_block(struct mask_parts *p, const struct mask_place *n, size_t i)
{
    size_t begin = mask_line_end(p, i) + 1, end = 0;
    bool added = false;
    if (leads_line(p, n) && begin > p->members_end)
        end = mask_block_end(p, n, i);
    for (size_t line = begin, stop; line < end; line = stop + 1) {
        stop = mask_line_end(p, line);
        added |= add_member(p, n, line, stop);
        p->members_end = stop;
        if (memchr(p->text + line, '[', stop - line) || memchr(p->text + line, '{', stop - line))
            added |= mask_add_members(p, n, line, stop);
    }
    if (added)
        mask_add_whole(p, n, begin, end);
}
