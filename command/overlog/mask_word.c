/* Words of a shell, which may have several quoted pieces: 'it'\''s', "a b"c, $'it\'s'. */
#include "command/overlog/mask_parts.h"
#include <ctype.h>
#include <string.h>

/* Behind a closing quote, no word goes on with these. */
static bool ends_word(char c)
{
    return c == '\0' || isspace((unsigned char)c) || strchr(";,)]}|&><", c) != NULL;
}

/* Whether one more quote of that kind closes what the word stands in: an odd number of them is
 * before it on its line. Of a line that is too long for a look, all do. */
static bool is_inside(const struct mask_parts *p, size_t word, char quote)
{
    size_t line = mask_line_begin(p, word);
    bool inside = false;
    if (word - line > MASK_LOOK_BACK)
        return true;
    for (size_t i = line; i < word; i++)
        if (p->text[i] == quote && (i == line || p->text[i - 1] != '\\'))
            inside = !inside;
    return inside;
}

static bool closes_outer(const struct mask_parts *p, size_t word, size_t i)
{
    return ends_word(mask_at(p, i + 1)) && is_inside(p, word, p->text[i]);
}

/* Whether the word ends at i, right behind a closing quote. Texts in JSON, XML and plain language
 * quote as well: there, a backslash, a slash and a full stop follow. */
static bool ends_behind_quote(const struct mask_parts *p, size_t word, size_t i)
{
    char c = mask_at(p, i), next = mask_at(p, i + 1);
    if (ends_word(c) || (c == '/' && next == '>'))
        return true;
    if (strchr(".:?!", c) != NULL)
        return next == '\0' || isspace((unsigned char)next);
    if (c == '\\' && mask_is_quote(next)) {
        char behind = mask_at(p, i + 2);
        return ends_word(behind) || (mask_is_quote(behind) && closes_outer(p, word, i + 2));
    }
    if (c == '\\')
        return next != '\0' && strchr("nrtu", next) != NULL;
    return mask_is_quote(c) && closes_outer(p, word, i);
}

/* Behind the quoted piece at i; i: the quote is an ordinary character, as an apostrophe is. A word
 * that began with a quote has one to the end of the line where its end is missing. */
static size_t skip_piece(const struct mask_parts *p, size_t word, size_t i)
{
    bool quoted = mask_is_quote(p->text[word]);
    size_t line = mask_line_end(p, i), close = mask_close_quote(p, i + 1, p->text[i]);
    if (!quoted && closes_outer(p, word, i))
        return i;
    if (mask_at(p, close) != p->text[i])
        return quoted ? line : i;
    return quoted || close < line ? close + 1 : i;
}

/* Of a long word with many quotes, no part is read as a word of its own: that would take long. */
size_t mask_word_end(struct mask_parts *p, size_t word, size_t i)
{
    bool behind = i > word; /* a quote */
    if (word > p->word.begin && word < p->word.end) {
        while (!behind && i < p->length && !isspace((unsigned char)p->text[i]))
            i++;
        return i;
    }
    while (i < p->length &&
           !(behind ? ends_behind_quote(p, word, i) : isspace((unsigned char)p->text[i]) != 0)) {
        size_t piece = mask_is_quote(p->text[i]) ? skip_piece(p, word, i) : i;
        bool escaped = p->text[i] == '\\' && i + 1 < p->length && p->text[i + 1] != '\n';
        behind = piece > i;
        i = behind ? piece : i + (escaped ? 2 : 1);
        if (behind)
            p->word.begin = word;
    }
    if (p->word.begin == word)
        p->word.end = i;
    return i;
}
