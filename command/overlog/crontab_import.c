/* overlog import of a crontab: a service for each job. */
#include "base/quantity.h"
#include "base/timetable.h"
#include "command/overlog/crontab.h"
#include "command/overlog/crontab_name.h"
#include "command/overlog/import.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTES_MAX = 1000000 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What the lines so far say for those that follow. */
struct context {
    struct import *im;
    struct words environment;    /* NAME=VALUE */
    char *shell, *zone, *mailto; /* NULL: not said */
    unsigned long long delay;    /* minutes */
    const char *user;            /* whose crontab it is; NULL: not known */
};

/* --- scripts ---------------------------------------------------------------------------------- */

/* One that sh finds the home directory of. */
static bool is_plain_user(const char *user)
{
    return strspn(user, LETTERS) > 0 && user[strspn(user, LETTERS "0123456789-_")] == '\0';
}

static void put_comment(struct str *out, const char *text)
{
    for (; *text != '\0'; text++)
        str_add_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    str_add_char(out, '\n');
}

static void put_head(struct str *out, const struct context *x, const struct crontab_entry *e)
{
    str_printf(out, SH_SHEBANG "# Line %u of ", e->line);
    put_comment(out, x->im->file);
    if (x->mailto == NULL || x->mailto[0] == '\0')
        return;
    str_add_text(out, "# What the job says is in the service's log. MAILTO=");
    put_comment(out, x->mailto);
}

/* The command as cron has it done: in the home directory, with its input. */
static void put_command(struct str *out, const struct crontab_entry *e)
{
    struct str job = STR_INIT;
    str_add_text(&job, "cd \"${HOME:-/}\" || exit\n");
    if (e->has_input) {
        str_add_text(&job, "printf %s ");
        sh_quote(&job, e->input.data);
        str_printf(&job, " | {\n%s\n}", e->command.data);
    } else {
        str_add_text(&job, e->command.data);
    }
    sh_quote(out, job.data == NULL ? "" : job.data);
    str_release(&job);
}

static void put_script(struct str *out, const struct context *x, const struct crontab_entry *e)
{
    const char *user = e->user.data[0] != '\0' ? e->user.data : x->user;
    put_head(out, x, e);
    if (user != NULL && is_plain_user(user))
        str_printf(out, "export HOME=~%s LOGNAME=%s\n", user, user);
    str_add_text(out, "exec schedule ");
    if (x->zone != NULL) {
        str_add_text(out, "-z ");
        sh_quote(out, x->zone);
        str_add_char(out, ' ');
    }
    if (x->delay > 0)
        str_printf(out, "-j %llum ", x->delay);
    sh_quote(out, e->timetable.data);
    if (user != NULL) {
        str_add_text(out, " s6-setuidgid ");
        sh_quote(out, user);
    }
    str_add_text(out, x->environment.count > 0 ? " env" : "");
    for (size_t i = 0; i < x->environment.count; i++) {
        str_add_char(out, ' ');
        sh_quote(out, x->environment.item[i]);
    }
    str_add_char(out, ' ');
    sh_quote(out, x->shell == NULL ? "sh" : x->shell);
    str_add_text(out, " -c ");
    put_command(out, e);
    str_add_char(out, '\n');
}

/* --- entries ---------------------------------------------------------------------------------- */

static void put_job(struct context *x, const struct crontab_entry *e)
{
    static const struct words none = WORDS_INIT;
    struct import *im = x->im;
    struct timetable t;
    struct error why = ERROR_INIT;
    struct str script = STR_INIT;
    char about[32], wish[CRONTAB_NAME_MAX], name[256];
    snprintf(about, sizeof about, "line %u", e->line);
    if (timetable_parse(&t, e->timetable.data, &why) < 0) {
        import_note(im, about, "left out: %s", why.text);
        return;
    }
    if (im->services == IMPORT_PROCESSES_MAX) {
        import_note(im, NULL, "it has more than %d jobs: the others are left out",
                    IMPORT_PROCESSES_MAX);
        return;
    }
    crontab_name(e->command.data, wish);
    if (!import_name(im, about, wish, name))
        return;
    import_tell_apart(im, about, name, 2);
    put_script(&script, x, e);
    import_begin(im, name, DEFINITION_LONGRUN, &none, "user");
    import_file(im, "run", script.data);
    import_end(im);
    im->services++;
    str_release(&script);
}

static void set(char **setting, const char *value)
{
    free(*setting);
    *setting = strdup(value);
}

/* Takes the place of one of that name. */
static void export_variable(struct context *x, const struct crontab_entry *e)
{
    struct str text = STR_INIT;
    str_printf(&text, "%s=%s", e->name.data, e->value.data);
    for (size_t i = 0; i < x->environment.count; i++)
        if (strncmp(x->environment.item[i], text.data, e->name.length + 1) == 0) {
            free(x->environment.item[i]);
            x->environment.item[i] = text.data;
            return;
        }
    words_add(&x->environment, text.data);
    str_release(&text);
}

static void take_variable(struct context *x, const struct crontab_entry *e)
{
    const char *name = e->name.data, *value = e->value.data;
    if (strcmp(name, "MAILTO") == 0) {
        set(&x->mailto, value);
        if (value[0] != '\0')
            import_note(x->im, NULL, "MAILTO: what jobs say is in their logs, and not sent");
    } else if (strcmp(name, "CRON_TZ") == 0)
        set(&x->zone, value);
    else if (strcmp(name, "RANDOM_DELAY") == 0) {
        if (number_parse(value, MINUTES_MAX, &x->delay) < 0)
            import_note(x->im, NULL, "RANDOM_DELAY is no number of minutes: %s", value);
    } else {
        if (strcmp(name, "SHELL") == 0)
            set(&x->shell, value);
        export_variable(x, e);
    }
}

/* The user whose crontab it is, by its path; NULL: that is not known. */
static const char *owner_of(const char *file)
{
    const char *name = path_name(file);
    static const char *const places[] = {"/var/spool/cron/", "/var/spool/cron/crontabs/",
                                         "/etc/crontabs/", "/var/cron/tabs/"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strlen(places[i]) == (size_t)(name - file) &&
            strncmp(file, places[i], (size_t)(name - file)) == 0)
            return name;
    return NULL;
}

static const char *const refusals[] = {
    [CRONTAB_STRANGE] = "not understood",
    [CRONTAB_SIX_FIELDS] =
        "left out, for six fields may have seconds in front or years behind; write "
        "five, or seven that end with *",
    [CRONTAB_YEARS] = "left out, for schedule knows no years; write * as the seventh field",
};

int import_crontab(struct import *im, const char *text, bool system)
{
    struct crontab c = {.at = text, .system = system};
    struct crontab_entry e = {.line = 0};
    struct context x = {.im = im, .user = system ? NULL : owner_of(im->file)};
    char about[32];
    int result;
    while ((result = crontab_next(&c, &e)) > 0) {
        snprintf(about, sizeof about, "line %u", e.line);
        if (e.kind == CRONTAB_JOB)
            put_job(&x, &e);
        else if (e.kind == CRONTAB_VARIABLE)
            take_variable(&x, &e);
        else
            import_note(im, about, "%s: %s", refusals[e.kind], e.value.data);
    }
    if (result < 0)
        im->code = EXIT_SYSTEM;
    crontab_release(&e);
    words_release(&x.environment);
    free(x.shell);
    free(x.zone);
    free(x.mailto);
    return im->code;
}

/* As /etc/crontab and the files in /etc/cron.d; in others a job of root tells. */
bool import_is_system_crontab(const char *file, const char *text)
{
    struct crontab c = {.at = text, .system = true};
    struct crontab_entry e = {.line = 0};
    bool is = strcmp(file, "/etc/crontab") == 0 || strstr(file, "cron.d/") != NULL;
    while (!is && crontab_next(&c, &e) > 0)
        is = e.kind == CRONTAB_JOB && strcmp(e.user.data, "root") == 0;
    crontab_release(&e);
    return is;
}
