/* overlog import of units of systemd: the section of a service. */
#include "base/environment.h"
#include "base/quantity.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_keys.h"
#include "command/overlog/unit_value.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- times ------------------------------------------------------------------------------------ */

/* A time of a key, or of TimeoutSec=, which is both. */
static int64_t limit_of(struct unit_making *m, const char *key, int64_t fallback)
{
    const struct unit_setting *s = unit_setting(m, key);
    return unit_time_of(m, s == NULL ? unit_setting(m, "TimeoutSec") : s, fallback);
}

static void put_kill(struct unit_making *m)
{
    enum { DEFAULT_MS = 90000 };
    const struct unit_setting *mode = unit_setting(m, "KillMode");
    const struct unit_setting *kills = unit_setting(m, "SendSIGKILL");
    const char *how = mode == NULL ? "control-group" : mode->value;
    int64_t ms = limit_of(m, "TimeoutStopSec", m->u->oneshot ? 0 : DEFAULT_MS);
    if (kills != NULL && unit_boolean(kills->value) == 0)
        return;
    unit_put_time(&m->keys, "stop-timeout", ms);
    if (m->u->oneshot)
        return;
    if (strcmp(how, "control-group") == 0 || strcmp(how, "mixed") == 0)
        conf_key_line(&m->keys, "flag-timeout-killpg", "yes");
    else if (strcmp(how, "process") != 0)
        unit_note(m, mode, "the process is stopped, and then the container's rest");
}

static void put_times(struct unit_making *m)
{
    const char *type = unit_get(&m->u->settings, "Service", "Type");
    const struct unit_setting *watchdog = unit_setting(m, "WatchdogSec");
    int64_t ms = watchdog == NULL ? 0 : unit_time(watchdog->value);
    char text[QUANTITY_MAX + 8];
    unit_put_time(&m->keys, "timeout-up", limit_of(m, "TimeoutStartSec", 0));
    if (ms == UNIT_NO_TIME || (ms > 0 && (strncmp(type, "notify", 6) != 0 || ms > INT32_MAX))) {
        unit_note(m, watchdog, "only a service of Type=notify has such a time");
    } else if (ms > 0) {
        snprintf(text, sizeof text, ms % 1000 == 0 ? "-q %llds" : "-q %lldms",
                 (long long)(ms % 1000 == 0 ? ms / 1000 : ms));
        conf_key_line(&m->keys, "live", text);
    }
}

static void put_nice(struct unit_making *m)
{
    const struct unit_setting *s = unit_setting(m, "Nice");
    long long value = 0;
    if (s != NULL && integer_parse(s->value, &value) == 0 && value >= -20 && value <= 19)
        m->nice = (int)value;
    else if (s != NULL)
        unit_note(m, s, "this is no number from -20 to 19");
}

static void put_input(struct unit_making *m)
{
    const struct unit_setting *s = unit_setting(m, "StandardInput");
    if (s != NULL && strcmp(s->value, "null") != 0)
        unit_note(m, s, "standard input is empty");
}

/* --- the section ------------------------------------------------------------------------------ */

/* NAME_INSTANCES, in capitals; no variable begins with a digit. */
static void put_instances(struct unit_making *m, struct str *out)
{
    char name[256];
    size_t n = 0;
    const char *before = isdigit((unsigned char)m->u->prefix[0]) ? "_" : "";
    const struct unit_setting *s = unit_find(&m->u->settings, "Install", "DefaultInstance");
    char *known = unit_value(m, s);
    for (const char *p = m->u->prefix; *p != '\0' && n < 200; p++)
        name[n++] = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    name[n] = '\0';
    bool bad =
        known == NULL || known[0] == '\0' || known[strspn(known, VARIABLE_CHARACTERS)] != '\0';
    if (bad && known != NULL && known[0] != '\0')
        unit_note(m, s, "this cannot be the name of an instance");
    str_printf(out, "instances = ${%s%s_INSTANCES:-%s}\n", before, name, bad ? "0" : known);
    import_note_at(m->im, m->u->path, 0,
                   "a template: %s%s_INSTANCES in the container's environment has its instances",
                   before, name);
    free(known);
}

static void put_order(struct unit_making *m, struct str *out)
{
    struct words needs = WORDS_INIT;
    unit_directories(m, &needs);
    words_copy(&needs, &m->u->needs);
    if (needs.count > 0)
        conf_key_names(out, "needs", &needs);
    if (m->u->after.count > 0)
        conf_key_names(out, "after", &m->u->after);
    if (m->u->template)
        put_instances(m, out);
    if (!m->u->wanted) {
        import_note_at(
            m->im, m->u->path, 0,
            "nothing starts it (no WantedBy=): it is in no bundle, and started by hand or "
            "by what needs it");
        str_add_text(out, "bundle = none\n");
    }
    words_release(&needs);
}

static void put_about(const struct unit_making *m, struct str *out)
{
    static const char *const keys[] = {"Description", "Documentation"};
    for (int i = 0; i < 2; i++) {
        const char *value = unit_get(&m->u->settings, "Unit", keys[i]);
        if (value[0] != '\0')
            str_printf(out, "# %s%s\n", i == 0 ? "" : "See ", value);
    }
}

/* Settings that no code looks at, and lines that are none. */
static void note_others(struct unit_making *m)
{
    static const char *const wrong[] = {[UNIT_NO_SIGN] = "there is no = in this line",
                                        [UNIT_NO_SECTION] = "it stands in no section",
                                        [UNIT_BAD_HEADER] = "this is no header of a section"};
    unsigned int isolated = 0;
    for (size_t i = 0; i < m->u->settings.count; i++) {
        const struct unit_setting *s = &m->u->settings.item[i];
        if (s->mistake != UNIT_GOOD) {
            import_note_at(m->im, s->file, s->line, "%.300s: %s", s->key, wrong[s->mistake]);
            continue;
        }
        const char *note = unit_key_note(s->section, s->key, s->value);
        if (note == NULL)
            continue;
        bool isolates = unit_note_isolates(note);
        struct import_note *kept =
            import_note_at(m->im, s->file, s->line, "%.100s=%.300s: %s", s->key, s->value, note);
        if (isolates && kept != NULL)
            kept->quiet = true;
        isolated += isolates;
        unit_comment(m, s, isolates ? "" : note);
    }
    if (isolated > 0)
        import_note_at(m->im, m->u->path, 0,
                       "%u setting%s of isolation, as PrivateTmp=, %s comment%s: that is the "
                       "container's",
                       isolated, isolated == 1 ? "" : "s", isolated == 1 ? "is a" : "are",
                       isolated == 1 ? "" : "s");
}

static void put_section(struct unit_making *m)
{
    struct str out = STR_INIT, finish = STR_INIT;
    put_about(m, &out);
    str_printf(&out, "[%s]\n%s", m->u->service, m->keys.length > 0 ? m->keys.data : "");
    if (m->finish.length > 0) {
        str_printf(&finish, SH_SHEBANG "%s", m->finish.data);
        conf_key_lines(&out, "finish", finish.data);
    }
    if (m->comments.length > 0)
        str_add_text(&out, m->comments.data);
    import_text(m->im, out.data);
    m->im->services++;
    str_release(&out);
    str_release(&finish);
}

static void make(struct import *im, const struct unit *u)
{
    struct unit_making m = {.im = im, .u = u};
    struct str order = STR_INIT; /* behind the programs, though made first: it finds variables */
    note_others(&m);
    if (u->service[0] != '\0') {
        put_nice(&m);
        unit_user(&m);
        unit_environment(&m);
        put_order(&m, &order);
        unit_programs(&m);
        unit_put_common(&m, &m.keys);
        if (order.length > 0)
            str_add_text(&m.keys, order.data);
        put_times(&m);
        put_input(&m);
        unit_restart(&m);
        put_kill(&m);
        put_section(&m);
    }
    str_release(&order);
    str_release(&m.keys);
    str_release(&m.comments);
    str_release(&m.finish);
    words_release(&m.env);
    words_release(&m.files);
    words_release(&m.user);
}

int units_make(struct import *im)
{
    units_order(im);
    for (size_t i = 0; i < im->units && im->code == 0; i++)
        make(im, &im->unit[i]);
    return im->code;
}
