#include "command/overlog/conf_program.h"
#include "base/lexer.h"
#include "services/section_text.h"
#include <string.h>

#define EXECLINE "#!/command/execlineb -P\n"
#define CONTENV "#!/command/with-contenv "
#define VARIABLES "multisubstitute { "

static size_t length_of(const char *value)
{
    size_t length = strlen(value);
    return length - (length > 0 && value[length - 1] == '\n');
}

int conf_key_lines(struct str *out, const char *key, const char *value)
{
    int bad = str_printf(out, "%s =\n", key);
    for (const char *at = value, *end = value + length_of(value); at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline == NULL ? end : newline) - at);
        bad |= str_printf(out, "%s%.*s\n", n > 0 ? "    " : "", (int)n, at);
        at += n + 1;
    }
    return bad;
}

int conf_key_line(struct str *out, const char *key, const char *value)
{
    size_t length = length_of(value);
    bool one = length > 0 && memchr(value, '\n', length) == NULL &&
               strchr(" \t", value[0]) == NULL && strchr(" \t", value[length - 1]) == NULL;
    if (one || length == 0)
        return str_printf(out, "%s =%s%.*s\n", key, one ? " " : "", (int)length, value);
    return conf_key_lines(out, key, value);
}

int conf_key_names(struct str *out, const char *key, const struct words *names)
{
    struct str value = STR_INIT;
    int bad = 0;
    for (size_t i = 0; i < names->count; i++)
        bad |= str_printf(&value, "%s%s", i == 0 ? "" : " ", names->item[i]);
    bad |= conf_key_line(out, key, value.length > 0 ? value.data : "none");
    str_release(&value);
    return bad;
}

/* --- the chain, read backwards ---------------------------------------------------------------- */

/* Words of a chain, from the one at `at` on. */
struct chain {
    const struct words *w;
    size_t at;
    struct str *out;
    bool bare; /* without the container's environment */
    bool *ready;
    bool no_memory;
};

static const char *word(const struct chain *c, size_t i)
{
    return c->at + i < c->w->count ? c->w->item[c->at + i] : "";
}

static bool begins(struct chain *c, const char *name)
{
    if (strcmp(word(c, 0), name) != 0)
        return false;
    c->at++;
    return true;
}

/* "multisubstitute { ... }", which is made of the variables that follow. */
static void skip_variables(struct chain *c)
{
    if (!begins(c, "multisubstitute"))
        return;
    while (c->at < c->w->count && word(c, 0)[0] != '\0')
        c->at++;
    c->at += c->at < c->w->count;
}

/* A command line is written with \\$ for the variable that holds a dollar. */
static void put(struct chain *c, const char *key, const char *value)
{
    static const char dollar[] = "${" TEXT_DOLLAR "}";
    struct str text = STR_INIT;
    for (const char *at; (at = strstr(value, dollar)) != NULL; value = at + strlen(dollar))
        c->no_memory |=
            str_add(&text, value, (size_t)(at - value)) < 0 || str_add_text(&text, "\\\\$") < 0;
    c->no_memory |= str_add_text(&text, value) < 0;
    c->no_memory |= text.data == NULL || conf_key_line(c->out, key, text.data) < 0;
    str_release(&text);
}

/* As many words as a condition holds for, joined behind what value has. */
static void join(struct chain *c, struct str *value, bool (*fits)(const char *word))
{
    for (; c->at < c->w->count && fits(word(c, 0)); c->at++)
        c->no_memory |= (value->length > 0 && str_add_char(value, ' ') < 0) ||
                        sugar_word(value, word(c, 0)) < 0;
}

static bool is_assignment(const char *text)
{
    return strchr(text, '=') != NULL;
}

static bool is_plain(const char *text)
{
    return text[0] != ' ' && text[0] != '\0';
}

static void read_environment(struct chain *c)
{
    struct str value = STR_INIT;
    c->no_memory |= c->bare && str_add_text(&value, "none") < 0;
    if (begins(c, "s6-env"))
        join(c, &value, is_assignment);
    if (value.length > 0)
        put(c, "env", value.data);
    str_release(&value);
}

static void read_word(struct chain *c, const struct sugar *row)
{
    struct str value = STR_INIT;
    if (!begins(c, row->becomes))
        return;
    if (row->kind == SUGAR_SOURCE && begins(c, "-o"))
        c->no_memory |= str_add_text(&value, "-o ") < 0;
    c->no_memory |= sugar_word(&value, word(c, 0)) < 0;
    c->at++;
    if (value.length > 0)
        put(c, row->name, value.data);
    str_release(&value);
}

static void read_limits(struct chain *c, const struct sugar *row)
{
    struct str value = STR_INIT;
    if (!begins(c, row->becomes))
        return;
    while (word(c, 0)[0] == '-' && sugar_limit_name(word(c, 0)[1]) != NULL) {
        bool most = strcmp(word(c, 1), "=") == 0;
        c->no_memory |=
            str_printf(&value, "%s%s=%s", value.length > 0 ? " " : "",
                       sugar_limit_name(word(c, 0)[1]), most ? "unlimited" : word(c, 1)) < 0;
        c->at += 2;
    }
    if (value.length > 0)
        put(c, row->name, value.data);
    str_release(&value);
}

/* How many words are options of a check, each with its argument. */
static size_t options_of(const struct chain *c, size_t from)
{
    size_t n = from;
    while (word(c, n)[0] == '-' && word(c, n)[1] != '\0' && word(c, n)[2] == '\0')
        n += 2;
    return n - from;
}

static void read_check(struct chain *c, const struct sugar *row)
{
    bool ready = strcmp(row->name, "ready") == 0;
    size_t head = ready ? 2 : 1; /* with -d */
    struct str value = STR_INIT;
    bool notify = ready && begins(c, "notify");
    if (!notify &&
        (strcmp(word(c, 0), row->becomes) != 0 || (ready && strcmp(word(c, 1), "-d") != 0)))
        return;
    size_t n = notify ? 0 : options_of(c, head);
    bool plain = n == (ready ? 4 : 2) && strcmp(word(c, head + n - 2), "-c") == 0 &&
                 (!ready || (strcmp(word(c, 2), "-n") == 0 && strcmp(word(c, 3), "0") == 0));
    *c->ready |= ready;
    if (plain) {
        const char *check = word(c, head + n - 1);
        const char *end = strstr(check, " } ");
        if (strncmp(check, VARIABLES, strlen(VARIABLES)) == 0 && end != NULL)
            check = end + 3;
        const char *probe = sugar_probe(row);
        bool before = strncmp(check, probe, strlen(probe)) == 0;
        put(c, row->name, check + (before ? strlen(probe) : 0));
    } else {
        for (size_t i = 0; i < n; i++)
            c->no_memory |= (i > 0 && str_add_char(&value, ' ') < 0) ||
                            sugar_word(&value, word(c, head + i)) < 0;
        put(c, row->name, notify ? "notify" : value.length > 0 ? value.data : "");
    }
    c->at += notify ? 0 : head + n;
    str_release(&value);
}

/* With options it is a part of the command line. */
static void read_times(struct chain *c, const struct sugar *row)
{
    if (strcmp(word(c, 0), row->becomes) != 0 || word(c, 1)[0] == '-')
        return;
    put(c, row->name, word(c, 1));
    c->at += 2;
}

static void read_commands(struct chain *c)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++) {
        if (!sugar_is_command(row))
            continue;
        if (row->kind == SUGAR_ENV)
            read_environment(c);
        else if (row->kind == SUGAR_LIMITS)
            read_limits(c, row);
        else if (row->kind == SUGAR_TIMES)
            read_times(c, row);
        else if (row->kind == SUGAR_CHECK)
            read_check(c, row);
        else
            read_word(c, row);
        if (row->kind == SUGAR_ENV || row->kind == SUGAR_CHECK)
            skip_variables(c);
    }
}

/* "INTERPRETER -c TEXT", where the text has lines: a script beside keys that are commands. */
static bool put_argument(struct chain *c, const char *key)
{
    struct str value = STR_INIT;
    size_t count = c->w->count;
    if (c->at + 3 > count || strcmp(c->w->item[count - 2], "-c") != 0 ||
        strchr(c->w->item[count - 1], '\n') == NULL)
        return false;
    bool shell = c->at + 3 == count && strcmp(word(c, 0), "/bin/sh") == 0;
    bool bad = !shell && str_add_text(&value, "#!") < 0;
    for (; !shell && c->at + 2 < count; c->at++)
        bad |= str_printf(&value, "%s%s", value.length > 2 ? " " : "", word(c, 0)) < 0;
    bad |= (!shell && str_add_char(&value, '\n') < 0) ||
           str_add_text(&value, c->w->item[count - 1]) < 0;
    if (strcmp(key, "once") == 0)
        bad |= conf_key_line(c->out, "type", "oneshot") < 0;
    c->no_memory |= bad || conf_key_line(c->out, "script", value.data) < 0;
    str_release(&value);
    return true;
}

static bool put_command(struct chain *c, const char *key)
{
    struct str value = STR_INIT;
    if (put_argument(c, key))
        return true;
    join(c, &value, is_plain);
    bool good = c->at == c->w->count && value.length > 0 && strncmp(value.data, "#!", 2) != 0;
    if (good)
        put(c, key, value.data);
    str_release(&value);
    return good;
}

static bool as_command(const char *text, size_t length, const char *key, struct str *out,
                       bool *ready)
{
    struct words w = WORDS_INIT;
    struct lexer_error e;
    struct str commands = STR_INIT, program = STR_INIT;
    struct chain c = {.w = &w, .out = &commands, .ready = ready};
    bool good = lexer_words(text, length, &w, &e) == 0;
    if (good) {
        c.bare = !begins(&c, "with-contenv");
        skip_variables(&c);
        if (begins(&c, "emptyenv"))
            c.at += c.bare = true;
        read_commands(&c);
        c.out = &program;
        good = put_command(&c, key) && !c.no_memory &&
               str_add(&program, commands.data, commands.length) == 0 &&
               str_add(out, program.data, program.length) == 0;
    }
    str_release(&commands);
    str_release(&program);
    words_release(&w);
    return good;
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* "#!/command/with-contenv sh", or another program by its whole path. */
static bool as_script(const char *text, struct str *out)
{
    struct str script = STR_INIT;
    const char *newline = strchr(text, '\n');
    bool shell = strncmp(text, CONTENV "sh\n", sizeof CONTENV + 2) == 0;
    bool good = newline != NULL && newline[1] != '\0' && newline[1] != '\n' &&
                strncmp(text, CONTENV, sizeof CONTENV - 1) == 0 &&
                (shell || text[sizeof CONTENV - 1] == '/');
    if (good && shell)
        good = strncmp(newline + 1, "#!", 2) != 0 && str_add_text(&script, newline + 1) == 0;
    else if (good)
        good = str_printf(&script, "#!%s", text + sizeof CONTENV - 1) == 0;
    good = good && conf_key_line(out, "script", script.data) == 0;
    str_release(&script);
    return good;
}

bool conf_program(const struct section *s, enum definition_type type, enum conf_form form,
                  struct str *out, bool *ready)
{
    bool longrun = type == DEFINITION_LONGRUN;
    const struct section_file *f = section_find(s, longrun ? "run" : "up");
    size_t head = longrun ? strlen(EXECLINE) : 0;
    *ready = false;
    if (f == NULL || (form == CONF_SCRIPT && !longrun))
        return false;
    if (form == CONF_SCRIPT)
        return as_script(f->text, out);
    if (form == CONF_AS_IS)
        return conf_key_line(out, f->name, f->text) == 0;
    if (longrun && strncmp(f->text, EXECLINE, head) != 0)
        return false;
    return as_command(f->text + head, f->length - head, longrun ? "run" : "once", out, ready);
}
