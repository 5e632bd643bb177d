/* The rows of the keys, one after the other, on every way that a value goes: definition, database,
 * live directory, what pid 1 reads in a service directory, the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/signals.h"
#include "services/livedir.h"
#include "services/servicedir.h"
#include "tests/unit/services/tree.h"

struct ways {
    struct tree tree;
    struct definitions read;    /* as boot and overlog check do */
    struct definitions packed;  /* the same, through the database */
    struct definitions scanned; /* as pid 1 reads a directory in /run/service */
    struct service_keys live;   /* as pid 1 reads the live directory */
    struct problems problems;
};

static bool is_kept(const struct key_row *k)
{
    return key_is_flag(k) || key_is_number(k) || key_is_words(k) || k->kind == KEY_NAME ||
           k->kind == KEY_POLICY;
}

static enum definition_type type_of(const struct key_row *k)
{
    return (k->types & KEY_LONGRUN) != 0   ? DEFINITION_LONGRUN
           : (k->types & KEY_ONESHOT) != 0 ? DEFINITION_ONESHOT
                                           : DEFINITION_BUNDLE;
}

static const struct definition *it(const struct definitions *d)
{
    long i = definitions_find(d, "it");
    assert_true(i >= 0);
    return &d->item[i];
}

static void put(const struct ways *w, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "s6-rc.d/it/%s", name);
    tree_file(&w->tree, path, text);
}

/* A definition `it` of the row's type with all that the type needs, and with the row's own file,
 * unless text is NULL. Then all ways that it is read. */
static void go(struct ways *w, const struct key_row *k, const char *text)
{
    struct str bytes = STR_INIT;
    struct error e = ERROR_INIT;
    char line[16], live[128];
    memset(w, 0, sizeof *w);
    tree_make(&w->tree);
    snprintf(line, sizeof line, "%s\n", definition_type_name(type_of(k)));
    put(w, "type", line);
    for (const struct key_row *other = key_rows; other->name != NULL; other++)
        if ((other->needed & 1U << type_of(k)) != 0)
            put(w, other->name, "true\n");
    if (type_of(k) == DEFINITION_BUNDLE && k->list != LIST_CONTENTS)
        put(w, "contents.d/", "");
    if (text != NULL)
        put(w, k->name, text);

    const struct definition_source source = {.path = w->tree.services};
    const struct definition_sources sources = {.item = &source, .count = 1};
    assert_int_equal(definitions_read(&w->read, &sources, &w->problems), 0);
    assert_int_equal(definitions_pack(&w->read, &bytes), 0);
    assert_int_equal(definitions_unpack(&w->packed, bytes.data, bytes.length, &e), 0);
    str_release(&bytes);
    snprintf(live, sizeof live, "%s/live", w->tree.root);
    assert_int_equal(livedir_fill(it(&w->read), live, &e), 0);
    servicedir_read(&w->live, live, NULL);
    struct definition *scanned = definitions_add(&w->scanned, "it", DEFINITION_LONGRUN);
    assert_non_null(scanned);
    servicedir_define(scanned, it(&w->read)->directory);
}

static void end(struct ways *w)
{
    definitions_release(&w->read);
    definitions_release(&w->packed);
    definitions_release(&w->scanned);
    problems_release(&w->problems);
    tree_remove(&w->tree);
}

/* The file holds text: that is the value on every way, and there are so many problems, of the
 * file's first line. */
static void number_is(const struct key_row *k, const char *text, int64_t value, size_t problems)
{
    struct ways w;
    char path[256];
    go(&w, k, text);
    snprintf(path, sizeof path, "%s/it/%s", w.tree.services, k->name);
    if (w.problems.count != problems)
        print_error("%s \"%s\"\n", k->name, text == NULL ? "" : text);
    assert_int_equal(w.problems.count, problems);
    for (size_t i = 0; i < problems; i++) {
        assert_string_equal(w.problems.item[i].path, path);
        assert_int_equal(w.problems.item[i].line, 1);
    }
    assert_int_equal(key_number(k, key_value(k, it(&w.read))), value);
    assert_int_equal(key_number(k, key_value(k, it(&w.packed))), value);
    if ((k->use & KEY_LIVE) != 0)
        assert_int_equal(key_number(k, key_place_in(k, &w.live)), value);
    if ((k->use & KEY_SCANNED) != 0)
        assert_int_equal(key_number(k, key_value(k, it(&w.scanned))), value);
    end(&w);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void rows_are_sound(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        for (const struct key_row *other = key_rows; other < k; other++) {
            assert_true(strcmp(k->name, other->name) != 0 || (k->types & other->types) == 0);
            if (is_kept(k) && is_kept(other))
                assert_int_not_equal(k->offset, other->offset);
        }
        assert_int_equal(k->needed & ~k->types, 0);
        assert_true(k->needed == 0 || k->wanted != NULL);
        assert_true(k->low <= k->high);
        if ((k->use & KEY_LIVE) != 0) {
            struct service_keys keys;
            assert_non_null(key_place_in(k, &keys));
        }
        if (k->kind == KEY_WORD) {
            assert_int_equal(k->high - k->low + 1 < KEY_WORDS_MAX
                                 ? k->words[k->high - k->low + 1] == NULL
                                 : k->high - k->low + 1 == KEY_WORDS_MAX,
                             1);
            assert_non_null(k->words[k->high - k->low]);
            assert_non_null(k->wanted);
        }
    }
}

/* The ends of each range, what is just outside of them, and the default. */
static void numbers_go_all_ways(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        char text[32];
        /* Small descriptors are warned of: they are the standard ones. */
        size_t standard = k->kind == KEY_DESCRIPTOR ? 1 : 0;
        if (!key_is_number(k))
            continue;
        number_is(k, NULL, k->usual, 0);
        number_is(k, "", k->usual, 1);
        number_is(k, "nonsense\n", k->usual, 1);
        number_is(k, "-1\n", k->usual, 1);
        if (k->kind == KEY_WORD)
            continue;
        snprintf(text, sizeof text, "%lld\n", (long long)k->low);
        number_is(k, text, k->low, standard);
        snprintf(text, sizeof text, "%lld", (long long)k->high);
        number_is(k, text, k->high, 0);
        snprintf(text, sizeof text, "%lld \r\nrest\n", (long long)k->high);
        number_is(k, text, k->high, 0);
        snprintf(text, sizeof text, "%lld\n", (long long)k->low - 1);
        number_is(k, text, k->usual, 1);
        snprintf(text, sizeof text, "%lld\n", (long long)k->high + 1);
        number_is(k, text, k->usual, 1);
    }
}

static void times_have_units(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if (k->kind != KEY_MILLISECONDS)
            continue;
        number_is(k, "1m 30s\n", 90000, 0);
        number_is(k, "500ms", 500, 0);
        number_is(k, "50d", k->usual, 1);
        number_is(k, "30 s", k->usual, 1);
    }
}

static const struct restart_policy *policy_in(const struct key_row *k, const struct definition *d)
{
    return key_value(k, d);
}

/* The file restart holds text, which is written as canonical; NULL: there is no file. */
static void policy_is(const struct key_row *k, const char *text, const char *canonical)
{
    struct ways w;
    char out[RESTART_LINE_MAX];
    go(&w, k, text);
    assert_int_equal(w.problems.count, 0);
    restart_format(policy_in(k, it(&w.read)), out, sizeof out);
    assert_string_equal(out, canonical);
    assert_true(key_same(k, it(&w.read), it(&w.packed)));
    assert_true(restart_same(policy_in(k, it(&w.read)), key_place_in(k, &w.live)));
    end(&w);
}

static void a_policy_goes_all_ways(void **state)
{
    const struct key_row *k = key_find("restart", DEFINITION_LONGRUN);
    struct ways w;
    char path[256];
    (void)state;
    assert_int_equal(k->kind, KEY_POLICY);
    policy_is(k, NULL, "");
    policy_is(k, "always\n", "always");
    policy_is(k, "on-failure, ok 3 143 sigterm, 5 in 60000, wait 1s..1m, then exit \r\n# why\n",
              "on-failure, ok 3 143 TERM, 5 in 1m, wait 1s..1m, then exit");
    policy_is(k, "never, then 0", "never, then 0");

    go(&w, k, "always, 5 in soon\n");
    snprintf(path, sizeof path, "%s/it/restart", w.tree.services);
    assert_int_equal(w.problems.count, 1);
    assert_int_equal(w.problems.errors, 1);
    assert_string_equal(w.problems.item[0].path, path);
    assert_int_equal(w.problems.item[0].line, 1);
    assert_string_equal(w.problems.item[0].text, "invalid limit \"5 in soon\"");
    assert_string_equal(w.problems.item[0].cure, "write N in TIME, as in: 5 in 1m (7d at most)");
    const struct restart_policy *live = key_place_in(k, &w.live);
    assert_int_equal(live->when, RESTART_AS_UPSTREAM); /* which is said when it starts */
    end(&w);
}

/* A line that is longer than what is read of it is none. */
static void a_policy_that_is_cut(void **state)
{
    const struct key_row *k = key_find("restart", DEFINITION_LONGRUN);
    char line[2 * RESTART_LINE_MAX] = "always, ok";
    struct ways w;
    (void)state;
    while (strlen(line) < RESTART_LINE_MAX + 4)
        strcat(line, " 1");
    go(&w, k, line);
    assert_int_equal(w.problems.errors, 1);
    const struct restart_policy *live = key_place_in(k, &w.live);
    assert_int_equal(live->when, RESTART_AS_UPSTREAM);
    end(&w);
}

static void words_are_whole_words(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        for (int i = 0; i < KEY_WORDS_MAX && k->words[i] != NULL; i++) {
            char text[32];
            /* Nothing gives it up, which is warned of. */
            number_is(k, k->words[i], k->low + i, strcmp(k->words[i], "gave-up") == 0 ? 1 : 0);
            snprintf(text, sizeof text, "%s0\n", k->words[i]);
            number_is(k, text, k->usual, 1);
            snprintf(text, sizeof text, "%.*s\n", (int)strlen(k->words[i]) - 1, k->words[i]);
            number_is(k, text, k->usual, 1);
        }
}

static void signals_have_names(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        char text[32];
        if (k->kind != KEY_SIGNAL)
            continue;
        for (int i = 1; i < SIGNAL_COUNT; i++) {
            if (signal_name(i) == NULL)
                continue;
            snprintf(text, sizeof text, "SIG%s\n", signal_name(i));
            number_is(k, text, i, 0);
        }
        number_is(k, "usr1\n", signal_number("USR1", SIGNAL_LAST), 0);
        number_is(k, "SIGRTMIN\n", k->usual, 1);
    }
}

static void flags_and_programs(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if (!key_is_flag(k) || k->types == 0)
            continue;
        for (int there = 0; there < 2; there++) {
            struct ways w;
            bool is = there != 0 || (k->needed & 1U << type_of(k)) != 0;
            go(&w, k, there != 0 ? "any\n" : NULL);
            assert_int_equal(w.problems.count, 0);
            assert_int_equal(*(const bool *)key_value(k, it(&w.read)), is);
            assert_int_equal(*(const bool *)key_value(k, it(&w.packed)), is);
            if ((k->use & KEY_LIVE) != 0)
                assert_int_equal(*(const bool *)key_place_in(k, &w.live), is);
            end(&w);
        }
    }
}

static void lists_and_commands(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        struct ways w;
        if ((!key_is_words(k) && k->kind != KEY_NAME) || k->kind == KEY_INSTANCES)
            continue; /* of instances nothing is left: instances_test.c */
        /* The tree has no service of that name: only what was read is looked at. */
        go(&w, k,
           k->kind == KEY_CONDITIONS                         ? "one\n# more\n\ntwo=2\n"
           : k->kind == KEY_COMMAND || k->kind == KEY_SCRIPT ? "one two\n"
                                                             : "one\n");
        assert_true(key_same(k, it(&w.read), it(&w.packed)));
        if ((k->use & KEY_SCANNED) != 0)
            assert_true(key_same(k, it(&w.read), it(&w.scanned)));
        if (key_is_words(k)) {
            const struct words *words = key_value(k, it(&w.packed));
            assert_int_equal(words->count, k->kind == KEY_NAMES ? 1 : 2);
            assert_string_equal(words->item[0], "one");
        }
        end(&w);
    }
}

/* The live directory has what was found, byte for byte, and nothing else. */
static void the_live_directory_has_the_files(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        struct ways w;
        struct str text = STR_INIT;
        struct error e = ERROR_INIT;
        char path[256];
        if ((k->types & KEY_LONGRUN) == 0 || k->kind == KEY_DIRECTORY || k->kind == KEY_TYPE)
            continue;
        go(&w, k, "7 \n# more\n");
        snprintf(path, sizeof path, "%s/live/%s", w.tree.root, k->name);
        int result = file_read(AT_FDCWD, path, 100, &text, &e);
        assert_int_equal(result, (k->use & KEY_COPIED) != 0 ? 0 : -1);
        if (result == 0)
            assert_string_equal(text.data == NULL ? "" : text.data,
                                k->kind == KEY_FLAG ? "" : "7 \n# more\n");
        str_release(&text);
        end(&w);
    }
}

/* A service directory that nobody has checked. */
static void nonsense_in_a_service_directory_counts_as_nothing(void **state)
{
    (void)state;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        struct tree tree;
        struct service_keys keys;
        char path[128];
        if ((k->use & KEY_LIVE) == 0 || !key_is_number(k))
            continue;
        tree_make(&tree);
        snprintf(path, sizeof path, "%s/%s", tree.services, k->name);
        assert_int_equal(mkfifo(path, 0600), 0); /* is not waited for */
        servicedir_read(&keys, tree.services, NULL);
        assert_int_equal(key_number(k, key_place_in(k, &keys)), k->usual);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        servicedir_read(&keys, tree.services, NULL);
        assert_int_equal(key_number(k, key_place_in(k, &keys)), k->usual);
        tree_remove(&tree);
        servicedir_read(&keys, tree.services, NULL);
        assert_int_equal(key_number(k, key_place_in(k, &keys)), k->usual);
    }
}

/* --- the manual ------------------------------------------------------------------------------- */

static const char *section_of(const struct key_row *k)
{
    if (k->kind == KEY_NOTHING)
        return "Ignored";
    if (k->types == 0)
        return "Service directories";
    if (k->types == KEY_LONGRUN || (k->use & KEY_COPIED) != 0)
        return "Longruns";
    return k->types == KEY_ONESHOT  ? "Oneshots"
           : k->types == KEY_BUNDLE ? "Bundles"
                                    : "Any service";
}

struct entry {
    char section[32];
    char name[32];
    char text[1024]; /* without macros, one blank between words */
};

struct page {
    struct entry entry[64];
    size_t count;
};

static void add_names(struct page *p, const char *section, const char *names)
{
    while (*names != '\0') {
        struct entry *e = &p->entry[p->count++];
        size_t length = strcspn(names, " ");
        assert_true(p->count < sizeof p->entry / sizeof p->entry[0] && length < sizeof e->name);
        snprintf(e->section, sizeof e->section, "%s", section);
        snprintf(e->name, sizeof e->name, "%.*s", (int)length, names);
        if (e->name[length - 1] == '/')
            e->name[length - 1] = '\0';
        names += length;
        if (strncmp(names, " , ", 3) == 0)
            names += 3;
    }
}

/* A line of text belongs to every entry that the last item named. */
static void add_text(struct page *p, size_t from, const char *line)
{
    if (line[0] == '.') /* a macro: what it is about is text */
        line += strcspn(line, " ") + (strchr(line, ' ') != NULL);
    for (size_t i = from; i < p->count; i++) {
        strncat(p->entry[i].text, line, sizeof p->entry[i].text - strlen(p->entry[i].text) - 2);
        strcat(p->entry[i].text, " ");
    }
}

static void read_page(struct page *p)
{
    FILE *f = fopen("docs/s6-rc-source.5", "r"); /* tests run in the root of the sources */
    char line[512], section[32] = "";
    size_t from = 0;
    assert_non_null(f);
    memset(p, 0, sizeof *p);
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, ".Ss ", 4) == 0)
            snprintf(section, sizeof section, "%.31s", line + 4);
        else if (strncmp(line, ".It Pa ", 7) == 0)
            from = p->count, add_names(p, section, line + 7);
        else if (strncmp(line, ".El", 3) == 0)
            from = p->count;
        else
            add_text(p, from, line);
    }
    fclose(f);
}

static struct entry *find_entry(struct page *p, const char *section, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->entry[i].section, section) == 0 && strcmp(p->entry[i].name, name) == 0)
            return &p->entry[i];
    print_error("the manual lacks %s under %s\n", name, section);
    fail();
    return NULL;
}

static void says(const struct entry *e, const char *text)
{
    if (strstr(e->text, text) == NULL)
        print_error("the manual does not say \"%s\" of %s\n", text, e->name);
    assert_non_null(strstr(e->text, text));
}

static void the_manual_has_each_row(void **state)
{
    static struct page page;
    char text[64];
    size_t rows = 0;
    (void)state;
    read_page(&page);
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        const struct entry *e = find_entry(&page, section_of(k), k->name);
        rows += k->folder != NULL ? 2 : 1;
        if (k->folder != NULL)
            (void)find_entry(&page, section_of(k), k->folder);
        for (int i = 0; i < KEY_WORDS_MAX && k->words[i] != NULL; i++)
            says(e, k->words[i]);
        if (!key_is_number(k))
            continue;
        if (k->usual < k->low)
            says(e, "default none");
        else if (k->kind == KEY_SIGNAL)
            snprintf(text, sizeof text, "default SIG%s", signal_name((int)k->usual)), says(e, text);
        else
            snprintf(text, sizeof text, "default %lld", (long long)k->usual), says(e, text);
        if (k->kind == KEY_WORD)
            continue;
        snprintf(text, sizeof text, "%lld to %lld, ", (long long)k->low, (long long)k->high);
        says(e, text);
        if (k->kind == KEY_MILLISECONDS)
            says(e, "Milliseconds");
    }
    assert_int_equal(page.count, rows);
}

/* One look says which files there may be: a link to nothing is one, a file of another name none. */
static void a_listing_names_the_rows(void **state)
{
    struct ways w = {.live = {.has_run = false}};
    struct keys_there there;
    char link[256];
    (void)state;
    tree_make(&w.tree);
    put(&w, "run", "");
    put(&w, "contents.d/", "");
    put(&w, "runs", "");
    snprintf(link, sizeof link, "%s/it/finish", w.tree.services);
    assert_int_equal(symlink("nothing", link), 0);
    int fd = open(w.tree.services, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int of_it = openat(fd, "it", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    keys_list(&there, of_it);
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        assert_int_equal(keys_may_have(&there, k), strcmp(k->name, "run") == 0 ||
                                                       strcmp(k->name, "finish") == 0 ||
                                                       strcmp(k->name, "contents") == 0);
    close(of_it);
    close(fd);
    keys_list(&there, -1); /* what cannot be listed is looked for, file by file */
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        assert_true(keys_may_have(&there, k));
    tree_remove(&w.tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(numbers_go_all_ways),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(a_policy_goes_all_ways),
        cmocka_unit_test(a_policy_that_is_cut),
        cmocka_unit_test(words_are_whole_words),
        cmocka_unit_test(signals_have_names),
        cmocka_unit_test(flags_and_programs),
        cmocka_unit_test(lists_and_commands),
        cmocka_unit_test(the_live_directory_has_the_files),
        cmocka_unit_test(nonsense_in_a_service_directory_counts_as_nothing),
        cmocka_unit_test(the_manual_has_each_row),
        cmocka_unit_test(a_listing_names_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
