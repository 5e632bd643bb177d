/* The service that a process of supervisord becomes. */
#include "base/signals.h"
#include "command/overlog/supervisord_import.h"
#include "command/overlog/supervisord_keys.h"
#include "services/sugar.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STOP_SECONDS = 10, STOP_MOST = 4000000 };

static char *settle(const struct supervisord *s, const struct process *p, const char *key)
{
    return program_settle(s, p->section, key, &p->names);
}

static bool is_true(const struct supervisord *s, const struct process *p, const char *key,
                    bool fallback)
{
    char *text = settle(s, p, key);
    int value = text == NULL ? fallback : ini_boolean(text);
    if (value < 0)
        import_note(s->im, p->section, "%s is neither true nor false: %s", key, text);
    free(text);
    return value < 0 ? fallback : value;
}

/* A value as it is in the file, in a comment: one line. */
static void put_comment(struct str *out, const char *key, const char *value, const char *note)
{
    str_printf(out, "# %s=%.*s%s: %s\n", key, (int)strcspn(value, "\n"), value,
               strchr(value, '\n') == NULL ? "" : " ...", note);
}

static void put_notes(const struct supervisord *s, const struct process *p, struct str *out)
{
    for (size_t i = 0; i < s->ini.count; i++) {
        const struct ini_value *v = &s->ini.item[i];
        if (v->key == NULL || strcmp(v->section, p->section) != 0)
            continue;
        const char *note = p->oneshot ? ini_oneshot_note(v->key, v->value.data) : NULL;
        if (note == NULL)
            note = ini_key_note(v->section, v->key, v->value.data);
        if (note == NULL)
            continue;
        put_comment(out, v->key, v->value.data, note);
        import_note(s->im, p->section, "%s: %s", v->key, note);
    }
}

/* --- run -------------------------------------------------------------------------------------- */

enum target { TARGET_LOG, TARGET_NOWHERE, TARGET_OUT, TARGET_ERR, TARGET_FILE };

static enum target target_of(const char *path)
{
    static const struct {
        const char *path;
        enum target target;
    } known[] = {{"AUTO", TARGET_LOG},
                 {"NONE", TARGET_NOWHERE},
                 {"off", TARGET_NOWHERE},
                 {"/dev/null", TARGET_NOWHERE},
                 {"/dev/stdout", TARGET_OUT},
                 {"/dev/stderr", TARGET_ERR},
                 {"/dev/fd/1", TARGET_OUT},
                 {"/dev/fd/2", TARGET_ERR},
                 {"/proc/1/fd/1", TARGET_OUT},
                 {"/proc/1/fd/2", TARGET_ERR},
                 {"/proc/self/fd/1", TARGET_OUT},
                 {"/proc/self/fd/2", TARGET_ERR}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(known[i].path, path) == 0)
            return known[i].target;
    return TARGET_FILE;
}

/* Where a stream goes, in the words of `exec`. */
static void put_output(const struct supervisord *s, const struct process *p, struct str *notes,
                       struct str *out)
{
    static const char logged[] = "its output is in its log directory, which logcat shows";
    const char *file_note = p->oneshot ? INI_NO_LOG : logged;
    const char *of_out = program_get(s, p, "stdout_logfile");
    const char *of_err = program_get(s, p, "stderr_logfile");
    bool merged = is_true(s, p, "redirect_stderr", false);
    enum target first = target_of(of_out == NULL ? "AUTO" : of_out);
    enum target second = merged || of_err == NULL ? TARGET_LOG : target_of(of_err);
    const char *paths[] = {first == TARGET_FILE ? of_out : NULL,
                           second == TARGET_FILE ? of_err : NULL};
    for (int i = 0; i < 2; i++)
        if (paths[i] != NULL) {
            const char *key = i == 0 ? "stdout_logfile" : "stderr_logfile";
            put_comment(notes, key, paths[i], file_note);
            import_note(s->im, p->section, "%s: %s, not in a file of that name", key, file_note);
        }
    if (first == TARGET_ERR && second == TARGET_OUT)
        str_add_text(out, "exec 3>&1 >&2 2>&3 3>&-\n");
    else if (first == TARGET_ERR)
        str_add_text(out, "exec >&2\n");
    else if (second == TARGET_OUT)
        str_add_text(out, "exec 2>&1\n");
    if (first == TARGET_NOWHERE)
        str_add_text(out, "exec >/dev/null\n");
    if (second == TARGET_NOWHERE)
        str_add_text(out, "exec 2>/dev/null\n");
    if (merged)
        str_add_text(out, "exec 2>&1\n");
}

static void put_environment(const struct supervisord *s, const struct process *p, struct str *out)
{
    const char *sections[] = {"supervisord", p->section};
    str_add_text(out, "export SUPERVISOR_PROCESS_NAME=");
    sh_quote(out, p->own);
    str_add_text(out, " SUPERVISOR_GROUP_NAME=");
    sh_quote(out, p->names.group);
    str_add_char(out, '\n');
    for (int i = 0; i < 2; i++) {
        const char *value = ini_get(&s->ini, sections[i], "environment");
        char *text = value == NULL ? NULL : program_expand(s, p, value);
        if (text != NULL && !ini_environment(text, out))
            import_note(s->im, sections[i], "environment: not all of it can be carried over: %s",
                        value);
        free(text);
    }
}

/* supervisord makes these its own only as a daemon, which it is not in the foreground. */
static const char *daemons(const struct supervisord *s, const char *key)
{
    const char *foreground = ini_get(&s->ini, "supervisord", "nodaemon");
    const char *value = ini_get(&s->ini, "supervisord", key);
    if (value == NULL)
        return NULL;
    bool ignored = foreground != NULL && ini_boolean(foreground) == 1;
    import_note(s->im, "supervisord",
                "%s: supervisord uses it only when it is not in the "
                "foreground (nodaemon, -n); %s",
                key, ignored ? "left out" : "carried over");
    return ignored ? NULL : value;
}

static bool is_home(const char *path)
{
    return strcmp(path, "~") == 0 || strncmp(path, "~/", 2) == 0;
}

/* "" leads nowhere else; caller frees. */
static char *directory_of(const struct supervisord *s, const struct process *p)
{
    const char *directory = program_get(s, p, "directory");
    if (directory == NULL)
        directory = daemons(s, "directory");
    return program_expand(s, p, directory == NULL ? "" : directory);
}

static void put_directory(const char *path, struct str *out)
{
    bool home = is_home(path);
    if (*path == '\0')
        return;
    str_add_text(out, !home ? "cd " : path[1] == '/' ? "cd ~/" : "cd ~");
    if (!home || strlen(path) > 2)
        ini_word(path + (home ? 2 : 0), out);
    str_add_text(out, " || exit 1\n");
}

static void put_umask(const struct supervisord *s, const struct process *p, struct str *out)
{
    const char *value = program_get(s, p, "umask");
    if (value == NULL)
        value = daemons(s, "umask");
    if (value == NULL)
        return;
    char *mask = program_expand(s, p, value);
    if (strchr(mask, INI_ENV) == NULL && (*mask == '\0' || mask[strspn(mask, "01234567")] != '\0'))
        import_note(s->im, p->section, "umask is no octal number: %s", value);
    else {
        str_add_text(out, "umask ");
        ini_word(mask, out);
        str_add_char(out, '\n');
    }
    free(mask);
}

static void put_descriptors(const struct supervisord *s, struct str *out)
{
    const char *least = ini_get(&s->ini, "supervisord", "minfds");
    unsigned long long n;
    if (least == NULL)
        return;
    if (number_parse(least, 1 << 30, &n) < 0)
        import_note(s->im, "supervisord", "minfds is no number: %s", least);
    else if (n > 1024) /* what there is without it */
        str_printf(out,
                   "[ \"$(ulimit -Sn)\" -ge %llu ] || ulimit -Sn %llu 2>/dev/null || ulimit -n "
                   "%llu\n",
                   n, n, n);
}

/* The words before the command that make it run as its user; what must stand before goes to out. */
static void put_user(const struct supervisord *s, const struct process *p, struct str *out,
                     struct str *prefix)
{
    const char *user = program_get(s, p, "user");
    if (user == NULL)
        user = ini_get(&s->ini, "supervisord", "user");
    if (user == NULL || strcmp(user, "root") == 0 || strcmp(user, "0") == 0)
        return;
    char *who = program_expand(s, p, user);
    if (strchr(who, INI_ENV) == NULL && who[strspn(who, "0123456789")] != '\0') {
        str_add_text(prefix, "/command/s6-setuidgid ");
        ini_word(who, prefix);
    } else {
        /* A number is that of an account, whose groups count; and nobody is no account. */
        str_add_text(out, "_user=$(id -un ");
        ini_word(who, out);
        str_add_text(out, ") && [ -n \"$_user\" ] || exit 1\n");
        str_add_text(prefix, "/command/s6-setuidgid \"$_user\"");
    }
    str_add_char(prefix, ' ');
    free(who);
}

/* What the environment decides when the service starts. */
static void put_autostart(const struct supervisord *s, const struct process *p, const char *wrong,
                          struct str *out)
{
    const char *raw = program_get(s, p, "autostart");
    char *value = program_expand(s, p, raw);
    str_add_text(out, "case ");
    ini_word(value, out);
    str_printf(out, " in\n" TRUE_WORDS ") ;;\n*) %s ;;\nesac\n", wrong);
    free(value);
}

/* The file run, or the same for a oneshot, whose command line has the script as an argument. */
static void put_script(const struct supervisord *s, const struct process *p, const char *body)
{
    struct str out = STR_INIT, script = STR_INIT;
    str_printf(&script, "# [%s] of %s\n%s", p->section, s->im->file, body);
    if (p->oneshot) {
        str_add_text(&out, "with-contenv\n/bin/sh -c ");
        sugar_word(&out, script.data);
        str_add_char(&out, '\n');
    } else {
        str_printf(&out, SH_SHEBANG "%s\n", script.data);
    }
    import_file(s->im, p->oneshot ? "up" : "run", out.data);
    str_release(&script);
    str_release(&out);
}

static void put_run(const struct supervisord *s, const struct process *p)
{
    struct str notes = STR_INIT, out = STR_INIT, command = STR_INIT, prefix = STR_INIT,
               output = STR_INIT;
    bool splits = false;
    char *line = program_expand(s, p, program_get(s, p, "command"));
    char *directory = directory_of(s, p);
    put_notes(s, p, &notes);
    put_output(s, p, &notes, &output);
    if (p->autostart < 0) {
        put_comment(&notes, "autostart", program_get(s, p, "autostart"),
                    "decided when it starts, also by hand");
        put_autostart(s, p, "exit 0", &out);
    }
    if (directory[0] != '/' && !is_home(directory))
        str_add_text(&out, "cd \"$(cat /run/s6/workdir)\" || exit 1\n");
    put_environment(s, p, &out);
    put_user(s, p, &out, &prefix);
    put_directory(directory, &out);
    put_umask(s, p, &out);
    put_descriptors(s, &out);
    ini_command(line, &command, &splits);
    str_printf(&notes, "%s%s%sexec %s%s", out.data, output.length > 0 ? output.data : "",
               splits ? "set -f\n" : "", prefix.length > 0 ? prefix.data : "", command.data);
    put_script(s, p, notes.data);
    free(line);
    free(directory);
    str_release(&notes);
    str_release(&out);
    str_release(&command);
    str_release(&prefix);
    str_release(&output);
}

/* --- finish ----------------------------------------------------------------------------------- */

/* A process of it that outlives it would stand in the way of the next start. */
static void put_group_stop(unsigned long long seconds, const char *signal, struct str *out)
{
    str_printf(out,
               "# stopasgroup=true: what is left of its process group is stopped, too\n"
               "if kill -s %s -- \"-$4\" 2>/dev/null; then\n"
               "    n=0\n"
               "    while [ \"$n\" -lt %llu ] && kill -s 0 -- \"-$4\" 2>/dev/null; do\n"
               "        n=$((n + 1))\n"
               "        sleep 0.1 2>/dev/null || sleep 1\n"
               "    done\n"
               "    kill -s KILL -- \"-$4\" 2>/dev/null\n"
               "fi\n",
               signal, seconds * 10);
}

/* --- the stop --------------------------------------------------------------------------------- */

static int stop_signal(const struct supervisord *s, const struct process *p)
{
    char *text = settle(s, p, "stopsignal");
    int number = text == NULL ? SIGTERM : signal_number(text, SIGNAL_COUNT - 1);
    if (number < 0)
        import_note(s->im, p->section, "unknown stopsignal: %s", text);
    free(text);
    return number < 0 ? SIGTERM : number;
}

static unsigned long long stop_seconds(const struct supervisord *s, const struct process *p)
{
    char *text = settle(s, p, "stopwaitsecs");
    unsigned long long seconds = STOP_SECONDS;
    if (text != NULL && number_parse(text, STOP_MOST, &seconds) < 0)
        import_note(s->im, p->section, "stopwaitsecs is no number of seconds: %s", text);
    free(text);
    return seconds;
}

static void put_stop(const struct supervisord *s, const struct process *p)
{
    char text[32];
    int signal = stop_signal(s, p);
    unsigned long long seconds = stop_seconds(s, p);
    bool group = is_true(s, p, "stopasgroup", false);
    struct str finish = STR_INIT;
    if (signal != SIGTERM) {
        snprintf(text, sizeof text, "SIG%s\n", signal_name(signal));
        import_file(s->im, "down-signal", text);
    }
    /* 0 would be no limit */
    snprintf(text, sizeof text, "%llu\n", seconds == 0 ? 1 : seconds * 1000);
    import_file(s->im, "timeout-kill", text);
    if (is_true(s, p, "killasgroup", group))
        import_file(s->im, "flag-timeout-killpg", "");
    if (group) {
        put_group_stop(seconds, signal_name(signal), &finish);
        snprintf(text, sizeof text, "%llu\n", (seconds + 5) * 1000);
        import_file(s->im, "timeout-finish", text);
    }
    if (p->autostart < 0)
        put_autostart(s, p, "exec /command/s6-svc -O .", &finish);
    program_restart(s, p, &finish);
    if (finish.length > 0) {
        struct str out = STR_INIT;
        bool reads = strstr(finish.data, "${") != NULL;
        str_printf(&out, "%s%s", reads ? SH_SHEBANG : "#!/bin/sh\n", finish.data);
        import_file(s->im, "finish", out.data);
        str_release(&out);
    }
    str_release(&finish);
}

/* --- the log ---------------------------------------------------------------------------------- */

static void put_rotation(const struct supervisord *s, const struct process *p)
{
    enum { LEAST = 4096, MOST = 268435455 };
    char *max = settle(s, p, "stdout_logfile_maxbytes");
    char *keep = settle(s, p, "stdout_logfile_backups");
    const char *path = program_get(s, p, "stdout_logfile");
    long long bytes = max == NULL ? 50 << 20 : ini_bytes(max);
    unsigned long long backups = 10;
    char text[64];
    if (keep != NULL && number_parse(keep, 9999, &backups) < 0)
        import_note(s->im, p->section, "stdout_logfile_backups is no number: %s", keep);
    if (bytes < 0)
        import_note(s->im, p->section, "stdout_logfile_maxbytes is no size: %s", max);
    if (bytes == 0 && path != NULL && target_of(path) == TARGET_FILE)
        import_note(s->im, p->section,
                    "stdout_logfile_maxbytes=0: a log is not kept without limit; logging-script "
                    "says how much");
    if ((max != NULL && bytes > 0) || keep != NULL) {
        bytes = bytes <= 0 ? 50 << 20 : bytes < LEAST ? LEAST : bytes > MOST ? MOST : bytes;
        snprintf(text, sizeof text, "n%llu s%lld C\n", backups, bytes);
        import_file(s->im, "logging-script", text);
    }
    free(max);
    free(keep);
}

void program_write(const struct supervisord *s, const struct process *p, const struct words *needs)
{
    import_begin(s->im, p->name, p->oneshot ? DEFINITION_ONESHOT : DEFINITION_LONGRUN, needs,
                 p->autostart != 0 ? "user" : NULL);
    put_run(s, p);
    if (!p->oneshot) {
        put_stop(s, p);
        put_rotation(s, p);
    }
    import_end(s->im);
    s->im->services++;
}
