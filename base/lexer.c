#include "base/lexer.h"
#include <stdbool.h>
#include <string.h>

struct lexer {
    const char *text;
    size_t length;
    size_t at;
    unsigned int line;
    unsigned int column;
    struct str word;
    unsigned int depth;
    struct lexer_error *error;
};

static int fail(struct lexer *l, const char *text, unsigned int line, unsigned int column)
{
    *l->error = (struct lexer_error){.line = line, .column = column, .text = text};
    return -1;
}

static int no_memory(struct lexer *l)
{
    return fail(l, "out of memory", l->line, l->column);
}

static bool at_end(const struct lexer *l)
{
    return l->at >= l->length;
}

static char next(struct lexer *l)
{
    char c = l->text[l->at++];
    if (c == '\n') {
        l->line++;
        l->column = 1;
    } else {
        l->column++;
    }
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* To where a word begins: blanks, comments and escaped newlines are passed over. */
static void skip(struct lexer *l)
{
    while (!at_end(l)) {
        char c = l->text[l->at];
        if (c == '#') {
            while (!at_end(l) && l->text[l->at] != '\n')
                next(l);
        } else if (c == '\\' && (l->at + 1 >= l->length || l->text[l->at + 1] == '\n')) {
            next(l);
            if (!at_end(l))
                next(l);
        } else if (is_blank(c)) {
            next(l);
        } else {
            return;
        }
    }
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* "\0xHH", "\0OOO" and "\DDD"; first is the digit after the backslash, already taken. */
static int numeric_escape(struct lexer *l, char first, unsigned int line, unsigned int column)
{
    int base = first == '0' ? 8 : 10;
    int most = 3;
    int value = first - '0';
    int digits = first == '0' ? 0 : 1;
    if (first == '0' && !at_end(l) && l->text[l->at] == 'x') {
        next(l);
        base = 16;
        most = 2;
    }
    while (digits < most && !at_end(l) && digit_of(l->text[l->at]) < base) {
        value = value * base + digit_of(next(l));
        digits++;
    }
    if (value == 0 || value > 255)
        return fail(l, "bad escape", line, column);
    return str_add_char(&l->word, (char)value) < 0 ? no_memory(l) : 0;
}

static int quoted_escape(struct lexer *l)
{
    static const char letters[] = "abtnvfr";
    static const char values[] = "\a\b\t\n\v\f\r";
    unsigned int line = l->line;
    unsigned int column = l->column - 1;
    if (at_end(l))
        return 0; /* the quote is unterminated anyway */
    char c = next(l);
    if (c == '\n')
        return 0;
    if (c >= '0' && c <= '9')
        return numeric_escape(l, c, line, column);
    const char *p = memchr(letters, c, sizeof letters - 1);
    return str_add_char(&l->word, p == NULL ? c : values[p - letters]) < 0 ? no_memory(l) : 0;
}

static int quoted(struct lexer *l)
{
    unsigned int line = l->line;
    unsigned int column = l->column;
    next(l);
    while (!at_end(l)) {
        char c = next(l);
        if (c == '"')
            return 0;
        if (c == '\\') {
            if (quoted_escape(l) < 0)
                return -1;
        } else if (str_add_char(&l->word, c) < 0) {
            return no_memory(l);
        }
    }
    return fail(l, "unterminated quote", line, column);
}

/* One word into l->word; *plain: no part of it was quoted or escaped. */
static int word(struct lexer *l, bool *plain)
{
    *plain = true;
    str_clear(&l->word);
    while (!at_end(l) && !is_blank(l->text[l->at])) {
        if (l->text[l->at] == '"') {
            *plain = false;
            if (quoted(l) < 0)
                return -1;
            continue;
        }
        char c = next(l);
        if (c == '\\') {
            *plain = false;
            if (at_end(l))
                return fail(l, "bad escape", l->line, l->column - 1);
            c = next(l);
        }
        if (str_add_char(&l->word, c) < 0)
            return no_memory(l);
    }
    return 0;
}

static int emit(struct lexer *l, struct words *out, const char *text, size_t length)
{
    struct str s = STR_INIT;
    int bad = str_reserve(&s, l->depth + length);
    for (unsigned int i = 0; bad == 0 && i < l->depth; i++)
        bad = str_add_char(&s, ' ');
    if (bad == 0 && length > 0)
        bad = str_add(&s, text, length);
    if (bad == 0)
        bad = words_add_bytes(out, s.data == NULL ? "" : s.data, s.length);
    str_release(&s);
    return bad == 0 ? 0 : no_memory(l);
}

/* Where open blocks began, for the message about the innermost one left open. */
struct opening {
    unsigned int line;
    unsigned int column;
};

static int all_words(struct lexer *l, struct words *out, struct str *openings)
{
    for (skip(l); !at_end(l); skip(l)) {
        struct opening here = {.line = l->line, .column = l->column};
        bool plain;
        if (word(l, &plain) < 0)
            return -1;
        const char *text = l->word.data == NULL ? "" : l->word.data;
        if (plain && l->word.length == 1 && text[0] == '{') {
            if (l->depth == LEXER_DEPTH_MAX)
                return fail(l, "blocks are nested too deeply", here.line, here.column);
            if (str_add(openings, &here, sizeof here) < 0)
                return no_memory(l);
            l->depth++;
        } else if (plain && l->word.length == 1 && text[0] == '}') {
            if (l->depth == 0)
                return fail(l, "unmatched }", here.line, here.column);
            l->depth--;
            openings->length -= sizeof here;
            if (emit(l, out, "", 0) < 0)
                return -1;
        } else if (emit(l, out, text, l->word.length) < 0) {
            return -1;
        }
    }
    if (l->depth == 0)
        return 0;
    struct opening o;
    memcpy(&o, openings->data + openings->length - sizeof o, sizeof o);
    return fail(l, "unmatched {", o.line, o.column);
}

int lexer_words(const char *text, size_t length, struct words *out, struct lexer_error *e)
{
    const char *nul = memchr(text, '\0', length);
    struct lexer l = {.text = text,
                      .length = nul == NULL ? length : (size_t)(nul - text),
                      .line = 1,
                      .column = 1,
                      .error = e};
    struct str openings = STR_INIT;
    int result = all_words(&l, out, &openings);
    str_release(&openings);
    str_release(&l.word);
    return result;
}

const char *lexer_shell_word(const struct words *words)
{
    static const char *const acting[] = {"&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", NULL};
    for (size_t i = 0; i < words->count; i++)
        if (is_among(words->item[i], acting))
            return words->item[i];
    return NULL;
}
