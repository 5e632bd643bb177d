/* overlog create. */
#include "command/overlog/create.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/timetable.h"
#include "command/commands.h"
#include "command/overlog/conf_file.h"
#include "command/overlog/schema.h"
#include "command/overlog/write.h"
#include "contract/paths.h"
#include "services/condition.h"
#include "services/sugar.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *bad_condition(const struct draft *d, const char **mistake)
{
    struct condition c;
    for (size_t i = 0; i < d->conditions.count; i++)
        if (condition_parse(&c, d->conditions.item[i], mistake) < 0 ||
            strchr(d->conditions.item[i], '\n') != NULL)
            return d->conditions.item[i];
    return NULL;
}

static const char *bad_schedule(const struct draft *d)
{
    static struct error e;
    struct timetable t;
    if (d->type != DEFINITION_LONGRUN)
        return "it is for longruns, which wait for the next time";
    if (d->run == NULL)
        return "--run has to say what runs at these times";
    if (d->ready != NULL)
        return "--ready-when makes no sense beside it: a job is not always there";
    return timetable_parse(&t, d->schedule, &e) < 0 ? e.text : NULL;
}

/* What is wrong with a --key; NULL: nothing. */
static const char *bad_key(const struct draft *d)
{
    static char text[256];
    for (size_t i = 0; i < d->keys.count; i++) {
        char name[64];
        size_t n = strcspn(d->keys.item[i], "=");
        snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n : 60), d->keys.item[i]);
        const char *meant = sugar_meant(name);
        if (d->keys.item[i][n] != '=')
            snprintf(text, sizeof text, "--key: write KEY=VALUE: %.64s", d->keys.item[i]);
        else if (schema_has(name))
            continue;
        else
            snprintf(text, sizeof text, "--key: no key is called %s%s%s", name,
                     meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant);
        return text;
    }
    return NULL;
}

/* Why such a service cannot be; NULL: it can. */
static const char *refusal(const struct draft *d, const char *type)
{
    static char text[512];
    struct restart_policy policy;
    struct restart_mistake wrong;
    const char *mistake = NULL;
    const char *condition = bad_condition(d, &mistake);
    if (d->type == 0)
        snprintf(text, sizeof text, "there is no type \"%.64s\": longrun, oneshot or bundle", type);
    else if (d->type == DEFINITION_BUNDLE && (d->run != NULL || d->user != NULL))
        snprintf(text, sizeof text, "a bundle runs nothing: %s is for longruns and oneshots",
                 d->run != NULL ? "--run" : "--user");
    else if (d->type == DEFINITION_BUNDLE && d->after.count > 0)
        snprintf(text, sizeof text, "a bundle waits for nothing: give --after to its members");
    else if (d->type != DEFINITION_LONGRUN && d->restart != NULL)
        snprintf(text, sizeof text, "--restart is for longruns: nothing else is started again");
    else if (d->restart != NULL && restart_parse(d->restart, &policy, &wrong) < 0)
        snprintf(text, sizeof text, "--restart: %.160s; %.250s", wrong.text, wrong.cure);
    else if (d->schedule != NULL && bad_schedule(d) != NULL)
        snprintf(text, sizeof text, "--schedule: %.450s", bad_schedule(d));
    else if (condition != NULL)
        snprintf(text, sizeof text,
                 "--enable-if: invalid condition \"%.100s\": %s; write VARIABLE, !VARIABLE or "
                 "VARIABLE=value",
                 condition, mistake);
    else if (d->type != DEFINITION_LONGRUN && d->ready != NULL)
        snprintf(text, sizeof text, "--ready-when is for longruns%s",
                 d->type == DEFINITION_ONESHOT ? ": a oneshot is ready when it has ended" : "");
    else
        return bad_key(d);
    return text;
}

static struct words *list_of(struct draft *d, int option)
{
    return option == 'k'   ? &d->keys
           : option == 'e' ? &d->conditions
           : option == 'a' ? &d->after
                           : &d->needs;
}

static int read_draft(struct invocation *c, struct draft *d)
{
    for (int option; (option = command_option_anywhere(c)) != 0;) {
        const char **text = option == 'd'   ? &d->dir
                            : option == 'c' ? &d->run
                            : option == 'u' ? &d->user
                            : option == 'w' ? &d->ready
                            : option == 'R' ? &d->restart
                            : option == 'b' ? &d->bundle
                            : option == 'S' ? &d->schedule
                                            : NULL;
        if (option == '?')
            return EXIT_USAGE;
        if (text != NULL)
            *text = c->argument;
        else if (option == 'o')
            d->overwrite = true;
        else if (option == 'q')
            d->quiet = true;
        else if (option == 's' || option == 'D')
            d->section = option == 's', d->directory = option == 'D';
        else if (words_add(list_of(d, option), c->argument) < 0)
            return EXIT_SYSTEM;
    }
    char **operand = command_operands(c);
    if (command_operand_count(c) != 2)
        return command_usage(c);
    d->type = definition_type_of(operand[0]);
    d->name = operand[1];
    const char *refused = refusal(d, operand[0]);
    if (refused != NULL)
        return refuse(EXIT_USAGE, "%s", refused);
    if (strcmp(d->bundle, "-") == 0)
        d->bundle = NULL;
    return name_is_good(d->name) ? 0 : EXIT_USAGE;
}

static const char *unknown(const struct words *names, const struct tree *t)
{
    for (size_t i = 0; i < names->count; i++)
        if (definitions_find(&t->definitions, names->item[i]) < 0)
            return names->item[i];
    return NULL;
}

/* The section of that name, or NULL. */
static const struct section *section_of(const struct draft *d, const struct tree *t)
{
    long found = definitions_find(&t->definitions, d->name);
    return found < 0 ? NULL : t->definitions.item[found].section;
}

static int check_draft(const struct draft *d, const struct tree *t)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", t->services, d->name);
    bool ours = access(path, F_OK) < 0;
    const struct section *before = section_of(d, t);
    if (before != NULL && (!d->overwrite || !d->section))
        return refuse(1, "%s exists already as a section: %s", d->name,
                      d->section ? "--overwrite replaces it, or choose another name"
                                 : "remove it first, or choose another name");
    if (ours && before == NULL && definitions_find(&t->definitions, d->name) >= 0)
        return refuse(1, "%s is a name of overlog itself: choose another one", d->name);
    if (!ours && d->section)
        return refuse(1, "%s exists already: remove it first, or choose another name", path);
    if (!ours && !d->overwrite)
        return refuse(1, "%s exists already: --overwrite replaces it, or choose another name",
                      path);
    const char *missing = unknown(&d->needs, t);
    if (missing == NULL)
        missing = unknown(&d->after, t);
    if (missing != NULL)
        return refuse(1, "there is no service %s in %s: create it first", missing, t->services);
    return 0;
}

/* Where to look, and what is left to do. */
static void say_made(const struct draft *d, const struct tree *t, const char *conf)
{
    static const char *const file[] = {[DEFINITION_LONGRUN] = "/run",
                                       [DEFINITION_ONESHOT] = "",
                                       [DEFINITION_BUNDLE] = "/contents.d"};
    const char *type = definition_type_name(d->type);
    if (d->section)
        print_shown("%s %s: %s", type, d->name, conf);
    else if (d->type == DEFINITION_ONESHOT)
        print_shown("%s %s: %s/scripts/%s", type, d->name, t->dir, d->name);
    else
        print_shown("%s %s: %s/%s%s", type, d->name, t->services, d->name, file[d->type]);
    if (d->bundle == NULL)
        puts(", in no bundle");
    else
        print_shown(", in the bundle %s", d->bundle), putchar('\n');
    if (strcmp(t->dir, TREE_DEFAULT) == 0 && access(RUN_STATUS, F_OK) == 0)
        puts("s6-rc-update " TREE_DEFAULT " takes it into the container that runs");
}

/* The files with a line or two. */
static void write_keys(const struct draft *d, struct writer *w)
{
    struct str text = STR_INIT;
    for (size_t i = 0; i < d->conditions.count; i++)
        str_printf(&text, "%s\n", d->conditions.item[i]);
    if (text.length > 0)
        write_file(w, 0644, text.data, "%s/enable-if", d->name);
    for (size_t i = 0; i < d->after.count; i++)
        write_file(w, 0644, "", "%s/after.d/%s", d->name, d->after.item[i]);
    str_clear(&text);
    if (d->restart != NULL && str_printf(&text, "%s\n", d->restart) == 0)
        write_file(w, 0644, text.data, "%s/restart", d->name);
    str_release(&text);
}

static int add_section(const struct draft *d, const struct tree *t)
{
    struct str text = STR_INIT;
    char path[4096];
    int code = draft_section(d, &text) < 0 ? EXIT_SYSTEM
                                           : conf_file_add(t, text.data, section_of(d, t), path);
    str_release(&text);
    if (code == 0 && !d->quiet)
        say_made(d, t, path);
    return code;
}

/* schedule, and a job that finds each time anew what the shell is to find. */
static void put_job(struct str *out, const struct draft *d, const char *prefix)
{
    bool plain = !sh_is_compound(d->run) && strpbrk(d->run, "$`\\|&;<>()*?[]{}~#'\"=\n") == NULL;
    str_add_text(out, "exec schedule ");
    sh_quote(out, d->schedule);
    str_printf(out, "%s%s%s", prefix[0] == '\0' ? "" : " ", prefix, plain ? " " : " sh -c ");
    if (plain)
        str_add_text(out, d->run);
    else
        sh_quote(out, d->run);
    str_add_char(out, '\n');
}

static int write_draft(const struct draft *d, const struct tree *t)
{
    struct writer w = {.tree = t};
    struct str text = STR_INIT, prefix = STR_INIT;
    struct error e = ERROR_INIT;
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", t->services, d->name);
    if (file_remove_tree(AT_FDCWD, path, &e) < 0)
        return message_error(&e);
    write_service(&w, d->name, d->type, &d->needs, d->bundle);
    str_add_text(&text, SH_SHEBANG);
    if (d->ready != NULL)
        str_add_text(&prefix, "s6-notifyoncheck -d -n 0");
    if (d->user != NULL) {
        str_printf(&prefix, "%ss6-setuidgid ", prefix.length > 0 ? " " : "");
        sh_quote(&prefix, d->user);
    }
    if (d->run == NULL)
        str_add_text(&text, d->type == DEFINITION_LONGRUN
                                ? "# Put a program that stays in the foreground here.\n"
                                : "# Put what is to be done once here.\n");
    if (d->run == NULL && d->type == DEFINITION_ONESHOT)
        str_add_text(&text, "exit 0\n");
    else if (d->schedule != NULL)
        put_job(&text, d, prefix.length > 0 ? prefix.data : "");
    else
        sh_exec(&text, prefix.length > 0 ? prefix.data : "", d->run == NULL ? "s6-pause" : d->run);
    if (d->type == DEFINITION_LONGRUN)
        write_file(&w, 0755, text.data, "%s/run", d->name);
    else if (d->type == DEFINITION_ONESHOT)
        write_oneshot(&w, d->name, text.data);
    write_keys(d, &w);
    if (d->ready != NULL) {
        str_clear(&text);
        str_printf(&text, SH_SHEBANG "%s\n", d->ready);
        write_file(&w, 0755, text.data, "%s/data/check", d->name);
        write_file(&w, 0644, "3\n", "%s/notification-fd", d->name);
    }
    str_release(&text);
    str_release(&prefix);
    if (w.code == 0 && !d->quiet)
        say_made(d, t, NULL);
    return w.code;
}

static int run_create(struct invocation *c)
{
    struct draft d = {.bundle = "user"};
    struct tree t;
    struct error e = ERROR_INIT;
    int code = read_draft(c, &d);
    if (code != 0)
        return code;
    if (tree_find(&t, NULL, d.dir, &e) < 0)
        return message_error(&e);
    code = tree_read(&t); /* a tree that is to be begun may lack everything */
    d.section |= !d.directory && access(t.conf, F_OK) == 0;
    if (code == 0 && d.keys.count > 0 && !d.section)
        code = refuse(EXIT_USAGE, "--key is for sections: give --section as well");
    if (code == 0)
        code = check_draft(&d, &t);
    if (code == 0)
        code = d.section ? add_section(&d, &t) : write_draft(&d, &t);
    words_release(&d.needs);
    words_release(&d.after);
    words_release(&d.conditions);
    words_release(&d.keys);
    tree_release(&t);
    return code;
}

static const char create_options[] =
    "-c, --run=CMD         what it runs, as sh reads it\n"
    "-u, --user=USER       who runs it\n"
    "-n, --depends=NAME    what must be up before (of a bundle: a member); more than once\n"
    "-w, --ready-when=CMD  it is ready when this succeeds, tried once a second\n"
    "-R, --restart=POLICY  when it starts again: on-failure, 5 in 1m, then exit\n"
    "-S, --schedule=SPEC   run it at these times, as schedule does: 15 3 * * *, every 1h\n"
    "-a, --after=NAME      what must be up before, unless enable-if leaves it out; more than once\n"
    "-e, --enable-if=COND  only if a variable is on (X), off (!X) or X=value; more than once: all\n"
    "-b, --bundle=NAME     the bundle that it joins (user); -: none\n"
    "-k, --key=KEY=VALUE   any other key of a section; more than once\n"
    "-s, --section         a section of services.conf, as where there is such a file\n"
    "-D, --dirs            a directory all the same\n"
    "-o, --overwrite       replace a service of that name\n"
    "-d, --dir=DIR         the tree (/etc/s6-overlay)\n"
    "-q, --quiet           say nothing of a success\n";

const struct command command_create[] = {
    {"overlog create",
     "longrun|oneshot|bundle NAME [--run CMD] [--user USER] [--depends NAME]... [--after NAME]... "
     "[--ready-when CMD] [--restart POLICY] [--schedule SPEC] "
     "[--enable-if COND]... [-b BUNDLE] [-o] [-q] [-d DIR]",
     "write a service definition", create_options, run_create},
    {.name = NULL}};
