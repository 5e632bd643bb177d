#include "command/overlog/unit_word.h"
#include "base/environment.h"
#include "command/overlog/write.h"
#include "services/section_text.h"
#include "services/sugar.h"
#include <stdlib.h>
#include <string.h>

/* --- quotes and escapes ----------------------------------------------------------------------- */

static const char blanks[] = " \t\r\n";

static int add_code_point(struct str *out, unsigned long c)
{
    char bytes[4];
    size_t n = 0;
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xe0 | c >> 12);
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | c >> 18);
        bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (n > 0 && c >= 0x80)
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    return str_add(out, bytes, n);
}

/* How many characters behind a backslash are an escape, which out gets; 0: it is none. */
static size_t escape(const char *p, struct str *out, bool *bad)
{
    static const char letters[] = "abfnrtv\\\"'s", means[] = "\a\b\f\n\r\t\v\\\"' ";
    const char *found = *p == '\0' ? NULL : strchr(letters, *p);
    size_t length = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
    char digits[9] = "";
    if (found != NULL) {
        *bad |= str_add_char(out, means[found - letters]) < 0;
        return 1;
    }
    if (length > 0 && strspn(p + 1, "0123456789abcdefABCDEF") >= length) {
        memcpy(digits, p + 1, length);
        unsigned long c = strtoul(digits, NULL, 16);
        if (c == 0 || c > 0x10ffff)
            return 0;
        *bad |= (length == 2 ? str_add_char(out, (char)c) : add_code_point(out, c)) < 0;
        return 1 + length;
    }
    if (strspn(p, "01234567") >= 3) {
        memcpy(digits, p, 3);
        unsigned long c = strtoul(digits, NULL, 8);
        if (c == 0 || c > 255)
            return 0;
        *bad |= str_add_char(out, (char)c) < 0;
        return 3;
    }
    return 0;
}

int unit_word(const char **at, struct str *out)
{
    const char *p = *at + strspn(*at, blanks);
    char quote = '\0';
    bool bad = str_add_text(out, "") < 0;
    if (*p == '\0') {
        *at = p;
        return bad ? -1 : 0;
    }
    while (*p != '\0' && (quote != '\0' || strchr(blanks, *p) == NULL)) {
        size_t n = *p == '\\' ? escape(p + 1, out, &bad) : 0;
        if (n > 0)
            p += n + 1;
        else if (*p == '\\' && p[1] != '\0') { /* none that is known: both stay, a blank too */
            bad |= str_add(out, p, 2) < 0;
            p += 2;
        } else if (quote == '\0' && (*p == '"' || *p == '\''))
            quote = *p++;
        else if (quote != '\0' && *p == quote)
            quote = '\0', p++;
        else
            bad |= str_add_char(out, *p++) < 0;
    }
    *at = p;
    return quote != '\0' || bad ? -1 : 1;
}

/* --- specifiers ------------------------------------------------------------------------------- */

static int add_reference(struct str *out, char kind, const char *name, size_t length)
{
    return str_printf(out, "%c%.*s%c", kind, (int)length, name, UNIT_END);
}

/* What systemd-escape made of a path: dashes are slashes. */
static int add_unescaped(struct str *out, const char *text)
{
    int bad = 0;
    for (const char *p = text; *p != '\0'; p++) {
        char digits[3] = "";
        if (p[0] == '\\' && p[1] == 'x' && strspn(p + 2, "0123456789abcdefABCDEF") >= 2) {
            memcpy(digits, p + 2, 2);
            char c = (char)strtoul(digits, NULL, 16);
            bad |= str_add_char(out, c == '\0' ? '?' : c);
            p += 3;
        } else {
            bad |= str_add_char(out, *p == '-' ? '/' : *p);
        }
    }
    return bad;
}

static int add_instance(struct str *out, const struct unit_names *n, bool unescape)
{
    if (n->instance == NULL)
        return add_reference(out, UNIT_REF, "INSTANCE", 8);
    return unescape ? add_unescaped(out, n->instance) : str_add_text(out, n->instance);
}

/* The unit's name, with the instance of a template in it, and its suffix if that is wanted. */
static int add_unit(struct str *out, const struct unit_names *n, bool suffix)
{
    const char *dot = strrchr(n->unit, '.'), *at = strchr(n->unit, '@');
    int bad = 0;
    if (n->instance == NULL && at != NULL)
        bad = str_add(out, n->unit, (size_t)(at + 1 - n->unit)) | add_instance(out, n, false);
    else
        bad = str_add(out, n->unit, dot == NULL ? strlen(n->unit) : (size_t)(dot - n->unit));
    return bad | (suffix && dot != NULL ? str_add_text(out, dot) : 0);
}

static const char *fixed(char letter)
{
    static const struct {
        char letter;
        const char *text;
    } known[] = {{'t', "/run"},    {'S', "/var/lib"}, {'C', "/var/cache"}, {'L', "/var/log"},
                 {'E', "/etc"},    {'T', "/tmp"},     {'V', "/var/tmp"},   {'h', "/root"},
                 {'s', "/bin/sh"}, {'u', "root"},     {'U', "0"},          {'g', "root"},
                 {'G', "0"},       {'%', "%"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].letter == letter)
            return known[i].text;
    return NULL;
}

/* False: it is not known. */
static bool specifier(char letter, const struct unit_names *n, struct str *out, int *bad)
{
    const char *dash = strrchr(n->prefix, '-');
    const char *last = dash == NULL ? n->prefix : dash + 1;
    if (fixed(letter) != NULL)
        *bad |= str_add_text(out, fixed(letter));
    else if (letter == 'n' || letter == 'N')
        *bad |= add_unit(out, n, letter == 'n');
    else if (letter == 'i' || letter == 'I')
        *bad |= add_instance(out, n, letter == 'I');
    else if (letter == 'p' || letter == 'j')
        *bad |= str_add_text(out, letter == 'p' ? n->prefix : last);
    else if (letter == 'P' || letter == 'J')
        *bad |= add_unescaped(out, letter == 'P' ? n->prefix : last);
    else if (letter == 'H' || letter == 'l')
        *bad |= add_reference(out, UNIT_REF, "HOSTNAME", 8);
    else if (letter == 'f' && n->instance != NULL)
        *bad |= str_add_char(out, '/') |
                add_unescaped(out, n->instance[0] == '\0' ? n->prefix : n->instance);
    else
        return false;
    return true;
}

static void add_letter(struct unit_unknown *unknown, char letter)
{
    size_t n = strlen(unknown->letters);
    if (strchr(unknown->letters, letter) == NULL && n + 1 < sizeof unknown->letters)
        unknown->letters[n] = letter;
}

int unit_specifiers(const char *text, const struct unit_names *names, struct str *out,
                    struct unit_unknown *unknown)
{
    int bad = str_add_text(out, "");
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '%' && p[1] != '\0' && specifier(p[1], names, out, &bad)) {
            p++;
            continue;
        }
        if (*p == '%')
            add_letter(unknown, p[1] == '\0' ? '%' : p[1]);
        bad |= str_add_char(out, *p > '\0' && *p <= UNIT_END ? '?' : *p); /* ours alone */
    }
    return bad == 0 ? 0 : -1;
}

/* --- variables -------------------------------------------------------------------------------- */

int unit_variables(const char *word, struct str *out)
{
    int bad = str_add_text(out, "");
    size_t whole = word[0] == '$' ? variable_length(word + 1) : 0;
    if (whole > 0 && word[1 + whole] == '\0')
        return add_reference(out, UNIT_SPLIT, word + 1, whole);
    for (const char *p = word; *p != '\0'; p++) {
        size_t n = p[0] == '$' && p[1] == '{' ? variable_length(p + 2) : 0;
        if (n > 0 && p[2 + n] == '}') {
            bad |= add_reference(out, UNIT_REF, p + 2, n);
            p += n + 2;
        } else {
            bad |= str_add_char(out, *p);
            p += p[0] == '$' && p[1] == '$';
        }
    }
    return bad == 0 ? 0 : -1;
}

bool unit_splits(const char *word)
{
    return word[0] == UNIT_SPLIT;
}

bool unit_is_plain(const char *word)
{
    static const char marks[] = {UNIT_REF, UNIT_SPLIT, UNIT_END, '\0'};
    return strpbrk(word, marks) == NULL;
}

/* --- written again ---------------------------------------------------------------------------- */

int unit_conf_word(const char *word, struct str *out)
{
    static const char marks[] = {UNIT_REF, UNIT_SPLIT, '\0'};
    struct str plain = STR_INIT;
    int bad = str_add_text(&plain, "");
    while (*word != '\0') {
        size_t n = strcspn(word, marks);
        char *text = strndup(word, n);
        bad |= text == NULL ? -1 : text_unreplaced(text, &plain);
        for (size_t i = n; word[n] != '\0' && i > 0 && word[i - 1] == '\\'; i--)
            bad |= str_add_char(&plain, '\\'); /* so that it escapes nothing */
        free(text);
        word += n;
        n = strcspn(word, (const char[]){UNIT_END, '\0'});
        if (n > 0)
            bad |= str_printf(&plain, "${%.*s}", (int)n - 1, word + 1);
        word += n + (word[n] != '\0');
    }
    bad |= sugar_word(out, plain.data == NULL ? "" : plain.data);
    str_release(&plain);
    return bad == 0 ? 0 : -1;
}

int unit_sh_word(const char *word, struct str *out)
{
    int bad = 0;
    size_t length = strlen(word);
    if (unit_is_plain(word)) {
        sh_quote(out, word);
        return 0;
    }
    if (unit_splits(word))
        return str_printf(out, "$%.*s", (int)length - 2, word + 1);
    bad = str_add_char(out, '"');
    for (; *word != '\0'; word++) {
        size_t n = *word == UNIT_REF ? strcspn(word, (const char[]){UNIT_END, '\0'}) : 0;
        if (n > 0) {
            bad |= str_printf(out, "${%.*s}", (int)n - 1, word + 1);
            word += n - (word[n] == '\0');
        } else {
            bad |= strchr("\\\"$`", *word) != NULL ? str_add_char(out, '\\') : 0;
            bad |= str_add_char(out, *word);
        }
    }
    return bad | str_add_char(out, '"');
}
