#include "base/message.h"
#include "base/options.h"
#include "execline/bindings.h"
#include "execline/block.h"
#include "execline/frames.h"
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONAL_MAX = 1 << 16 };

/* What is wrong was said: an error without a text. */
static int said(struct error *e, int code)
{
    return error_set(e, code, "%s", "");
}

/* Reads the options and so many operands. 0, or -1 with e. */
static int read_directive(struct invocation *c, int operands, struct error *e)
{
    return options_read(c, operands) == 0 ? 0 : said(e, EXIT_USAGE);
}

static int no_memory(struct error *e)
{
    return error_set(e, EXIT_SYSTEM, "out of memory");
}

/* As the options of all that transform say. */
static struct transform read_transform(void)
{
    return (struct transform){.split = given('s'),
                              .crunch = options_last("cC") == 'C',
                              .chomp = options_last("nN") == 'n',
                              .delimiters = argument_of('d')};
}

int directive_define(struct invocation *c, struct bindings *b, struct error *e)
{
    if (read_directive(c, 2, e) < 0)
        return -1;
    const struct transform t = read_transform();
    c->next += 2;
    if (bindings_begin(b, options.operand[0], e) < 0)
        return -1;
    return transform(options.operand[1], &t, &b->values, e);
}

/* --- importas --------------------------------------------------------------------------------- */

int directive_importas(struct invocation *c, struct bindings *b, struct error *e)
{
    if (read_directive(c, 1, e) < 0)
        return -1;
    if (options.count < 2 && !given('S'))
        return said(e, command_usage(c));
    const struct transform t = read_transform();
    const char *name = options.operand[given('S') ? 0 : 1];
    c->next += given('S') ? 1 : 2;
    const char *value = getenv(name);
    if (bindings_begin(b, options.operand[0], e) < 0)
        return -1;
    if (value == NULL && given('i'))
        return error_set(e, EXIT_USAGE, "%s not set", name);
    if (given('u') && words_add(&b->removed, name) < 0)
        return no_memory(e);
    if (value == NULL)
        value = argument_of('D');
    return value == NULL ? 0 : transform(value, &t, &b->values, e);
}

/* --- elgetpositionals ------------------------------------------------------------------------- */

int directive_elgetpositionals(struct invocation *c, struct bindings *b, struct error *e)
{
    uint64_t wanted = 0;
    struct words args = WORDS_INIT;
    if (read_directive(c, 0, e) < 0)
        return -1;
    if (options_number(c, argument_of('P'), POSITIONAL_MAX, &wanted) != 0)
        return said(e, EXIT_USAGE);
    int bad = positional_read(&args, e);
    if (bad != 0 && e->code == EXIT_USAGE)
        e->code = b->bad_key;
    if (bad == 0)
        bad = bindings_positional(b,
                                  &(struct positional){.zero = args.item[0],
                                                       .args = args.item + 1,
                                                       .count = args.count - 1,
                                                       .wanted = wanted},
                                  e);
    words_release(&args);
    return bad;
}

/* --- multidefine ------------------------------------------------------------------------------ */

static int bind_spread(struct bindings *b, const struct words *words, char **variables,
                       size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        if (variables[i][0] == '\0')
            continue;
        if (bindings_begin(b, variables[i], e) < 0)
            return -1;
        size_t end = given('r') && i + 1 == count ? words->count : i + 1;
        for (size_t at = i; at < end && at < words->count; at++)
            if (words_add(&b->values, words->item[at]) < 0)
                return no_memory(e);
        if (i >= words->count && !given('0') && words_add(&b->values, "") < 0)
            return no_memory(e);
    }
    return 0;
}

int directive_multidefine(struct invocation *c, struct bindings *b, struct error *e)
{
    struct words words = WORDS_INIT;
    struct block_reader r;
    char **variables;
    size_t count;
    if (read_directive(c, 2, e) < 0)
        return -1;
    struct transform t = read_transform();
    t.split = true;
    block_begin(&r, options.operand + 1);
    if (block_read(&r, &variables, &count, e) < 0)
        return -1;
    c->next += (int)(r.next - options.operand);
    if (count == 0)
        return error_set(e, EXIT_USAGE, "empty block");
    int bad = transform(options.operand[0], &t, &words, e);
    if (bad == 0)
        bad = bind_spread(b, &words, variables, count, e);
    words_release(&words);
    return bad;
}

/* --- elglob ----------------------------------------------------------------------------------- */

static int warn_about(const char *path, int error)
{
    message_warning("unable to read %s: %s", path, strerror(error));
    return 0;
}

static int bind_found(struct bindings *b, const glob_t *found, struct error *e)
{
    struct str joined = STR_INIT;
    const char *delimiter = argument_of('d');
    int bad = delimiter == NULL ? 0 : str_add_text(&joined, "");
    for (size_t i = 0; bad == 0 && i < found->gl_pathc; i++) {
        const char *path = found->gl_pathv[i];
        if (delimiter == NULL) {
            bad = words_add(&b->values, path);
        } else if (delimiter[0] == '\0') {
            bad = str_printf(&joined, "%zu:%s,", strlen(path), path);
        } else {
            bool last = i + 1 == found->gl_pathc;
            bad = str_add_text(&joined, path);
            if (bad == 0 && !(last && given('n')))
                bad = str_add_char(&joined, delimiter[0]);
        }
    }
    if (bad == 0 && delimiter != NULL)
        bad = words_add(&b->values, joined.data);
    str_release(&joined);
    return bad == 0 ? 0 : no_memory(e);
}

int directive_elglob(struct invocation *c, struct bindings *b, struct error *e)
{
    glob_t found = {.gl_pathc = 0};
    if (read_directive(c, 2, e) < 0)
        return -1;
    int flags = (given('s') ? 0 : GLOB_NOSORT) | (given('0') ? 0 : GLOB_NOCHECK) |
                (given('w') ? GLOB_ERR : 0) | (given('m') ? GLOB_MARK : 0) |
                (given('e') ? GLOB_NOESCAPE : 0);
    const char *pattern = options.operand[1];
    c->next += 2;
    if (bindings_begin(b, options.operand[0], e) < 0)
        return -1;
    int result = glob(pattern, flags, given('v') ? warn_about : NULL, &found);
    int bad = 0;
    if (result == GLOB_NOSPACE)
        bad = no_memory(e);
    else if (result == GLOB_ABORTED && given('w'))
        bad = error_set(e, EXIT_SYSTEM, "unable to look for %s: read error", pattern);
    else
        bad = bind_found(b, &found, e);
    globfree(&found);
    return bad;
}
