#include "command/overlog/crontab.h"
#include "base/environment.h"
#include <string.h>
#include <strings.h>

enum { FIELDS = 5, FIELDS_MOST = 7 };

static const char blanks[] = " \t\r";

/* What is left of a line while it is read. */
struct rest {
    const char *at, *end;
};

static void skip_blanks(struct rest *r)
{
    while (r->at < r->end && strchr(blanks, *r->at) != NULL && *r->at != '\0')
        r->at++;
}

static struct rest take_word(struct rest *r)
{
    struct rest word = {r->at, r->at};
    while (word.end < r->end && strchr(blanks, *word.end) == NULL)
        word.end++;
    r->at = word.end;
    skip_blanks(r);
    return word;
}

static int keep(struct str *s, struct rest part)
{
    return str_add(s, part.at, (size_t)(part.end - part.at));
}

static void cut_blanks(struct rest *r)
{
    while (r->end > r->at && strchr(blanks, r->end[-1]) != NULL)
        r->end--;
}

/* --- variables -------------------------------------------------------------------------------- */

/* Takes quotes off, at both ends. */
static struct rest unquote(struct rest r)
{
    if (r.end - r.at >= 2 && (*r.at == '"' || *r.at == '\'') && r.end[-1] == *r.at)
        return (struct rest){r.at + 1, r.end - 1};
    return r;
}

/* NAME = VALUE, of which both may be in quotes. 1: it is one; 0; -1: no memory. */
static int read_variable(struct crontab_entry *e, struct rest r)
{
    const char *equals = memchr(r.at, '=', (size_t)(r.end - r.at));
    if (equals == NULL)
        return 0;
    struct rest name = {r.at, equals}, value = {equals + 1, r.end};
    cut_blanks(&name);
    skip_blanks(&value);
    cut_blanks(&value);
    name = unquote(name);
    size_t length = (size_t)(name.end - name.at);
    if (length == 0 || variable_length(name.at) < length)
        return 0;
    e->kind = CRONTAB_VARIABLE;
    return keep(&e->name, name) < 0 || keep(&e->value, unquote(value)) < 0 ? -1 : 1;
}

/* --- jobs ------------------------------------------------------------------------------------- */

/* A field has no more than these; a word of a command has. */
static bool is_time(struct rest word)
{
    const char *at = word.at;
    bool digit = false;
    if (*at == '@')
        return word.end - at > 1;
    for (; at < word.end; at++) {
        if (strchr("*,-/?~", *at) == NULL && !(*at >= '0' && *at <= '9') &&
            !(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z'))
            return false;
        digit |= *at == '*' || *at == '?' || (*at >= '0' && *at <= '9');
    }
    return digit || word.end - word.at == 3 || memchr(word.at, '-', (size_t)(at - word.at)) ||
           memchr(word.at, ',', (size_t)(at - word.at));
}

/* One of numbers and signs only, as no program is named. */
static bool is_number_field(struct rest word)
{
    const char *at = word.at;
    if (at == word.end || (*at != '*' && !(*at >= '0' && *at <= '9')))
        return false;
    while (at < word.end && (strchr("*,-/", *at) != NULL || (*at >= '0' && *at <= '9')))
        at++;
    return at == word.end;
}

/* A number, which may have the "L" and "#" of other crons, a name, * or ?. */
static bool is_weekday(const char *word, size_t length)
{
    static const char names[] = "sunmontuewedthufrisat";
    if (length == 1 && (*word == '*' || *word == '?'))
        return true;
    for (size_t i = 0; length == 3 && names[i] != '\0'; i += 3)
        if (strncasecmp(word, names + i, 3) == 0)
            return true;
    return *word >= '0' && *word <= '9' && strspn(word, "0123456789L#") >= length;
}

/* A list of days of the week, with ranges and steps: no program has such a name. */
static bool is_weekday_field(struct rest word)
{
    while (word.at < word.end) {
        size_t n = strcspn(word.at, ",-~/"), left = (size_t)(word.end - word.at);
        if (!is_weekday(word.at, n < left ? n : left))
            return false;
        if (n >= left)
            return true;
        word.at += n + 1;
    }
    return false;
}

/* How many fields the line begins with: seven are seconds in front and years behind. */
static int count_fields(struct rest r)
{
    struct rest word = r;
    if (*r.at == '@')
        return 1;
    for (int i = 0; i < FIELDS; i++)
        take_word(&r);
    word = take_word(&r);
    if (is_weekday_field(word) && is_number_field(take_word(&r)))
        return FIELDS_MOST;
    return is_number_field(word) ? FIELDS + 1 : FIELDS;
}

/* The time, with one blank between fields; years that are * are left out. 1: it is one; 0: neither
 * it nor the kind is known, or the kind is set; -1: no memory. */
static int read_time(struct crontab_entry *e, struct rest *r)
{
    int fields = count_fields(*r);
    for (int i = 0; i < fields; i++) {
        struct rest word = take_word(r);
        if (word.at == word.end || !is_time(word))
            return 0;
        if (i == FIELDS_MOST - 1) {
            if (word.end - word.at != 1 || *word.at != '*')
                e->kind = CRONTAB_YEARS;
            break;
        }
        if ((i > 0 && str_add_char(&e->timetable, ' ') < 0) || keep(&e->timetable, word) < 0)
            return -1;
    }
    if (fields == FIELDS + 1)
        e->kind = CRONTAB_SIX_FIELDS;
    return e->kind == CRONTAB_STRANGE;
}

/* Up to the first % it is the command, then its input, where each other % is a newline; \% is a
 * percent sign. */
static int read_command(struct crontab_entry *e, struct rest r)
{
    struct str *to = &e->command;
    for (; r.at < r.end; r.at++) {
        char byte = *r.at;
        if (byte == '\\' && r.at + 1 < r.end && r.at[1] == '%')
            byte = *++r.at;
        else if (byte == '%' && !e->has_input) {
            e->has_input = true;
            to = &e->input;
            continue;
        } else if (byte == '%')
            byte = '\n';
        if (str_add_char(to, byte) < 0)
            return -1;
    }
    return e->has_input ? str_add_char(&e->input, '\n') : 0;
}

/* 1: it is one; 0; -1: no memory. */
static int read_job(struct crontab_entry *e, struct rest r, bool system)
{
    int result = read_time(e, &r);
    if (result <= 0)
        return result;
    struct rest user = {r.at, r.at};
    if (system)
        user = take_word(&r);
    cut_blanks(&r);
    /* A path is no user, and a field no command; behind a user, a number may be one. */
    struct rest rest = r, program = take_word(&rest);
    bool field = is_number_field(program) &&
                 (!system || strspn(program.at, "0123456789") < (size_t)(program.end - program.at));
    if (r.at == r.end || memchr(user.at, '/', (size_t)(user.end - user.at)) != NULL || field)
        return 0;
    if (keep(&e->user, user) < 0)
        return -1;
    e->kind = CRONTAB_JOB;
    return read_command(e, r) < 0 ? -1 : 1;
}

/* --- the whole -------------------------------------------------------------------------------- */

enum { TEXTS = 6 };

static void list_texts(struct crontab_entry *e, struct str *all[TEXTS])
{
    struct str *texts[TEXTS] = {&e->name, &e->value,   &e->timetable,
                                &e->user, &e->command, &e->input};
    memcpy(all, texts, sizeof texts);
}

static int begin(struct crontab_entry *e)
{
    struct str *all[TEXTS];
    int result = 0;
    list_texts(e, all);
    for (size_t i = 0; i < TEXTS; i++) {
        str_clear(all[i]);
        result |= str_add_text(all[i], ""); /* data is there */
    }
    e->has_input = false;
    return result;
}

static int read_line(struct crontab_entry *e, struct rest r, bool system)
{
    e->kind = CRONTAB_STRANGE;
    int result = read_variable(e, r);
    if (result == 0)
        result = read_job(e, r, system);
    if (result != 0)
        return result;
    cut_blanks(&r);
    return begin(e) < 0 || keep(&e->value, r) < 0 ? -1 : 1;
}

int crontab_next(struct crontab *c, struct crontab_entry *e)
{
    while (*c->at != '\0') {
        size_t length = strcspn(c->at, "\n");
        struct rest r = {c->at, c->at + length};
        c->at += length + (c->at[length] == '\n');
        c->line++;
        skip_blanks(&r);
        if (r.at == r.end || *r.at == '#')
            continue;
        e->line = c->line;
        return begin(e) < 0 ? -1 : read_line(e, r, c->system);
    }
    return 0;
}

void crontab_release(struct crontab_entry *e)
{
    struct str *all[TEXTS];
    list_texts(e, all);
    for (size_t i = 0; i < TEXTS; i++)
        str_release(all[i]);
}

bool crontab_is(const char *text)
{
    struct crontab c = {.at = text};
    struct crontab_entry e = {.line = 0};
    int result;
    do
        result = crontab_next(&c, &e);
    while (result > 0 && e.kind == CRONTAB_VARIABLE);
    bool is = result > 0 && e.kind != CRONTAB_STRANGE;
    crontab_release(&e);
    return is;
}
