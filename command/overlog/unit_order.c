/* overlog import of units of systemd: what each waits for, and which the container starts. */
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_keys.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is known of each -------------------------------------------------------------------- */

/* Appends the words of a setting, their specifiers expanded. */
static void add_words(const struct unit *u, const struct unit_setting *s, struct words *out)
{
    const char *at = s->value;
    struct str word = STR_INIT, text = STR_INIT;
    struct unit_unknown unknown = {""}; /* named where the setting is noted */
    while (unit_word(&at, &word) == 1) {
        if (unit_specifiers(word.data, &u->names, &text, &unknown) == 0)
            words_add(out, text.data);
        str_clear(&word);
        str_clear(&text);
    }
    str_release(&word);
    str_release(&text);
}

static bool has_setting(const struct unit *u, const char *section, const char *key)
{
    size_t at = 0;
    return unit_next(&u->settings, section, key, &at) != NULL;
}

static bool is_started(const struct unit *u)
{
    return has_setting(u, "Install", "WantedBy") || has_setting(u, "Install", "RequiredBy") ||
           has_setting(u, "Install", "UpheldBy");
}

/* Whether a key has a command; where it has none, *bad becomes the setting that should be one, and
 * *wrong says why it is not, or both NULL. */
static bool has_command(const struct unit *u, const char *key, const struct unit_setting **bad,
                        const char **wrong)
{
    struct unit_execs list = {.count = 0};
    const struct unit_setting *s;
    struct unit_unknown unknown = {""};
    *bad = NULL;
    *wrong = NULL;
    for (size_t at = 0; (s = unit_next(&u->settings, "Service", key, &at)) != NULL;) {
        const char *said = unit_exec_parse(s, &u->names, &list, &unknown);
        *bad = said == NULL ? *bad : s;
        *wrong = said == NULL ? *wrong : said;
    }
    bool any = list.count > 0;
    unit_execs_release(&list);
    return any;
}

/* What its settings say of it alone. */
static void look_at(struct import *im, struct unit *u)
{
    const struct unit_setting *s, *bad;
    const char *wrong;
    size_t at = 0;
    bool posts = has_command(u, "ExecStartPost", &bad, &wrong);
    bool starts = has_command(u, "ExecStart", &bad, &wrong);
    while ((s = unit_next(&u->settings, "Install", "Alias", &at)) != NULL)
        add_words(u, s, &u->aliases);
    u->oneshot = strcmp(unit_get(&u->settings, "Service", "Type"), "oneshot") == 0 ||
                 (!starts && has_setting(u, "Service", "ExecStop"));
    u->wanted = is_started(u);
    strcpy(u->started, u->service);
    if (!starts && !has_setting(u, "Service", "ExecStop")) {
        import_note_at(im, u->path, 0, "left out: nothing says what it starts (ExecStart=)");
        if (bad != NULL)
            import_note_at(im, bad->file, bad->line, "%s=%s: %s", bad->key, bad->value, wrong);
        u->service[0] = '\0';
    } else if (u->oneshot && u->template) {
        import_note_at(im, u->path, 0,
                       "left out: a oneshot has no instances; import one of them by its name, as "
                       "%s@NAME.service",
                       u->prefix);
        u->service[0] = '\0';
    } else if (posts && !u->template) {
        snprintf(u->started, sizeof u->started, "%.240s-started", u->service);
        import_tell_apart(im, NULL, u->started, 2);
    }
}

/* --- names ------------------------------------------------------------------------------------ */

static struct unit *find_exact(struct import *im, const char *name)
{
    for (size_t i = 0; i < im->units; i++) {
        struct unit *u = &im->unit[i];
        if (u->service[0] != '\0' && (strcmp(u->name, name) == 0 || words_has(&u->aliases, name)))
            return u;
    }
    return NULL;
}

/* An instance that is not imported is one of its template. */
static struct unit *find(struct import *im, const char *name)
{
    char template[300];
    struct unit *u = find_exact(im, name);
    const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
    if (u != NULL || at == NULL || dot == NULL || dot < at)
        return u;
    snprintf(template, sizeof template, "%.*s%.20s", (int)(at + 1 - name), name, dot);
    return find_exact(im, template);
}

/* A service of the tree that is written to, by the name of a unit. */
static bool find_in_tree(const struct import *im, const char *name, char out[256])
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || strcmp(dot, ".service") != 0)
        return false;
    snprintf(out, 256, "%.*s", (int)(dot - name), name);
    long found = definitions_find(&im->tree->definitions, out);
    return found >= 0 && im->tree->definitions.item[found].directory != NULL;
}

/* --- edges ------------------------------------------------------------------------------------ */

/* Whether from waits for to, at last. */
static bool reaches(struct import *im, struct unit *from, const struct unit *to)
{
    if (from == to)
        return true;
    if (from->seen)
        return false;
    from->seen = true;
    for (size_t i = 0; i < im->units; i++) {
        struct unit *next = &im->unit[i];
        if (next->service[0] != '\0' &&
            (words_has(&from->needs, next->started) || words_has(&from->after, next->started)) &&
            reaches(im, next, to))
            return true;
    }
    return false;
}

static void add_edge(struct import *im, struct unit *from, struct unit *to, bool strong,
                     const struct unit_setting *s)
{
    struct words *list = strong ? &from->needs : &from->after;
    if (from == to || words_has(&from->needs, to->started) || words_has(list, to->started))
        return;
    for (size_t i = 0; i < im->units; i++)
        im->unit[i].seen = false;
    if (reaches(im, to, from))
        import_note_at(im, s->file, s->line, "%s=%s: left out, since %s waits for %s", s->key,
                       s->value, to->service, from->service);
    else
        words_add(list, to->started);
}

/* What needs, which is made of a setting, does not do. */
static void note_less(struct import *im, const struct unit *u, const struct unit_setting *s,
                      const char *name, const char *service)
{
    if (strcmp(s->key, "BindsTo") == 0)
        import_note_at(im, s->file, s->line,
                       "%s=%s: needs: when %s dies, nothing stops %s; a hook in "
                       "/etc/s6-overlay/on-event.d may: event-hooks(8)",
                       s->key, name, service, u->service);
    else if (strcmp(s->key, "Requisite") == 0)
        import_note_at(im, s->file, s->line,
                       "%s=%s: needs, which starts %s where systemd fails; when it dies, nothing "
                       "stops %s",
                       s->key, name, service, u->service);
}

enum relation { ORDER, ORDER_BACK, NEED, NEED_BACK, WISH, AGAINST };

/* What a unit has to do with one that is not imported. */
static void relate_out(struct import *im, struct unit *u, const struct unit_setting *s,
                       const char *name, enum relation how)
{
    char service[256];
    const char *dot = strrchr(name, '.');
    if (unit_is_there(name) || strcmp(name, "shutdown.target") == 0)
        return;
    if (find_in_tree(im, name, service) && (how == ORDER || how == NEED)) {
        words_add(how == NEED ? &u->needs : &u->after, service);
        note_less(im, u, s, name, service);
        return;
    }
    if (dot != NULL && strcmp(dot, ".socket") == 0)
        import_note_at(im, s->file, s->line,
                       "%s=%s: no socket is opened for it: let the program listen itself", s->key,
                       name);
    else if (dot != NULL && strcmp(dot, ".target") == 0)
        import_note_at(im, s->file, s->line, "%s=%s: there is no such target here", s->key, name);
    else
        import_note_at(im, s->file, s->line, "%s=%s: that unit is not imported with it", s->key,
                       name);
}

/* Who waits for a service starts it: one that is not started is not waited for. */
static void order(struct import *im, struct unit *from, struct unit *to,
                  const struct unit_setting *s)
{
    if (to->wanted)
        add_edge(im, from, to, false, s);
    else if (!words_has(&from->needs, to->started))
        import_note_at(im, s->file, s->line,
                       "%s=%s: %s is not started by itself, and not waited for", s->key, s->value,
                       to->service);
}

static void relate(struct import *im, struct unit *u, const struct unit_setting *s,
                   const char *name, enum relation how)
{
    struct unit *other = find(im, name);
    if (other == NULL) {
        relate_out(im, u, s, name, how);
        return;
    }
    if (how == AGAINST)
        import_note_at(im, s->file, s->line,
                       "%s=%s: nothing keeps two services from running at once; let one have "
                       "enable-if",
                       s->key, name);
    else if (how == NEED || how == NEED_BACK)
        add_edge(im, how == NEED ? u : other, how == NEED ? other : u, true, s);
    if (how == NEED && words_has(&u->needs, other->started))
        note_less(im, u, s, name, other->service);
    if (how == ORDER || how == ORDER_BACK)
        order(im, how == ORDER ? u : other, how == ORDER ? other : u, s);
}

static const struct {
    const char *section, *key;
    enum relation how;
} relations[] = {
    {"Unit", "Requires", NEED},     {"Unit", "Requisite", NEED},
    {"Unit", "BindsTo", NEED},      {"Install", "RequiredBy", NEED_BACK},
    {"Unit", "Wants", WISH},        {"Unit", "Upholds", WISH},
    {"Install", "WantedBy", WISH},  {"Install", "UpheldBy", WISH},
    {"Unit", "Conflicts", AGAINST}, {"Unit", "After", ORDER},
    {"Unit", "Before", ORDER_BACK},
};

static const size_t relation_count = sizeof relations / sizeof relations[0];

/* Walks the names of all settings of a kind of all units. */
static void each_name(struct import *im, size_t r,
                      void (*act)(struct import *im, struct unit *u, const struct unit_setting *s,
                                  const char *name, enum relation how))
{
    for (size_t i = 0; i < im->units; i++) {
        struct unit *u = &im->unit[i];
        const struct unit_setting *s;
        for (size_t at = 0;
             u->service[0] != '\0' &&
             (s = unit_next(&u->settings, relations[r].section, relations[r].key, &at)) != NULL;) {
            struct words names = WORDS_INIT;
            add_words(u, s, &names);
            for (size_t k = 0; k < names.count; k++)
                act(im, u, s, names.item[k], relations[r].how);
            words_release(&names);
        }
    }
}

/* Who is started starts what it wants and needs. */
static void start(struct import *im, struct unit *u, const struct unit_setting *s, const char *name,
                  enum relation how)
{
    struct unit *other = find(im, name);
    if (other != NULL && u->wanted && !other->wanted && how != NEED_BACK &&
        strcmp(s->section, "Unit") == 0) {
        other->wanted = true;
        im->changed = true;
    }
}

void units_order(struct import *im)
{
    for (size_t i = 0; i < im->units; i++)
        if (im->unit[i].service[0] != '\0')
            look_at(im, &im->unit[i]);
    do {
        im->changed = false;
        for (size_t r = 0; r < relation_count; r++)
            if (relations[r].how == NEED || relations[r].how == WISH)
                each_name(im, r, start);
    } while (im->changed);
    for (size_t r = 0; r < relation_count; r++)
        each_name(im, r, relate);
}
