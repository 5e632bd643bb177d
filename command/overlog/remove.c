/* overlog remove. */
#include "base/error.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/conf_file.h"
#include "command/overlog/write.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct removal {
    struct tree tree;
    const char *name;
    char other[512]; /* worker for the template worker@, or the other way round; "": none */
    bool force;
    int code;
};

/* Others may name a definition with instances with the @ and without. */
static void find_other(struct removal *r, const struct definition *d)
{
    size_t length = strlen(r->name);
    bool at = r->name[length - 1] == '@';
    if (d->instances.count > 0)
        snprintf(r->other, sizeof r->other, "%.*s%s", (int)(length - at), r->name, at ? "" : "@");
}

static bool is_name(const struct removal *r, const char *name)
{
    return strcmp(name, r->name) == 0 || (r->other[0] != '\0' && strcmp(name, r->other) == 0);
}

static bool have(const struct removal *r, const struct words *names)
{
    return words_has(names, r->name) || (r->other[0] != '\0' && words_has(names, r->other));
}

/* Takes the name out of a list file: FILE.d/NAME and the line NAME of FILE. */
static void unlist(struct removal *r, const char *source, const char *owner, const char *file)
{
    char path[8192];
    struct str text = STR_INIT, kept = STR_INIT;
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s/%s/%s.d/%s", source, owner, file, r->name);
    unlink(path);
    if (r->other[0] != '\0') {
        snprintf(path, sizeof path, "%s/%s/%s.d/%s", source, owner, file, r->other);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/%s/%s", source, owner, file);
    if (file_read(AT_FDCWD, path, 1 << 20, &text, &e) == 0 && text.length > 0) {
        char *place;
        for (char *line = strtok_r(text.data, "\n", &place); line != NULL;
             line = strtok_r(NULL, "\n", &place))
            if (!is_name(r, line + strspn(line, " \t")))
                str_printf(&kept, "%s\n", line);
        if (kept.length == 0)
            unlink(path);
        else if (file_replace(AT_FDCWD, path, kept.data, kept.length, 0644, &e) < 0)
            r->code = message_error(&e);
    }
    str_release(&text);
    str_release(&kept);
}

static void unlist_all(struct removal *r, const struct definition *d)
{
    static const char *const files[] = {"dependencies", "after", "contents", "consumer-for",
                                        "producer-for"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unlist(r, r->tree.services, d->name, files[i]);
        unlist(r, r->tree.bundles, d->name, files[i]);
    }
}

/* What d wants of it, or NULL. */
static const char *mention(const struct removal *r, const struct definition *d)
{
    bool user = strcmp(d->name, "user") == 0 || strcmp(d->name, "user2") == 0;
    if (have(r, &d->dependencies))
        return "depends on it";
    if (have(r, &d->after))
        return "starts after it";
    if (have(r, &d->contents) && !user)
        return "is a bundle that holds it";
    if ((d->producer_for != NULL && is_name(r, d->producer_for)) || have(r, &d->consumer_for))
        return "is in a pipeline with it";
    return NULL;
}

/* The script of a oneshot, if nobody else uses it. */
static void remove_script(struct removal *r, const struct definition *d)
{
    char path[8192], script[4096];
    struct error e = ERROR_INIT;
    snprintf(script, sizeof script, TREE_DEFAULT "/scripts/%.255s", r->name);
    if (d->up.count != 1 || strcmp(d->up.item[0], script) != 0)
        return;
    for (size_t i = 0; i < r->tree.definitions.count; i++) {
        const struct definition *other = &r->tree.definitions.item[i];
        if (other != d && (words_has(&other->up, script) || words_has(&other->down, script)))
            return;
    }
    snprintf(path, sizeof path, "%s/scripts/%s", r->tree.dir, r->name);
    if (file_remove_tree(AT_FDCWD, path, &e) < 0)
        r->code = message_error(&e);
}

static void say_removed(const struct removal *r, const struct section *s)
{
    char path[SECTION_PATH];
    if (s == NULL)
        print_shown("removed %s/%s", r->tree.services, r->name);
    else
        print_shown("removed %s from %s", r->name, section_conf(s, path));
    putchar('\n');
}

static void remove_service(struct removal *r)
{
    const struct definitions *all = &r->tree.definitions;
    char path[8192];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s/%s", r->tree.services, r->name);
    long found = definitions_find(all, r->name);
    const struct section *section = found < 0 ? NULL : all->item[found].section;
    if (section == NULL && access(path, F_OK) < 0) {
        message_fatal("there is no service %s in %s", r->name, r->tree.services);
        r->code = 1;
        return;
    }
    if (found >= 0)
        find_other(r, &all->item[found]);
    for (size_t i = 0; i < all->count && !r->force; i++)
        if (mention(r, &all->item[i]) != NULL) {
            message_fatal("%s %s (-f takes the name out there)", all->item[i].name,
                          mention(r, &all->item[i]));
            r->code = 1;
        }
    if (r->code != 0)
        return;
    for (size_t i = 0; i < all->count; i++)
        unlist_all(r, &all->item[i]);
    if (r->code == 0 && section != NULL)
        r->code = conf_file_remove(section);
    if (r->code != 0)
        return;
    r->code = conf_file_unlist(&r->tree, r->name);
    if (r->code == 0 && r->other[0] != '\0')
        r->code = conf_file_unlist(&r->tree, r->other);
    if (found >= 0)
        remove_script(r, &all->item[found]);
    if (section == NULL && file_remove_tree(AT_FDCWD, path, &e) < 0)
        r->code = message_error(&e);
    if (r->code == 0 && !given('q'))
        say_removed(r, section);
}

static int run_remove(struct invocation *c)
{
    struct error e = ERROR_INIT;
    if (options_read_anywhere(c, 1, 1) != 0)
        return EXIT_USAGE;
    struct removal r = {.name = options.operand[0], .force = given('f')};
    if (!name_is_good(r.name))
        return EXIT_USAGE;
    if (tree_find(&r.tree, NULL, argument_of('d'), &e) < 0)
        return message_error(&e);
    r.tree.as_written = true;
    r.code = tree_read(&r.tree); /* what is broken may be removed */
    if (r.code == 0)
        remove_service(&r);
    tree_release(&r.tree);
    return r.code;
}

static const char remove_options[] = "-f, --force    take the name out where others need it\n"
                                     "-d, --dir=DIR  the tree (/etc/s6-overlay)\n"
                                     "-q, --quiet    say nothing of a success\n";

const struct command command_remove[] = {{"overlog remove", "[-f] [-q] [-d DIR] NAME",
                                          "delete a service definition", remove_options,
                                          run_remove},
                                         {.name = NULL}};
