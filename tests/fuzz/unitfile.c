/* overlog import of units of systemd, with a NUL byte between two: each setting has a line of the
 * text, each word of a command comes back from a command line of services.conf, and whatever the
 * units say, what is written can be read again, without a mistake, and has each service. */
#include "base/lexer.h"
#include "command/overlog/unit_import.h"
#include "tests/fuzz/imported.h"

static void check_word(const char *word)
{
    struct str out = STR_INIT;
    struct words back = WORDS_INIT;
    struct lexer_error e;
    if (unit_splits(word)) {
        MUST(unit_sh_word(word, &out) == 0 && out.data[0] == '$');
    } else {
        MUST(unit_conf_word(word, &out) == 0);
        MUST(lexer_words(out.data, out.length, &back, &e) == 0 && back.count == 1);
        MUST(strchr(word, '$') != NULL || !unit_is_plain(word) || strcmp(back.item[0], word) == 0);
    }
    words_release(&back);
    str_release(&out);
}

static void check_commands(const struct unit_setting *s)
{
    static const struct unit_names names = {"a@.service", "a", NULL};
    struct unit_execs list = {.count = 0};
    struct unit_unknown unknown = {""};
    unit_exec_parse(s, &names, &list, &unknown);
    for (size_t i = 0; i < list.count; i++) {
        MUST(list.item[i].word.count > 0 && unit_is_plain(list.item[i].word.item[0]) ==
                                                (strchr(list.item[i].word.item[0], 1) == NULL));
        unit_exec_signal(&list.item[i]);
        for (size_t k = 0; k < list.item[i].word.count; k++)
            check_word(list.item[i].word.item[k]);
    }
    unit_execs_release(&list);
}

static void check_settings(const char *text)
{
    struct unit_file u = {.count = 0};
    unsigned int last = 1, before = 0;
    for (const char *p = text; *p != '\0'; p++)
        last += *p == '\n';
    MUST(unit_parse(&u, "f", text) == 0 || u.count == UNIT_SETTINGS_MAX);
    for (size_t i = 0; i < u.count; i++) {
        const struct unit_setting *s = &u.item[i];
        MUST(s->line > before && s->line <= last);
        MUST(s->mistake != UNIT_GOOD || s->section[0] != '\0');
        before = s->line;
        check_commands(s);
    }
    unit_file_release(&u);
}

/* Templates have no instances then. */
static size_t templates_of(const struct import *im)
{
    size_t n = 0;
    for (size_t i = 0; i < im->units; i++)
        n += im->unit[i].template && im->unit[i].service[0] != '\0';
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"/nowhere/a.service", "/nowhere/b@.service",
                                        "/nowhere/b@c.service", "/nowhere/a-d.service",
                                        "/nowhere/e.socket"};
    struct input in = {data, size};
    struct tree t;
    uint8_t kind = input_byte(&in);
    const char *root = fuzz_directory();
    char *text;
    make_empty_tree(&t, root);
    struct import im = {.tree = &t, .file = "/nowhere/file"};
    for (size_t i = 0; i < 5 && in.left > 0; i++) {
        size_t n = strnlen((const char *)in.at, in.left);
        text = strndup((const char *)in.at, n);
        MUST(text != NULL);
        check_settings(text);
        MUST(import_unit(&im, names[i], text) == 0);
        free(text);
        n += n < in.left;
        in.at += n;
        in.left -= n;
    }
    MUST(units_make(&im) == 0);
    if (im.services > 0) {
        MUST(import_save(&im, kind % 2 == 0, "") == 0);
        MUST(services_again(root) >= services_of(&t) + im.services - templates_of(&im));
    }
    import_release(&im);
    tree_release(&t);
    return 0;
}
