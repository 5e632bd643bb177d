#include "command/overlog/unit_exec.h"
#include "base/signals.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void release(struct unit_exec *e)
{
    words_release(&e->word);
}

/* Takes the signs before a program off it. NULL, or what is wrong. */
static const char *take_signs(struct unit_exec *e, const char **word, bool *raw)
{
    for (;; ++*word)
        switch (**word) {
        case '-':
            e->ignore = true;
            break;
        case '@':
            e->named = true;
            break;
        case ':':
            *raw = true;
            break;
        case '+':
            e->root = true;
            break;
        case '!':
            e->ambient = e->root && !e->ambient;
            e->root = !e->ambient;
            break;
        case '|':
            return "it asks for the shell of the user, which nothing here starts";
        case '\0':
            return "it names no program";
        default:
            return NULL;
        }
}

/* Whether a word stands at p alone. */
static bool is_alone(const char *p, const char *word)
{
    size_t n = strlen(word);
    return strncmp(p, word, n) == 0 && (p[n] == '\0' || strchr(" \t\r\n", p[n]) != NULL);
}

/* Appends a word, expanded. -1: no memory. */
static int add_word(struct unit_exec *e, const char *word, const struct unit_names *names,
                    bool variables, struct unit_unknown *unknown)
{
    struct str expanded = STR_INIT, out = STR_INIT;
    int bad = unit_specifiers(word, names, &expanded, unknown);
    if (bad == 0)
        bad = variables ? unit_variables(expanded.data, &out) : str_add_text(&out, expanded.data);
    if (bad == 0)
        bad = words_add(&e->word, out.data);
    str_release(&expanded);
    str_release(&out);
    return bad;
}

/* One command from *at on, up to a semicolon that stands alone. */
static const char *take_command(const char **at, const struct unit_names *names,
                                struct unit_exec *e, struct unit_unknown *unknown)
{
    const char *wrong = NULL;
    bool raw = false;
    for (int more = 1; more == 1 && wrong == NULL;) {
        struct str word = STR_INIT;
        *at += strspn(*at, " \t\r\n");
        if (is_alone(*at, ";")) {
            ++*at;
            break;
        }
        bool semicolon = is_alone(*at, "\\;");
        *at += semicolon;
        more = unit_word(at, &word);
        const char *text = word.data == NULL ? "" : word.data;
        if (more < 0)
            wrong = "a quote has no end";
        else if (more == 1 && e->word.count == 0)
            wrong = take_signs(e, &text, &raw);
        bool variables = !raw && e->word.count > 0;
        if (more == 1 && wrong == NULL && add_word(e, text, names, variables, unknown) < 0)
            wrong = "out of memory";
        str_release(&word);
    }
    if (wrong == NULL && e->named && e->word.count == 1)
        wrong = "@ wants a name behind the program";
    return wrong;
}

const char *unit_exec_parse(const struct unit_setting *s, const struct unit_names *names,
                            struct unit_execs *out, struct unit_unknown *unknown)
{
    const char *at = s->value, *wrong = NULL;
    while (wrong == NULL && at[strspn(at, " \t\r\n")] != '\0') {
        struct unit_exec one = {.from = s};
        wrong = take_command(&at, names, &one, unknown);
        bool kept = wrong == NULL && one.word.count > 0;
        if (kept && LIST_ROOM(out->item, out->count, out->room) < 0) {
            kept = false;
            wrong = "out of memory";
        }
        if (kept)
            out->item[out->count++] = one;
        else
            release(&one);
    }
    return wrong;
}

void unit_execs_release(struct unit_execs *e)
{
    for (size_t i = 0; i < e->count; i++)
        release(&e->item[i]);
    free(e->item);
    *e = (struct unit_execs){.count = 0};
}

int unit_exec_signal(const struct unit_exec *e)
{
    static const char main_pid[] = {UNIT_SPLIT, 'M', 'A', 'I', 'N', 'P', 'I', 'D', UNIT_END, '\0'};
    static const char part[] = {UNIT_REF, 'M', 'A', 'I', 'N', 'P', 'I', 'D', UNIT_END, '\0'};
    size_t n = e->word.count;
    const char *last = e->word.item[n - 1];
    if (strcmp(path_name(e->word.item[0]), "kill") != 0 ||
        (strcmp(last, main_pid) != 0 && strcmp(last, part) != 0))
        return 0;
    if (n == 2)
        return SIGTERM;
    const char *option = e->word.item[1];
    const char *name = n == 4 && strcmp(option, "-s") == 0 ? e->word.item[2]
                       : n == 3 && option[0] == '-'        ? option + 1
                                                           : "";
    if (strncmp(name, "-signal=", 8) == 0)
        name += 8;
    int number = signal_number(name, SIGNAL_COUNT - 1);
    return number < 0 ? 0 : number;
}
