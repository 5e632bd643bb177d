/* overlog import of units of systemd: programs. A command by itself is a command line; what needs
 * a shell, as several or a variable that is split, is a script. */
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include "services/sugar.h"
#include <string.h>

typedef int put_word(const char *word, struct str *out);

/* --- parts ------------------------------------------------------------------------------------ */

static void put_words(const struct words *w, size_t from, put_word *put, struct str *out)
{
    for (size_t i = from; i < w->count; i++) {
        if (i > from)
            str_add_char(out, ' ');
        put(w->item[i], out);
    }
}

/* A command and its arguments. */
static void put_command(const struct unit_exec *e, put_word *put, struct str *out)
{
    if (e->named) {
        str_add_text(out, put == unit_sh_word ? "/command/exec -a " : "exec -a ");
        put(e->word.item[1], out);
        str_add_char(out, ' ');
        put(e->word.item[0], out);
        if (e->word.count > 2)
            str_add_char(out, ' ');
        put_words(&e->word, 2, put, out);
    } else {
        put_words(&e->word, 0, put, out);
    }
}

static bool has_root(const struct unit_execs *list)
{
    bool any = false;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        any |= list->item[i].root;
    return any;
}

static bool has_split(const struct unit_execs *list)
{
    bool any = false;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        for (size_t k = 0; k < list->item[i].word.count; k++)
            any |= unit_splits(list->item[i].word.item[k]);
    return any;
}

/* Whether some of the commands are run as root and others are not. */
static bool is_mixed(const struct unit_making *m, const struct unit_program *p)
{
    return m->user.count > 0 &&
           (has_root(p->condition) || has_root(p->before) || has_root(p->start));
}

/* Whether files of variables are read by the key of services.conf: one file, and no variables that
 * it is to replace. */
static bool has_file_key(const struct unit_making *m)
{
    return m->files.count == 1 && !m->own_env;
}

static void put_files(const struct unit_making *m, put_word *put, struct str *out)
{
    for (size_t i = 0; i < m->files.count; i++) {
        const char *file = m->files.item[i];
        str_add_text(out, file[0] == '-' ? "with-envfile -o " : "with-envfile ");
        put(file + (file[0] == '-'), out);
        str_add_char(out, ' ');
    }
}

/* A priority, and the user. */
static void put_rank(const struct unit_making *m, bool user, put_word *put, struct str *out)
{
    if (m->nice != 0)
        str_printf(out, "s6-nice -n %d ", m->nice);
    if (user) {
        put_words(&m->user, 0, put, out);
        str_add_char(out, ' ');
    }
}

/* What stands before all commands: files of variables, a priority, and the user, unless keys do. */
static void put_prefix(const struct unit_making *m, bool user, put_word *put, struct str *out)
{
    if (!has_file_key(m))
        put_files(m, put, out);
    put_rank(m, user, put, out);
}

/* Whether the user has no key, since something before it is done as root. */
static bool is_late(const struct unit_making *m, const struct unit_program *p)
{
    bool names = m->user.count == 2; /* s6-setuidgid USER */
    return m->user.count > 0 &&
           (!names || is_mixed(m, p) || m->nice < 0 || (m->files.count > 0 && !has_file_key(m)));
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* Where the streams go. */
static void put_streams(struct unit_making *m, struct str *out)
{
    const char *file = "its output is in its log directory, which logcat shows";
    const struct unit_setting *streams[] = {unit_setting(m, "StandardOutput"),
                                            unit_setting(m, "StandardError")};
    bool null[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        const char *value = streams[i] == NULL ? "inherit" : streams[i]->value;
        null[i] =
            strcmp(value, "null") == 0 || (i == 1 && strcmp(value, "inherit") == 0 && null[0]);
        if (strchr(value, ':') != NULL || strncmp(value, "tty", 3) == 0 ||
            strncmp(value, "socket", 6) == 0)
            unit_note(m, streams[i], "%s", file);
    }
    if (null[0])
        str_add_text(out, "exec >/dev/null\n");
    if (null[1])
        str_add_text(out, "exec 2>/dev/null\n");
}

static void put_line(const struct unit_making *m, const struct unit_exec *e, bool mixed,
                     struct str *out)
{
    if (mixed && !e->root) {
        put_words(&m->user, 0, unit_sh_word, out);
        str_add_char(out, ' ');
    }
    put_command(e, unit_sh_word, out);
}

/* Commands that are done one after the other; end: what a failure means. */
static void put_lines(const struct unit_making *m, const struct unit_execs *list, bool mixed,
                      const char *end, struct str *out)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        put_line(m, &list->item[i], mixed, out);
        str_printf(out, "%s\n", list->item[i].ignore ? "" : end);
    }
}

/* A daemon that leaves for the background: the shell stays in its place, as long as the process
 * lives whose number is in its file, and passes signals on. */
static void put_watch(const struct unit_program *p, struct str *out)
{
    struct str file = STR_INIT;
    unit_sh_word(p->pid_file, &file);
    str_printf(out,
               "n=0\n"
               "until pid=$(cat %s 2>/dev/null) && kill -s 0 \"$pid\" 2>/dev/null; do\n"
               "    n=$((n + 1))\n"
               "    [ \"$n\" -lt 100 ] || exit 1\n"
               "    sleep 0.1 2>/dev/null || sleep 1\n"
               "done\n"
               "for signal in HUP INT QUIT USR1 USR2 TERM; do\n"
               "    trap \"kill -s $signal $pid\" \"$signal\"\n"
               "done\n"
               "echo >&3\n"
               "exec 3>&-\n"
               "while kill -s 0 \"$pid\" 2>/dev/null; do\n"
               "    sleep 1 &\n"
               "    wait \"$!\"\n"
               "done\n"
               "exit 1\n",
               file.data == NULL ? "" : file.data);
    str_release(&file);
}

static void put_start(const struct unit_making *m, const struct unit_program *p, bool mixed,
                      struct str *out)
{
    size_t last = p->start->count - 1;
    if (p->pid_file != NULL) {
        put_lines(m, p->start, mixed, " 3>&- || exit", out);
        put_watch(p, out);
        return;
    }
    for (size_t i = 0; i <= last; i++) {
        const struct unit_exec *e = &p->start->item[i];
        bool stays = i < last || (e->ignore && p->oneshot);
        str_add_text(out, stays ? "" : "exec ");
        put_line(m, e, mixed, out);
        str_printf(out, "%s\n", !stays ? "" : !e->ignore ? " || exit" : i == last ? " || :" : "");
    }
}

static bool has_lines(const struct unit_execs *list)
{
    return list != NULL && list->count > 0;
}

static bool needs_shell(const struct unit_program *p, const struct str *streams)
{
    return has_lines(p->condition) || has_lines(p->before) || p->start->count != 1 ||
           has_split(p->start) || p->pid_file != NULL || streams->length > 0 ||
           (p->oneshot && p->start->item[0].ignore);
}

/* A value of with-envfile that was replaced before it was read would be none: then a shell reads
 * its variables. */
static bool reads_late(const struct unit_making *m, const struct unit_program *p)
{
    bool any = false;
    for (size_t i = 0; i < p->start->count; i++)
        for (size_t k = 0; k < p->start->item[i].word.count; k++)
            any |= !unit_is_plain(p->start->item[i].word.item[k]);
    return any && m->files.count > 0 && !has_file_key(m);
}

/* Without the newline at its end. */
static void trim(struct str *body)
{
    while (body->length > 0 && body->data[body->length - 1] == '\n')
        body->data[--body->length] = '\0';
}

static void put_script(struct unit_making *m, const struct unit_program *p,
                       const struct str *streams, struct str *out)
{
    struct str body = STR_INIT, script = STR_INIT;
    bool mixed = is_mixed(m, p);
    if (has_split(p->condition) || has_split(p->before) || has_split(p->start))
        str_add_text(&body, "set -f\n");
    if (streams->length > 0)
        str_add_text(&body, streams->data);
    put_lines(m, p->condition, mixed, " || exit 0", &body);
    put_lines(m, p->before, mixed, " || exit", &body);
    put_start(m, p, mixed, &body);
    put_prefix(m, is_late(m, p) && !mixed, unit_sh_word, &script);
    if (script.length > 0) {
        struct str whole = STR_INIT;
        trim(&body);
        str_printf(&whole, "exec %ssh -c ", script.data);
        sh_quote(&whole, body.data);
        str_release(&body);
        body = whole;
    }
    if (p->oneshot)
        conf_key_line(out, "type", "oneshot");
    conf_key_lines(out, "script", body.data == NULL ? "" : body.data);
    str_release(&body);
    str_release(&script);
}

void unit_put_program(struct unit_making *m, const struct unit_program *p, struct str *out)
{
    struct str line = STR_INIT, streams = STR_INIT;
    put_streams(m, &streams);
    if (needs_shell(p, &streams) || reads_late(m, p)) {
        put_script(m, p, &streams, out);
    } else {
        put_prefix(m, is_late(m, p) && !p->start->item[0].root, unit_conf_word, &line);
        put_command(&p->start->item[0], unit_conf_word, &line);
        conf_key_line(out, p->oneshot ? "once" : "run", line.data == NULL ? "" : line.data);
    }
    if (has_file_key(m)) {
        bool optional = m->files.item[0][0] == '-';
        str_clear(&line);
        str_add_text(&line, optional ? "-o " : "");
        unit_conf_word(m->files.item[0] + optional, &line);
        conf_key_line(out, "env-file", line.data == NULL ? "" : line.data);
    }
    if (m->user.count > 0 && !is_late(m, p))
        unit_put(out, "user", m->user.item[1]);
    str_release(&line);
    str_release(&streams);
}

/* --- beside the program ----------------------------------------------------------------------- */

void unit_put_down(struct unit_making *m, const struct unit_execs *stop)
{
    struct str body = STR_INIT, line = STR_INIT;
    const struct unit_program p = {.start = stop};
    put_lines(m, stop, is_mixed(m, &p), " || exit", &body);
    trim(&body);
    str_add_text(&line, "with-contenv ");
    for (size_t i = 0; i < m->env.count; i++) {
        str_add_text(&line, i == 0 ? "s6-env " : "");
        unit_conf_word(m->env.item[i], &line);
        str_add_char(&line, ' ');
    }
    put_files(m, unit_conf_word, &line);
    put_rank(m, m->user.count > 0 && !is_mixed(m, &p), unit_conf_word, &line);
    str_add_text(&line, "sh -c ");
    sugar_word(&line, body.data == NULL ? "" : body.data);
    conf_key_line(&m->keys, "down", line.data);
    str_release(&body);
    str_release(&line);
}

void unit_put_finish(struct unit_making *m, const struct unit_execs *list)
{
    if (list->count == 0)
        return;
    if (m->u->oneshot) {
        unit_note(m, list->item[0].from, "a oneshot has no finish");
        return;
    }
    if (has_split(list))
        str_add_text(&m->finish, "set -f\n");
    for (size_t i = 0; i < m->env.count; i++) {
        const char *word = m->env.item[i];
        size_t n = strcspn(word, "=");
        str_printf(&m->finish, "export %.*s=", (int)n, word);
        unit_sh_word(word + n + (word[n] != '\0'), &m->finish);
        str_add_char(&m->finish, '\n');
    }
    for (size_t i = 0; i < list->count; i++) {
        put_files(m, unit_sh_word, &m->finish);
        put_rank(m, m->user.count > 0 && !list->item[i].root, unit_sh_word, &m->finish);
        put_command(&list->item[i], unit_sh_word, &m->finish);
        str_add_char(&m->finish, '\n');
    }
}
