/* overlog import of units of systemd: the directories that systemd makes for a service are made by
 * a oneshot before it, and told to it by variables. */
#include "base/quantity.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key, *mode, *variable, *place;
    bool owned; /* by the service's user */
} kinds[] = {
    {"RuntimeDirectory", "RuntimeDirectoryMode", "RUNTIME_DIRECTORY", "/run", true},
    {"StateDirectory", "StateDirectoryMode", "STATE_DIRECTORY", "/var/lib", true},
    {"CacheDirectory", "CacheDirectoryMode", "CACHE_DIRECTORY", "/var/cache", true},
    {"LogsDirectory", "LogsDirectoryMode", "LOGS_DIRECTORY", "/var/log", true},
    {"ConfigurationDirectory", "ConfigurationDirectoryMode", "CONFIGURATION_DIRECTORY", "/etc",
     false},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The paths of a kind; what stands behind a colon is a link to one, and left out. */
static void read_paths(struct unit_making *m, int kind, struct words *out)
{
    const struct unit_setting *s;
    for (size_t at = 0;
         (s = unit_next(&m->u->settings, "Service", kinds[kind].key, &at)) != NULL;) {
        struct words names = WORDS_INIT;
        unit_words(m, s, &names);
        for (size_t i = 0; i < names.count; i++) {
            char path[4096], *colon = strchr(names.item[i], ':');
            if (colon != NULL) {
                unit_note(m, s, "no link is made");
                *colon = '\0';
            }
            snprintf(path, sizeof path, "%s/%.3000s", kinds[kind].place, names.item[i]);
            if (m->u->template || !unit_is_plain(path))
                unit_note(m, s, "make it before: it differs with the instance");
            else
                words_add(out, path);
        }
        words_release(&names);
    }
}

/* Adds "COMMAND PATH" to commands. */
static void add_command(struct words *commands, const char *command, const char *path)
{
    struct str line = STR_INIT;
    str_printf(&line, "%s ", command);
    if (unit_conf_word(path, &line) == 0)
        words_add(commands, line.data);
    str_release(&line);
}

/* The commands that make the directories of a kind. */
static void add_commands(struct unit_making *m, int kind, const struct words *paths,
                         struct words *commands)
{
    const struct unit_setting *s = unit_setting(m, kinds[kind].mode);
    char mode[64] = "s6-chmod 0755";
    uint64_t bits;
    if (s != NULL && octal_parse(s->value, 07777, &bits) == 0)
        snprintf(mode, sizeof mode, "s6-chmod %.20s", s->value);
    else if (s != NULL)
        unit_note(m, s, "this is no mode");
    for (size_t i = 0; i < paths->count; i++) {
        add_command(commands, "s6-mkdir -p", paths->item[i]);
        if (kinds[kind].owned && m->user.count > 0)
            add_command(commands, "s6-chown -U", paths->item[i]);
        add_command(commands, mode, paths->item[i]);
    }
}

/* One after the other, as long as they succeed, with UID and GID of the user. */
static void put_commands(const struct unit_making *m, const struct words *commands, struct str *out)
{
    enum { SHORT = 2, APPLY = 2 }; /* s6-setuidgid USER; s6-applyuidgid -Uz at the end */
    const char *user = m->user.count == SHORT ? m->user.item[1] : "";
    if (m->user.count == SHORT) {
        str_add_text(out, strchr(user, ':') == NULL ? "s6-envuidgid " : "s6-envuidgid -nB ");
        unit_conf_word(user, out);
        str_add_char(out, ' ');
    }
    for (size_t i = 0; m->user.count > SHORT && i < m->user.count - APPLY; i++) {
        unit_conf_word(m->user.item[i], out);
        str_add_char(out, ' ');
    }
    for (size_t i = 0; i < commands->count; i++)
        str_printf(out, i + 1 < commands->count ? "if { %s } " : "%s", commands->item[i]);
}

static void add_variable(struct unit_making *m, int kind, const struct words *paths)
{
    struct str text = STR_INIT;
    str_printf(&text, "%s=", kinds[kind].variable);
    for (size_t i = 0; i < paths->count; i++)
        str_printf(&text, "%s%s", i > 0 ? ":" : "", paths->item[i]);
    if (text.length > 0)
        words_add(&m->env, text.data);
    str_release(&text);
}

void unit_directories(struct unit_making *m, struct words *needs)
{
    struct str section = STR_INIT;
    struct words commands = WORDS_INIT;
    char name[256];
    for (int kind = 0; kind < KINDS; kind++) {
        struct words paths = WORDS_INIT;
        read_paths(m, kind, &paths);
        if (paths.count > 0) {
            add_commands(m, kind, &paths, &commands);
            add_variable(m, kind, &paths);
        }
        words_release(&paths);
    }
    if (commands.count > 0) {
        snprintf(name, sizeof name, "%.230s-directories", m->u->service);
        import_tell_apart(m->im, NULL, name, 2);
        str_printf(&section, "[%s]\nonce = ", name);
        put_commands(m, &commands, &section);
        str_add_text(&section, "\nbundle = none\n");
        import_text(m->im, section.data);
        m->im->services++;
        words_add(needs, name);
    }
    words_release(&commands);
    str_release(&section);
}
