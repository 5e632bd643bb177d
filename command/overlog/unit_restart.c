/* overlog import of units of systemd: when a service starts again, and what an end of it means. */
#include "base/signals.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_value.h"
#include <signal.h>
#include <string.h>

/* What systemd has where a unit says nothing. */
enum { RESTART_MS = 100, BURST = 5, INTERVAL_MS = 10000 };

/* Ends that Success- or RestartPreventExitStatus= list. */
struct ends {
    bool code[256];
    bool signal[SIGNAL_COUNT];
};

static void read_ends(struct unit_making *m, const char *key, struct ends *e)
{
    const struct unit_setting *s;
    for (size_t at = 0; (s = unit_next(&m->u->settings, "Service", key, &at)) != NULL;) {
        struct words words = WORDS_INIT;
        unit_words(m, s, &words);
        for (size_t i = 0; i < words.count; i++) {
            int code = unit_exit_code(words.item[i]);
            int signal = code < 0 ? signal_number(words.item[i], SIGNAL_COUNT - 1) : -1;
            if (code >= 0)
                e->code[code] = true;
            else if (signal > 0)
                e->signal[signal] = true;
            else
                unit_note(m, s, "%s is neither an exit code nor a signal", words.item[i]);
        }
        words_release(&words);
    }
}

/* --- the policy ------------------------------------------------------------------------------- */

/* Of [Unit], or of [Service] as it was called in earlier versions. */
static const struct unit_setting *limit_setting(struct unit_making *m, const char *key,
                                                const char *old)
{
    static const char *const sections[] = {"Unit", "Service"};
    for (int i = 0; i < 2; i++) {
        const struct unit_setting *s = unit_find(&m->u->settings, sections[i], key);
        if (s == NULL && old != NULL)
            s = unit_find(&m->u->settings, sections[i], old);
        if (s != NULL && s->value[0] != '\0')
            return s;
    }
    return NULL;
}

static uint32_t within(int64_t ms)
{
    return (uint32_t)(ms < 1 ? 1 : ms > RESTART_TIME_MAX ? RESTART_TIME_MAX : ms);
}

/* systemd refuses the start behind BURST within the interval: that comes after as many deaths. */
static void read_limit(struct unit_making *m, struct restart_policy *p)
{
    const struct unit_setting *burst = limit_setting(m, "StartLimitBurst", NULL);
    int64_t starts = burst == NULL ? BURST : unit_number(burst->value, false);
    int64_t interval = unit_time_of(
        m, limit_setting(m, "StartLimitIntervalSec", "StartLimitInterval"), INTERVAL_MS);
    if (starts == UNIT_NO_TIME) {
        unit_note(m, burst, "this is no number");
        starts = BURST;
    }
    if (starts <= 0 || interval == 0)
        return; /* no limit */
    if (interval == UNIT_FOREVER || interval > RESTART_TIME_MAX)
        interval = RESTART_TIME_MAX;
    if (starts == 1)
        unit_note(m, burst, "it is tried once more");
    if (starts - 1 > RESTART_DEATHS_MAX)
        unit_note(m, burst, "it is given up after %d", RESTART_DEATHS_MAX + 1);
    p->deaths = (uint32_t)(starts == 1                       ? 1
                           : starts - 1 > RESTART_DEATHS_MAX ? RESTART_DEATHS_MAX
                                                             : starts - 1);
    p->within = within(interval);
}

static void read_wait(struct unit_making *m, struct restart_policy *p)
{
    const struct unit_setting *wait = unit_setting(m, "RestartSec");
    int64_t least = unit_time_of(m, wait, RESTART_MS);
    int64_t most = unit_time_of(m, unit_setting(m, "RestartMaxDelaySec"), least);
    if (least == UNIT_FOREVER) {
        unit_note(m, wait, "it waits for seven days at most");
        least = RESTART_TIME_MAX;
    }
    if (most == UNIT_FOREVER)
        most = RESTART_TIME_MAX;
    p->wait_min = within(least);
    p->wait_max = within(most < least ? least : most);
}

/* The ends that are clean ones: these, and what the unit lists. */
static void read_clean(struct unit_making *m, struct ends *e)
{
    static const int clean[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};
    e->code[0] = true;
    for (size_t i = 0; i < sizeof clean / sizeof clean[0]; i++)
        e->signal[clean[i]] = true;
    read_ends(m, "SuccessExitStatus", e);
}

static void list_ends(struct restart_policy *p, const struct ends *e)
{
    for (unsigned int code = 1; code < 256; code++)
        if (e->code[code])
            p->ok[code / 32] |= 1U << code % 32;
    for (int signal = 1; signal < SIGNAL_COUNT; signal++)
        if (e->signal[signal])
            p->killed[0] |= 1U << (signal - 1);
}

/* --- finish ----------------------------------------------------------------------------------- */

/* A pattern of sh for the ends: codes, or signals, each with the text behind it. */
static void put_codes(const bool *list, int count, const char *behind, struct str *out)
{
    bool any = false;
    for (int i = 0; i < count; i++)
        if (list[i]) {
            str_printf(out, "%s%d%s", any ? " | " : "", i, behind);
            any = true;
        }
}

static bool has_any(const bool *list, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++)
        any |= list[i];
    return any;
}

/* Exit code 125 of finish: it is not started again. $1 is 256 where a signal ended it. */
static void put_case(struct unit_making *m, const char *word, const bool *list, int count)
{
    if (!has_any(list, count))
        return;
    str_printf(&m->finish, "case \"$%s\" in\n", word);
    put_codes(list, count, "", &m->finish);
    str_add_text(&m->finish, ") exit 125 ;;\nesac\n");
}

/* finish gets an exit as "CODE 0", and a signal as "256 SIGNAL". */
static void put_success(struct unit_making *m, const struct ends *e)
{
    str_add_text(&m->finish, "# Restart=on-success\ncase \"$1,$2\" in\n");
    put_codes(e->code, 256, ",0", &m->finish);
    str_add_text(&m->finish, ") ;;\n");
    for (int i = 1; i < SIGNAL_COUNT; i++)
        if (e->signal[i])
            str_printf(&m->finish, "256,%d) ;;\n", i);
    str_add_text(&m->finish, "*) exit 125 ;;\nesac\n");
}

static void put_prevented(struct unit_making *m)
{
    struct ends prevent = {.code = {false}};
    read_ends(m, "RestartPreventExitStatus", &prevent);
    prevent.code[0] = false; /* a clean end */
    put_case(m, "1", prevent.code, 256);
    put_case(m, "2", prevent.signal, SIGNAL_COUNT);
}

/* --- all -------------------------------------------------------------------------------------- */

static enum restart_when when_of(struct unit_making *m, const char *restart)
{
    static const char *const failures[] = {"on-failure", "on-abnormal", "on-abort", NULL};
    static const char *const nothing[] = {"no", "on-watchdog", NULL};
    if (strcmp(restart, "on-watchdog") == 0)
        unit_note(m, unit_setting(m, "Restart"), "livecheck restarts it, and nothing else");
    else if (!is_among(restart, failures) && !is_among(restart, nothing) &&
             strcmp(restart, "always") != 0 && strcmp(restart, "on-success") != 0)
        unit_note(m, unit_setting(m, "Restart"), "there is no such policy: it is taken for no");
    return is_among(restart, failures) ? RESTART_ON_FAILURE
           : strcmp(restart, "always") == 0 || strcmp(restart, "on-success") == 0 ? RESTART_ALWAYS
                                                                                  : RESTART_NEVER;
}

/* Whether an action ends the machine, or here the container. */
static bool ends_container(struct unit_making *m, const char *key)
{
    static const char *const words[] = {"exit", "reboot",      "poweroff",
                                        "halt", "soft-reboot", "kexec"};
    const struct unit_setting *s = limit_setting(m, key, NULL);
    for (size_t i = 0; s != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strncmp(s->value, words[i], strlen(words[i])) == 0)
            return true;
    if (s != NULL && strcmp(s->value, "none") != 0)
        unit_note(m, s, "there is no such action");
    return false;
}

static void note_oneshot(struct unit_making *m)
{
    static const char *const ends[] = {"SuccessExitStatus", "RestartPreventExitStatus",
                                       "RestartForceExitStatus", NULL};
    static const char *const actions[] = {"FailureAction", "StartLimitAction", NULL};
    const struct unit_setting *s = unit_setting(m, "Restart");
    if (s != NULL && strcmp(s->value, "no") != 0)
        unit_note(m, s, "a oneshot that fails is not tried again; with-retries does that");
    for (const char *const *key = ends; *key != NULL; key++)
        if ((s = unit_setting(m, *key)) != NULL)
            unit_note(m, s, "a oneshot succeeds with exit code 0");
    for (const char *const *key = actions; *key != NULL; key++)
        if ((s = limit_setting(m, *key, NULL)) != NULL && strcmp(s->value, "none") != 0)
            unit_note(m, s, "S6_BEHAVIOUR_IF_STAGE2_FAILS=2 ends the container");
}

void unit_restart(struct unit_making *m)
{
    const struct unit_setting *s = unit_setting(m, "Restart");
    const struct unit_setting *force = unit_setting(m, "RestartForceExitStatus");
    const char *restart = s == NULL ? "no" : s->value;
    struct restart_policy p = {.when = RESTART_NEVER};
    struct ends success = {.code = {false}};
    char line[RESTART_LINE_MAX + 64];
    if (m->u->oneshot) {
        note_oneshot(m);
        return;
    }
    p.when = when_of(m, restart);
    if (force != NULL && p.when != RESTART_ALWAYS)
        unit_note(m, force, "restart lists clean ends only");
    read_clean(m, &success);
    if (p.when != RESTART_ALWAYS)
        list_ends(&p, &success);
    if (p.when != RESTART_NEVER) {
        read_limit(m, &p);
        read_wait(m, &p);
        put_prevented(m);
    }
    bool ends = ends_container(m, "FailureAction");
    if (ends_container(m, "StartLimitAction") || ends)
        p.then = RESTART_EXIT;
    if (strcmp(restart, "on-success") == 0)
        put_success(m, &success);
    else if (p.when == RESTART_ON_FAILURE && strcmp(restart, "on-failure") != 0)
        str_printf(&m->finish, "# Restart=%s\n[ \"$1\" = 0 ] || [ \"$1\" = 256 ] || exit 125\n",
                   restart);
    if (restart_format(&p, line, sizeof line) >= RESTART_LINE_MAX - 1) {
        unit_note(m, unit_setting(m, "SuccessExitStatus"), "too many to list: only signals are");
        memset(p.ok, 0, sizeof p.ok);
        restart_format(&p, line, sizeof line);
    }
    conf_key_line(&m->keys, "restart", line);
}
