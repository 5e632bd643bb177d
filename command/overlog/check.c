/* overlog check: what boot would say of a tree, and what it would meet later. */
#include "base/account.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/nearest.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/hooks.h"
#include "command/overlog/imagecheck.h"
#include "command/overlog/script.h"
#include "services/parent_name.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_definition(struct tree *t, const struct definition *d)
{
    const struct {
        const char *file;
        const struct words *words; /* NULL: a script */
        enum definition_type type;
    } files[] = {{"run", NULL, DEFINITION_LONGRUN},
                 {"finish", NULL, DEFINITION_LONGRUN},
                 {"up", &d->up, DEFINITION_ONESHOT},
                 {"down", &d->down, DEFINITION_ONESHOT},
                 {"reload", &d->reload, DEFINITION_ONESHOT}};
    char path[4096];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", d->directory, files[i].file);
        const struct section_file *f =
            d->section == NULL ? NULL : section_find(d->section, files[i].file);
        if (files[i].type == d->type && f != NULL && files[i].words == NULL)
            script_inspect_text(t, path, f, i == 0 ? SCRIPT_RUNS : 0);
        else if (files[i].type == d->type && files[i].words == NULL)
            script_inspect(t, path, i == 0 ? SCRIPT_RUNS : 0);
        else if (files[i].type == d->type)
            command_check_words(t, path, 1, files[i].words);
    }
}

/* "USER" or "USER:GROUP" of a section. A number alone has to be a user's name. */
static void check_account(struct tree *t, const struct section *s, const char *path)
{
    char user[256];
    struct account a;
    gid_t gid;
    struct error ignored = ERROR_INIT;
    const char *colon = strchr(s->user, ':');
    if (!t->whole || strpbrk(s->user, "$ \t\"") != NULL)
        return;
    snprintf(user, sizeof user, "%.*s", (int)strcspn(s->user, ":"), s->user);
    bool number = user[strspn(user, "0123456789")] == '\0';
    if ((colon == NULL || !number) && account_ids(user, &a, &ignored) == 1)
        problems_error(&t->problems, path, s->user_line,
                       number ? "write UID:GID, of which neither has to be known"
                              : "create it, or correct the name",
                       "there is no user %s in /etc/passwd", user);
    if (colon != NULL && colon[1 + strspn(colon + 1, "0123456789")] != '\0' &&
        account_group(colon + 1, &gid, &ignored) == 1)
        problems_error(&t->problems, path, s->user_line, "create it, or correct the name",
                       "there is no group %s in /etc/group", colon + 1);
}

/* What the command line of a section executes, and as whom. */
static void check_section(struct tree *t, const struct section *s)
{
    char path[4096];
    struct words program = WORDS_INIT;
    section_conf(s, path);
    if (s->program != NULL && strchr(s->program, '$') == NULL &&
        words_add(&program, s->program) == 0)
        command_check_words(t, path, s->program_line, &program);
    if (s->user != NULL)
        check_account(t, s, path);
    words_release(&program);
}

static const char *legacy_folder(const struct tree *t, const char *folder, char path[4096])
{
    if (t->whole)
        snprintf(path, 4096, "/etc/%s", folder);
    else
        snprintf(path, 4096, "%.3900s/../%s", t->dir, folder);
    return path;
}

/* Scripts of s6-overlay v2, which are executed where they are: FOLDER/ENTRY, or FOLDER/ENTRY/NAME.
 * How many there are. */
static uint32_t check_legacy(struct tree *t, const char *folder, const char *name, unsigned int how)
{
    char base[4096], path[4096];
    uint32_t found = 0;
    struct words entries = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    legacy_folder(t, folder, base);
    if (file_list(AT_FDCWD, base, &entries, &ignored) == 0)
        for (size_t i = 0; i < entries.count; i++) {
            snprintf(path, sizeof path, "%.3000s/%.255s%s%s", base, entries.item[i],
                     name == NULL ? "" : "/", name == NULL ? "" : name);
            found += access(path, F_OK) == 0;
            script_inspect(t, path, SCRIPT_IN_PLACE | how);
        }
    words_release(&entries);
    return found;
}

/* How many services are among them. */
static uint32_t check_all_legacy(struct tree *t)
{
    check_legacy(t, "cont-init.d", NULL, SCRIPT_OF_SH);
    check_legacy(t, "cont-finish.d", NULL, 0);
    uint32_t services = check_legacy(t, "services.d", "run", SCRIPT_RUNS);
    services += check_legacy(t, "services.d", "log/run", SCRIPT_RUNS);
    check_legacy(t, "services.d", "finish", 0);
    return services;
}

/* "did you mean" for a name that is no event, in cure; NULL: it is one. */
static const char *no_hook(const char *name, char cure[64])
{
    const char *nearest = NULL;
    unsigned int least = 3;
    if (is_among(name, hook_names))
        return NULL;
    for (int i = 0; i < HOOK_EVENTS; i++) {
        unsigned int changes = nearest_distance(name, hook_names[i]);
        if (changes < least) {
            nearest = hook_names[i];
            least = changes;
        }
    }
    if (nearest == NULL)
        return "the events are death, gave-up, oom, unready and flood";
    snprintf(cure, 64, "did you mean %s?", nearest);
    return cure;
}

static void check_hook(struct tree *t, const char *path, const char *name)
{
    char cure[64], file[4096];
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    const char *advice = no_hook(name, cure);
    if (advice != NULL) {
        problems_warning(&t->problems, path, 0, advice, "no event is called %s", name);
    } else if (file_list(AT_FDCWD, path, &names, &ignored) < 0) {
        script_inspect(t, path, SCRIPT_IN_PLACE);
    } else {
        for (size_t i = 0; i < names.count; i++) {
            snprintf(file, sizeof file, "%.3800s/%.255s", path, names.item[i]);
            script_inspect(t, file, SCRIPT_IN_PLACE);
        }
    }
    words_release(&names);
}

/* What event-hooks will run. */
static void check_hooks(struct tree *t)
{
    char folder[4096], path[4096];
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    snprintf(folder, sizeof folder, "%.3800s/on-event.d", t->dir);
    if (file_list(AT_FDCWD, folder, &names, &ignored) == 0)
        for (size_t i = 0; i < names.count; i++) {
            snprintf(path, sizeof path, "%.3800s/%.255s", folder, names.item[i]);
            check_hook(t, path, names.item[i]);
        }
    words_release(&names);
}

/* Definitions where nothing looks for them: /etc/s6-rc.d, and beside s6-rc.d. */
static void check_places(struct tree *t)
{
    const char *folders[] = {t->dir, "/etc/s6-rc.d"};
    char path[4096], beside[4096];
    snprintf(beside, sizeof beside, "%.4000s/../s6-rc.d", t->dir);
    if (!t->whole)
        folders[1] = beside;
    for (int i = 0; i < 2; i++) {
        struct words entries = WORDS_INIT;
        struct error ignored = ERROR_INIT;
        if (file_list(AT_FDCWD, folders[i], &entries, &ignored) == 0)
            for (size_t k = 0; k < entries.count; k++) {
                snprintf(path, sizeof path, "%.3600s/%.255s/type", folders[i], entries.item[k]);
                if (access(path, F_OK) < 0)
                    continue;
                *strrchr(path, '/') = '\0';
                problems_warning(&t->problems, path, 0, "move it to " TREE_DEFAULT "/s6-rc.d",
                                 "nothing reads a definition here");
            }
        words_release(&entries);
    }
}

/* What the hook of stage 2 does to the bundles nobody can know. */
static bool has_hook(const struct tree *t)
{
    return t->whole ? getenv("S6_STAGE2_HOOK") != NULL : t->image.has_hook;
}

static void check_started(struct tree *t)
{
    unsigned char *set = t->problems.errors == 0 && !has_hook(t) ? tree_started(t) : NULL;
    for (uint32_t i = 0; set != NULL && i < t->graph.count; i++) {
        const struct definition *d = tree_definition(t, i);
        if (!set[i] && d->directory != NULL && d->section == NULL)
            problems_warning(&t->problems, d->directory, 0,
                             "name it in user-bundles.d/user/contents.d, unless it is to be "
                             "started by hand, or a hook names it there",
                             "nothing starts %s: it is in no bundle that is started", d->name);
    }
    free(set);
}

static bool place_of(void *context, const char *path, char out[4096])
{
    return script_place(context, path, out);
}

static void find_name(void *context, const char *path, unsigned int line)
{
    struct tree *t = context;
    problems_warning(&t->problems, path, line,
                     "set OVERLOG_SUPERVISE_PROCESSES=1, or 0 if it is not needed",
                     "looks for a process called s6-supervise, and services have no such parent");
}

/* The same in scripts of sections. */
static void check_section_names(struct tree *t)
{
    static const char *const files[] = {"run", "finish"};
    char path[4096];
    for (size_t i = 0; i < t->definitions.sections.count; i++) {
        const struct section *s = t->definitions.sections.item[i];
        for (int k = 0; k < 2; k++) {
            const struct section_file *f = section_find(s, files[k]);
            unsigned int line = f == NULL ? 0 : parent_name_line(f->text);
            snprintf(path, sizeof path, "%.3900s/%s", s->path, files[k]);
            if (line > 0)
                find_name(t, path, line);
        }
    }
}

static void check_parent_names(struct tree *t)
{
    char folder[4096];
    struct parent_names names = {.context = t, .place = place_of, .found = find_name};
    const char *variable = getenv("OVERLOG_SUPERVISE_PROCESSES");
    if (variable != NULL && variable[0] != '\0')
        return;
    for (int i = 0; i < 2 && !t->alone; i++) {
        parent_names_look(&names, t->services, i == 0 ? "run" : "finish");
        parent_names_look(&names, legacy_folder(t, "services.d", folder),
                          i == 0 ? "run" : "finish");
    }
    if (!t->alone)
        parent_names_look(&names, legacy_folder(t, "cont-init.d", folder), NULL);
    check_section_names(t);
    parent_names_release(&names);
}

static void show_json(const struct problems *p, struct str *out)
{
    json_open(out, NULL, '{');
    json_number(out, "errors", (long long)p->errors);
    json_number(out, "warnings", (long long)(p->count - p->errors));
    json_open(out, "problems", '[');
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->item[i];
        json_open(out, NULL, '{');
        json_string(out, "level", one->warning ? "warning" : "error");
        json_string(out, "file", one->path);
        if (one->line > 0)
            json_number(out, "line", one->line);
        json_string(out, "text", one->text);
        json_string(out, "cure", one->cure);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
    str_add_char(out, '\n');
}

static void show_text(const struct problems *p, uint32_t services, struct str *out)
{
    size_t warnings = p->count - p->errors;
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->item[i];
        str_add_text(out, style(STYLE_BOLD));
        put_shown(out, one->path == NULL ? "?" : one->path, 0);
        if (one->line > 0)
            str_printf(out, ":%u", one->line);
        str_printf(out, ":%s %s%s:%s ", style(STYLE_PLAIN),
                   style(one->warning ? STYLE_YELLOW : STYLE_RED),
                   one->warning ? "warning" : "error", style(STYLE_PLAIN));
        put_shown(out, one->text == NULL ? "?" : one->text, 0);
        str_add_char(out, '\n');
        if (one->cure != NULL) {
            str_add_text(out, "    ");
            put_shown(out, one->cure, 0);
            str_add_char(out, '\n');
        }
    }
    str_printf(out, "%lu service%s, %zu error%s, %zu warning%s\n", (unsigned long)services,
               services == 1 ? "" : "s", p->errors, p->errors == 1 ? "" : "s", warnings,
               warnings == 1 ? "" : "s");
}

static int run_check(struct invocation *c)
{
    struct tree t;
    struct error e = ERROR_INIT;
    struct str out = STR_INIT;
    if (options_read_anywhere(c, 0, 1) != 0)
        return EXIT_USAGE;
    const char *root = argument_of('r');
    struct problems said = PROBLEMS_INIT; /* of the image: before its root is entered */
    struct image_build image = {.found = false};
    const char *place = root != NULL ? root : options.operand[0];
    if (place != NULL)
        imagefile_find(place, &image, &said);
    if (tree_find(&t, root, options.operand[0], &e) < 0) {
        problems_release(&said);
        str_release(&image.text);
        return message_error(&e);
    }
    t.problems = said;
    t.image = image;
    t.image.found &= !t.whole;
    if (tree_read(&t) != 0)
        return refuse(EXIT_SYSTEM, "out of memory");
    uint32_t services = 0;
    for (size_t i = 0; i < t.definitions.count; i++) {
        const struct definition *d = &t.definitions.item[i];
        services += d->directory != NULL && d->type != DEFINITION_BUNDLE;
        if (d->directory != NULL)
            check_definition(&t, d);
        if (d->section != NULL)
            check_section(&t, d->section);
    }
    services += t.alone ? 0 : check_all_legacy(&t);
    check_parent_names(&t);
    if (!t.alone)
        check_places(&t);
    check_hooks(&t);
    check_started(&t);
    if (t.image.found && t.image.has_more)
        problems_excuse(&t.problems);
    if (given('j'))
        show_json(&t.problems, &out);
    else
        show_text(&t.problems, services, &out);
    int code = t.problems.errors > 0;
    tree_release(&t);
    int written = put_all(&out);
    return written != 0 ? written : code;
}

static const char check_options[] =
    "-r, --root=ROOT  the tree is that of this root, where all that it needs is looked for\n"
    "-j, --json       for programs\n";

const struct command command_check[] = {
    {"overlog check", "[--json] [-r ROOT] [DIR]",
     "say what is wrong with definitions (DIR: /etc/s6-overlay)", check_options, run_check},
    {.name = NULL}};
