#include "command/overlog/supervisord.h"
#include "base/environment.h"
#include "command/overlog/write.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the file --------------------------------------------------------------------------------- */

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && isspace((unsigned char)(*text)[*length - 1]))
        --*length;
    while (*length > 0 && isspace((unsigned char)**text))
        ++*text, --*length;
}

static char *copy(const char *text, size_t length)
{
    trim(&text, &length);
    return strndup(text, length);
}

static int add_item(struct ini *ini, const char *section, const char *key, size_t key_length,
                    const char *value, size_t value_length)
{
    if (ini->count == INI_ITEMS_MAX) {
        errno = E2BIG;
        return -1;
    }
    if (LIST_ROOM(ini->item, ini->count, ini->room) < 0)
        return -1;
    struct ini_value *v = &ini->item[ini->count++];
    *v = (struct ini_value){.section = strdup(section),
                            .key = key == NULL ? NULL : copy(key, key_length)};
    trim(&value, &value_length);
    if (v->section == NULL || (key != NULL && v->key == NULL) ||
        str_add(&v->value, value, value_length) < 0)
        return -1;
    for (char *p = v->key; p != NULL && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    return 0;
}

/* line has no blanks around it. */
static int append(struct str *value, const char *line, size_t length)
{
    if (value->length > 0 && str_add_char(value, '\n') < 0)
        return -1;
    return str_add(value, line, length);
}

/* The length of a line without its comment, which begins it or follows a blank. */
static size_t uncommented(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((line[i] == ';' || line[i] == '#') && (i == 0 || isspace((unsigned char)line[i - 1])))
            return i;
    return length;
}

int ini_parse(struct ini *ini, const char *text)
{
    char section[256] = "";
    size_t option_indent = 0;
    bool open = false; /* an option was read, which may go on */
    unsigned int number = 0;
    int result = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? (text += 3, 0) : 0;
    while (*text != '\0' && result == 0) {
        size_t line = strcspn(text, "\n");
        number++;
        size_t length = uncommented(text, line);
        while (length > 0 && isspace((unsigned char)text[length - 1]))
            length--;
        size_t indent = 0;
        while (indent < length && isspace((unsigned char)text[indent]))
            indent++;
        const char *p = text + indent, *end = text + length;
        const char *close = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
        size_t key = strcspn(p, "=:\n");
        if (p == end) {
            /* empty, or a comment */
        } else if (open && indent > option_indent) {
            result = append(&ini->item[ini->count - 1].value, p, (size_t)(end - p));
        } else if (close != NULL) {
            snprintf(section, sizeof section, "%.*s", (int)(close - p - 1), p + 1);
            result = add_item(ini, section, NULL, 0, "", 0);
            open = false;
        } else if (p + key < end) {
            result = add_item(ini, section, p, key, p + key + 1, (size_t)(end - p) - key - 1);
            option_indent = indent;
            open = true;
        } else {
            ini->strange = number;
        }
        text += line + (text[line] == '\n');
    }
    return result;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key)
{
    for (size_t i = ini->count; i-- > 0;)
        if (ini->item[i].key != NULL && strcmp(ini->item[i].section, section) == 0 &&
            strcmp(ini->item[i].key, key) == 0)
            return ini->item[i].value.data;
    return NULL;
}

void ini_release(struct ini *ini)
{
    for (size_t i = 0; i < ini->count; i++) {
        free(ini->item[i].section);
        free(ini->item[i].key);
        str_release(&ini->item[i].value);
    }
    free(ini->item);
    *ini = (struct ini){.item = NULL};
}

/* --- values ----------------------------------------------------------------------------------- */

/* "%(process_num)02d": the digits between, and what ends it. */
static bool expand_one(const char *name, size_t length, const char *digits,
                       const struct ini_names *names, struct str *out)
{
    static const char node[] = {INI_ENV, '.', INI_END, '\0'};
    const struct {
        const char *name, *text; /* NULL: a number */
        unsigned int number;
    } known[] = {{"program_name", names->program, 0},
                 {"group_name", names->group, 0},
                 {"process_num", NULL, names->number},
                 {"numprocs", NULL, names->count},
                 {"host_node_name", node, 0}};
    if (strncmp(name, "ENV_", 4) == 0) {
        if (length == 4 || variable_length(name + 4) != length - 4)
            return false;
        str_printf(out, "%c%.*s%c", INI_ENV, (int)length - 4, name + 4, INI_END);
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0) {
            if (known[i].text != NULL)
                str_add_text(out, known[i].text);
            else if (digits[0] == '0')
                str_printf(out, "%0*u", atoi(digits), known[i].number);
            else
                str_printf(out, "%*u", atoi(digits), known[i].number);
            return true;
        }
    return false;
}

enum { EXPRESSION_MAX = 300 }; /* so that one without an end is not looked for to the end of all */

bool ini_expand(const char *text, const struct ini_names *names, struct str *out)
{
    bool good = true;
    for (const char *p = text; *p != '\0';) {
        const char *close =
            strncmp(p, "%(", 2) == 0 ? memchr(p, ')', strnlen(p, EXPRESSION_MAX)) : NULL;
        size_t digits = close == NULL ? 0 : strspn(close + 1, "0123456789");
        bool ends =
            digits <= 3 && close != NULL && (close[1 + digits] == 's' || close[1 + digits] == 'd');
        if (ends && expand_one(p + 2, (size_t)(close - p - 2), close + 1, names, out)) {
            p = close + digits + 2;
            continue;
        }
        good &= close == NULL;
        if (strncmp(p, "%%", 2) == 0)
            p++;
        str_add_char(out, *p > '\0' && *p <= INI_QUOTED ? '?' : *p); /* ours alone mean something */
        p++;
    }
    return good;
}

enum ini_settled ini_settle(const char *text, char *(*lookup)(const char *name), struct str *out)
{
    enum ini_settled how = INI_PLAIN;
    str_add_text(out, "");
    for (const char *p = text; *p != '\0'; p++) {
        const char *end = *p == INI_ENV ? strchr(p, INI_END) : NULL;
        char *name = end == NULL ? NULL : strndup(p + 1, (size_t)(end - p) - 1);
        if (name == NULL) {
            str_add_char(out, *p);
            continue;
        }
        bool node = strcmp(name, ".") == 0;
        const char *value = node ? NULL : lookup(name);
        if (value == NULL)
            how = INI_UNKNOWN;
        else if (how == INI_PLAIN)
            how = INI_KNOWN;
        str_add_text(out, value != NULL ? value : node ? "HOSTNAME" : name);
        free(name);
        p = end;
    }
    return how;
}

bool ini_here(struct ini *ini, size_t from, const char *directory)
{
    static const char here[] = "%(here)s";
    bool any = false;
    for (size_t i = from; i < ini->count; i++) {
        struct str text = STR_INIT;
        struct str *value = &ini->item[i].value;
        const char *p = value->data;
        for (const char *found; (found = strstr(p, here)) != NULL; p = found + sizeof here - 1)
            str_printf(&text, "%.*s%s", (int)(found - p), p, directory);
        if (p == value->data)
            continue;
        str_add_text(&text, p);
        str_release(value);
        *value = text;
        any = true;
    }
    return any;
}

/* The reference at p as sh has it; where it ends. */
static const char *put_reference(const char *p, struct str *out)
{
    const char *end = strchr(p, INI_END);
    size_t length = end == NULL ? strlen(p) - 1 : (size_t)(end - p) - 1;
    if (length == 1 && p[1] == '.')
        str_add_text(out, "$(uname -n)");
    else
        str_printf(out, "${%.*s}", (int)length, p + 1);
    return p + length + (end == NULL ? 0 : 1);
}

/* Text as one word of sh, in which references are not split. */
static void put_word(const char *text, size_t length, struct str *out)
{
    bool refers = false;
    for (size_t i = 0; i < length; i++)
        refers |= text[i] == INI_ENV || text[i] == INI_QUOTED;
    char *word = refers ? NULL : strndup(text, length);
    if (!refers) {
        sh_quote(out, word == NULL ? "" : word);
        free(word);
        return;
    }
    str_add_char(out, '"');
    for (const char *p = text; p < text + length; p++)
        if (*p == INI_ENV || *p == INI_QUOTED)
            p = put_reference(p, out);
        else if (strchr("\\\"$`", *p) != NULL)
            str_printf(out, "\\%c", *p);
        else
            str_add_char(out, *p);
    str_add_char(out, '"');
}

void ini_word(const char *text, struct str *out)
{
    put_word(text, strlen(text), out);
}

static const char shlex_blanks[] = " \t\r\n";

static bool is_shlex_blank(char c)
{
    return c != '\0' && strchr(shlex_blanks, c) != NULL;
}

/* One word of shlex from *p on into word; false: a quote has no end. */
static bool shlex_word(const char **p, struct str *word, bool *quoted)
{
    const char *s = *p;
    char quote = '\0';
    *quoted = false;
    for (; *s != '\0' && (quote != '\0' || !is_shlex_blank(*s)); s++) {
        if (quote == '\0' && (*s == '"' || *s == '\'')) {
            quote = *s;
            *quoted = true;
        } else if (*s == quote) {
            quote = '\0';
        } else if (*s == INI_ENV && quote != '\0') {
            str_add_char(word, INI_QUOTED);
        } else if (*s == '\\' && s[1] != '\0' &&
                   (quote == '\0' || (quote == '"' && strchr("\"\\", s[1]) != NULL))) {
            str_add_char(word, *++s);
        } else {
            str_add_char(word, *s);
        }
    }
    *p = s;
    return quote == '\0';
}

/* A word of a command. What stands outside of quotes is split by sh, since supervisord expands
 * before it splits. */
static void put_argument(const char *w, bool quoted, struct str *out, bool *splits)
{
    if (*w == '\0' && quoted)
        str_add_text(out, "''");
    while (*w != '\0')
        if (*w == INI_ENV) {
            w = put_reference(w, out) + 1;
            *splits = true;
        } else {
            static const char bare[] = {INI_ENV, '\0'};
            size_t length = strcspn(w, bare);
            put_word(w, length, out);
            w += length;
        }
}

bool ini_command(const char *text, struct str *out, bool *splits)
{
    bool good = true;
    *splits = false;
    for (const char *p = text + strspn(text, shlex_blanks); *p != '\0' && good;
         p += strspn(p, shlex_blanks)) {
        struct str word = STR_INIT;
        bool quoted;
        good = shlex_word(&p, &word, &quoted);
        const char *w = word.data == NULL ? "" : word.data;
        if (out->length > 0)
            str_add_char(out, ' ');
        put_argument(w, quoted, out, splits);
        str_release(&word);
    }
    return good;
}

/* supervisord takes all quotes off both ends. */
static const char *unquoted(char *word)
{
    size_t length = strlen(word);
    while (length > 0 && strchr("\"'", word[length - 1]) != NULL)
        word[--length] = '\0';
    return word + strspn(word, "\"'");
}

bool ini_environment(const char *text, struct str *out)
{
    bool good = true;
    for (const char *p = text; *p != '\0';) {
        p += strspn(p, ", \t\n");
        size_t key = strcspn(p, "=,");
        size_t name = key;
        while (name > 0 && isspace((unsigned char)p[name - 1]))
            name--;
        if (p[key] != '=')
            return good && *p == '\0';
        const char *value = p + key + 1 + strspn(p + key + 1, " \t\n");
        const char *end;
        bool quoted = *value == '"' || *value == '\'';
        end = quoted ? strchr(value + 1, *value) : value + strcspn(value, ",");
        if (end == NULL)
            end = value + strlen(value);
        char *word = quoted ? strndup(value + 1, (size_t)(end - value - 1))
                            : copy(value, (size_t)(end - value));
        if (name > 0 && variable_length(p) == name) {
            str_printf(out, "export %.*s=", (int)name, p);
            ini_word(word == NULL ? "" : unquoted(word), out);
            str_add_char(out, '\n');
        } else {
            name = strcspn(p, "=,\n");
            str_printf(out, "# environment %.*s: sh cannot export such a name\n", (int)name, p);
            good = false;
        }
        free(word);
        p = end + strcspn(end, ",");
    }
    return good;
}

long long ini_bytes(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || n < 0)
        return -1;
    static const char *const units[] = {"", "KB", "MB", "GB"};
    long long unit = 1;
    for (size_t i = 0; i < 4; i++, unit *= 1024)
        if (strcasecmp(end, units[i]) == 0)
            return n > LLONG_MAX / unit ? LLONG_MAX : n * unit;
    return -1;
}

int ini_boolean(const char *text)
{
    static const char *const words[] = {"true", "yes", "on", "1", "false", "no", "off", "0"};
    for (int i = 0; i < 8; i++)
        if (strcasecmp(text, words[i]) == 0)
            return i < 4;
    return -1;
}

int ini_restart(const char *text)
{
    return strcasecmp(text, "unexpected") == 0 ? INI_UNEXPECTED : ini_boolean(text);
}
