#include "command/overlog/conf_program.h"
#include "command/overlog/create.h"
#include "command/overlog/write.h"
#include "services/section_text.h"
#include <string.h>

/* Whether a command line of a shell means the same without one: single quotes, and what a shell
 * acts upon, are its own. */
static bool is_plain(const char *command)
{
    return strpbrk(command, "'`$*?[]~<>|&;()\\#!\n") == NULL && !sh_is_compound(command) &&
           memchr(command, '=', strcspn(command, " \t")) == NULL;
}

/* As a command line, which executes a shell where it needs one. */
static int put_line(struct str *out, const char *key, const char *line)
{
    struct str command = STR_INIT, kept = STR_INIT;
    if (is_plain(line))
        return conf_key_line(out, key, line);
    int bad = text_unreplaced(line, &kept); /* its variables are the shell's */
    if (bad == 0)
        bad = str_add_text(&command, "sh -c ") |
              sugar_word(&command, kept.data == NULL ? "" : kept.data);
    if (bad == 0)
        bad = conf_key_line(out, key, command.data);
    str_release(&command);
    str_release(&kept);
    return bad;
}

/* As a command line where that will do, else as a script of the shell. */
static int put_program(const struct draft *d, struct str *out)
{
    bool oneshot = d->type == DEFINITION_ONESHOT;
    struct str script = STR_INIT;
    int bad = 0;
    if (d->run != NULL && is_plain(d->run))
        return conf_key_line(out, oneshot ? "once" : "run", d->run);
    if (d->run == NULL)
        bad = conf_key_line(out, oneshot ? "once" : "run", oneshot ? "s6-true" : "s6-pause");
    else {
        sh_exec(&script, "", d->run);
        bad = (oneshot ? conf_key_line(out, "type", "oneshot") : 0) |
              conf_key_lines(out, "script", script.data == NULL ? "" : script.data);
    }
    str_release(&script);
    return bad;
}

static int put_conditions(const struct draft *d, struct str *out)
{
    struct str lines = STR_INIT;
    int bad = 0;
    for (size_t i = 0; i < d->conditions.count; i++)
        bad |= str_printf(&lines, "%s\n", d->conditions.item[i]);
    if (lines.length > 0)
        bad |= conf_key_line(out, "enable-if", lines.data);
    str_release(&lines);
    return bad;
}

static int put_keys(const struct draft *d, struct str *out)
{
    int bad = 0;
    for (size_t i = 0; i < d->keys.count; i++) {
        char *sign = strchr(d->keys.item[i], '=');
        *sign = '\0';
        bad |= conf_key_line(out, d->keys.item[i], sign + 1);
        *sign = '=';
    }
    return bad;
}

int draft_section(const struct draft *d, struct str *out)
{
    bool bundle = d->type == DEFINITION_BUNDLE;
    int bad = str_printf(out, "[%s]\n", d->name);
    if (!bundle)
        bad |= d->schedule != NULL
                   ? conf_key_line(out, "schedule", d->schedule) | put_line(out, "run", d->run)
                   : put_program(d, out);
    if (d->user != NULL)
        bad |= conf_key_line(out, "user", d->user);
    if (bundle || d->needs.count > 0)
        bad |= conf_key_names(out, bundle ? "contents" : "needs", &d->needs);
    if (d->after.count > 0)
        bad |= conf_key_names(out, "after", &d->after);
    bad |= put_conditions(d, out);
    if (d->ready != NULL)
        bad |= put_line(out, "ready", d->ready);
    if (d->restart != NULL)
        bad |= conf_key_line(out, "restart", d->restart);
    bad |= put_keys(d, out);
    if (d->bundle == NULL || strcmp(d->bundle, "user") != 0)
        bad |= conf_key_line(out, "bundle", d->bundle == NULL ? "none" : d->bundle);
    return bad == 0 ? 0 : -1;
}
