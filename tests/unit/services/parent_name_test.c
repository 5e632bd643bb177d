#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "services/parent_name.h"
#include "tests/unit/services/tree.h"

static struct tree tree;

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

static void which_scripts_look_for_the_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned int line;
    } cases[] = {
        {"", 0},
        {"#!/bin/sh\nps | grep s6-supervise\n", 2},
        {"pgrep -f \"s6-supervise svc-nginx\" && s6-svc -u x", 1},
        {"parent=$(cat /proc/$PPID/comm)\n\ncase $parent in\n  s6-supervise) ok ;;\nesac\n", 4},
        {"[ \"$(ps -o comm= -p $PPID)\" = s6-supervise ]\n", 1},
        {"\t# ps | grep s6-supervise\nps\n", 0},    /* a comment */
        {"ps\necho s6-supervise is not here\n", 0}, /* only says it */
        {"exec s6-supervise /x\nps\n", 0},          /* executes it */
        {"s6-supervise /x &\nps\n", 0},
        {"foreground { /command/s6-supervise x }\nps\n", 0},
        {"ps | grep s6-supervised\n", 0}, /* other words */
        {"ps | grep my-s6-supervise\n", 0},
        {"x=s6-supervise\nkeeps x\n", 0}, /* nothing lists processes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(parent_name_line(cases[i].text), cases[i].line);
}

/* What a script names, in the tree. */
static bool place(void *context, const char *path, char out[4096])
{
    (void)context;
    snprintf(out, 4096, "%s%s", tree.root, path);
    return strcmp(path, "/unknown") != 0;
}

static char found[256];

static void note(void *context, const char *path, unsigned int line)
{
    size_t n = strlen(found);
    (void)context;
    snprintf(found + n, sizeof found - n, "%s:%u ", path + strlen(tree.root), line);
}

static void look(const char *name)
{
    char path[256];
    char target[256];
    struct parent_names names = {.place = place, .found = note};
    found[0] = '\0';
    snprintf(path, sizeof path, "%s/looked-at", tree.root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/looked-at/it", tree.root);
    snprintf(target, sizeof target, "../%s", name);
    assert_int_equal(symlink(target, path), 0);
    *strrchr(path, '/') = '\0';
    parent_names_look(&names, path, NULL);
    parent_names_look(&names, path, NULL); /* each file once */
    parent_names_release(&names);
    strcat(path, "/it");
    assert_int_equal(unlink(path), 0);
}

static void scripts_that_scripts_name(void **state)
{
    (void)state;
    static const char looks[] = "ps | grep s6-supervise\n", binary[] = "\177ELF\0ps s6-supervise";
    char path[256];
    struct error e = ERROR_INIT;
    tree_file(&tree, "common", looks);
    tree_file(&tree, "a", "#!/bin/sh\n# exec /binary\nexec /b --x=/nothing >/dev/null");
    tree_file(&tree, "b", "source /common\n. \"/unknown\"; /a /proc/self/x /binary ${X}/common");
    snprintf(path, sizeof path, "%s/binary", tree.root);
    assert_int_equal(file_write(AT_FDCWD, path, binary, sizeof binary, 0644, &e), 0);
    look("a");
    assert_string_equal(found, "/common:1 ");
    look("binary");
    assert_string_equal(found, "");
    look("missing");
    look("");
    assert_string_equal(found, "");
    /* Not for ever: /1 names /2 and so on. */
    for (int k = 1; k < 19; k++) {
        char name[16];
        char text[32];
        snprintf(name, sizeof name, "%d", k);
        snprintf(text, sizeof text, "exec /%d\n", k + 1);
        tree_file(&tree, name, text);
    }
    tree_file(&tree, "19", looks);
    look("1");
    assert_string_equal(found, "");
    look("17");
    assert_string_equal(found, "/19:1 ");
}

static void folders_of_services(void **state)
{
    (void)state;
    static const char looks[] = "pidof s6-supervise\n";
    char path[256];
    struct parent_names names = {.found = note};
    found[0] = '\0';
    snprintf(path, sizeof path, "%s/web", tree.root);
    assert_int_equal(mkdir(path, 0755), 0);
    tree_file(&tree, "web/run", looks);
    tree_file(&tree, "loose", looks);
    parent_names_look(&names, tree.root, "run");
    assert_string_equal(found, "/web/run:1 ");
    parent_names_look(&names, tree.root, NULL);
    assert_string_equal(found, "/web/run:1 /loose:1 ");
    parent_names_look(&names, "/no/such/folder", "run");
    parent_names_release(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_scripts_look_for_the_name),
        cmocka_unit_test_setup_teardown(scripts_that_scripts_name, setup, teardown),
        cmocka_unit_test_setup_teardown(folders_of_services, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
