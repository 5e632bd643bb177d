#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "services/parent_name.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/parent-name-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, folder, &e);
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

static void put(const char *name, const char *text, size_t length)
{
    char path[256];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(AT_FDCWD, path, text, length, 0644, &e), 0);
}

/* What a script names, in the folder. */
static bool place(void *context, const char *path, char out[4096])
{
    (void)context;
    snprintf(out, 4096, "%s%s", folder, path);
    return strcmp(path, "/unknown") != 0;
}

static char found[256];

static void note(void *context, const char *path, unsigned int line)
{
    size_t n = strlen(found);
    (void)context;
    snprintf(found + n, sizeof found - n, "%s:%u ", path + strlen(folder), line);
}

static void look(const char *name)
{
    char path[256];
    char target[256];
    struct parent_names names = {.place = place, .found = note};
    found[0] = '\0';
    snprintf(path, sizeof path, "%s/looked-at", folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/looked-at/it", folder);
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
    put("common", looks, strlen(looks));
    put("a", "#!/bin/sh\n# exec /binary\nexec /b --x=/nothing >/dev/null", 52);
    put("b", "source /common\n. \"/unknown\"; /a /proc/self/x /binary ${X}/common", 62);
    put("binary", binary, sizeof binary);
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
        int n = snprintf(text, sizeof text, "exec /%d\n", k + 1);
        put(name, text, (size_t)n);
    }
    put("19", looks, strlen(looks));
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
    snprintf(path, sizeof path, "%s/web", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    put("web/run", looks, strlen(looks));
    put("loose", looks, strlen(looks));
    parent_names_look(&names, folder, "run");
    assert_string_equal(found, "/web/run:1 ");
    parent_names_look(&names, folder, NULL);
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
