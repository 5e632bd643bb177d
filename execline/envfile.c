/* envfile: variables from a file of KEY = value lines. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/variable.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 24, CODE_SYNTAX = 1 };

struct reader {
    const char *at;
    const char *end;
    unsigned int line;
};

static int peek(const struct reader *r)
{
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int take(struct reader *r)
{
    int c = peek(r);
    if (c >= 0)
        r->at++;
    if (c == '\n')
        r->line++;
    return c;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct reader *r)
{
    while (is_blank(peek(r)))
        take(r);
}

static int syntax(const struct reader *r, const char *what, struct error *e)
{
    return error_set(e, CODE_SYNTAX, "line %u: %s", r->line, what);
}

static int add_byte(struct str *out, int c, struct error *e)
{
    return str_add_char(out, (char)c) < 0 ? error_set(e, EXIT_SYSTEM, "out of memory") : 0;
}

static int hex_digit(int c)
{
    const char digits[] = "0123456789abcdef";
    const char *place = c <= 0 ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return place == NULL ? -1 : (int)(place - digits);
}

/* After a backslash inside quotes. */
static int read_escape(struct reader *r, struct str *out, struct error *e)
{
    static const char letters[] = "abtnvfr";
    static const char meant[] = "\a\b\t\n\v\f\r";
    int c = take(r);
    if (c == '\n')
        return 0;
    if (c < 0)
        return syntax(r, "unterminated quote", e);
    if (c == 'x') {
        int high = hex_digit(take(r));
        int low = hex_digit(peek(r));
        if (high < 0 || low < 0)
            return syntax(r, "\\x needs two digits", e);
        take(r);
        return add_byte(out, 16 * high + low, e);
    }
    if (c >= '0' && c <= '7') {
        int value = c - '0';
        for (int i = 0; i < 2 && peek(r) >= '0' && peek(r) <= '7'; i++)
            value = 8 * value + take(r) - '0';
        return add_byte(out, value & 255, e);
    }
    const char *place = c == 0 ? NULL : strchr(letters, c);
    return add_byte(out, place == NULL ? c : meant[place - letters], e);
}

static int read_quoted(struct reader *r, struct str *out, struct error *e)
{
    for (int c; (c = take(r)) != '"';) {
        if (c < 0 || c == '\n')
            return syntax(r, "unterminated quote", e);
        if ((c == '\\' ? read_escape(r, out, e) : add_byte(out, c, e)) < 0)
            return -1;
    }
    return 0;
}

/* Up to the end of the line. Blanks count when something follows that is not one. */
static int read_value(struct reader *r, struct str *out, struct error *e)
{
    size_t keep = 0; /* what stands before is no trailing blank */
    int bad = 0;
    skip_blanks(r);
    for (int c; bad == 0 && (c = take(r)) >= 0 && c != '\n';) {
        bool blank = is_blank(c);
        if (c == '"')
            bad = read_quoted(r, out, e);
        else if (c != '\\')
            bad = add_byte(out, c, e);
        else if (peek(r) == '"' || peek(r) == '\\')
            bad = add_byte(out, take(r), e);
        else if (take(r) != '\n')
            bad = syntax(r, "a backslash needs quotes around it", e);
        if (!blank)
            keep = out->length;
    }
    if (bad == 0) {
        out->length = keep;
        out->data[keep] = '\0';
    }
    return bad;
}

static int read_key(struct reader *r, struct str *out, struct error *e)
{
    while (peek(r) >= 0 && peek(r) != '=' && peek(r) != '\n' && !is_blank(peek(r))) {
        int c = take(r);
        if (c == '\\' || c == '"')
            return syntax(r, "not the name of a variable", e);
        if (add_byte(out, c, e) < 0)
            return -1;
    }
    skip_blanks(r);
    if (out->length == 0 || peek(r) != '=')
        return syntax(r, "not of the form KEY = value", e);
    take(r);
    return 0;
}

static int read_line(struct reader *r, struct str *key, struct str *value, struct error *e)
{
    str_clear(key);
    str_clear(value);
    skip_blanks(r);
    if (peek(r) == '#') {
        while (peek(r) >= 0 && peek(r) != '\n')
            take(r);
    }
    if (peek(r) < 0 || peek(r) == '\n') {
        take(r);
        return 0;
    }
    if (read_key(r, key, e) < 0 || str_add_text(value, "") < 0 || read_value(r, value, e) < 0)
        return -1;
    return variable_set(key->data, value->data, e);
}

static int load(const struct str *text, struct error *e)
{
    struct reader r = {.at = text->data, .end = text->data + text->length, .line = 1};
    struct str key = STR_INIT;
    struct str value = STR_INIT;
    int bad = 0;
    while (bad == 0 && r.at < r.end)
        bad = read_line(&r, &key, &value, e);
    str_release(&key);
    str_release(&value);
    return bad;
}

static int run_envfile(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct str text = STR_INIT;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    const char *path = options.operand[0];
    int bad = strcmp(path, "-") == 0 ? child_read_all(0, &text, &e)
                                     : file_read_any(AT_FDCWD, path, FILE_LIMIT, &text, &e);
    if (bad < 0 && errno == ENOENT && options_last("iI") == 'I')
        return command_chain(c, options.operand + 1);
    if (bad == 0 && text.data != NULL)
        bad = load(&text, &e);
    str_release(&text);
    if (bad == 0)
        return command_chain(c, options.operand + 1);
    return e.code == CODE_SYNTAX ? refuse(e.code, "%s: %s", path, e.text) : message_error(&e);
}

static const char envfile_options[] = "-i  the file must be there (the default)\n"
                                      "-I  go on if it is not\n";

const struct command execline_envfile[] = {
    {"envfile", "[-i|-I] file prog...", "set variables from a file", envfile_options, run_envfile},
    {.name = NULL}};
