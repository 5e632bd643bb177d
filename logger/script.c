#include "logger/script.h"
#include "logger/stamp.h"
#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROTATE_MIN = 4096, ROTATE_MAX = 268435455, MODE_MAX = 07777 };

struct script_reader {
    struct script *script;
    struct script_settings now;
    unsigned int stamps; /* of the next action */
    const char *word;    /* being read, kept in the script's storage */
    struct error *e;
};

static int unrecognized(const struct script_reader *r)
{
    return error_set(r->e, EXIT_USAGE, "unrecognized directive: %s", r->word);
}

static int alone(const struct script_reader *r, const char *text)
{
    return *text == '\0' ? 0
                         : error_set(r->e, EXIT_USAGE, "syntax error at directive: %s", r->word);
}

static int number(const struct script_reader *r, const char *text, unsigned long long max,
                  unsigned long long *value)
{
    return number_parse(text, max, value) < 0 ? unrecognized(r) : 0;
}

/* --- steps --- */

static int add_step(struct script_reader *r, enum script_kind kind, const char *text)
{
    struct script *s = r->script;
    struct script_step *bigger = realloc(s->step, (s->count + 1) * sizeof *bigger);
    if (bigger == NULL)
        return error_system(r->e, "unable to read the logging script");
    s->step = bigger;
    s->step[s->count++] = (struct script_step){.kind = kind, .text = text, .settings = r->now};
    return 0;
}

static int add_action(struct script_reader *r, enum script_kind kind, const char *text)
{
    if (add_step(r, kind, text) < 0)
        return -1;
    r->script->step[r->script->count - 1].stamps = r->stamps;
    r->stamps = 0;
    return 0;
}

static int add_selection(struct script_reader *r, enum script_kind kind, const char *text)
{
    regex_t compiled;
    if (regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
        return unrecognized(r);
    regfree(&compiled);
    return add_step(r, kind, text);
}

static int read_select(struct script_reader *r, const char *text)
{
    return add_selection(r, SCRIPT_SELECT, text);
}

static int read_deselect(struct script_reader *r, const char *text)
{
    return add_selection(r, SCRIPT_DESELECT, text);
}

static int read_exact(struct script_reader *r, const char *text)
{
    return alone(r, text) < 0 ? -1 : add_step(r, SCRIPT_EXACT, NULL);
}

static int read_stdout(struct script_reader *r, const char *text)
{
    return alone(r, text) < 0 ? -1 : add_action(r, SCRIPT_STDOUT, NULL);
}

static int read_alert(struct script_reader *r, const char *text)
{
    return alone(r, text) < 0 ? -1 : add_action(r, SCRIPT_ALERT, NULL);
}

static int read_status(struct script_reader *r, const char *text)
{
    if (*text == '\0')
        return error_set(r->e, EXIT_USAGE, "syntax error at directive: %s", r->word);
    return add_action(r, SCRIPT_STATUS, text);
}

static int read_directory(struct script_reader *r, const char *text)
{
    (void)text;
    return add_action(r, SCRIPT_DIRECTORY, r->word);
}

/* --- settings --- */

static int read_keep(struct script_reader *r, const char *text)
{
    return number(r, text, UINT32_MAX, &r->now.keep);
}

static int read_rotate(struct script_reader *r, const char *text)
{
    if (number(r, text, UINT32_MAX, &r->now.rotate) < 0)
        return -1;
    if (r->now.rotate < ROTATE_MIN)
        r->now.rotate = ROTATE_MIN;
    if (r->now.rotate > ROTATE_MAX)
        r->now.rotate = ROTATE_MAX;
    return 0;
}

static int read_total(struct script_reader *r, const char *text)
{
    return number(r, text, INT64_MAX, &r->now.total);
}

static int read_tolerance(struct script_reader *r, const char *text)
{
    if (number(r, text, UINT32_MAX, &r->now.tolerance) < 0)
        return -1;
    if (r->now.tolerance > r->now.rotate / 2)
        return error_set(r->e, EXIT_USAGE, "directive %s conflicts with previous s directive",
                         r->word);
    return 0;
}

static int read_retry(struct script_reader *r, const char *text)
{
    return number(r, text, UINT32_MAX, &r->now.retry_ms);
}

static int read_period(struct script_reader *r, const char *text)
{
    return number(r, text, UINT32_MAX, &r->now.period);
}

static int read_alert_bytes(struct script_reader *r, const char *text)
{
    return number(r, text, UINT32_MAX, &r->now.alert_bytes);
}

static int read_status_bytes(struct script_reader *r, const char *text)
{
    return number(r, text, UINT32_MAX, &r->now.status_bytes);
}

static int read_age(struct script_reader *r, const char *text)
{
    return number(r, text, INT64_MAX, &r->now.age);
}

static int read_gzip(struct script_reader *r, const char *text)
{
    unsigned long long level;
    if (number(r, text, 9, &level) < 0)
        return -1;
    r->now.gzip = (int)level;
    return 0;
}

static int read_mode(struct script_reader *r, const char *text)
{
    unsigned int mode = 0;
    if (*text == '\0')
        return unrecognized(r);
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '7')
            return unrecognized(r);
        mode = mode * 8 + (unsigned int)(*text - '0');
        if (mode > MODE_MAX)
            return unrecognized(r);
    }
    r->now.mode = (mode_t)mode;
    return 0;
}

static int read_prefix(struct script_reader *r, const char *text)
{
    r->now.prefix = *text == '\0' ? NULL : text;
    return 0;
}

static int read_processor(struct script_reader *r, const char *text)
{
    r->now.processor = *text == '\0' ? NULL : text;
    r->now.processor_is_shell = false;
    return 0;
}

static int read_shell_processor(struct script_reader *r, const char *text)
{
    read_processor(r, text);
    r->now.processor_is_shell = true;
    return 0;
}

static int stamp(struct script_reader *r, const char *text, enum stamp_form form)
{
    if (alone(r, text) < 0)
        return -1;
    r->stamps |= (unsigned int)form;
    return 0;
}

static int read_tai64n(struct script_reader *r, const char *text)
{
    return stamp(r, text, STAMP_TAI64N);
}

static int read_local(struct script_reader *r, const char *text)
{
    return stamp(r, text, STAMP_LOCAL);
}

static int read_utc(struct script_reader *r, const char *text)
{
    return stamp(r, text, STAMP_UTC);
}

static int read_cri(struct script_reader *r, const char *text)
{
    return stamp(r, text, STAMP_CRI);
}

const struct directive script_directives[] = {
    {'+', "REGEX", "select lines that match", read_select},
    {'-', "REGEX", "deselect lines that match", read_deselect},
    {'f', NULL, "select exactly the lines that no action took yet", read_exact},
    {'n', "N", "archives kept (10)", read_keep},
    {'s', "BYTES", "size at which current is rotated (99999)", read_rotate},
    {'S', "BYTES", "most bytes of all archives (0: no limit)", read_total},
    {'a', "SECONDS", "delete older archives (0: never)", read_age},
    {'l', "BYTES", "rotate that many bytes early at a line end (2000)", read_tolerance},
    {'r', "MS", "pause between attempts after an error (2000)", read_retry},
    {'R', "SECONDS", "rotate at least that often (0: by size only)", read_period},
    {'z', "LEVEL", "gzip archives at this level (0: do not)", read_gzip},
    {'m', "MODE", "octal mode of current and archives", read_mode},
    {'E', "BYTES", "bytes of a line in an alert (200; 0: all)", read_alert_bytes},
    {'^', "BYTES", "size of a status file (1001; 0: as the line)", read_status_bytes},
    {'p', "STRING", "prefix of each line, after its stamps; empty: none", read_prefix},
    {'!', "COMMAND", "execline command that filters what is archived; empty: none", read_processor},
    {'?', "COMMAND", "shell command that filters what is archived", read_shell_processor},
    {'t', NULL, "stamp of the next action: TAI64N", read_tai64n},
    {'T', NULL, "stamp of the next action: ISO 8601, local time", read_local},
    {'U', NULL, "stamp of the next action: ISO 8601, UTC", read_utc},
    {'C', NULL, "stamp of the next action: CRI, with the stream", read_cri},
    {'1', NULL, "action: write to stdout", read_stdout},
    {'2', NULL, "action: alert on stderr", read_alert},
    {'=', "FILE", "action: replace FILE by the line", read_status},
    {'/', "DIR", "action: append to the log directory", read_directory},
    {'.', "DIR", "action: append to the log directory", read_directory},
    {0, NULL, NULL, NULL},
};

static int read_word(struct script_reader *r, const char *word)
{
    if (words_add(&r->script->storage, word) < 0)
        return error_system(r->e, "unable to read the logging script");
    r->word = r->script->storage.item[r->script->storage.count - 1];
    if (*word != '\0')
        for (const struct directive *d = script_directives; d->letter != 0; d++)
            if (d->letter == *word)
                return d->read(r, r->word + 1);
    return unrecognized(r);
}

static bool is_action(const struct script_step *step)
{
    return step->kind != SCRIPT_SELECT && step->kind != SCRIPT_DESELECT &&
           step->kind != SCRIPT_EXACT;
}

static int finish(struct script_reader *r, bool need_action)
{
    struct script *s = r->script;
    size_t used = s->count;
    s->trailing = r->now;
    s->trailing_stamps = r->stamps;
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
    struct script_reader r = {
        .script = s,
        .now = {.keep = 10,
                .rotate = 99999,
                .tolerance = 2000,
                .retry_ms = 2000,
                .alert_bytes = 200,
                .status_bytes = 1001,
                .gzip = -1},
        .e = e,
    };
    *s = (struct script){.count = 0};
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
