/* Sections of services.conf as definitions: a section is read like a directory that has its files.
 */
#include "base/file.h"
#include "services/definition_reading.h"
#include "services/section_expand.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* --- files ------------------------------------------------------------------------------------ */

static void begin_section(struct reading *r, const struct section *s)
{
    r->section = s;
    r->unlisted = false;
    r->name = s->name;
    snprintf(r->path, sizeof r->path, "%s", s->path);
    for (size_t i = 0; i < s->count; i++)
        if (words_add(&r->names, s->file[i].name) < 0)
            reading_no_memory(r);
}

static void end_section(struct reading *r)
{
    words_release(&r->names);
    r->section = NULL;
}

static void read_section(struct reading *r, const struct conf_section *c, const char *file)
{
    struct section *s = section_expand(c, file, r->p);
    if (s != NULL && sections_add(&r->all->sections, s) < 0) {
        problems_system(r->p, file, c->line, NULL, "out of memory");
        s = NULL;
    }
    if (s == NULL) {
        words_add(&r->all->refused, c->name);
        return;
    }
    s->source = r->source;
    begin_section(r, s);
    if (!reading_has_bad_name(r) && s->typed)
        reading_definition(r);
    end_section(r);
}

/* One file, which is a source of its own. */
static void read_file(struct reading *r, const char *file, const struct str *text)
{
    struct conf c = CONF_INIT;
    if (conf_parse(&c, text->data == NULL ? "" : text->data, text->length) < 0)
        problems_system(r->p, file, 0, NULL, "out of memory");
    for (size_t i = 0; i < c.mistakes; i++)
        problems_error(r->p, file, c.mistake[i].line, c.mistake[i].cure, "%s", c.mistake[i].text);
    for (size_t i = 0; i < c.count; i++)
        read_section(r, &c.section[i], file);
    conf_release(&c);
}

/* Reads the file at that path, if it is there or has a draft: whether it is. */
static bool look_at(struct reading *r, const char *file)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    bool there = true;
    if (r->from->draft_path != NULL && strcmp(r->from->draft_path, file) == 0)
        read_file(r, file, r->from->draft);
    else if (file_read(AT_FDCWD, file, CONF_BYTES_MAX, &text, &e) == 0)
        read_file(r, file, &text);
    else if (errno == ENOENT)
        there = false;
    else
        problems_system(r->p, file, 0, NULL, "%s", e.text);
    str_release(&text);
    return there;
}

static bool is_conf(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/* A file of the folder beside it. */
static void look_at_more(struct reading *r, const char *name)
{
    char file[READING_PATH];
    uint32_t source = (uint32_t)r->all->sources.count;
    snprintf(file, sizeof file, "%s.d/%s", r->from->path, name);
    if (!is_conf(name))
        return;
    if (words_add(&r->all->sources, file) < 0) {
        reading_no_memory(r);
        return;
    }
    r->source = source;
    look_at(r, file);
}

int reading_sections(struct reading *r)
{
    char folder[READING_PATH];
    struct words names = WORDS_INIT;
    struct error e = ERROR_INIT;
    bool there = look_at(r, r->from->path);
    snprintf(folder, sizeof folder, "%s.d", r->from->path);
    if (file_list(AT_FDCWD, folder, &names, &e) == 0)
        there = true;
    else if (errno != ENOENT)
        problems_system(r->p, folder, 0, NULL, "%s", e.text);
    else if (!there && r->sources->strict)
        problems_system(r->p, r->from->path, 0, NULL, "there is no such file");
    for (size_t i = 0; i < names.count; i++)
        look_at_more(r, names.item[i]);
    words_release(&names);
    return there || !r->sources->strict ? 0 : -1;
}

/* --- bundles ---------------------------------------------------------------------------------- */

static void join(struct reading *r, const struct section *s, const char *bundle)
{
    char path[READING_PATH];
    long found = definitions_find(r->all, bundle);
    struct definition *d = found < 0 ? NULL : &r->all->item[found];
    section_conf(s, path);
    if (d == NULL)
        problems_error(r->p, path, s->bundle_line, "define it, or remove the name",
                       "there is no bundle %s", bundle);
    else if (d->type != DEFINITION_BUNDLE)
        problems_error(r->p, path, s->bundle_line, "name a bundle", "%s is no bundle", bundle);
    else
        reading_add_name(r, path, s->bundle_line, s->name, &d->contents, &d->from[LIST_CONTENTS]);
}

void reading_section_additions(struct reading *r)
{
    const struct sections *all = &r->all->sections;
    static const struct definition_source none = {.conf = true};
    r->from = &none;
    for (size_t i = 0; i < all->count; i++) {
        const struct section *s = all->item[i];
        long found = definitions_find(r->all, s->name);
        r->source = s->source;
        if (!s->typed) {
            begin_section(r, s);
            reading_addition(r);
            end_section(r);
        } else if (found >= 0 && r->all->item[found].section == s) {
            for (size_t k = 0; k < s->bundles.count; k++)
                join(r, s, s->bundles.item[k]);
        }
    }
}
