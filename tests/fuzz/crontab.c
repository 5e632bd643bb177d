/* Crontabs: each entry has what its kind must have, lines only grow, and an entry that is written
 * down as cron wants it is read as the same.
 *
 * Input: a byte, odd for that of the system; then the text. */
#include "command/overlog/crontab.h"
#include "tests/fuzz/fuzz.h"

/* A command or an input, with its percent signs escaped and its newlines as such. */
static void put_escaped(struct str *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%')
            str_add_char(out, '\\');
        str_add_char(out, text[i] == '\n' ? '%' : text[i]);
    }
}

static void put_entry(struct str *out, const struct crontab_entry *e)
{
    if (e->kind == CRONTAB_VARIABLE) {
        str_printf(out, "%s='%s'\n", e->name.data, e->value.data);
        return;
    }
    size_t blanks = 0;
    for (const char *p = e->timetable.data; *p != '\0'; p++)
        blanks += *p == ' ';
    MUST(blanks == 0 || blanks == 4 || blanks == 5);
    str_printf(out, "%s%s %s ", e->timetable.data, blanks == 5 ? " *" : "", e->user.data);
    put_escaped(out, e->command.data, e->command.length);
    if (e->has_input) {
        str_add_char(out, '%');
        put_escaped(out, e->input.data, e->input.length - 1);
    }
    str_add_char(out, '\n');
}

static void check_kind(const struct crontab_entry *e, bool system)
{
    MUST(e->line > 0);
    MUST((e->name.length > 0) == (e->kind == CRONTAB_VARIABLE));
    MUST((e->timetable.length > 0) == (e->kind == CRONTAB_JOB));
    MUST((e->user.length > 0) == (e->kind == CRONTAB_JOB && system));
    MUST(e->kind < CRONTAB_STRANGE || e->value.length > 0);
    MUST(!e->has_input || (e->kind == CRONTAB_JOB && e->input.length > 0));
    MUST(strpbrk(e->timetable.data, "\t\r\n") == NULL);
    MUST(strpbrk(e->command.data, "\n") == NULL);
}

static void check_again(const struct crontab_entry *e, bool system)
{
    struct str text = STR_INIT;
    struct crontab_entry again = {.line = 0};
    put_entry(&text, e);
    struct crontab c = {.at = text.data, .system = system};
    MUST(crontab_next(&c, &again) == 1 && again.kind == e->kind && again.line == 1);
    MUST(strcmp(again.name.data, e->name.data) == 0 &&
         strcmp(again.value.data, e->value.data) == 0);
    MUST(strcmp(again.timetable.data, e->timetable.data) == 0);
    MUST(strcmp(again.user.data, e->user.data) == 0);
    MUST(strcmp(again.command.data, e->command.data) == 0);
    MUST(again.has_input == e->has_input && strcmp(again.input.data, e->input.data) == 0);
    MUST(crontab_next(&c, &again) == 0);
    crontab_release(&again);
    str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    bool system = input_byte(&in) % 2 != 0;
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    struct crontab c = {.at = text, .system = system};
    struct crontab_entry e = {.line = 0};
    for (unsigned int line = 0; crontab_next(&c, &e) > 0; line = e.line) {
        MUST(e.line > line);
        check_kind(&e, system);
        if (e.kind < CRONTAB_STRANGE)
            check_again(&e, system);
    }
    crontab_is(text);
    crontab_release(&e);
    free(text);
    return 0;
}
