/* overlog import of units of systemd: what a process is given, as its user, variables and limits.
 */
#include "base/environment.h"
#include "base/quantity.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_value.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- user and environment --------------------------------------------------------------------- */

/* The home directory of a user of the image, which is known where the tree is its own. */
static bool home_of(const struct unit_making *m, const char *user, char home[512])
{
    FILE *file = m->im->tree->whole ? fopen("/etc/passwd", "re") : NULL;
    struct passwd *p;
    home[0] = '\0';
    while (file != NULL && home[0] == '\0' && (p = fgetpwent(file)) != NULL)
        if (strcmp(p->pw_name, user) == 0)
            snprintf(home, 512, "%s", p->pw_dir);
    if (file != NULL)
        fclose(file);
    return home[0] != '\0';
}

static void add_variable(struct unit_making *m, const char *name, const char *value)
{
    struct str text = STR_INIT;
    if (str_printf(&text, "%s=%s", name, value) == 0)
        words_add(&m->env, text.data);
    str_release(&text);
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* With a group of another name: its user keeps his other groups; a number has none. */
static int add_pair(struct words *w, const char *user, const char *group)
{
    struct str both = STR_INIT;
    int bad = 0;
    if (is_number(user)) {
        bad = str_printf(&both, "%s:%s", user, group) | words_add(w, "s6-env") |
              words_add(w, "GIDLIST=") | words_add(w, "s6-envuidgid") | words_add(w, "-nB") |
              words_add(w, both.data == NULL ? "" : both.data);
    } else {
        bad = words_add(w, "s6-envuidgid") | words_add(w, user) | words_add(w, "s6-envuidgid") |
              words_add(w, "-ng") | words_add(w, group);
    }
    str_release(&both);
    return bad | words_add(w, "s6-applyuidgid") | words_add(w, "-Uz");
}

static int add_user(struct words *w, const char *user, const char *group)
{
    struct str both = STR_INIT;
    bool number = is_number(user), same = group == NULL || strcmp(user, group) == 0;
    if (!same && !(number && is_number(group)))
        return add_pair(w, user, group);
    int bad = words_add(w, "s6-setuidgid");
    if (number)
        bad |= str_printf(&both, "%s:%s", user, group == NULL ? user : group);
    bad |= words_add(w, both.data == NULL ? user : both.data);
    str_release(&both);
    return bad;
}

void unit_user(struct unit_making *m)
{
    const struct unit_setting *u = unit_setting(m, "User"), *g = unit_setting(m, "Group");
    const struct unit_setting *dynamic = unit_setting(m, "DynamicUser");
    char *user = unit_value(m, u), *group = unit_value(m, g), home[512];
    if (dynamic != NULL && unit_boolean(dynamic->value) == 1) {
        if (user == NULL)
            user = strdup(m->u->prefix);
        unit_note(m, dynamic, "create the account %s in the image", user);
    }
    bool root = user == NULL || strcmp(user, "root") == 0 || strcmp(user, "0") == 0;
    if (root && group != NULL && strcmp(group, "root") != 0 && strcmp(group, "0") != 0)
        unit_note(m, g, "root keeps its group");
    if (!root) {
        add_user(&m->user, user, group);
        add_variable(m, "USER", user);
        add_variable(m, "LOGNAME", user);
        if (home_of(m, user, home))
            add_variable(m, "HOME", home);
        else
            unit_note(m, u == NULL ? dynamic : u,
                      "HOME stays that of the container, since its account is not known here");
    }
    free(user);
    free(group);
}

void unit_environment(struct unit_making *m)
{
    const struct unit_setting *s;
    for (size_t at = 0; (s = unit_next(&m->u->settings, "Service", "Environment", &at)) != NULL;) {
        struct words words = WORDS_INIT;
        unit_words(m, s, &words);
        for (size_t i = 0; i < words.count; i++) {
            const char *word = words.item[i];
            size_t n = variable_length(word);
            if (n == 0 || word[n] != '=') {
                unit_note(m, s, "\"%s\" sets no variable", word);
                continue;
            }
            words_add(&m->env, word);
            m->own_env = true;
        }
        words_release(&words);
    }
    for (size_t at = 0;
         (s = unit_next(&m->u->settings, "Service", "EnvironmentFile", &at)) != NULL;) {
        char *file = unit_value(m, s);
        if (file != NULL && strpbrk(file, "*?[") != NULL)
            unit_note(m, s, "files are named one by one");
        else if (file != NULL && file[file[0] == '-'] != '/')
            unit_note(m, s, "a file is named by its whole path");
        else if (file != NULL)
            words_add(&m->files, file);
        free(file);
    }
}

/* --- keys ------------------------------------------------------------------------------------- */

static void put_directory(struct unit_making *m, struct str *out)
{
    const struct unit_setting *s = unit_setting(m, "WorkingDirectory");
    char *path = unit_value(m, s), home[512];
    const char *to = path == NULL ? "/" : path;
    if (to[0] == '-') {
        unit_note(m, s, "the directory has to be there");
        to++;
    }
    if (strcmp(to, "~") == 0) {
        if (m->user.count != 2 || !home_of(m, m->user.item[1], home)) {
            unit_note(m, s, "the home directory is not known here: write cwd");
            strcpy(home, "/");
        }
        to = home;
    }
    unit_put(out, "cwd", to);
    free(path);
}

static const struct {
    const char *key, *name;
    bool bytes;
} limits[] = {{"LimitAS", "as", true},          {"LimitCORE", "core", true},
              {"LimitCPU", "cpu", false},       {"LimitDATA", "data", true},
              {"LimitFSIZE", "fsize", true},    {"LimitMEMLOCK", "memlock", true},
              {"LimitNOFILE", "nofile", false}, {"LimitNPROC", "nproc", false},
              {"LimitRSS", "rss", true},        {"LimitRTPRIO", "rtprio", false},
              {"LimitSTACK", "stack", true}};

/* The soft limit, which stands before a colon. */
static void put_limit(struct unit_making *m, size_t i, struct str *out)
{
    const struct unit_setting *s = unit_setting(m, limits[i].key);
    char *text = unit_value(m, s);
    if (text == NULL)
        return;
    char *colon = strchr(text, ':');
    if (colon != NULL)
        *colon = '\0';
    int64_t value =
        strcmp(limits[i].name, "cpu") == 0 ? unit_time(text) : unit_number(text, limits[i].bytes);
    if (strcmp(limits[i].name, "cpu") == 0 && value > 0)
        value /= 1000;
    if (value == UNIT_NO_TIME)
        unit_note(m, s, "this is no limit");
    else if (value == UNIT_FOREVER)
        str_printf(out, "%s%s=unlimited", out->length > 0 ? " " : "", limits[i].name);
    else
        str_printf(out, "%s%s=%lld", out->length > 0 ? " " : "", limits[i].name, (long long)value);
    if (colon != NULL)
        unit_note(m, s, "the hard limit stays that of the container");
    free(text);
}

static void put_umask(struct unit_making *m, struct str *out)
{
    const struct unit_setting *s = unit_setting(m, "UMask");
    uint64_t mask;
    if (s != NULL && octal_parse(s->value, 0777, &mask) == 0)
        conf_key_line(out, "umask", s->value);
    else if (s != NULL)
        unit_note(m, s, "this is no mask");
}

void unit_put_common(struct unit_making *m, struct str *out)
{
    struct str value = STR_INIT;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        put_limit(m, i, &value);
    if (value.length > 0)
        conf_key_line(out, "limits", value.data);
    put_umask(m, out);
    put_directory(m, out);
    str_clear(&value);
    for (size_t i = 0; i < m->env.count; i++) {
        str_add_text(&value, i > 0 ? " " : "");
        unit_conf_word(m->env.item[i], &value);
    }
    if (m->env.count > 0)
        conf_key_line(out, "env", value.data == NULL ? "" : value.data);
    str_release(&value);
}
