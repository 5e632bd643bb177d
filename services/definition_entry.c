/* One definition, whether its files are in a directory or in a section of services.conf. */
#include "services/definition_reading.h"
#include <stdio.h>
#include <string.h>

enum { TYPE_BYTES = 8 }; /* upstream reads no more: what follows "longrun\n" does not count */

/* What is wrong with a word that looks right. */
static const char *type_cure(const struct str *text, const char *word)
{
    static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};
    if (text->length == 0)
        return "write one of the three, and nothing else";
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strncmp(word, marks[i], strlen(marks[i])) == 0)
            return "save it in UTF-8 without a byte order mark";
    if (strchr(word, '\r') != NULL)
        return "save it with Unix line ends";
    return strchr(word, ' ') != NULL ? "take away the blanks"
                                     : "write one of the three, and nothing else";
}

static enum definition_type read_type(struct reading *r)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    int found = reading_content(r, "type", &text);
    char *word = text.data;
    if (text.length > TYPE_BYTES)
        word[text.length = TYPE_BYTES] = '\0';
    if (text.length > 0 && word[text.length - 1] == '\n')
        word[text.length - 1] = '\0';
    enum definition_type type = text.length > 0 ? definition_type_of(word) : 0;
    if (found == 1 && type == 0)
        problems_error(r->p, reading_path(r, "type", path), 1, type_cure(&text, word),
                       "invalid type: must be oneshot, longrun, or bundle");
    str_release(&text);
    return type;
}

bool reading_is_user_bundle(const char *name)
{
    return strcmp(name, "user") == 0 || strcmp(name, "user2") == 0;
}

/* The files that may stand in several directories of one definition. */
static void read_added_rows(struct reading *r, struct definition *d)
{
    char path[READING_PATH];
    check_files(r, d->type);
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if ((k->use & KEY_ADDED) == 0 || (k->types & 1U << d->type) == 0 || reading_row(r, k, d))
            continue;
        if (k->list == LIST_CONTENTS && reading_exists(r, "type") &&
            !reading_is_user_bundle(d->name))
            problems_system(r->p, reading_path(r, k->folder, path), 0,
                            "make this directory, with a file for each member",
                            "no directory %s in bundle %s", k->folder, d->name);
    }
}

static void read_new(struct reading *r, enum definition_type type)
{
    struct definition *d = definitions_add(r->all, r->name, type);
    if (d == NULL || (d->directory = strdup(r->path)) == NULL) {
        reading_no_memory(r);
        return;
    }
    d->section = r->section;
    if (r->section == NULL)
        d->there = r->there;
    read_added_rows(r, d);
    reading_rows(r, d);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* Says that the name is taken, and where. */
static void say_duplicate(struct reading *r, const char *where)
{
    char path[READING_PATH], line[16] = "";
    unsigned int number = 0;
    snprintf(path, sizeof path, "%s", where == NULL ? "" : where);
    sections_locate(&r->all->sections, path, &number);
    if (number > 0)
        snprintf(line, sizeof line, ":%u", number);
    problems_error(r->p, r->path, 0,
                   r->section == NULL ? "choose another name"
                                      : "keep one of the two, or choose another name",
                   "duplicate definition: %s is already defined%s%s%s", r->name,
                   where == NULL ? " by the container" : " in ", path, line);
}

void reading_definition(struct reading *r)
{
    char path[READING_PATH];
    long known = definitions_find(r->all, r->name);
    const char *where = known < 0 ? NULL : r->all->item[known].directory;
    bool package = r->from->package;
    if (known >= 0 && (reading_is_user_bundle(r->name) || (package && where == NULL))) {
        read_added_rows(r, &r->all->item[known]);
        if (reading_exists(r, "enable-if"))
            problems_warning(r->p, reading_path(r, "enable-if", path), 0, "put it into the members",
                             "enable-if is ignored: the container always starts %s", r->name);
    } else if (known >= 0) {
        say_duplicate(r, where);
    } else {
        enum definition_type type = read_type(r);
        if (type != 0)
            read_new(r, type);
        else
            words_add(&r->all->refused, r->name);
    }
}

void reading_addition(struct reading *r)
{
    char path[READING_PATH];
    long known = definitions_find(r->all, r->name);
    if (known >= 0)
        read_added_rows(r, &r->all->item[known]);
    else if (r->from->bundles)
        read_new(r, DEFINITION_BUNDLE);
    else if (r->section != NULL)
        problems_error(r->p, r->path, 0, "write run, once, script or contents",
                       "nothing tells what %s is", r->name);
    else {
        size_t before = r->p->count;
        problems_system(r->p, reading_path(r, "type", path), 0,
                        "write oneshot, longrun or bundle into it", "no file type");
        problems_elsewhere(r->p, before);
        words_add(&r->all->refused, r->name);
    }
}

bool reading_has_bad_name(struct reading *r)
{
    if (strchr(r->name, '\n') == NULL && strncmp(r->name, "s6rc-", 5) != 0 &&
        strncmp(r->name, "s6-rc-", 6) != 0)
        return false;
    problems_error(r->p, r->path, 0, "choose another name",
                   "invalid name %s: names may not begin with s6rc- or s6-rc-, nor hold a newline",
                   r->name);
    return true;
}
