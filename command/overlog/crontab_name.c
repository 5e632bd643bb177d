#include "command/overlog/crontab_name.h"
#include "base/environment.h"
#include "base/str.h"
#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 3 /* of commands in sh -c */ };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char digits[] = "0123456789";

/* --- words of a shell command ----------------------------------------------------------------- */

/* The end of what begins with a quote, or of a command in $() or backticks; the end of the text
 * where it is not ended. */
static const char *past_group(const char *at)
{
    char opening = *at == '$' ? '(' : *at, closing = opening == '(' ? ')' : opening;
    int depth = 1;
    for (at += *at == '$' ? 2 : 1; *at != '\0' && depth > 0; at++) {
        if (*at == '\\' && closing != '\'' && at[1] != '\0')
            at++;
        else if (*at == closing)
            depth--;
        else if (*at == opening)
            depth++;
    }
    return at;
}

static bool is_group(const char *at)
{
    return *at == '\'' || *at == '"' || *at == '`' || (*at == '$' && at[1] == '(');
}

/* Appends a word, without its quotes. */
static const char *take_word(const char *at, struct str *word)
{
    while (*at != '\0' && strchr(" \t\n;&|()<>", *at) == NULL) {
        const char *end = is_group(at) ? past_group(at) : at + 1;
        if (*at == '\'' || *at == '"')
            str_add(word, at + 1, (size_t)(end - at - 1 - (end - at > 1 && end[-1] == *at)));
        else if (*at == '\\' && at[1] != '\0')
            str_add_char(word, *end++);
        else
            str_add(word, at, (size_t)(end - at));
        at = end;
    }
    return at;
}

/* Takes the next simple command, which may be empty, without what it redirects; NULL: there is
 * none. */
static const char *take_command(const char *at, struct words *w)
{
    if (*at == '\0')
        return NULL;
    while (*at != '\0' && strchr(";|&()\n", *at) == NULL) {
        struct str word = STR_INIT;
        size_t redirects = strspn(at, "<>");
        at += redirects > 0 ? strspn(at, "<>&|") : 0;
        at += strspn(at, " \t");
        at = take_word(at, &word);
        bool number = word.length > 0 && strspn(word.data, digits) == word.length;
        if (redirects == 0 && word.length > 0 && !(number && strchr("<>", *at) && *at != '\0'))
            words_add(w, word.data);
        str_release(&word);
    }
    return *at == '\0' ? at : at + 1;
}

/* --- what leads to a program ------------------------------------------------------------------ */

/* Those that run the rest, or look whether it shall run. */
struct leading {
    const char *name;
    const char *with_argument; /* letters of its options that have one */
    size_t operands;           /* before the rest */
    bool looks;                /* the rest is what it looks at */
};

static const struct leading leadings[] = {
    {.name = "cd", .looks = true},
    {.name = "test", .looks = true},
    {.name = "[", .looks = true},
    {.name = "[[", .looks = true},
    {.name = "if"},
    {.name = "then"},
    {.name = "else"},
    {.name = "do"},
    {.name = "{"},
    {.name = "!"},
    {.name = "time"},
    {.name = "nohup"},
    {.name = "setsid"},
    {.name = "command"},
    {.name = "exec", .with_argument = "a"},
    {.name = "nice", .with_argument = "n"},
    {.name = "ionice", .with_argument = "cnpPu"},
    {.name = "env", .with_argument = "uC"},
    {.name = "sudo", .with_argument = "CDRTUghprtu"},
    {.name = "doas", .with_argument = "Cu"},
    {.name = "stdbuf", .with_argument = "ioe"},
    {.name = "timeout", .with_argument = "ks", .operands = 1},
    {.name = "flock", .with_argument = "wE", .operands = 1},
    {.name = "chrt", .with_argument = "TPD", .operands = 1},
    {.name = "taskset", .operands = 1},
    {.name = "gosu", .operands = 1},
    {.name = "su-exec", .operands = 1},
    {.name = "s6-setuidgid", .operands = 1},
};

/* Their first operand says more. */
struct interpreter {
    const char *name;
    const char *with_argument;
    char code; /* the option whose argument is a program's text */
    bool shell;
};

static const struct interpreter interpreters[] = {
    {.name = "sh", .with_argument = "oO", .code = 'c', .shell = true},
    {.name = "bash", .with_argument = "oO", .code = 'c', .shell = true},
    {.name = "php", .with_argument = "cdz", .code = 'r'},
    {.name = "python", .with_argument = "WX", .code = 'c'},
    {.name = "python3", .with_argument = "WX", .code = 'c'},
    {.name = "perl", .with_argument = "IMm", .code = 'e'},
    {.name = "ruby", .with_argument = "Ir", .code = 'e'},
    {.name = "node", .with_argument = "r", .code = 'e'},
};

static const struct leading *find_leading(const char *word)
{
    for (size_t i = 0; i < sizeof leadings / sizeof leadings[0]; i++)
        if (strcmp(leadings[i].name, path_name(word)) == 0)
            return &leadings[i];
    return NULL;
}

static const struct interpreter *find_interpreter(const char *word)
{
    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++)
        if (strcmp(interpreters[i].name, path_name(word)) == 0)
            return &interpreters[i];
    return NULL;
}

static bool is_assignment(const char *word)
{
    size_t n = variable_length(word);
    return n > 0 && word[n] == '=';
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Long options of all these whose argument is a word of its own. */
static bool takes_next(const char *option, const char *with_argument)
{
    static const char *const longs[] = {"--adjustment", "--class",  "--classdata", "--user",
                                        "--group",      "--signal", "--timeout",   "--wait",
                                        "--kill-after", "--unset",  "--chdir",     "--host",
                                        "--define",     NULL};
    if (option[1] == '-')
        return is_among(option, longs);
    const char *found = with_argument == NULL ? NULL : strpbrk(option + 1, with_argument);
    return found != NULL && found[1] == '\0';
}

/* The first word from i on that is neither an option nor an argument of one. */
static size_t past_options(const struct words *w, size_t i, const char *with_argument)
{
    while (i < w->count && is_option(w->item[i])) {
        if (strcmp(w->item[i], "--") == 0)
            return i + 1;
        i += takes_next(w->item[i], with_argument) ? 2 : 1;
    }
    return i;
}

/* --- the name --------------------------------------------------------------------------------- */

/* Options in front that have a program's text behind them: its place; 0: there is none. */
static size_t find_code(const struct words *w, size_t i, const struct interpreter *p)
{
    for (; i < w->count && is_option(w->item[i]); i++) {
        const char *option = w->item[i];
        if (option[1] != '-' && strchr(option, p->code) != NULL &&
            strpbrk(option + 1, p->with_argument) == NULL)
            return i + 1;
        i += takes_next(option, p->with_argument);
    }
    return 0;
}

static void put_name(const char *word, char out[CRONTAB_NAME_MAX])
{
    size_t n = 0;
    for (const char *p = path_name(word); *p != '\0' && n < CRONTAB_NAME_MAX - 1; p++) {
        bool plain = strchr(letters, *p) != NULL || strchr(digits, *p) != NULL;
        if (plain || (n > 0 && (*p == '.' || *p == '-')))
            out[n++] = *p;
    }
    out[n] = '\0';
}

static void name_in(const char *text, int depth, char out[CRONTAB_NAME_MAX]);

/* Leaves out empty where the command names nothing. */
static void name_of(const struct words *w, int depth, char out[CRONTAB_NAME_MAX])
{
    size_t i = 0;
    while (i < w->count) {
        const struct leading *l = find_leading(w->item[i]);
        if (l != NULL && l->looks)
            return;
        if (l == NULL && !is_assignment(w->item[i]))
            break;
        i = l == NULL ? i + 1 : past_options(w, i + 1, l->with_argument) + l->operands;
    }
    if (i >= w->count)
        return;
    const struct interpreter *p = find_interpreter(w->item[i]);
    size_t code = p == NULL ? 0 : find_code(w, i + 1, p);
    size_t script = p == NULL || code != 0 ? i : past_options(w, i + 1, p->with_argument);
    if (code > 0 && code < w->count && p->shell && depth < DEPTH_MAX)
        name_in(w->item[code], depth + 1, out);
    if (out[0] == '\0')
        put_name(w->item[script < w->count ? script : i], out);
}

/* The first command that names something. */
static void name_in(const char *text, int depth, char out[CRONTAB_NAME_MAX])
{
    out[0] = '\0';
    while (out[0] == '\0' && text != NULL) {
        struct words w = WORDS_INIT;
        text = take_command(text, &w);
        name_of(&w, depth, out);
        words_release(&w);
    }
}

void crontab_name(const char *command, char out[CRONTAB_NAME_MAX])
{
    name_in(command, 0, out);
    if (out[0] == '\0')
        strcpy(out, "job");
}
