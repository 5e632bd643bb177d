#include "command/overlog/dirs.h"
#include "command/overlog/conf_write.h"
#include <stdio.h>
#include <string.h>

static void put_file(struct dirs *w, mode_t mode, const char *path, const char *text)
{
    char whole[8192];
    if (w->to == NULL) {
        str_printf(w->out, "%s\n", path);
        for (const char *at = text; *at != '\0'; at += *at == '\n') {
            size_t n = strcspn(at, "\n");
            str_printf(w->out, "%s%.*s\n", n > 0 ? "    " : "", (int)n, at);
            at += n;
        }
        return;
    }
    snprintf(whole, sizeof whole, "%.4000s/%.4000s", w->to, path);
    write_path(&w->writer, whole, mode, text);
}

static void put_folder(struct dirs *w, const char *name, const char *folder,
                       const struct section_file *f)
{
    struct words names = WORDS_INIT;
    char path[4096];
    if (conf_names(f, &names) < 0)
        w->writer.code = EXIT_SYSTEM;
    if (names.count == 0) { /* as a list: no folder keeps nothing */
        snprintf(path, sizeof path, "s6-rc.d/%.1000s/%.1000s", name, f->name);
        put_file(w, 0644, path, "");
    }
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path, sizeof path, "s6-rc.d/%.1000s/%.100s/%.1000s", name, folder, names.item[i]);
        put_file(w, 0644, path, "");
    }
    words_release(&names);
}

static void put_definition(struct dirs *w, const struct section *s, enum definition_type type)
{
    char path[4096];
    for (size_t i = 0; i < s->count; i++) {
        const struct section_file *f = &s->file[i];
        const struct key_row *k = key_find(f->name, type);
        snprintf(path, sizeof path, "s6-rc.d/%.1000s/%.1000s", s->name, f->name);
        if (k != NULL && k->folder != NULL)
            put_folder(w, s->name, k->folder, f);
        else
            put_file(w, k != NULL && k->kind == KEY_PROGRAM ? 0755 : 0644, path, f->text);
    }
}

void dirs_put(struct dirs *w, const struct section *s, enum definition_type type)
{
    char path[4096];
    put_definition(w, s, type);
    for (size_t i = 0; i < s->bundles.count; i++) {
        bool user = strncmp(s->bundles.item[i], "user", 4) == 0;
        snprintf(path, sizeof path, "%s/%.1000s/contents.d/%.1000s",
                 user ? "user-bundles.d" : "s6-rc.d", s->bundles.item[i], s->name);
        put_file(w, 0644, path, "");
    }
}
