#include "services/section_expand.h"
#include "base/lexer.h"
#include "services/definition.h"
#include "services/section_chain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXECLINE "#!/command/execlineb -P"
#define EXECLINE_FINISH "#!/command/execlineb -S4"
#define SHELL "#!/bin/sh"
#define SHELL_CONTENV "#!/command/with-contenv "

enum { NAME_BYTES_MAX = 255 }; /* of a directory */

/* --- files ------------------------------------------------------------------------------------ */

/* Adds the text as a file, which k asks for. */
static void put_file(struct expansion *x, const char *name, const struct conf_key *k,
                     struct text *t)
{
    struct section_file file;
    if (section_find(x->out, name) != NULL) {
        expansion_error(x, k->line, "keep one of the two", "%s: another key says the same",
                        k->name);
        text_release(t);
    } else if (!text_file(t, name, &file) || section_add(x->out, file) < 0) {
        x->no_memory = true;
    }
}

static void put_lines(struct expansion *x, const char *name, const struct conf_key *k)
{
    struct text t = TEXT_INIT;
    text_add(&t, k->value, k->value_line, true);
    put_file(x, name, k, &t);
}

static void put_type(struct expansion *x)
{
    struct text t = TEXT_INIT;
    const struct conf_key *type = conf_find(x->s, "type");
    const struct conf_key header = {.name = (char[]){"type"}, .line = x->s->line};
    text_add(&t, definition_type_name(x->type), type == NULL ? x->s->line : type->line, false);
    put_file(x, "type", type == NULL ? &header : type, &t);
}

/* A file with a name in each line. The word none alone: an empty file. */
static void put_names(struct expansion *x, const char *file, const struct conf_key *k)
{
    struct text t = TEXT_INIT;
    uint32_t line = k->value_line;
    bool none = strcmp(k->value, "none") == 0;
    for (const char *at = none ? "" : k->value; *at != '\0';) {
        size_t n = strcspn(at, " ,\t\n");
        struct str name = STR_INIT;
        if (n > 0 && str_add(&name, at, n) < 0)
            x->no_memory = true;
        else if (n > 0)
            text_add(&t, name.data, line, false);
        str_release(&name);
        at += n;
        line += *at == '\n';
        at += *at != '\0';
    }
    if (t.lines == 0 && str_add_text(&t.bytes, "") < 0)
        x->no_memory = true;
    put_file(x, file, k, &t);
}

static void put_flag(struct expansion *x, const struct conf_key *k)
{
    struct text t = TEXT_INIT;
    if (strcmp(k->value, "no") == 0)
        return;
    if (strcmp(k->value, "yes") != 0)
        expansion_error(x, k->line, "write yes or no", "%s: \"%s\" is neither", k->name, k->value);
    x->no_memory |= str_add_text(&t.bytes, "") < 0;
    put_file(x, k->name, k, &t);
}

static void put_one_line(struct expansion *x, const char *file, const struct conf_key *k)
{
    if (strchr(k->value, '\n') != NULL)
        expansion_error(x, k->line, "write all of it into one line", "%s has one line", k->name);
    put_lines(x, file, k);
}

/* --- programs --------------------------------------------------------------------------------- */

static void check_command(struct expansion *x, const struct conf_key *k)
{
    struct words w = WORDS_INIT;
    if (expansion_words(x, k, &w) && w.count == 0)
        expansion_error(x, k->line, "write a command line behind it", "%s is empty", k->name);
    else if (w.count > 0 && x->out->program == NULL && strcmp(k->name, "finish") != 0) {
        x->no_memory |= (x->out->program = strdup(w.item[0])) == NULL;
        x->out->program_line = k->value_line;
    }
    const char *word = lexer_shell_word(&w);
    if (word != NULL)
        problems_warning(x->p, x->file, k->line, "use the key script for a script of the shell",
                         "%s is given to %s as an argument: no shell reads this command line", word,
                         w.item[0]);
    words_release(&w);
}

/* The chain and the command line of a key, with the line above it that a script has, or NULL. */
static void put_command_line(struct expansion *x, const char *file, const char *above,
                             const struct conf_key *k)
{
    struct text t = TEXT_INIT;
    struct str braced = STR_INIT;
    bool finish = strcmp(k->name, "finish") == 0;
    check_command(x, k);
    if (above != NULL)
        text_add(&t, above, k->line, false);
    section_chain(x, k->value, !finish, k->line, &t);
    if (text_braced(k->value, finish, &braced) < 0)
        x->no_memory = true;
    else
        text_add(&t, braced.data, k->value_line, true);
    put_file(x, file, k, &t);
    str_release(&braced);
}

/* The words of the first line of a script, behind "#!"; those of /bin/sh without one. */
static bool interpreter(struct expansion *x, const struct conf_key *k, struct words *w)
{
    bool told = strncmp(k->value, "#!", 2) == 0;
    const char *line = told ? k->value + 2 : &SHELL[2];
    size_t length = strcspn(line, "\n");
    for (size_t at = 0; at < length;) {
        size_t n = strcspn(line + at, " \t\n");
        if (n > 0 && words_add_bytes(w, line + at, n) < 0)
            x->no_memory = true;
        at += n + 1;
    }
    if (w->count > 1 && strcmp(path_name(w->item[0]), "with-contenv") == 0 && !section_is_bare(x)) {
        free(w->item[0]); /* it is in the chain */
        memmove(w->item, w->item + 1, w->count * sizeof *w->item);
        w->count--;
    }
    return w->count > 0;
}

/* A variable among the commands would be replaced in the script as well. */
static void check_variables(struct expansion *x)
{
    for (const struct sugar *row = sugar_rows; row->name != NULL; row++) {
        const struct conf_key *k = conf_find(x->s, row->name);
        struct words names = WORDS_INIT;
        if (k != NULL && sugar_is_command(row) && text_variables(k->value, &names) < 0)
            x->no_memory = true;
        bool own = row->kind == SUGAR_CHECK && k != NULL && k->value[0] != '-';
        for (size_t i = 0; i < names.count && !own; i++)
            if (strcmp(names.item[i], TEXT_DOLLAR) != 0)
                expansion_error(x, k->line, "use run or once, with a script in a file of its own",
                                "%s: beside script no $%s is replaced", k->name, names.item[i]);
        words_release(&names);
    }
}

/* Whether it takes a script as the argument of -c. */
static bool takes_text(const struct words *w)
{
    static const char *const shells[] = {"sh",   "ash",     "bash",   "dash", "ksh",
                                         "mksh", "python3", "python", "zsh",  NULL};
    const char *last = w->item[w->count - 1];
    for (size_t i = w->count; i > 0 && (last = w->item[i - 1])[0] == '-'; i--) {
    }
    return is_among(path_name(last), shells);
}

static const char *body_of(const struct conf_key *k, uint32_t *line)
{
    *line = k->value_line;
    if (strncmp(k->value, "#!", 2) != 0)
        return k->value;
    const char *newline = strchr(k->value, '\n');
    *line += newline != NULL;
    return newline == NULL ? "" : newline + 1;
}

/* A script that stands as an argument of its interpreter, behind the chain. */
static void put_argument(struct expansion *x, const char *file, const char *above,
                         const struct conf_key *k, const struct words *w)
{
    struct text t = TEXT_INIT;
    struct str out = STR_INIT;
    uint32_t line;
    const char *body = body_of(k, &line);
    if (!takes_text(w))
        expansion_error(x, k->line, "write it to a file, and name that in run or once",
                        "script: a script of %s cannot stand in a oneshot, nor with a key that is "
                        "a command",
                        w->item[w->count - 1]);
    check_variables(x);
    if (above != NULL)
        text_add(&t, above, k->line, false);
    section_chain(x, NULL, true, k->line, &t);
    for (size_t i = 0; i < w->count; i++)
        x->no_memory |= sugar_word(&out, w->item[i]) < 0 || str_add_char(&out, ' ') < 0;
    x->no_memory |= str_add_text(&out, "-c ") < 0 || sugar_word(&out, body) < 0;
    if (out.data != NULL)
        text_add(&t, out.data, line, true);
    put_file(x, file, k, &t);
    str_release(&out);
}

/* A script that is the file run as it stands, but for its first line. */
static void put_script_file(struct expansion *x, const struct conf_key *k, const struct words *w)
{
    struct text t = TEXT_INIT;
    struct str first = STR_INIT;
    uint32_t line;
    const char *body = body_of(k, &line);
    bool told = strncmp(k->value, "#!", 2) == 0;
    x->no_memory |= str_add_text(&first, section_is_bare(x) ? "#!" : SHELL_CONTENV) < 0;
    for (size_t i = 0; i < w->count; i++)
        x->no_memory |= str_printf(&first, "%s%s", i == 0 ? "" : " ",
                                   told || section_is_bare(x) ? w->item[i] : "sh") < 0;
    if (first.data != NULL)
        text_add(&t, first.data, told ? k->value_line : k->line, false);
    if (body[0] != '\0')
        text_add(&t, body, line, true);
    put_file(x, "run", k, &t);
    str_release(&first);
}

static void put_script(struct expansion *x, const struct conf_key *k)
{
    struct words w = WORDS_INIT;
    bool oneshot = x->type == DEFINITION_ONESHOT;
    if (k->value[0] == '\0' || !interpreter(x, k, &w))
        expansion_error(x, k->line, "indent its lines below the key", "%s is empty", k->name);
    else if (!oneshot && !section_has_commands(x) && (w.count == 1 || section_is_bare(x)))
        put_script_file(x, k, &w);
    else
        put_argument(x, oneshot ? "up" : "run", oneshot ? NULL : EXECLINE, k, &w);
    words_release(&w);
}

/* run and finish: a value that begins with #! is the file itself. */
static void put_run(struct expansion *x, const struct conf_key *k)
{
    bool finish = strcmp(k->name, "finish") == 0;
    if (strncmp(k->value, "#!", 2) != 0)
        put_command_line(x, k->name, finish ? EXECLINE_FINISH : EXECLINE, k);
    else if (!finish && (section_has_commands(x) || conf_find(x->s, "env") != NULL))
        expansion_error(x, k->line, "use the key script instead",
                        "run is a script of its own, before which no commands stand");
    else
        put_lines(x, k->name, k);
}

static void put_program(struct expansion *x, const struct sugar *row, const struct conf_key *k)
{
    if (strcmp(row->name, "script") == 0)
        put_script(x, k);
    else if (strcmp(row->name, "once") == 0)
        put_command_line(x, "up", NULL, k);
    else
        put_run(x, k);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void join_bundles(struct expansion *x, const struct conf_key *k)
{
    struct section *s = x->out;
    s->bundle_line = k == NULL ? x->s->line : k->line;
    const char *value = k == NULL ? "user" : strcmp(k->value, "none") == 0 ? "" : k->value;
    x->no_memory |= words_split(&s->bundles, value, " ,\t\n") < 0;
}

static void put_row(struct expansion *x, const struct key_row *row, const char *file,
                    const struct conf_key *k)
{
    if (row->kind == KEY_DIRECTORY)
        expansion_error(x, k->line, "make the service a directory of s6-rc.d",
                        "%s is a directory: a section cannot hold it", k->name);
    else if (row->kind == KEY_NAMES)
        put_names(x, file, k);
    else if (row->kind == KEY_FLAG)
        put_flag(x, k);
    else if (row->kind == KEY_PROGRAM)
        put_run(x, k);
    else if (key_is_number(row) || row->kind == KEY_NAME || row->kind == KEY_POLICY)
        put_one_line(x, file, k);
    else if (row->kind != KEY_TYPE) {
        if (row->kind == KEY_COMMAND)
            expansion_quotes(x, k);
        put_lines(x, file, k);
    }
}

static void unknown_key(struct expansion *x, const struct conf_key *k)
{
    char cure[96];
    const char *meant = sugar_meant(k->name);
    snprintf(cure, sizeof cure, "did you mean %s?", meant == NULL ? "" : meant);
    expansion_error(x, k->line, meant == NULL ? "services.conf(5) has the keys" : cure,
                    "no key is called %s", k->name);
}

/* What a section may have that only adds to a definition that is elsewhere. */
static bool is_added(const struct key_row *row)
{
    return row != NULL && (row->use & KEY_ADDED) != 0;
}

static void put_key(struct expansion *x, const struct conf_key *k)
{
    const struct sugar *sugar = sugar_find(k->name, x->type);
    const struct key_row *row =
        key_find(sugar != NULL && sugar->kind == SUGAR_FILE ? sugar->becomes : k->name, x->type);
    if (sugar == NULL && row == NULL)
        unknown_key(x, k);
    else if (x->type == 0 && is_added(row))
        put_row(x, row, row->name, k);
    else if (x->type == 0)
        expansion_error(x, x->s->line, "write run, once, script or contents",
                        "nothing tells what %.200s is", x->s->name);
    else if (sugar == NULL)
        put_row(x, row, row->name, k);
    else if ((sugar->types & 1U << x->type) == 0)
        expansion_error(x, k->line, "remove it", "%s means nothing in a %s", k->name,
                        definition_type_name(x->type));
    else if (sugar->kind == SUGAR_FILE)
        put_row(x, key_find(sugar->becomes, x->type), sugar->becomes, k);
    else if (sugar->kind == SUGAR_PROGRAM)
        put_program(x, sugar, k);
}

/* --- the section ------------------------------------------------------------------------------ */

static enum definition_type told_type(struct expansion *x, const struct conf_key *k)
{
    enum definition_type type = definition_type_of(k->value);
    if (type == 0)
        expansion_error(x, k->line, "write one of the three, and nothing else",
                        "invalid type: must be oneshot, longrun, or bundle");
    return type;
}

/* The type that the keys tell; 0: none does. */
static enum definition_type find_type(struct expansion *x)
{
    static const struct {
        const char *key;
        enum definition_type type;
    } tell[] = {{"once", DEFINITION_ONESHOT},
                {"up", DEFINITION_ONESHOT},
                {"run", DEFINITION_LONGRUN},
                {"script", DEFINITION_LONGRUN},
                {"contents", DEFINITION_BUNDLE}};
    const struct conf_key *k = conf_find(x->s, "type");
    if (k != NULL)
        return told_type(x, k);
    for (size_t i = 0; i < sizeof tell / sizeof tell[0]; i++)
        if (conf_find(x->s, tell[i].key) != NULL)
            return tell[i].type;
    return 0;
}

/* One thing is executed, and it is of the type. */
static void check_programs(struct expansion *x)
{
    static const char *const programs[] = {"run", "script", "once", "up", "contents"};
    const struct conf_key *first = NULL;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const struct conf_key *k = conf_find(x->s, programs[i]);
        if (k != NULL && first != NULL)
            expansion_error(x, k->line, "make two sections of it", "%s and %s do not go together",
                            first->name, k->name);
        if (first == NULL)
            first = k;
    }
    if (conf_find(x->s, "run") != NULL && x->type == DEFINITION_ONESHOT)
        expansion_error(x, conf_find(x->s, "run")->line, "a oneshot has once",
                        "run makes a longrun, and type says oneshot");
}

/* What every service needs unless it says what it needs. */
static void put_base(struct expansion *x)
{
    struct text t = TEXT_INIT;
    const struct conf_key header = {.name = (char[]){"needs"}, .line = x->s->line};
    if (x->type == DEFINITION_BUNDLE || section_find(x->out, "dependencies") != NULL)
        return;
    text_add(&t, "base", x->s->line, false);
    put_file(x, "dependencies", &header, &t);
}

/* readiness by a command needs a descriptor to tell it to. */
static void put_descriptor(struct expansion *x)
{
    struct text t = TEXT_INIT;
    const struct conf_key *k = conf_find(x->s, "ready");
    if (k == NULL || x->type != DEFINITION_LONGRUN || section_find(x->out, "notification-fd"))
        return;
    text_add(&t, "3", k->line, false);
    put_file(x, "notification-fd", k, &t);
}

static size_t name_length(struct expansion *x)
{
    size_t length = strlen(x->s->name);
    bool template = length > 1 && x->s->name[length - 1] == '@';
    if (strpbrk(x->s->name, "/\n") != NULL || x->s->name[0] == '.') {
        expansion_error(x, x->s->line, "choose another name",
                        "invalid name %.200s: names hold no slash, and do not begin with a dot",
                        x->s->name);
        return 0;
    }
    if (length - template > NAME_BYTES_MAX) {
        expansion_error(x, x->s->line, "choose a shorter name",
                        "invalid name %.40s...: names have 255 bytes at most", x->s->name);
        return 0;
    }
    if (template && conf_find(x->s, "instances") == NULL)
        expansion_error(x, x->s->line, "add instances = 2, or take the @ away",
                        "%s is a template, and nothing says how many there are", x->s->name);
    return length - template;
}

static void put_all(struct expansion *x)
{
    x->out->line = x->s->line;
    x->out->typed = x->type != 0;
    if (x->out->typed) {
        put_type(x);
        check_programs(x);
        join_bundles(x, conf_find(x->s, "bundle"));
    }
    for (size_t i = 0; i < x->s->count; i++)
        put_key(x, &x->s->key[i]);
    if (x->out->typed) {
        put_base(x);
        put_descriptor(x);
    }
    const struct conf_key *user = conf_find(x->s, "user");
    if (user != NULL) {
        x->no_memory |= (x->out->user = strdup(user->value)) == NULL;
        x->out->user_line = user->line;
    }
    if (x->s->about != NULL && (x->out->about = strdup(x->s->about)) == NULL)
        x->no_memory = true;
}

struct section *section_expand(const struct conf_section *s, const char *file, struct problems *p)
{
    struct expansion x = {.s = s, .file = file, .p = p};
    size_t length = name_length(&x);
    if (length == 0)
        return NULL;
    x.type = find_type(&x);
    x.out = section_new(file, s->name, length);
    if (x.out != NULL)
        put_all(&x);
    if (x.out == NULL || x.no_memory)
        problems_system(p, file, s->line, NULL, "out of memory");
    if (x.no_memory) {
        section_free(x.out);
        return NULL;
    }
    return x.out;
}
