/* overlog show: definitions as sections of services.conf, or as directories. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/conf_write.h"
#include "command/overlog/dirs.h"
#include "command/overlog/overlog.h"
#include "command/overlog/schema.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20, EXIT_STAYS = 1 };

/* --- the files of a definition ---------------------------------------------------------------- */

/* Adds a file that is text. False: it is not, or there is no memory. */
static bool add_text(struct section *s, const char *name, const struct str *text)
{
    struct section_file f = {.name = strdup(name), .length = text->length};
    bool is_text = text->length == 0 || memchr(text->data, '\0', text->length) == NULL;
    f.text = is_text ? strndup(text->length == 0 ? "" : text->data, text->length) : NULL;
    if (f.name == NULL || f.text == NULL) {
        free(f.name);
        free(f.text);
        return false;
    }
    return section_add(s, f) == 0;
}

/* A bundle has its list, even an empty one. */
static bool add_list(struct section *s, const char *name, const struct words *names, bool bundle)
{
    struct str text = STR_INIT;
    bool good = true;
    for (size_t i = 0; i < names->count; i++)
        good &= str_printf(&text, "%s\n", names->item[i]) == 0;
    good = good && ((names->count == 0 && !bundle) || add_text(s, name, &text));
    str_release(&text);
    return good;
}

/* Of a bundle that needs none. */
static bool add_type(struct section *s, const struct definition *d)
{
    struct str type = STR_INIT;
    bool good =
        str_printf(&type, "%s\n", definition_type_name(d->type)) == 0 && add_text(s, "type", &type);
    str_release(&type);
    return good;
}

static bool is_list(const char *name, const struct definition *d, const struct key_row **row)
{
    *row = key_find(name, d->type);
    return *row != NULL && (*row)->kind == KEY_NAMES && ((*row)->types & 1U << d->type) != 0;
}

/* A file of a directory that is no list. What cannot stand in a section goes to cannot. */
static void add_file(struct section *s, int at, const char *name, enum definition_type type,
                     struct words *cannot)
{
    const struct key_row *k = key_find(name, type);
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    struct stat st;
    bool there = fstatat(at, name, &st, 0) == 0;
    bool good = k != NULL && (k->types & 1U << type) != 0 && k->kind != KEY_DIRECTORY &&
                (k->kind != KEY_PROGRAM || type == DEFINITION_LONGRUN) &&
                (k->kind == KEY_FLAG || file_read(at, name, FILE_MAX, &text, &ignored) == 0);
    if (there && !(good && add_text(s, name, &text)))
        words_add(cannot, name);
    str_release(&text);
}

static void add_directory(struct section *s, const struct definition *d, struct words *cannot)
{
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    const struct key_row *k;
    int at = open(d->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at >= 0 && file_list(at, ".", &names, &ignored) == 0)
        for (size_t i = 0; i < names.count; i++)
            if (!is_list(names.item[i], d, &k))
                add_file(s, at, names.item[i], d->type, cannot);
    words_release(&names);
    fd_close(at);
}

static bool add_section(struct section *s, const struct definition *d)
{
    const struct key_row *k;
    bool good = d->section->about == NULL || (s->about = strdup(d->section->about)) != NULL;
    for (size_t i = 0; i < d->section->count; i++) {
        const struct section_file *f = &d->section->file[i];
        struct str text = {.data = f->text, .length = f->length};
        if (!is_list(f->name, d, &k))
            good &= add_text(s, f->name, &text);
    }
    return good;
}

/* Whether a list names it: worker@, whose instances are a bundle worker, by either name. */
static bool is_named(const struct words *names, const char *name)
{
    char bundle[256];
    size_t length = strlen(name);
    snprintf(bundle, sizeof bundle, "%.*s", (int)(length - (name[length - 1] == '@')), name);
    return words_has(names, name) || words_has(names, bundle);
}

/* By what is started: those of a directory are named in the bundles themselves. */
static bool add_bundles(struct section *s, const struct tree *t, const struct definition *d)
{
    static const char *const users[] = {"user", "user2"};
    bool good = true;
    for (size_t i = 0; d->section != NULL && i < d->section->bundles.count; i++)
        good &= words_add(&s->bundles, d->section->bundles.item[i]) == 0;
    for (int i = 0; i < 2 && d->section == NULL; i++) {
        long found = definitions_find(&t->definitions, users[i]);
        if (found >= 0 && is_named(&t->definitions.item[found].contents, d->name))
            good &= words_add(&s->bundles, users[i]) == 0;
    }
    return good;
}

/* The files of a definition, with its lists as they are in all sources together; what is no text,
 * or stands in no section, goes to cannot. NULL: no memory. */
static struct section *files_of(const struct tree *t, const struct definition *d,
                                struct words *cannot)
{
    struct section *s = section_new("", d->name, strlen(d->name));
    bool good = s != NULL && add_bundles(s, t, d);
    if (good && d->section != NULL)
        good = add_section(s, d);
    else if (good)
        add_directory(s, d, cannot);
    for (const struct key_row *k = key_rows; k->name != NULL && good; k++)
        if (k->kind == KEY_NAMES && (k->types & 1U << d->type) != 0)
            good = add_list(s, k->name, key_value(k, d), d->type == DEFINITION_BUNDLE);
    good = good && (section_find(s, "type") != NULL || add_type(s, d));
    if (good)
        return s;
    section_free(s);
    return NULL;
}

/* --- as sections ------------------------------------------------------------------------------ */

static int show_section(const struct tree *t, const struct definition *d, struct str *out)
{
    struct words cannot = WORDS_INIT;
    struct str text = STR_INIT;
    struct section *s = files_of(t, d, &cannot);
    int code = s == NULL || conf_write(s, &text, &cannot) < 0 ? EXIT_SYSTEM : 0;
    if (code == 0 && cannot.count > 0) {
        code = EXIT_STAYS;
        str_printf(out, "# %s stays a directory: a section cannot hold", d->name);
        for (size_t i = 0; i < cannot.count; i++)
            str_printf(out, "%s %s", i == 0 ? "" : ",", cannot.item[i]);
        str_add_char(out, '\n');
    }
    if (text.length > 0)
        str_add(out, text.data, text.length);
    section_free(s);
    str_release(&text);
    words_release(&cannot);
    return code;
}

/* --- as directories --------------------------------------------------------------------------- */

/* What a section cannot hold is copied from the directory. */
static void copy_rest(struct dirs *w, const struct definition *d, const struct words *names)
{
    char from[8192], to[8192];
    struct error e = ERROR_INIT;
    for (size_t i = 0; i < names->count && w->writer.code == 0; i++) {
        if (w->to == NULL) {
            str_printf(w->out, "s6-rc.d/%s/%s\n    (as it is)\n", d->name, names->item[i]);
            continue;
        }
        snprintf(from, sizeof from, "%.4000s/%.1000s", d->directory, names->item[i]);
        snprintf(to, sizeof to, "%.4000s/s6-rc.d/%.1000s/%.1000s", w->to, d->name, names->item[i]);
        if (file_copy_all(AT_FDCWD, from, AT_FDCWD, to, &e) < 0)
            w->writer.code = message_error(&e);
    }
}

static int show_directory(const struct tree *t, const struct definition *d, const char *to,
                          struct str *out)
{
    struct dirs w = {.to = to, .out = out};
    struct words cannot = WORDS_INIT;
    struct section *s = files_of(t, d, &cannot);
    if (s == NULL)
        return EXIT_SYSTEM;
    dirs_put(&w, s, d->type);
    copy_rest(&w, d, &cannot);
    section_free(s);
    words_release(&cannot);
    return w.writer.code;
}

/* --- the verb --------------------------------------------------------------------------------- */

static int show_one(const struct tree *t, const struct definition *d, struct str *out)
{
    const char *to = given('o') ? argument_of('o') : NULL;
    if (given('D') || to != NULL)
        return show_directory(t, d, to, out);
    if (out->length > 0)
        str_add_char(out, '\n');
    return show_section(t, d, out);
}

/* Those that people define, in the order of their names. */
static int show_all(const struct tree *t, struct str *out)
{
    struct words names = WORDS_INIT;
    int code = 0;
    for (size_t i = 0; i < t->definitions.count; i++)
        if (t->definitions.item[i].directory != NULL)
            words_add(&names, t->definitions.item[i].name);
    words_sort(&names);
    for (size_t i = 0; i < names.count && code != EXIT_SYSTEM; i++) {
        long found = definitions_find(&t->definitions, names.item[i]);
        int one = show_one(t, &t->definitions.item[found], out);
        code = one > code ? one : code;
    }
    words_release(&names);
    return code;
}

/* Whether it is one of what the file instances of d means: any name may be, of a variable. */
static bool is_instance(const struct definition *d, const char *name)
{
    size_t length = strlen(d->name);
    length -= d->instances.count > 0 && d->name[length - 1] == '@';
    if (d->instances.count == 0 || strncmp(name, d->name, length) != 0 || name[length] != '-')
        return false;
    const char *part = name + length + 1;
    return words_has(&d->instances, part) || d->instances.item[0][0] == '$' ||
           (part[0] != '\0' && part[strspn(part, "0123456789")] == '\0');
}

/* worker and worker-1 find worker@. */
static long find(const struct tree *t, const char *name)
{
    char template[256];
    long found = definitions_find(&t->definitions, name);
    snprintf(template, sizeof template, "%.254s@", name);
    if (found < 0)
        found = definitions_find(&t->definitions, template);
    for (size_t i = 0; i < t->definitions.count && found < 0; i++)
        if (is_instance(&t->definitions.item[i], name))
            found = (long)i;
    return found;
}

static int show_named(const struct tree *t, char *const *names, struct str *out)
{
    int code = 0;
    for (; *names != NULL && code != EXIT_SYSTEM; names++) {
        long found = find(t, *names);
        if (found < 0 || t->definitions.item[found].directory == NULL)
            return refuse(EXIT_USAGE, "%s %s in %s",
                          found < 0 ? "there is no service" : "the container itself has", *names,
                          t->dir);
        int one = show_one(t, &t->definitions.item[found], out);
        code = one > code ? one : code;
    }
    return code;
}

static int run_show(struct invocation *c)
{
    struct tree t;
    struct str out = STR_INIT;
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    if (given('k') || given('s')) {
        (given('k') ? schema_keys : schema_json)(&out);
        return put_all(&out);
    }
    int code = tree_load(&t, argument_of('r'), argument_of('d'));
    if (code == 0)
        code = tree_read_as_written(&t);
    if (code == 0)
        code = options.count > 0 ? show_named(&t, options.operand, &out) : show_all(&t, &out);
    if (code == EXIT_SYSTEM)
        message_fatal("unable to show it");
    int written = put_all(&out);
    tree_release(&t);
    return code != 0 ? code : written;
}

static const char show_options[] =
    "-D, --dirs        as directories of s6-rc.d\n"
    "-o, --output=DIR  write these directories into DIR\n"
    "-d, --dir=DIR     the tree (/etc/s6-overlay)\n"
    "-r, --root=ROOT   the tree is that of this root\n"
    "-k, --keys        print the keys that a section may have instead\n"
    "-s, --schema      the same as a JSON schema\n";

const struct command command_show[] = {
    {"overlog show", "[-D] [-o DIR] [-d DIR] [-r ROOT] [-k|-s] [NAME...]",
     "print services as sections of services.conf or directories", show_options, run_show},
    {.name = NULL}};
