/* overlog import: services that are made, as sections of a services.conf. */
#include "base/failure.h"
#include "command/overlog/conf_write.h"
#include "command/overlog/import.h"
#include "services/definition.h"
#include <stdlib.h>
#include <string.h>

static void no_memory(struct import *im)
{
    if (im->code == 0)
        im->code = refuse(EXIT_SYSTEM, "out of memory");
}

void import_text(struct import *im, const char *section)
{
    bool bad = im->conf.length > 0 && str_add_char(&im->conf, '\n') < 0;
    if (bad || str_add_text(&im->conf, section) < 0)
        no_memory(im);
}

void import_file(struct import *im, const char *name, const char *text)
{
    const char *bytes = text == NULL ? "" : text;
    struct section_file f = {.name = strdup(name), .text = strdup(bytes), .length = strlen(bytes)};
    if (im->open == NULL || f.name == NULL || f.text == NULL) {
        free(f.name);
        free(f.text);
        no_memory(im);
    } else if (section_add(im->open, f) < 0) {
        no_memory(im);
    }
}

/* A file with a name in each line. */
static void put_list(struct import *im, const char *file, const char *first,
                     const struct words *names)
{
    struct str text = STR_INIT;
    if (str_add_text(&text, first) < 0)
        no_memory(im);
    for (size_t i = 0; i < names->count; i++)
        str_printf(&text, "%s\n", names->item[i]);
    import_file(im, file, text.data);
    str_release(&text);
}

void import_begin(struct import *im, const char *name, enum definition_type type,
                  const struct words *names, const char *bundle)
{
    struct str text = STR_INIT;
    im->open = section_new("", name, strlen(name));
    if (im->open != NULL && bundle != NULL && words_add(&im->open->bundles, bundle) < 0)
        no_memory(im);
    str_printf(&text, "%s\n", definition_type_name(type));
    import_file(im, "type", text.data);
    if (type == DEFINITION_BUNDLE)
        put_list(im, "contents", "", names);
    else
        put_list(im, "dependencies", "base\n", names);
    str_release(&text);
}

void import_end(struct import *im)
{
    struct words cannot = WORDS_INIT;
    struct str text = STR_INIT;
    struct section *s = im->open;
    im->open = NULL;
    if (s == NULL || conf_write(s, &text, &cannot) < 0) {
        no_memory(im);
        section_free(s);
    } else if (cannot.count > 0) {
        import_note(im, NULL, "%s becomes a directory: a section cannot hold its %s", s->name,
                    cannot.item[0]);
        if (sections_add(&im->kept, s) < 0)
            no_memory(im);
    } else {
        import_text(im, text.data);
        section_free(s);
    }
    str_release(&text);
    words_release(&cannot);
}
