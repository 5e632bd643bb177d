#include "services/section_chain.h"
#include "base/lexer.h"
#include "base/timetable.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void expansion_error(struct expansion *x, uint32_t line, const char *cure, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    problems_error(x->p, x->file, line, cure, "%s", text);
}

void expansion_quotes(struct expansion *x, const struct conf_key *k)
{
    if (text_has_apostrophe(k->value))
        problems_warning(x->p, x->file, k->line, "use double quotes, or script",
                         "%s: single quotes are ordinary characters here", k->name);
}

/* Who writes sh -c "for i in a b; do echo $i; done" means the shell's i. */
static void warn_of_shell_variables(struct expansion *x, const struct conf_key *k,
                                    const struct words *words)
{
    struct words names = WORDS_INIT;
    x->no_memory |= text_variables(k->value, &names) < 0;
    for (size_t i = 0; i < names.count; i++) {
        bool own = false;
        for (size_t j = 1; j < words->count; j++)
            own |= text_script_sets(words->item[j], names.item[i]);
        if (own)
            problems_warning(x->p, x->file, k->line,
                             "use the key script, or write \\\\$NAME for a variable of the shell",
                             "%s: $%s is replaced before the shell runs that sets it", k->name,
                             names.item[i]);
    }
    words_release(&names);
}

bool expansion_words(struct expansion *x, const struct conf_key *k, struct words *words)
{
    struct lexer_error e;
    expansion_quotes(x, k);
    if (lexer_words(k->value, strlen(k->value), words, &e) == 0) {
        warn_of_shell_variables(x, k, words);
        return true;
    }
    expansion_error(x, k->value_line + e.line - 1, "words are read as execlineb reads them",
                    "%s: %s", k->name, e.text);
    return false;
}

/* --- values of commands ----------------------------------------------------------------------- */

/* The words from the one at `first` on. */
static void put_words(struct expansion *x, const struct words *w, size_t first, struct str *out)
{
    for (size_t i = first; i < w->count; i++)
        if ((out->length > 0 && str_add_char(out, ' ') < 0) || sugar_word(out, w->item[i]) < 0)
            x->no_memory = true;
}

static void put_word(struct expansion *x, const struct sugar *row, const struct conf_key *k,
                     const struct words *w, struct str *out)
{
    bool option = row->kind == SUGAR_SOURCE && w->count > 0 && strcmp(w->item[0], "-o") == 0;
    if (w->count != 1 + (size_t)option)
        expansion_error(x, k->line, "put it between double quotes if it holds blanks",
                        "%s: one word is wanted: %s", k->name, row->value);
    put_words(x, w, 0, out);
}

static void put_limit(struct expansion *x, const struct conf_key *k, const char *word,
                      struct str *out)
{
    const char *sign = strchr(word, '=');
    char letter = sign == NULL ? 0 : sugar_limit(word, (size_t)(sign - word));
    if (letter == 0) {
        expansion_error(x, k->line,
                        "as, core, cpu, data, fsize, memlock, nofile, nproc, rss, rtprio and stack "
                        "are limits",
                        "%s: no limit is \"%s\": write NAME=VALUE", k->name, word);
        return;
    }
    bool most = strcmp(sign + 1, "unlimited") == 0;
    if (str_printf(out, "%s-%c ", out->length > 0 ? " " : "", letter) < 0 ||
        sugar_word(out, most ? "=" : sign + 1) < 0)
        x->no_memory = true;
}

/* Whether a word is a target of probe: letters and a colon begin it. */
static bool is_target(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz+");
    return n > 0 && word[n] == ':';
}

/* What replaces these variables. One that is not set is an empty word, as in a shell between double
 * quotes. */
static int put_replacement(const struct words *names, struct str *out)
{
    int bad = str_add_text(out, "multisubstitute {");
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->item[i], TEXT_DOLLAR) == 0)
            bad |= str_add_text(out, " define " TEXT_DOLLAR " \"$\"");
        else
            bad |= str_printf(out, " importas -D \"\" -S %s", names->item[i]);
    return bad | str_add_text(out, " }");
}

static void collect(struct expansion *x, bool setting, struct text *commands, struct words *names);

/* A check is read again as a command line, so it replaces its variables itself: a value that was
 * put in before would be read as syntax. Without the container's environment the check looks there
 * for them, and is then in the one that the program has. */
static void put_own_variables(struct expansion *x, const char *check, struct str *out)
{
    struct words names = WORDS_INIT;
    struct text setting = TEXT_INIT;
    bool bare = section_is_bare(x);
    bool bad = text_variables(check, &names) < 0;
    if (names.count > 0 && bare)
        collect(x, true, &setting, &names);
    if (names.count > 0) {
        bad |= (bare && str_add_text(out, "with-contenv ") < 0) ||
               put_replacement(&names, out) < 0 || str_add_char(out, ' ') < 0;
        if (bare)
            bad |=
                str_printf(out, "emptyenv -p %s", setting.lines > 0 ? setting.bytes.data : "") < 0;
    }
    x->no_memory |= bad || setting.no_memory;
    words_release(&names);
    text_release(&setting);
}

static void put_check(struct expansion *x, const struct sugar *row, const struct conf_key *k,
                      const struct words *w, struct str *out)
{
    struct str check = STR_INIT;
    if (w->count == 0) {
        expansion_error(x, k->line, "write a target of probe, as tcp:localhost:80, or a command",
                        "%s has no check", k->name);
        return;
    }
    if (w->item[0][0] == '-') {
        put_words(x, w, 0, out);
        return;
    }
    put_own_variables(x, k->value, &check);
    if (str_add_text(&check, is_target(w->item[0]) ? sugar_probe(row) : "") < 0 ||
        text_braced(k->value, false, &check) < 0 ||
        str_add_text(out, strcmp(k->name, "ready") == 0 ? "-n 0 -c " : "-c ") < 0 ||
        sugar_word(out, check.data) < 0)
        x->no_memory = true;
    str_release(&check);
}

/* The lines of a value are parts of one timetable. */
static void put_times(struct expansion *x, const struct conf_key *k, struct str *out)
{
    struct timetable t;
    struct error e = ERROR_INIT;
    struct str value = STR_INIT;
    x->no_memory |= str_add_text(&value, k->value) < 0;
    for (char *p = value.data; p != NULL && (p = strchr(p, '\n')) != NULL;)
        *p = ';';
    if (value.length > 0 && strchr(value.data, '$') == NULL &&
        timetable_parse(&t, value.data, &e) < 0)
        expansion_error(x, k->value_line, "schedule(1) has the form", "%s: %s", k->name, e.text);
    x->no_memory |= value.data == NULL || sugar_word(out, value.data) < 0;
    str_release(&value);
}

static const char *command_of(const struct sugar *row, const struct words *w)
{
    bool notify =
        strcmp(row->name, "ready") == 0 && w->count == 1 && strcmp(w->item[0], "notify") == 0;
    return notify                            ? "notify"
           : strcmp(row->name, "ready") == 0 ? "s6-notifyoncheck -d"
                                             : row->becomes;
}

static size_t nones(const struct sugar *row, const struct words *w)
{
    return row->kind == SUGAR_ENV && w->count > 0 && strcmp(w->item[0], "none") == 0;
}

static void check_assignments(struct expansion *x, const struct conf_key *k, const struct words *w,
                              size_t first)
{
    for (size_t i = first; i < w->count; i++)
        if (strchr(w->item[i], '=') == NULL || w->item[i][0] == '=')
            expansion_error(x, k->line, "write NAME=VALUE, with double quotes where it has blanks",
                            "%s: \"%s\" sets no variable", k->name, w->item[i]);
}

/* The command of a row, in out; empty: the section has none. */
static void put_command(struct expansion *x, const struct sugar *row, struct str *out)
{
    const struct conf_key *k = conf_find(x->s, row->name);
    struct words w = WORDS_INIT;
    struct str rest = STR_INIT;
    bool times = row->kind == SUGAR_TIMES && k != NULL && k->value[0] != '-';
    if (k == NULL || (row->types & 1U << x->type) == 0 || (!times && !expansion_words(x, k, &w))) {
        words_release(&w);
        return;
    }
    const char *command = command_of(row, &w);
    size_t first = nones(row, &w);
    if (row->kind == SUGAR_ENV)
        check_assignments(x, k, &w, first);
    if (row->kind == SUGAR_WORD || row->kind == SUGAR_SOURCE)
        put_word(x, row, k, &w, &rest);
    else if (row->kind == SUGAR_LIMITS)
        for (size_t i = 0; i < w.count; i++)
            put_limit(x, k, w.item[i], &rest);
    else if (times)
        put_times(x, k, &rest);
    else if (row->kind == SUGAR_ENV || row->kind == SUGAR_TIMES)
        put_words(x, &w, first, &rest);
    else if (strcmp(command, "notify") != 0)
        put_check(x, row, k, &w, &rest);
    if (rest.length > 0 || strcmp(command, "notify") == 0)
        x->no_memory |= str_printf(out, "%s%s%s", command, rest.length > 0 ? " " : "",
                                   rest.length > 0 ? rest.data : "") < 0;
    str_release(&rest);
    words_release(&w);
}

/* --- the chain -------------------------------------------------------------------------------- */

bool section_is_bare(struct expansion *x)
{
    const struct conf_key *k = conf_find(x->s, "env");
    size_t n = k == NULL ? 0 : strcspn(k->value, " \t\n");
    return n == 4 && memcmp(k->value, "none", n) == 0;
}

/* What is set first, and so does not know the variables of the others. */
static bool sets_variables(const struct sugar *row)
{
    return row->kind == SUGAR_ENV || strcmp(row->name, "env-file") == 0;
}

bool section_has_commands(const struct expansion *x)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++) {
        const struct conf_key *k = conf_find(x->s, row->name);
        if (k != NULL && sugar_is_command(row) && strcmp(k->value, "none") != 0)
            return true;
    }
    return false;
}

static void put_variables(struct expansion *x, const struct words *names, uint32_t line,
                          struct text *t)
{
    struct str out = STR_INIT;
    bool bad = put_replacement(names, &out) < 0;
    if (names->count > 0 && !bad)
        text_add(t, out.data, line, false);
    x->no_memory |= bad;
    str_release(&out);
}

/* Whether it is a check with variables, before which no others are replaced. */
static bool replaces_itself(struct expansion *x, const struct sugar *row)
{
    const struct conf_key *k = row->kind == SUGAR_CHECK ? conf_find(x->s, row->name) : NULL;
    struct words names = WORDS_INIT;
    if (k == NULL || k->value[0] == '-')
        return false;
    x->no_memory |= text_variables(k->value, &names) < 0;
    bool any = names.count > 0;
    words_release(&names);
    return any;
}

/* The commands of checks that replace their variables themselves. */
static void put_checks(struct expansion *x, struct text *t)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++) {
        struct str one = STR_INIT;
        if (replaces_itself(x, row))
            put_command(x, row, &one);
        if (one.length > 0)
            text_add(t, one.data, conf_find(x->s, row->name)->line, false);
        str_release(&one);
    }
}

/* The commands of the rows that set variables, or of the others, and the variables in them. */
static void collect(struct expansion *x, bool setting, struct text *commands, struct words *names)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++) {
        struct str one = STR_INIT, braced = STR_INIT;
        if (sugar_is_command(row) && sets_variables(row) == setting && !replaces_itself(x, row))
            put_command(x, row, &one);
        if (one.length > 0 &&
            (text_variables(one.data, names) < 0 || text_braced(one.data, false, &braced) < 0))
            x->no_memory = true;
        else if (one.length > 0)
            text_add(commands, braced.data, conf_find(x->s, row->name)->line, false);
        str_release(&one);
        str_release(&braced);
    }
}

void section_chain(struct expansion *x, const char *command, bool commands, uint32_t line,
                   struct text *t)
{
    struct text setting = TEXT_INIT, others = TEXT_INIT;
    struct words first = WORDS_INIT, second = WORDS_INIT;
    bool bare = section_is_bare(x);
    if (commands) {
        collect(x, true, &setting, &first);
        collect(x, false, &others, bare ? &first : &second);
    }
    if (command != NULL && text_variables(command, bare ? &first : &second) < 0)
        x->no_memory = true;
    if (commands && bare)
        put_checks(x, t);
    if (!bare || first.count > 0)
        text_add(t, "with-contenv", line, false);
    put_variables(x, &first, line, t);
    if (bare && first.count > 0)
        text_add(t, "emptyenv -p", line, false);
    text_join(t, &setting);
    if (commands && !bare)
        put_checks(x, t);
    put_variables(x, &second, line, t);
    text_join(t, &others);
    words_release(&first);
    words_release(&second);
}
