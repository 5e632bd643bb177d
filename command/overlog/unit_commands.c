/* overlog import of units of systemd: the commands of a unit, and what signals stand for them. */
#include "base/signals.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/daemons.h"
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_value.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_commands(struct unit_making *m, const char *key, struct unit_execs *out)
{
    const struct unit_setting *s;
    for (size_t at = 0; (s = unit_next(&m->u->settings, "Service", key, &at)) != NULL;) {
        struct unit_unknown unknown = {""};
        size_t before = out->count;
        const char *wrong = unit_exec_parse(s, &m->u->names, out, &unknown);
        if (wrong != NULL)
            unit_note(m, s, "%s", wrong);
        unit_note_unknown(m, s, &unknown);
        for (size_t i = before; i < out->count; i++) {
            if (out->item[i].ambient)
                unit_note(m, s, "!! changes nothing here");
        }
    }
}

/* What it says of a daemon that leaves for the background. */
static void note_forking(struct unit_making *m, const struct unit_exec *e, bool watched)
{
    struct daemon_word word[64];
    size_t n = 0;
    for (; n < e->word.count && n < 64; n++)
        word[n] = (struct daemon_word){e->word.item[n], unit_is_plain(e->word.item[n])};
    struct daemon_advice advice = daemon_look(path_name(e->word.item[0]), word, n);
    unit_note(m, unit_setting(m, "Type"), "%s; better have it stay in the foreground%s%s",
              watched ? "it is watched by its PIDFile=, and how it ends is not known"
                      : "without PIDFile= nothing tells which process it is",
              advice.cure == NULL ? "" : ": ", advice.cure == NULL ? "" : advice.cure);
}

/* The path of PIDFile=, in /run if it says no other place; NULL: there is none. */
static char *pid_file_of(struct unit_making *m)
{
    char *file = unit_value(m, unit_setting(m, "PIDFile"));
    struct str path = STR_INIT;
    if (file == NULL || file[0] == '/')
        return file;
    str_printf(&path, "/run/%s", file);
    free(file);
    return path.data;
}

/* Keys that depend on Type=. */
static void put_type(struct unit_making *m, struct unit_program *p, struct str *out)
{
    const struct unit_setting *type = unit_setting(m, "Type");
    const char *value = type == NULL ? "simple" : type->value;
    static const char *const simple[] = {"simple", "exec", "idle", NULL};
    if (m->u->oneshot)
        return;
    if (strncmp(value, "notify", 6) == 0)
        conf_key_line(out, "ready", "notify");
    else if (strcmp(value, "forking") == 0) {
        p->pid_file = pid_file_of(m);
        note_forking(m, &p->start->item[0], p->pid_file != NULL);
        if (p->pid_file != NULL)
            conf_key_line(out, "notification-fd", "3");
    } else if (strcmp(value, "dbus") == 0)
        unit_note(m, type, "there is no D-Bus that tells: it counts as ready when it is started");
    else if (!is_among(value, simple))
        unit_note(m, type, "there is no such type: it is taken for simple");
}

/* The service that is done when this one is up. */
static void put_started(struct unit_making *m, const struct unit_execs *list)
{
    const struct unit_program p = {.start = list, .oneshot = true};
    struct str out = STR_INIT;
    if (list->count == 0)
        return;
    if (strcmp(m->u->started, m->u->service) == 0) {
        unit_note(m, list->item[0].from, "nothing is done when an instance was started");
        return;
    }
    unit_note(m, list->item[0].from, "done once, by %s, and not at each start", m->u->started);
    str_printf(&out, "[%s]\n", m->u->started);
    unit_put_program(m, &p, &out);
    unit_put_common(m, &out);
    str_printf(&out, "needs = %s\n", m->u->service);
    if (!m->u->wanted)
        str_add_text(&out, "bundle = none\n");
    import_text(m->im, out.data);
    m->im->services++;
    str_release(&out);
}

/* A signal by ExecStop= or ExecReload=; *number: the one that is said elsewhere. */
static void take_signal(struct unit_making *m, const struct unit_execs *list, int *number,
                        const char *note)
{
    for (size_t i = 0; i < list->count; i++) {
        int found = unit_exec_signal(&list->item[i]);
        if (found > 0 && i == 0)
            *number = found;
        else
            unit_note(m, list->item[i].from, "%s", note);
    }
}

static int signal_of(struct unit_making *m, const char *key, int fallback)
{
    const struct unit_setting *s = unit_setting(m, key);
    int number = s == NULL ? fallback : signal_number(s->value, SIGNAL_COUNT - 1);
    if (number < 0)
        unit_note(m, s, "there is no such signal");
    return number < 0 ? fallback : number;
}

static void put_signal(struct unit_making *m, const char *key, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    const char *name = signal_name(number);
    conf_key_line(&m->keys, key, name == NULL ? text : name);
}

static void put_stop(struct unit_making *m, const struct unit_execs *stop)
{
    const struct unit_setting *remain = unit_setting(m, "RemainAfterExit");
    bool stays = remain != NULL && unit_boolean(remain->value) != 0;
    int number = signal_of(m, "KillSignal", SIGTERM);
    if (!m->u->oneshot) {
        if (stays)
            unit_note(m, remain, "a service is down when its process has ended");
        take_signal(m, stop, &number, "not done: it is stopped by a signal and nothing else");
        if (number != SIGTERM)
            put_signal(m, "signal", number);
    } else if (stop->count > 0 && stays) {
        unit_put_down(m, stop);
    } else if (stop->count > 0) {
        unit_note(m, stop->item[0].from,
                  "of a oneshot that does not stay (RemainAfterExit=): it would be done at once");
    }
}

static void put_reload(struct unit_making *m, const struct unit_execs *reload)
{
    int number = signal_of(m, "ReloadSignal", SIGHUP);
    if (m->u->oneshot && reload->count > 0)
        unit_note(m, reload->item[0].from, "write a command line of execline as reload");
    else if (!m->u->oneshot) {
        take_signal(m, reload, &number, "not done: overlog reload sends a signal and nothing else");
        if (number != SIGHUP)
            put_signal(m, "reload-signal", number);
    }
}

static void put_programs(struct unit_making *m, struct unit_execs e[7])
{
    struct unit_program p = {
        .condition = &e[0], .before = &e[1], .start = &e[2], .oneshot = m->u->oneshot};
    struct str type = STR_INIT;
    put_type(m, &p, &type);
    if (p.start->item[0].ignore && !p.oneshot)
        unit_note(m, p.start->item[0].from, "a failure of it counts as one, whatever - says");
    if (e[0].count > 0 && strcmp(unit_get(&m->u->settings, "Service", "Restart"), "always") == 0)
        unit_note(m, e[0].item[0].from, "with Restart=always it is asked again and again");
    unit_put_program(m, &p, &m->keys);
    if (type.length > 0)
        str_add_text(&m->keys, type.data);
    str_release(&type);
    put_stop(m, &e[4]);
    put_reload(m, &e[5]);
    unit_put_finish(m, &e[6]);
    put_started(m, &e[3]);
    free(p.pid_file);
}

void unit_programs(struct unit_making *m)
{
    static const char *const keys[7] = {"ExecCondition", "ExecStartPre", "ExecStart",
                                        "ExecStartPost", "ExecStop",     "ExecReload",
                                        "ExecStopPost"};
    struct unit_execs list[7];
    for (int i = 0; i < 7; i++) {
        list[i] = (struct unit_execs){.count = 0};
        read_commands(m, keys[i], &list[i]);
    }
    if (list[2].count == 0 && m->u->oneshot) { /* it only stops something */
        struct unit_setting nothing = {.value = (char[]){"s6-true"}};
        struct unit_unknown unknown = {""};
        unit_exec_parse(&nothing, &m->u->names, &list[2], &unknown);
        if (list[2].count > 0)
            list[2].item[0].from = NULL;
    }
    if (list[2].count > 1 && !m->u->oneshot) {
        unit_note(m, list[2].item[1].from, "one program is a service: the first is taken");
        while (list[2].count > 1)
            words_release(&list[2].item[--list[2].count].word);
    }
    if (list[2].count > 0)
        put_programs(m, list);
    for (int i = 0; i < 7; i++)
        unit_execs_release(&list[i]);
}
