/* Definitions in services.conf, beside those in directories. */
#include "base/file.h"
#include "services/database.h"
#include "services/graph.h"
#include "services/instances.h"
#include "services/livedir.h"
#include "tests/unit/services/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct tree tree;
static struct definitions d;
static struct problems p;
static struct graph g;

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static void forget(void)
{
    graph_release(&g);
    definitions_release(&d);
    problems_release(&p);
}

static int teardown(void **state)
{
    (void)state;
    forget();
    tree_remove(&tree);
    return 0;
}

static void read_it(void)
{
    char conf[128];
    snprintf(conf, sizeof conf, "%s/services.conf", tree.root);
    const struct definition_source sources[] = {{.path = tree.services},
                                                {.path = tree.bundles, .bundles = true},
                                                {.path = conf, .conf = true}};
    const struct definition_sources from = {.item = sources, .count = 3};
    forget();
    assert_int_equal(definitions_builtin(&d), 0);
    assert_int_equal(definitions_read(&d, &from, &p), 0);
    graph_build(&g, &d, &p);
}

static void problem_is(size_t i, const char *expected)
{
    char text[1024];
    assert_true(i < p.count);
    assert_memory_equal(p.item[i].path, tree.root, strlen(tree.root));
    snprintf(text, sizeof text, "%s %s:%u: %s", p.item[i].warning ? "W" : "E",
             p.item[i].path + strlen(tree.root) + 1, p.item[i].line, p.item[i].text);
    assert_string_equal(text, expected);
}

static const struct definition *definition(const char *name)
{
    long found = definitions_find(&d, name);
    assert_true(found >= 0);
    return &d.item[found];
}

static void content_is(const char *path, const char *expected, mode_t mode)
{
    char full[512];
    struct stat s;
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    snprintf(full, sizeof full, "%s/%s", tree.root, path);
    assert_int_equal(file_read(AT_FDCWD, full, 1 << 16, &text, &e), 0);
    assert_string_equal(text.data, expected);
    assert_int_equal(stat(full, &s), 0);
    assert_int_equal(s.st_mode & 0777, mode);
    str_release(&text);
}

static void templates_have_both_names(void **state)
{
    char text[700], name[300];
    (void)state;
    tree_file(&tree, "services.conf",
              "[one@]\nrun = x\ninstances = 2\n[a]\nrun = x\nneeds = one@\n[b]\nrun = x\n"
              "after = one\nneeds = none\n[c]\ncontents = one@\n");
    read_it();
    assert_int_equal(p.count, 0);
    assert_string_equal(definition("a")->dependencies.item[0], "one");
    assert_string_equal(definition("c")->contents.item[0], "one");
    memset(name, 'x', sizeof name);
    snprintf(text, sizeof text, "[%.252s@]\nrun = x\ninstances = 10\n", name);
    tree_file(&tree, "services.conf", text);
    read_it();
    assert_int_equal(p.count, 0);
    struct error e = ERROR_INIT;
    name[252] = '\0';
    assert_int_equal(instances_scale(&d, name, 100, &e), -1);
    assert_string_equal(e.text, "the names of 100 instances have more than 255 bytes");
    assert_int_equal(instances_scale(&d, name, 11, &e), 0);
    name[252] = 'x';
    snprintf(text, sizeof text, "[%.253s@]\nrun = x\ninstances = 10\n", name);
    tree_file(&tree, "services.conf", text);
    read_it();
    assert_true(p.errors > 0);
    assert_string_equal(p.item[0].text, "the names of its instances have more than 255 bytes");
}

static void sections_are_definitions(void **state)
{
    char path[256];
    struct error e = ERROR_INIT;
    (void)state;
    tree_file(&tree, "services.conf",
              "[web]\nrun = httpd\nneeds = db, init\nflag-newpidns = yes\ntimeout-kill = 2s\n");
    tree_file(&tree, "services.conf.d/10-init.conf", "[init]\nonce = make\nbundle = none\n");
    tree_file(&tree, "services.conf.d/readme", "what\n");
    tree_file(&tree, "s6-rc.d/db/type", "longrun\n");
    tree_file(&tree, "s6-rc.d/db/run", "#!/bin/sh\n");
    read_it();
    assert_int_equal(p.count, 0);
    const struct definition *web = definition("web");
    assert_int_equal(web->type, DEFINITION_LONGRUN);
    assert_true(web->keys.has_run && web->keys.new_pids);
    assert_int_equal(web->keys.timeout_kill, 2000);
    assert_int_equal(web->dependencies.count, 2);
    assert_string_equal(definition("init")->up.item[0], "with-contenv");
    assert_true(words_has(&definition("user")->contents, "web"));
    assert_false(words_has(&definition("user")->contents, "init"));
    snprintf(path, sizeof path, "%s/live/web", tree.root);
    assert_int_equal(livedir_fill(web, path, &e), 0);
    content_is("live/web/run", "#!/command/execlineb -P\nwith-contenv\nhttpd\n", 0755);
    content_is("live/web/timeout-kill", "2s\n", 0644);
    content_is("live/web/flag-newpidns", "", 0644);
    snprintf(path, sizeof path, "%s/live/web/type", tree.root);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/db", tree.root);
    assert_int_equal(database_compile(path, &d, &e), 0);
    content_is("db/servicedirs/web/run", "#!/command/execlineb -P\nwith-contenv\nhttpd\n", 0755);
    definitions_forget_files(&d);
    assert_null(definition("web")->section);
}

static void only_sections_are_enough(void **state)
{
    (void)state;
    assert_int_equal(rmdir(tree.services), 0);
    assert_int_equal(rmdir(tree.bundles), 0);
    tree_file(&tree, "services.conf", "[web]\nrun = httpd\n");
    read_it();
    assert_int_equal(p.count, 0);
    assert_int_equal(g.count, 4);
}

static void a_name_is_defined_once(void **state)
{
    (void)state;
    tree_file(&tree, "services.conf", "# c\n[web]\nrun = httpd\n[init]\nonce = make\n");
    tree_file(&tree, "services.conf.d/a.conf", "\n[init]\nonce = make\n[base]\nonce = x\n");
    tree_file(&tree, "s6-rc.d/web/type", "oneshot\n");
    tree_file(&tree, "s6-rc.d/web/up", "true\n");
    read_it();
    char text[512];
    snprintf(text, sizeof text,
             "E services.conf:2: duplicate definition: web is already defined in %s/s6-rc.d/web",
             tree.root);
    problem_is(0, text);
    snprintf(text, sizeof text,
             "E services.conf.d/a.conf:2: duplicate definition: init is already defined in "
             "%s/services.conf:4",
             tree.root);
    problem_is(1, text);
    problem_is(2, "E services.conf.d/a.conf:4: duplicate definition: base is already defined by "
                  "the container");
    assert_int_equal(p.count, 3);
}

static void mistakes_have_the_line_of_the_file(void **state)
{
    (void)state;
    tree_file(&tree, "services.conf",
              "[web]\nrun = httpd\nneeds =\n  init\n  nothing\nuser = \"x\nrestart = often\n"
              "timeout-kill = 5x\nmax-death-tally = 5000\nbundle = web2\n"
              "[init]\nonce = a {\ntimeout-kill = 5\ncontainer-exit = never\n\n[web2]\n"
              "run = x\nneeds = web2\nlost\n");
    read_it();
    problem_is(0, "E services.conf:19: there is no = in lost");
    problem_is(1, "E services.conf:6: user: unterminated quote");
    problem_is(2, "E services.conf:8: invalid number \"5x\"");
    problem_is(3, "E services.conf:9: number 5000 is too large: at most 4096");
    assert_int_equal(p.item[4].line, 7); /* restart */
    problem_is(5, "E services.conf:12: once: unmatched {");
    problem_is(6, "W services.conf:13: timeout-kill is ignored: it means nothing in a oneshot");
    problem_is(7, "W services.conf:14: container-exit is ignored: it means nothing in a oneshot");
    problem_is(8, "E services.conf:12: syntax error in column 3: unmatched {");
    problem_is(9, "E services.conf:10: web2 is no bundle");
    problem_is(10, "E services.conf:5: during dependency resolution for service web: undefined "
                   "service name nothing");
}

static void sections_add_to_what_is_elsewhere(void **state)
{
    (void)state;
    tree_file(&tree, "services.conf",
              "[db]\nneeds = init\n[init]\nonce = make\nbundle = all\n"
              "[gone]\nneeds = init\n[user]\ncontents = db\n");
    tree_file(&tree, "s6-rc.d/db/type", "longrun\n");
    tree_file(&tree, "s6-rc.d/db/run", "#!/bin/sh\n");
    tree_file(&tree, "s6-rc.d/all/type", "bundle\n");
    tree_file(&tree, "s6-rc.d/all/contents.d/db", "");
    read_it();
    assert_true(words_has(&definition("db")->dependencies, "init"));
    assert_true(words_has(&definition("all")->contents, "init"));
    assert_true(words_has(&definition("user")->contents, "db"));
    problem_is(0, "E services.conf:6: nothing tells what gone is");
    assert_int_equal(p.count, 1);
}

static void no_file_is_no_mistake(void **state)
{
    (void)state;
    read_it();
    assert_int_equal(p.count, 0);
    tree_file(&tree, "services.conf/", "");
    read_it();
    assert_int_equal(p.errors, 1);
}

static void a_word_of_a_shell_is_said_once(void **state)
{
    (void)state;
    tree_file(&tree, "services.conf", "[a]\nonce = x && y $Z\ndown = x | y\n\n[b]\nup = x > y\n");
    read_it();
    problem_is(0, "W services.conf:2: && is given to x as an argument: no shell reads this command "
                  "line");
    problem_is(1, "W services.conf:3: | is given to x as an argument: no shell reads this command "
                  "line");
    problem_is(2, "W services.conf:6: > is given to x as an argument: no shell reads this command "
                  "line");
    assert_int_equal(p.count, 3);
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        test(templates_have_both_names),
        test(sections_are_definitions),
        test(only_sections_are_enough),
        test(a_name_is_defined_once),
        test(mistakes_have_the_line_of_the_file),
        test(sections_add_to_what_is_elsewhere),
        test(no_file_is_no_mistake),
        test(a_word_of_a_shell_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
