#include "logger/script.h"
#include "base/quantity.h"
#include "logger/stamp.h"
#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>

enum { ROTATE_MIN = 4096, ROTATE_MAX = 268435455, MODE_MAX = 07777 };

struct script_reader {
    struct script *script;
    struct script_settings *now;       /* of the script's own step, as its stamps */
    const struct directive *directive; /* being read */
    const char *word;                  /* it, kept in the script's storage */
    struct error *e;
};

static int unrecognized(const struct script_reader *r)
{
    return error_set(r->e, EXIT_USAGE, "unrecognized directive: %s", r->word);
}

static int syntax_error(const struct script_reader *r)
{
    return error_set(r->e, EXIT_USAGE, "syntax error at directive: %s", r->word);
}

/* --- steps --- */

static bool is_action(const struct script_step *step)
{
    return step->kind != SCRIPT_SELECT && step->kind != SCRIPT_DESELECT &&
           step->kind != SCRIPT_EXACT;
}

/* A step of the directive's kind. */
static int add_step(struct script_reader *r, const char *text)
{
    struct script *s = r->script;
    struct script_step *bigger = realloc(s->step, (s->count + 1) * sizeof *bigger);
    if (bigger == NULL)
        return error_system(r->e, "unable to read the logging script");
    s->step = bigger;
    struct script_step *step = &s->step[s->count++];
    *step = (struct script_step){
        .kind = (enum script_kind)r->directive->value, .text = text, .settings = *r->now};
    if (is_action(step)) {
        step->stamps = s->own.stamps;
        s->own.stamps = 0;
    }
    return 0;
}

static int read_selection(struct script_reader *r, const char *text)
{
    regex_t compiled;
    if (regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
        return unrecognized(r);
    regfree(&compiled);
    return add_step(r, text);
}

static int read_alone(struct script_reader *r, const char *text)
{
    return *text == '\0' ? add_step(r, NULL) : syntax_error(r);
}

static int read_status(struct script_reader *r, const char *text)
{
    return *text == '\0' ? syntax_error(r) : add_step(r, text);
}

static int read_directory(struct script_reader *r, const char *text)
{
    (void)text;
    return add_step(r, r->word);
}

/* --- settings --- */

/* A number, to where the directive says. */
static int read_number(struct script_reader *r, const char *text)
{
    char *place = (char *)r->now + r->directive->value;
    unsigned long long *number = (unsigned long long *)(void *)place;
    return number_parse(text, r->directive->max, number) < 0 ? unrecognized(r) : 0;
}

static int read_rotate(struct script_reader *r, const char *text)
{
    if (read_number(r, text) < 0)
        return -1;
    if (r->now->rotate < ROTATE_MIN)
        r->now->rotate = ROTATE_MIN;
    if (r->now->rotate > ROTATE_MAX)
        r->now->rotate = ROTATE_MAX;
    return 0;
}

static int read_tolerance(struct script_reader *r, const char *text)
{
    if (read_number(r, text) < 0)
        return -1;
    if (r->now->tolerance > r->now->rotate / 2)
        return error_set(r->e, EXIT_USAGE, "directive %s conflicts with previous s directive",
                         r->word);
    return 0;
}

static int read_gzip(struct script_reader *r, const char *text)
{
    unsigned long long level;
    if (number_parse(text, 9, &level) < 0)
        return unrecognized(r);
    r->now->gzip = (int)level;
    return 0;
}

static int read_mode(struct script_reader *r, const char *text)
{
    uint64_t mode;
    if (octal_parse(text, MODE_MAX, &mode) < 0)
        return unrecognized(r);
    r->now->mode = (mode_t)mode;
    return 0;
}

static int read_follow(struct script_reader *r, const char *text)
{
    r->now->follow = *text == '\0';
    return r->now->follow ? 0 : syntax_error(r);
}

static int read_prefix(struct script_reader *r, const char *text)
{
    r->now->prefix = *text == '\0' ? NULL : text;
    return 0;
}

static int read_processor(struct script_reader *r, const char *text)
{
    r->now->processor = *text == '\0' ? NULL : text;
    r->now->processor_is_shell = r->directive->value != 0;
    return 0;
}

static int read_stamp(struct script_reader *r, const char *text)
{
    if (*text != '\0')
        return syntax_error(r);
    r->script->own.stamps |= (unsigned int)r->directive->value;
    return 0;
}

#define TO(member) offsetof(struct script_settings, member)

const struct directive script_directives[] = {
    {'+', "REGEX", "select lines that match", read_selection, SCRIPT_SELECT, 0},
    {'-', "REGEX", "deselect lines that match", read_selection, SCRIPT_DESELECT, 0},
    {'f', NULL, "select exactly the lines that no action took yet", read_alone, SCRIPT_EXACT, 0},
    {'n', "N", "archives kept (10)", read_number, TO(keep), UINT32_MAX},
    {'s', "BYTES", "size at which current is rotated (99999)", read_rotate, TO(rotate), UINT32_MAX},
    {'S', "BYTES", "most bytes of all archives (0: no limit)", read_number, TO(total), INT64_MAX},
    {'a', "SECONDS", "delete older archives (0: never)", read_number, TO(age), INT64_MAX},
    {'l', "BYTES", "rotate that many bytes early at a line end (2000)", read_tolerance,
     TO(tolerance), UINT32_MAX},
    {'r', "MS", "pause between attempts after an error (2000)", read_number, TO(retry_ms),
     UINT32_MAX},
    {'R', "SECONDS", "rotate at least that often (0: by size only)", read_number, TO(period),
     UINT32_MAX},
    {'z', "LEVEL", "gzip archives at this level (0: do not)", read_gzip, 0, 0},
    {'m', "MODE", "octal mode of current and archives", read_mode, 0, 0},
    {'F', NULL, "a second name for each file, in follow/, that rotation leaves: for collectors",
     read_follow, 0, 0},
    {'E', "BYTES", "bytes of a line in an alert (200; 0: all)", read_number, TO(alert_bytes),
     UINT32_MAX},
    {'^', "BYTES", "size of a status file (1001; 0: as the line)", read_number, TO(status_bytes),
     UINT32_MAX},
    {'p', "STRING", "prefix of each line, after its stamps; empty: none", read_prefix, 0, 0},
    {'!', "COMMAND", "execline command that filters what is archived; empty: none", read_processor,
     0, 0},
    {'?', "COMMAND", "shell command that filters what is archived", read_processor, 1, 0},
    {'t', NULL, "stamp of the next action: TAI64N", read_stamp, STAMP_TAI64N, 0},
    {'T', NULL, "stamp of the next action: ISO 8601, local time", read_stamp, STAMP_LOCAL, 0},
    {'U', NULL, "stamp of the next action: ISO 8601, UTC", read_stamp, STAMP_UTC, 0},
    {'C', NULL, "stamp of the next action: CRI, with the stream", read_stamp, STAMP_CRI, 0},
    {'1', NULL, "action: write to stdout", read_alone, SCRIPT_STDOUT, 0},
    {'2', NULL, "action: alert on stderr", read_alone, SCRIPT_ALERT, 0},
    {'=', "FILE", "action: replace FILE by the line", read_status, SCRIPT_STATUS, 0},
    {'/', "DIR", "action: append to the log directory", read_directory, SCRIPT_DIRECTORY, 0},
    {'.', "DIR", "action: append to the log directory", read_directory, SCRIPT_DIRECTORY, 0},
    {.letter = 0},
};

static int read_word(struct script_reader *r, const char *word)
{
    if (words_add(&r->script->storage, word) < 0)
        return error_system(r->e, "unable to read the logging script");
    r->word = r->script->storage.item[r->script->storage.count - 1];
    if (*word != '\0')
        for (r->directive = script_directives; r->directive->letter != 0; r->directive++)
            if (r->directive->letter == *word)
                return r->directive->read(r, r->word + 1);
    return unrecognized(r);
}

static int finish(struct script_reader *r, bool need_action)
{
    struct script *s = r->script;
    size_t used = s->count;
    if (!need_action)
        return 0;
    while (used > 0 && !is_action(&s->step[used - 1]))
        used--;
    if (used == 0)
        return error_set(r->e, EXIT_USAGE, "no action directive specified");
    s->extraneous = used < s->count;
    s->count = used;
    return 0;
}

int script_parse(struct script *s, char *const *words, size_t count, bool need_action,
                 struct error *e)
{
    struct script_reader r = {.script = s, .now = &s->own.settings, .e = e};
    *s = (struct script){.own = {.kind = SCRIPT_DIRECTORY,
                                 .settings = {.keep = 10,
                                              .rotate = 99999,
                                              .tolerance = 2000,
                                              .retry_ms = 2000,
                                              .alert_bytes = 200,
                                              .status_bytes = 1001,
                                              .gzip = -1}}};
    for (size_t i = 0; i < count; i++)
        if (read_word(&r, words[i]) < 0) {
            script_release(s);
            return -1;
        }
    if (finish(&r, need_action) == 0)
        return 0;
    script_release(s);
    return -1;
}

void script_release(struct script *s)
{
    free(s->step);
    words_release(&s->storage);
    *s = (struct script){.count = 0};
}
