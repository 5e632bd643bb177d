/* A definition as its files say it, one row of the keys after the other (spec/s6-rc-source.md
 * section 4). */
#include "contract/logger.h"
#include "services/definition_reading.h"
#include "services/package.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- one kind each ---------------------------------------------------------------------------- */

static void say_value(struct reading *r, const struct key_row *k, const char *line,
                      enum key_fault fault)
{
    char path[READING_PATH];
    reading_path(r, k->name, path);
    if (k->kind ==
        KEY_SIGNAL) /* upstream says it when the signal is sent, and sends the usual one */
        problems_warning(r->p, path, 1, "write a name such as SIGTERM, or a number",
                         "invalid signal \"%s\", using %lld", line, (long long)k->usual);
    else if (k->kind == KEY_WORD)
        problems_error(r->p, path, 1, k->wanted, "invalid word \"%s\"", line);
    else if (fault == KEY_TOO_LARGE)
        problems_error(r->p, path, 1, NULL, "number %s is too large: at most %lld", line,
                       (long long)k->high);
    else
        problems_error(r->p, path, 1,
                       k->kind == KEY_MILLISECONDS
                           ? "write milliseconds, or a time such as 1m 30s or 500ms"
                           : "write a plain decimal number",
                       "invalid number \"%s\"", line);
}

static void check_descriptor(struct reading *r, const struct key_row *k, struct definition *d)
{
    enum { FIRST_FREE = 3 };
    char path[READING_PATH];
    int64_t value = key_number(k, key_value(k, d));
    reading_path(r, k->name, path);
    if (value < FIRST_FREE)
        problems_warning(r->p, path, 1, "use 3 or more",
                         "descriptor %lld is one of the standard ones", (long long)value);
    for (const struct key_row *before = key_rows; before < k; before++)
        if (before->kind == KEY_DESCRIPTOR && key_number(before, key_value(before, d)) == value)
            problems_error(r->p, path, 1, "use another number", "%s and %s are the same", k->name,
                           before->name);
}

static void read_number(struct reading *r, const struct key_row *k, struct definition *d)
{
    struct str text = STR_INIT;
    int64_t value = k->usual;
    if (reading_content(r, k->name, &text) == 1) {
        const char *line = text.data == NULL ? "" : key_line(text.data);
        enum key_fault fault = key_parse(k, line, &value);
        if (fault != KEY_GOOD)
            say_value(r, k, line, fault);
        key_set_number(key_place(k, d), value);
        if (fault == KEY_GOOD && k->kind == KEY_DESCRIPTOR)
            check_descriptor(r, k, d);
    }
    str_release(&text);
}

static void read_policy(struct reading *r, const struct key_row *k, struct definition *d)
{
    struct str text = STR_INIT;
    struct restart_mistake m;
    char path[READING_PATH];
    if (reading_content(r, k->name, &text) == 1 &&
        restart_parse(text.data == NULL ? "" : key_line(text.data), key_place(k, d), &m) < 0)
        problems_error(r->p, reading_path(r, k->name, path), 1, m.cure, "%s", m.text);
    str_release(&text);
}

/* The first line. Its words are looked at where they are expanded. */
static bool read_instances(struct reading *r, const struct key_row *k, struct definition *d)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    struct words *words = key_place(k, d);
    int found = reading_content(r, k->name, &text);
    char *place = NULL;
    char *line = found == 1 ? key_line(text.data) : (char[]){""};
    for (char *word = strtok_r(line, " \t", &place); word != NULL;
         word = strtok_r(NULL, " \t", &place))
        if (words_add(words, word) < 0)
            reading_no_memory(r);
    if (found == 1 && words->count == 0)
        problems_error(r->p, reading_path(r, k->name, path), 1,
                       "write a number, names, or a variable such as $WORKERS",
                       "there is no number of instances");
    str_release(&text);
    return found != 0;
}

#define CONDITIONS "write VARIABLE, !VARIABLE or VARIABLE=value"

static void read_condition(struct reading *r, const char *path, unsigned int number,
                           const char *line, struct words *out)
{
    struct condition c;
    const char *wrong;
    if (condition_parse(&c, line, &wrong) < 0)
        problems_error(r->p, path, number, CONDITIONS, "invalid condition \"%s\": %s", line, wrong);
    else if (words_add(out, line) < 0)
        reading_no_memory(r);
}

static bool read_conditions(struct reading *r, const struct key_row *k, struct definition *d)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    char *next = NULL;
    unsigned int number = 0;
    bool any = false;
    int found = reading_content(r, k->name, &text);
    reading_path(r, k->name, path);
    for (char *line = text.data; line != NULL; line = next) {
        next = strchr(line, '\n');
        next = next == NULL ? NULL : next + 1;
        line = key_line(line);
        line += strspn(line, " \t");
        number++;
        if (line[0] == '\0' || line[0] == '#')
            continue;
        read_condition(r, path, number, line, key_place(k, d));
        any = true;
    }
    if (found == 1 && !any)
        problems_error(r->p, path, 0, CONDITIONS ", or delete it", "there is no condition in it");
    str_release(&text);
    return found != 0;
}

static bool read_program(struct reading *r, const struct key_row *k, bool needed)
{
    struct stat s;
    char path[READING_PATH];
    if (r->section != NULL)
        return reading_exists(r, k->name);
    if (keys_is_file(&r->there, k))
        return true;
    if (!reading_may_have(r, k->name) || fstatat(r->fd, k->name, &s, 0) < 0)
        return false;
    if (needed && !S_ISREG(s.st_mode))
        problems_error(r->p, reading_path(r, k->name, path), 0, NULL, "%s is not a regular file",
                       k->name);
    return true;
}

static bool read_command(struct reading *r, const struct key_row *k, struct definition *d)
{
    struct words *words = key_place(k, d);
    char path[READING_PATH];
    struct error why = ERROR_INIT;
    bool found = reading_command(r, k, words);
    if (k->kind == KEY_COMMAND)
        package_lead(words);
    else if (words->count > 0 && r->sources->check_script != NULL &&
             !r->sources->check_script(words, &why))
        problems_warning(r->p, reading_path(r, k->name, path), 0,
                         "the logger takes " LOGGER_SCRIPT " until it is mended",
                         "bad logging script: %s", why.text);
    return found;
}

static void check_directory(struct reading *r, const struct key_row *k)
{
    struct stat s;
    char path[READING_PATH];
    if (reading_may_have(r, k->name) && fstatat(r->fd, k->name, &s, 0) == 0 && !S_ISDIR(s.st_mode))
        problems_error(r->p, reading_path(r, k->name, path), 0, "make it a directory",
                       "%s is not a directory", k->name);
}

/* --- rows ------------------------------------------------------------------------------------- */

bool reading_row(struct reading *r, const struct key_row *k, struct definition *d)
{
    char path[READING_PATH];
    char *name;
    bool needed = (k->needed & 1U << d->type) != 0;
    bool found = true;
    if (key_is_number(k))
        read_number(r, k, d);
    else if (k->kind == KEY_FLAG)
        *(bool *)key_place(k, d) |= reading_exists(r, k->name);
    else if (k->kind == KEY_PROGRAM)
        found = *(bool *)key_place(k, d) = read_program(r, k, needed);
    else if (k->kind == KEY_COMMAND || k->kind == KEY_SCRIPT)
        found = read_command(r, k, d);
    else if (k->kind == KEY_INSTANCES)
        found = read_instances(r, k, d);
    else if (k->kind == KEY_CONDITIONS)
        found = read_conditions(r, k, d);
    else if (k->kind == KEY_NAMES)
        found = reading_names(r, k, key_place(k, d), &d->from[k->list]);
    else if (k->kind == KEY_NAME && (name = reading_one_name(r, k->name)) != NULL)
        memcpy(key_place(k, d), &name, sizeof name);
    else if (k->kind == KEY_POLICY)
        read_policy(r, k, d);
    else if (k->kind == KEY_DIRECTORY && d->type == DEFINITION_LONGRUN)
        check_directory(r, k);
    if (!found && needed)
        problems_system(r->p, reading_path(r, k->name, path), 0, k->wanted, "no file %s in %s %s",
                        k->name, definition_type_name(d->type), r->name);
    return found;
}

static void check_pipeline_name(struct reading *r, struct definition *d)
{
    char path[READING_PATH];
    if (d->pipeline_name == NULL || (d->producer_for == NULL && d->consumer_for.count > 0))
        return;
    problems_warning(r->p, reading_path(r, "pipeline-name", path), 0,
                     "it belongs in the last consumer",
                     "pipeline-name is ignored: this is not the end of a pipeline");
    free(d->pipeline_name);
    d->pipeline_name = NULL;
}

void reading_rows(struct reading *r, struct definition *d)
{
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if ((k->types & 1U << d->type) != 0 && (k->use & KEY_ADDED) == 0 && k->kind != KEY_TYPE)
            (void)reading_row(r, k, d);
    check_pipeline_name(r, d);
    if (d->type == DEFINITION_LONGRUN)
        check_restart(r, d);
}
