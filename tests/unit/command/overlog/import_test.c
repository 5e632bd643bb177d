/* The names of what is imported: each service and each bundle has one of its own, whatever the file
 * calls them, and the tree can be read. */
#include "base/file.h"
#include "base/message.h"
#include "command/overlog/import.h"
#include "command/overlog/overlog.h"
#include "services/graph.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];
static struct tree tree;
static struct import import;

static int setup(void **state)
{
    char path[100];
    struct error e = ERROR_INIT;
    (void)state;
    strcpy(root, "/tmp/import_test.XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/s6-rc.d", root);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(tree_find(&tree, NULL, root, &e), 0);
    assert_int_equal(tree_read(&tree), 0);
    import = (struct import){.tree = &tree, .file = "/nowhere/file"};
    return 0;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    import_release(&import);
    tree_release(&tree);
    assert_int_equal(file_remove_tree(AT_FDCWD, root, &e), 0);
    return 0;
}

static void reads_without_a_mistake(size_t services)
{
    struct error e = ERROR_INIT;
    assert_int_equal(import.services, services);
    assert_int_equal(import_save(&import, true, ""), 0);
    tree_release(&tree);
    assert_int_equal(tree_find(&tree, NULL, root, &e), 0);
    assert_int_equal(tree_read(&tree), 0);
    assert_int_equal(tree.problems.errors, 0);
    assert_int_equal(tree.problems.count, 0);
}

static void noted(const char *text)
{
    size_t i = 0;
    while (i < import.notes && strcmp(import.note[i].text, text) != 0)
        i++;
    if (i == import.notes)
        fail_msg("not noted: %s", text);
}

/* Both are called so in the file, too; or only once that name is made one of a service. */
static void a_bundle_never_takes_a_process_for_its_own(void **state)
{
    (void)state;
    assert_int_equal(import_supervisord(&import, "[program:..b]\ncommand=x\nnumprocs=2\n"), 0);
    noted("a process has the same name: no bundle is made of it");
    reads_without_a_mistake(2);
}

static void nor_does_that_of_a_group(void **state)
{
    (void)state;
    assert_int_equal(import_supervisord(&import, "[program:a-b]\ncommand=x\n"
                                                 "[program:c]\ncommand=x\n"
                                                 "[group:a/b]\nprograms=a-b,c\n"),
                     0);
    noted("a process has the same name: no bundle is made of it");
    reads_without_a_mistake(2);
}

static void two_groups_with_one_name_are_not_mixed(void **state)
{
    const struct definition *d;
    (void)state;
    assert_int_equal(import_supervisord(&import, "[program:c]\ncommand=x\n"
                                                 "[program:d]\ncommand=x\n"
                                                 "[group:a b]\nprograms=c\n"
                                                 "[group:a/b]\nprograms=d\n"),
                     0);
    noted("another bundle has the same name: none is made of it");
    reads_without_a_mistake(2);
    long i = definitions_find(&tree.definitions, "a-b");
    assert_true(i >= 0);
    d = &tree.definitions.item[i];
    assert_int_equal(d->type, DEFINITION_BUNDLE);
    assert_int_equal(d->contents.count, 1);
    assert_string_equal(d->contents.item[0], "c");
}

/* The group's bundle has all processes of a program of its name. */
static void a_program_in_a_group_of_its_name(void **state)
{
    (void)state;
    assert_int_equal(import_supervisord(&import, "[program:web]\ncommand=x\nnumprocs=2\n"
                                                 "process_name=%(program_name)s_%(process_num)d\n"
                                                 "[program:d]\ncommand=x\n"
                                                 "[group:web]\nprograms=web,d\n"),
                     0);
    assert_int_equal(import.notes, 0);
    reads_without_a_mistake(3);
    long i = definitions_find(&tree.definitions, "web");
    assert_true(i >= 0);
    assert_int_equal(tree.definitions.item[i].contents.count, 3);
}

static void run_is(const char *name, const char *line)
{
    struct str run = STR_INIT;
    struct error e = ERROR_INIT;
    char path[100];
    snprintf(path, sizeof path, "%s/s6-rc.d/%s/run", root, name);
    assert_int_equal(file_read(AT_FDCWD, path, 4096, &run, &e), 0);
    if (strstr(run.data, line) == NULL)
        fail_msg("%s is %s", name, run.data);
    str_release(&run);
}

static void processes_of_one_name(void **state)
{
    (void)state;
    assert_int_equal(
        import_procfile(&import, "web: one\nweb: two\nweb: three\nbase: x\nprogram-base: y\n"), 0);
    noted("there is more than one process web: one is called web-1");
    noted("there is more than one process program-base: one is called program-base-1");
    reads_without_a_mistake(5);
    run_is("web", "exec one\n");
    run_is("web", "PORT:-5000");
    run_is("web-1", "exec two\n");
    run_is("web-2", "exec three\n");
    run_is("web-2", "PORT:-5200");
    run_is("program-base", "exec x\n");
    run_is("program-base-1", "exec y\n");
}

static void nothing(const char *line, size_t length)
{
    (void)line;
    (void)length;
}

/* Each process and each note is looked for among all others. */
static void endless_files(void **state)
{
    struct str text = STR_INIT;
    (void)state;
    for (int i = 0; i < 20000; i++)
        str_printf(&text, "%d\n", i);
    for (int i = 0; i < 20000; i++)
        str_add_text(&text, "a:b\n");
    message_to(nothing);
    assert_int_equal(import_procfile(&import, text.data), 1);
    message_to(NULL);
    assert_int_equal(import.services, IMPORT_PROCESSES_MAX);
    assert_int_equal(import.notes, 1000);
    noted("there is more that could not be carried over");
    str_release(&text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_bundle_never_takes_a_process_for_its_own),
        T(nor_does_that_of_a_group),
        T(two_groups_with_one_name_are_not_mixed),
        T(a_program_in_a_group_of_its_name),
        T(processes_of_one_name),
        T(endless_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
