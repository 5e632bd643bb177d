/* s6-rc-update: gives pid 1 another service database while it runs (docs/control.md). */
#include "command/s6rc/rcupdate.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/lexer.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/s6/control_client.h"
#include "command/s6rc/rcsource.h"
#include "contract/control.h"
#include "contract/paths.h"
#include "overlay/settings.h"
#include "services/database.h"
#include "services/enable.h"
#include "services/instances.h"
#include "services/livedir.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_UNKNOWN = 3, EXIT_TYPE = 5, EXIT_TWICE = 6, CONVERSION_MAX = 1 << 20, FIXED = 6 };

/* --- the conversion file ---------------------------------------------------------------------- */

static int wrong(const char *file, unsigned int line, int code, const char *what, const char *name)
{
    return refuse(code, "%s:%u: %s%s", file, line, name, what);
}

static int convert(struct rcupdate *u, const struct words *w, const char *file, unsigned int line)
{
    size_t at = 1;
    const char *to = w->item[0];
    if (w->count > 2 && strcmp(w->item[1], "->") == 0) {
        to = w->item[2];
        at = 3;
    }
    bool restart = at < w->count && strcmp(w->item[at], "restart") == 0;
    if (at + restart != w->count)
        return wrong(file, line, EXIT_USAGE, ": write NAME, NAME -> NAME, with restart or without",
                     w->item[0]);
    long old = definitions_find(&u->old, w->item[0]);
    if (old < 0)
        return wrong(file, line, EXIT_UNKNOWN, " is no service that is there now", w->item[0]);
    if (u->old.item[old].type == DEFINITION_BUNDLE)
        return wrong(file, line, EXIT_TYPE, " is a bundle", w->item[0]);
    if (at == 3 && definitions_find(&u->new, to) < 0)
        return wrong(file, line, EXIT_UNKNOWN, " is not in the new database", to);
    for (size_t i = 0; i < u->conversions.count; i += 3)
        if (strcmp(u->conversions.item[i], w->item[0]) == 0)
            return wrong(file, line, EXIT_TWICE, " is named twice", w->item[0]);
    if (words_add(&u->conversions, w->item[0]) < 0 || words_add(&u->conversions, to) < 0 ||
        words_add(&u->conversions, restart ? "restart" : "") < 0)
        return EXIT_SYSTEM;
    return 0;
}

static int read_conversions(struct rcupdate *u, const char *file)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 0;
    unsigned int number = 0;
    if (file_read_any(AT_FDCWD, file, CONVERSION_MAX, &text, &e) < 0)
        code = message_error(&e);
    for (char *line = code == 0 ? text.data : NULL; line != NULL && code == 0;) {
        struct words words = WORDS_INIT;
        struct lexer_error at;
        char *end = strchr(line, '\n');
        number++;
        if (lexer_words(line, end == NULL ? strlen(line) : (size_t)(end - line), &words, &at) < 0)
            code = wrong(file, number, EXIT_USAGE, at.text, "");
        else if (words.count > 0)
            code = convert(u, &words, file, number);
        words_release(&words);
        line = end == NULL ? NULL : end + 1;
    }
    str_release(&text);
    return code;
}

/* --- before and after ------------------------------------------------------------------------- */

static bool differ(const char *a, const char *b)
{
    struct str one = STR_INIT, two = STR_INIT;
    struct error ignored = ERROR_INIT;
    bool there = file_read(AT_FDCWD, a, 1 << 24, &one, &ignored) == 0;
    bool also = file_read(AT_FDCWD, b, 1 << 24, &two, &ignored) == 0;
    bool result = there != also || one.length != two.length ||
                  (one.length > 0 && memcmp(one.data, two.data, one.length) != 0);
    str_release(&one);
    str_release(&two);
    return result;
}

/* Whether the file of a row is another one than that in the live directory of a service. */
static bool file_differs(const struct rcupdate *u, const struct key_row *k, const char *name)
{
    char directory[512], live[1024], fresh[PATH_MAX + 512];
    livedir_path(directory, sizeof directory, name);
    snprintf(live, sizeof live, "%s/%s", directory, k->name);
    snprintf(fresh, sizeof fresh, "%s/servicedirs/%s/%s", u->path, name, k->name);
    return differ(live, fresh);
}

/* Longruns that go on are run by the values they were started with: says which are others now. */
static void warn_of_changes(const struct rcupdate *u, const struct definition *old,
                            const struct definition *new)
{
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if (k->change == KEY_NEXT_START && file_differs(u, k, new->name))
            message_info("%s of %s is another one: it counts from the next start on (s6-svc "
                         "-r " RUN_SCANDIR "/%s, or \"%s restart\" in a conversion file)",
                         k->name, new->name, new->name, new->name);
        if (k->change == KEY_NEXT_BOOT && !key_same(k, old, new))
            message_info("%s of %s is another one: it counts from the next start of the container "
                         "on",
                         k->name, new->name);
    }
}

static void warn_of_all_changes(const struct rcupdate *u)
{
    for (size_t i = 0; i < u->new.count; i++) {
        long before = definitions_find(&u->old, u->new.item[i].name);
        if (before >= 0 && u->old.item[before].type == DEFINITION_LONGRUN &&
            u->new.item[i].type == DEFINITION_LONGRUN)
            warn_of_changes(u, &u->old.item[before], &u->new.item[i]);
    }
}

/* The live directories of longruns that go. Once pid 1 has answered, another update may put one of
 * the same name there: what is removed then is what was opened before. */
static int open_going(struct rcupdate *u)
{
    char path[512];
    u->going = malloc((u->old.count + 1) * sizeof *u->going);
    if (u->going == NULL)
        return -1;
    for (size_t i = 0; i < u->old.count; i++) {
        const struct definition *d = &u->old.item[i];
        long found = definitions_find(&u->new, d->name);
        bool goes = d->type == DEFINITION_LONGRUN &&
                    (found < 0 || u->new.item[found].type != DEFINITION_LONGRUN);
        livedir_path(path, sizeof path, d->name);
        u->going[i] = goes ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    }
    return 0;
}

static void remove_going(const struct rcupdate *u)
{
    struct error ignored = ERROR_INIT;
    char path[512];
    for (size_t i = 0; i < u->old.count; i++) {
        if (u->going[i] < 0)
            continue;
        file_remove_tree(u->going[i], ".", &ignored); /* what is in it */
        livedir_path(path, sizeof path, u->old.item[i].name);
        rmdir(path); /* fails for another one, which is not empty */
    }
}

static void clean_up(const struct rcupdate *u)
{
    struct error ignored = ERROR_INIT;
    char now[PATH_MAX] = "";
    char path[PATH_MAX + 16];
    ssize_t n = readlink(RUN_COMPILED, now, sizeof now - 1);
    now[n < 0 ? 0 : n] = '\0';
    if (strcmp(now, u->stage) != 0) {
        file_remove_tree(AT_FDCWD, u->path, &ignored);
        return;
    }
    snprintf(path, sizeof path, RUN_RC "/%s", u->before);
    file_remove_tree(AT_FDCWD, path, &ignored);
    snprintf(path, sizeof path, "%s/servicedirs", u->path);
    file_remove_tree(AT_FDCWD, path, &ignored);
    remove_going(u);
}

static int ask(struct rcupdate *u)
{
    struct error e = ERROR_INIT;
    const char *words[CONTROL_WORDS_MAX] = {"s6-rc-update", u->letters, u->timeout,
                                            u->verbosity,   "0",        u->stage};
    if (u->conversions.count + FIXED > CONTROL_WORDS_MAX)
        return refuse(EXIT_SYSTEM, "too many conversions");
    for (size_t i = 0; i < u->conversions.count; i++)
        words[FIXED + i] = u->conversions.item[i];
    int code = control_request(RUN_CONTROL, words, FIXED + u->conversions.count, &e);
    return code < 0 ? message_error(&e) : code;
}

int rcupdate_init(struct rcupdate *u)
{
    struct error e = ERROR_INIT;
    *u = (struct rcupdate){.letters = "", .timeout = "0", .verbosity = "1"};
    snprintf(u->stage, sizeof u->stage, "compiled:%ld", (long)getpid());
    snprintf(u->path, sizeof u->path, RUN_RC "/%s", u->stage);
    if (database_read(&u->old, RUN_COMPILED, &e) < 0)
        return message_error(&e);
    ssize_t n = readlink(RUN_COMPILED, u->before, sizeof u->before - 1);
    u->before[n < 0 ? 0 : n] = '\0';
    return 0;
}

int rcupdate_apply(struct rcupdate *u)
{
    struct error e = ERROR_INIT;
    if (database_compile(u->path, &u->new, &e) < 0)
        return message_error(&e);
    warn_of_all_changes(u);
    int code = open_going(u) < 0 ? refuse(EXIT_SYSTEM, "out of memory") : ask(u);
    clean_up(u);
    return code;
}

void rcupdate_release(struct rcupdate *u)
{
    for (size_t i = 0; u->going != NULL && i < u->old.count; i++)
        fd_close(u->going[i]);
    free(u->going);
    graph_release(&u->g);
    definitions_release(&u->new);
    definitions_release(&u->old);
    words_release(&u->conversions);
}

/* By the environment of the container as it is now: a database may have been compiled elsewhere. */
static int enable_again(struct rcupdate *u)
{
    struct problems problems = PROBLEMS_INIT;
    int result = enable_choose(&u->new, settings_container_variable);
    graph_release(&u->g);
    if (result == 0 && graph_build(&u->g, &u->new, &problems) < 0)
        result = -1;
    problems_release(&problems);
    enable_say(&u->new);
    return result;
}

/* Numbers that overlog scale has set for what has no number of instances any more. */
static void forget_numbers(const struct rcupdate *u)
{
    struct error ignored = ERROR_INIT;
    struct words names = WORDS_INIT;
    char path[PATH_MAX];
    if (file_list(AT_FDCWD, RUN_INSTANCES, &names, &ignored) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path, sizeof path, RUN_INSTANCES "/%.255s", names.item[i]);
        if (!instances_are_counted(&u->new, names.item[i]))
            unlink(path);
    }
    words_release(&names);
}

static int update(struct rcupdate *u, const char *path)
{
    char letters[3] = "";
    int code = rcsource_open(&u->new, &u->g, path);
    if (code != 0)
        return code;
    if (enable_again(u) < 0)
        return refuse(EXIT_SYSTEM, "out of memory");
    if (given('f') && (code = read_conversions(u, argument_of('f'))) != 0)
        return code;
    if (given('b'))
        strcat(letters, "b");
    if (given('n'))
        strcat(letters, "n");
    u->letters = letters;
    code = rcupdate_apply(u);
    if (code == 0 && !given('n'))
        forget_numbers(u);
    return code;
}

static int run_update(struct invocation *c)
{
    struct rcupdate u;
    uint64_t number = 1;
    int code = options_read(c, 1);
    if (code == 0)
        code = options_number(c, argument_of('v'), 9, &number);
    if (code == 0)
        message_verbosity((int)number);
    if (code == 0)
        code = options_number(c, argument_of('t'), UINT32_MAX, &number);
    if (code != 0)
        return code;
    if (options.operand[0][0] != '/')
        return refuse(EXIT_USAGE, "%s is no absolute path", options.operand[0]);
    if (given('l') && !rcsource_is_live(argument_of('l')))
        return EXIT_SYSTEM;
    code = rcupdate_init(&u);
    u.timeout = given('t') ? argument_of('t') : u.timeout;
    u.verbosity = given('v') ? argument_of('v') : u.verbosity;
    if (code == 0)
        code = update(&u, options.operand[0]);
    rcupdate_release(&u);
    return code;
}

static const char update_options[] =
    "-n, --dry-run               only say what would be stopped and started\n"
    "-v, --verbosity=N           0 errors, 1 warnings too (default), 2 what is done\n"
    "-t, --timeout=MS            wait no longer than that (0: for ever)\n"
    "-l, --livedir=DIR           the live directory (/run/s6-rc)\n"
    "-f, --conversion-file=FILE  services that have another name, or are to be restarted\n"
    "-b, --block                 wait for the transition that is under way\n"
    "-e, --force-essentials      accepted: essential services are stopped like others\n"
    "-E, --no-force-essentials   accepted: there is no way to keep them up\n"
    "-e, --hide-essential\n"
    "-E, --show-essential\n";

const struct command command_rcupdate[] = {
    {"s6-rc-update", "[-n] [-v n] [-t ms] [-l livedir] [-f file] [-b] [-e|-E] database",
     "replace the services while the container runs", update_options, run_update},
    {.name = NULL}};
