/* case: executes what the first pattern that fits asks for. */
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/commands.h"
#include "execline/frames.h"
#include "execline/variable.h"
#include <fnmatch.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The options in force, by what they mean for regular expressions and for the shell's patterns. */
struct matching {
    const char *value;
    bool shell;    /* -s */
    bool extended; /* -E */
    bool fold;     /* -i: ignore case, or the period is special */
    bool parts;    /* -N: export the parts, or slashes are special */
};

/* The parts of the value become the positional parameters. */
static int export_parts(const struct matching *m, const char *pattern, const regmatch_t *part,
                        size_t count, struct error *e)
{
    struct words parts = WORDS_INIT;
    int bad = 0;
    for (size_t i = 1; bad == 0 && i <= count; i++)
        bad = part[i].rm_so < 0 ? words_add(&parts, "")
                                : words_add_bytes(&parts, m->value + part[i].rm_so,
                                                  (size_t)(part[i].rm_eo - part[i].rm_so));
    if (bad < 0)
        error_system(e, "unable to export the parts of %s", m->value);
    if (bad == 0)
        bad = variable_set("0", pattern, e);
    if (bad == 0)
        bad = positional_write(parts.item, count, 0, e);
    words_release(&parts);
    return bad;
}

/* A regular expression that has to fit the whole value. POSIX matching takes the longest of what
 * begins first, but an alternative that begins earlier may hide the whole: hence the anchors. */
static int compile(const struct matching *m, const char *pattern, regex_t *r, struct error *e)
{
    struct str whole = STR_INIT;
    char reason[128];
    int flags = (m->extended ? REG_EXTENDED : 0) | (m->fold ? REG_ICASE : 0);
    /* Compiled alone first: the parentheses around it must not mend or change it. */
    int bad = regcomp(r, pattern, flags);
    if (bad == 0) {
        const char *slash = m->extended ? "" : "\\";
        regfree(r);
        if (str_printf(&whole, "^%s(%s%s)$", slash, pattern, slash) < 0)
            return error_system(e, "unable to match");
        bad = regcomp(r, whole.data, flags);
        str_release(&whole);
    }
    if (bad == 0)
        return 0;
    regerror(bad, r, reason, sizeof reason);
    return error_set(e, EXIT_USAGE, "bad regular expression %s: %s", pattern, reason);
}

/* 1 it fits, 0 it does not, -1 with e. */
static int match_regex(const struct matching *m, const char *pattern, struct error *e)
{
    regex_t r;
    if (compile(m, pattern, &r, e) < 0)
        return -1;
    size_t groups = r.re_nsub + 1; /* ours around everything comes first */
    regmatch_t *part = calloc(groups + 1, sizeof *part);
    int result = part == NULL ? error_system(e, "unable to match") : 0;
    if (part != NULL && regexec(&r, m->value, groups, part, 0) == 0) {
        result = 1;
        if (m->parts && export_parts(m, pattern, part + 1, groups - 2, e) < 0)
            result = -1;
    }
    free(part);
    regfree(&r);
    return result;
}

static int match(const struct matching *m, const char *pattern, struct error *e)
{
    if (!m->shell)
        return match_regex(m, pattern, e);
    int flags = (m->extended ? 0 : FNM_NOESCAPE) | (m->fold ? FNM_PERIOD : 0) |
                (m->parts ? FNM_PATHNAME : 0);
    return fnmatch(pattern, m->value, flags) == 0;
}

static int run_case(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct block_reader outer;
    struct block_reader inner;
    char **cases;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    const struct matching m = {.value = options.operand[0],
                               .shell = options_last("sS") == 's',
                               .extended = options_last("eE") != 'e',
                               .fold = given('i'),
                               .parts = options_last("nN") == 'N'};
    int code = blocks_read(&outer, options.operand + 1, 1, &cases);
    if (code != 0)
        return code;
    block_begin(&inner, cases);
    while (inner.next[0] != NULL) {
        const char *pattern = *inner.next++;
        char **program;
        if (block_read(&inner, &program, NULL, &e) < 0)
            return message_error(&e);
        int fits = match(&m, pattern, &e);
        if (fits < 0)
            return message_error(&e);
        if (fits)
            return command_chain(c, program);
    }
    return command_chain(c, outer.next);
}

static const char case_options[] =
    "-S  patterns are regular expressions (the default)\n"
    "-s  patterns are the shell's\n"
    "-E  extended expressions (the default); with -s: a backslash quotes\n"
    "-e  basic expressions; with -s: a backslash is an ordinary character\n"
    "-i  ignore case; with -s: a leading period must be matched by one\n"
    "-N  export # 0 1 ...: the expression and its parts; with -s: as for paths\n"
    "-n  do not (the default)\n";

const struct command execline_match[] = {
    {"case", "[-S|-s] [-E|-e] [-i] [-N|-n] value { pattern { prog1... } ... } prog2...",
     "execute a program by what a value looks like", case_options, run_case},
    {.name = NULL}};
