#include "command/overlog/shell_check.h"
#include "base/environment.h"
#include "base/str.h"
#include "base/timetable.h"
#include "command/overlog/shell_reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Log files stand behind its options, as many as begin with a slash. */
#define WITH_LOGFILES "with-logfiles"

/* What it executes is no service. */
#define SCHEDULE "schedule"

/* Programs that execute another, and what stands before it. */
static const struct link {
    const char *name;
    unsigned int operands;
    const char *valued; /* short options that take a word; NULL: they cannot be told apart */
    bool becomes;       /* makes the other run as an account, its first operand */
    bool prepares;      /* without another program it does nothing */
} links[] = {
    {"exec", 0, "a", false, false},
    {"command", 0, "", false, false},
    {"env", 0, "u", false, false},
    {"nice", 0, "n", false, false},
    {"nohup", 0, "", false, false},
    {"setsid", 0, "", false, false},
    {"stdbuf", 0, "ioe", false, false},
    {"tini", 0, "pe", false, false},
    {"dumb-init", 0, "r", false, false},
    {"with-contenv", 0, "", false, true},
    {"s6-setuidgid", 1, "", true, true},
    {"setuidgid", 1, "", true, true},
    {"gosu", 1, "", true, true},
    {"su-exec", 1, "", true, true},
    {"s6-envuidgid", 1, "D", true, true},
    {"s6-applyuidgid", 0, "ugG", false, true},
    {"s6-envdir", 1, "ln", false, true},
    {"envdir", 1, "", false, true},
    {"s6-softlimit", 0, "acdflmoprst", false, true},
    {"softlimit", 0, "acdflmoprst", false, true},
    {"chpst", 0, "uUbenmdofpcrtl", false, true},
    {"s6-notifyoncheck", 0, "3sTtwnc", false, true},
    {"livecheck", 0, "iTfsaqc", false, true},
    {"notify", 0, "3", false, false},
    {SCHEDULE, 1, "zjTo", false, true},
    {WITH_LOGFILES, 0, "s", false, true},
    {"fdmove", 2, "", false, true},
    {"redirfd", 2, "", false, true},
    /* of execline; a shell does these itself */
    {"cd", 1, "", false, false},
    {"umask", 1, "", false, false},
    {"emptyenv", 0, "", false, false},
    {"importas", 2, "Dd", false, false},
    {"export", 2, "", false, false},
    {"unexport", 1, "", false, false},
    {"fdclose", 1, "", false, false},
    {"s6-setsid", 0, "", false, false},
};

static const struct link *find_link(const char *name)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (strcmp(links[i].name, path_name(name)) == 0)
            return &links[i];
    return NULL;
}

static bool is_assignment(const char *word)
{
    size_t n = variable_length(word);
    return n > 0 && word[n] == '=';
}

/* --- one command ------------------------------------------------------------------------------ */

struct checking {
    const struct shell_place *place;
    const char *path;
    struct problems *p;
    bool exact; /* each word is one */
};

/* The operands of a link from word[at] on: where they begin, or count when options end it; 0: it
 * cannot be told. */
static size_t skip_options(const struct link *l, const struct daemon_word *word, size_t at,
                           size_t count)
{
    for (; at < count; at++) {
        const char *text = word[at].text;
        if (!word[at].known && text[0] != '-')
            return at;
        if (strcmp(text, "--") == 0)
            return at + 1;
        if (strcmp(l->name, "env") == 0 && is_assignment(text))
            continue;
        if (text[0] != '-' || text[1] == '\0')
            return at;
        if (text[1] == '-') { /* of the other programs, with a value after an equals sign */
            at += strcmp(text, "--fail-after") == 0;
            continue;
        }
        const char *valued = strpbrk(text + 1, l->valued);
        if (valued != NULL && valued[1] == '\0')
            at++;
    }
    return at;
}

/* Where the program begins behind log files, as logfile_count has it. */
static size_t skip_log_files(const struct daemon_word *word, size_t at, size_t count)
{
    while (at < count && word[at].text[0] == '/')
        at++;
    return at < count && strcmp(word[at].text, "--") == 0 ? at + 1 : at;
}

/* One of "USER:GROUP"; numbers need not be known. */
static void check_part(const struct checking *c, const struct link *l, const char *name, bool group,
                       unsigned int line)
{
    const struct shell_place *place = c->place;
    bool (*lacks)(void *, const char *) = group ? place->lacks_group : place->lacks_user;
    if (name[strspn(name, "0123456789")] != '\0' && lacks != NULL && lacks(place->context, name))
        problems_warning(c->p, c->path, line, "make the account in the image, or correct its name",
                         "%s: there is no %s %s in /etc/%s", l->name, group ? "group" : "user",
                         name, group ? "group" : "passwd");
}

/* s6-envuidgid -g names a group, and with -D an account need not be known. */
static bool names_user(const struct daemon_word *word, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word[i].text[0] == '-' && strpbrk(word[i].text, "gD") != NULL)
            return false;
    return true;
}

static void check_account(const struct checking *c, const struct link *l, const char *text,
                          unsigned int line)
{
    char name[64];
    size_t length = strcspn(text, ":");
    if (c->place == NULL || length >= sizeof name)
        return;
    memcpy(name, text, length);
    name[length] = '\0';
    check_part(c, l, name, false, line);
    if (text[length] == ':' && strchr(text + length + 1, ':') == NULL)
        check_part(c, l, text + length + 1, true, line);
}

static void check_timetable(const struct checking *c, const struct daemon_word *word,
                            unsigned int line)
{
    struct timetable t;
    struct error e = ERROR_INIT;
    if (word->known && timetable_parse(&t, word->text, &e) < 0)
        problems_warning(c->p, c->path, line, "schedule --next 5 SPEC shows what a timetable means",
                         "%s: %s", SCHEDULE, e.text);
}

static size_t skip_assignments(const struct daemon_word *word, size_t count)
{
    size_t at = 0;
    while (at < count && word[at].known && is_assignment(word[at].text))
        at++;
    return at;
}

/* Through all links to the program that is executed in the end: its index, or count: there is none,
 * or it cannot be known. */
static size_t follow_links(const struct checking *c, const struct daemon_word *word, size_t count,
                           unsigned int line)
{
    size_t at = skip_assignments(word, count);
    while (at < count && word[at].known) {
        const struct link *l = find_link(word[at].text);
        if (l == NULL)
            return at;
        size_t operands = skip_options(l, word, at + 1, count);
        size_t next = strcmp(l->name, WITH_LOGFILES) == 0 ? skip_log_files(word, operands, count)
                                                          : operands + l->operands;
        if (operands > count)
            return count;
        if (l->becomes && operands < count && word[operands].known &&
            names_user(word + at + 1, operands - at - 1))
            check_account(c, l, word[operands].text, line);
        bool schedules = strcmp(l->name, SCHEDULE) == 0;
        if (schedules && operands < count)
            check_timetable(c, &word[operands], line);
        if (l->prepares && next >= count && c->exact) {
            problems_warning(
                c->p, c->path, line,
                l->becomes ? "write the program on the same line, or what follows runs "
                             "as before: as root"
                           : "write the program on the same line",
                "%s executes no program: it changes nothing for what follows", l->name);
            return count;
        }
        at = schedules ? count : next;
    }
    return count;
}

/* A script of that name may stand elsewhere. */
static bool is_program(const char *path)
{
    const char *name = path_name(path);
    return name == path || (name - path > 4 && strncmp(name - 4, "bin/", 4) == 0);
}

/* A file that an argument names may be made at every start, and is unknown while it is not there.
 * Of the usual ones, those that are there tell. */
static bool file_tells(const struct shell_place *place, const struct daemon_advice *a)
{
    bool any_there = false, may = false;
    if (place == NULL || place->says == NULL)
        return a->named;
    if (a->named)
        return place->says(place->context, a->file, a->says) ||
               !place->says(place->context, a->file, "");
    for (const char *at = a->file; *at != '\0'; at += strspn(at, " ")) {
        char file[64];
        int length = (int)strcspn(at, " ");
        snprintf(file, sizeof file, "%.*s", length, at);
        bool there = place->says(place->context, file, "");
        bool tells = place->says(place->context, file, a->says);
        if (there && tells)
            return true;
        any_there |= there;
        may |= tells;
        at += length;
    }
    return may && !any_there;
}

static void check_daemon(const struct checking *c, const struct daemon_word *word, size_t count,
                         unsigned int line)
{
    if (!is_program(word[0].text))
        return;
    const char *name = path_name(word[0].text);
    struct daemon_advice advice = daemon_look(name, word, count);
    bool told = advice.cure != NULL && advice.file != NULL && file_tells(c->place, &advice);
    if (advice.cure != NULL && !told)
        problems_warning(
            c->p, c->path, line, advice.cure,
            "%s goes to the background%s%s%s: it is taken for ended, and started again", name,
            advice.file == NULL ? "" : " unless its configuration says \"",
            advice.file == NULL ? "" : advice.says, advice.file == NULL ? "" : "\"");
}

/* Other supervisors are not there to be told. */
static void check_manager(const struct checking *c, const struct daemon_word *word, size_t count,
                          unsigned int line)
{
    const char *name = path_name(word[0].text);
    const char *verb = strcmp(name, "systemctl") == 0 && count > 1 ? word[1].text
                       : strcmp(name, "service") == 0 && count > 2 ? word[2].text
                                                                   : "";
    bool acts = strcmp(verb, "start") == 0 || strcmp(verb, "stop") == 0 ||
                strcmp(verb, "restart") == 0 || strcmp(verb, "reload") == 0;
    if (strcmp(name, "supervisorctl") == 0)
        problems_warning(c->p, c->path, line,
                         "s6-rc -u change NAME, s6-svc -r /run/service/NAME, overlog status",
                         "supervisorctl has no supervisord here to talk to");
    else if (acts)
        problems_warning(c->p, c->path, line,
                         "make it a service, and use s6-rc -u change NAME or s6-svc",
                         "%s %s: what it starts is not supervised here", name, verb);
}

void chain_check(const struct daemon_word *word, size_t count, bool runs,
                 const struct shell_place *place, const char *path, struct problems *p)
{
    const struct checking c = {.place = place, .path = path, .p = p, .exact = true};
    size_t program = follow_links(&c, word, count, 0);
    if (program >= count)
        return;
    check_manager(&c, word + program, count - program, 0);
    if (runs)
        check_daemon(&c, word + program, count - program, 0);
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* sh itself does these, or they end soon: no shell is left between us and a service. */
static const char *const brief[] = {
    ":",      ".",       "[",      "[[",       "alias",   "break", "builtin", "cat",    "cd",
    "chmod",  "chown",   "cp",     "date",     "declare", "echo",  "eval",    "exit",   "export",
    "false",  "getopts", "hash",   "kill",     "let",     "ln",    "local",   "mkdir",  "mv",
    "printf", "pwd",     "read",   "readonly", "return",  "rm",    "s6-rc",   "s6-svc", "set",
    "shift",  "shopt",   "sleep",  "source",   "test",    "times", "touch",   "trap",   "true",
    "type",   "typeset", "ulimit", "umask",    "unset",   "wait",  NULL};

/* A shell that handles signals or children by itself means to stay. */
static bool manages(const struct shell_script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct shell_command *c = &s->command[i];
        const char *name = c->word[0].text;
        if (c->after == SHELL_BACKGROUND || strcmp(name, "trap") == 0 || strcmp(name, "wait") == 0)
            return true;
    }
    return false;
}

/* The last command stays a child of the shell. */
static bool lacks_exec(const struct shell_script *s, const struct shell_command *c, size_t at)
{
    return s->ends_in_simple && c == &s->command[s->count - 1] && c->depth == 0 &&
           c->before == SHELL_END && c->after == SHELL_END && at < c->count && c->word[at].known &&
           !is_among(c->word[at].text, brief) && find_link("exec") != find_link(c->word[at].text) &&
           !words_has(&s->functions, c->word[at].text) && !manages(s);
}

static void check_command(struct checking *c, const struct shell_script *s,
                          const struct shell_command *command, bool runs)
{
    size_t before = c->p->count;
    struct daemon_word *word = calloc(command->count, sizeof *word);
    if (word == NULL)
        return;
    c->exact = true;
    for (size_t i = 0; i < command->count; i++) {
        word[i] = (struct daemon_word){command->word[i].text, command->word[i].known};
        c->exact &= !command->word[i].splits;
    }
    size_t at = skip_assignments(word, command->count);
    bool known = at < command->count && word[at].known && !words_has(&s->functions, word[at].text);
    bool last = lacks_exec(s, command, at);
    bool executed = known && strcmp(command->word[at].text, "exec") == 0;
    bool guarded = command->depth > 0 || command->before != SHELL_END;
    size_t program = known ? follow_links(c, word, command->count, command->line) : command->count;
    if (program < command->count && !guarded)
        check_manager(c, word + program, command->count - program, command->line);
    if (program < command->count && runs && (last || executed))
        check_daemon(c, word + program, command->count - program, command->line);
    if (program < command->count && is_among(path_name(word[program].text), brief))
        last = false;
    if (last && runs && c->p->count == before)
        problems_warning(c->p, c->path, command->line, "write exec before it",
                         "%s is not executed in place of the shell, which gets its signals",
                         path_name(command->word[at].text));
    free(word);
}

void shell_check(const char *text, bool runs, const struct shell_place *place, const char *path,
                 struct problems *p)
{
    struct checking c = {.place = place, .path = path, .p = p};
    struct shell_script s;
    shell_read(text, &s);
    for (size_t i = 0; s.understood && i < s.count; i++)
        check_command(&c, &s, &s.command[i], runs);
    shell_release(&s);
}

/* --- execline --------------------------------------------------------------------------------- */

const char *chain_operator(const char *text, unsigned int *line)
{
    static const char *const operators[] = {"&&", "||", "|", ">>", "2>&1", NULL};
    char word[8];
    for (*line = 1; *text != '\0';) {
        size_t length = 0;
        unsigned int begin = *line;
        bool quoted = false;
        if (*text == '#')
            text += strcspn(text, "\n");
        for (bool inside = false; *text != '\0' && (inside || strchr(" \t\r\n", *text) == NULL);
             text++) {
            quoted |= *text == '"' || *text == '\\';
            inside ^= *text == '"';
            *line += *text == '\n';
            if (*text == '\\' && text[1] != '\0')
                *line += *++text == '\n';
            if (length < sizeof word)
                word[length++] = *text;
        }
        word[length < sizeof word ? length : sizeof word - 1] = '\0';
        for (size_t i = 0; operators[i] != NULL && !quoted && length < sizeof word; i++)
            if (strcmp(operators[i], word) == 0) {
                *line = begin;
                return operators[i];
            }
        *line += *text == '\n';
        text += *text != '\0';
    }
    return NULL;
}
