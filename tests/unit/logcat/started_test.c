/* What a service has logged since its start, by the event log. */
#include "base/file.h"
#include "base/str.h"
#include "logcat/started.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[] = "/tmp/started-test-XXXXXX";

/* Writes DIRECTORY/current with these lines, of which each is stamped a second after the one
 * before; as a log directory has them, or as the event log. */
static void put(const char *directory, int second, bool events, const char *const *lines)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    char path[100];
    for (; *lines != NULL; lines++, second++)
        str_printf(&text, "2026-11-23T10:%02d:%02d.000000000Z %s%s\n", second / 60, second % 60,
                   events ? "" : "stdout F ", *lines);
    snprintf(path, sizeof path, "%s/%s", root, directory);
    assert_int_equal(file_make_directories(AT_FDCWD, path, 0755, &e), 0);
    snprintf(path, sizeof path, "%s/%s/current", root, directory);
    assert_int_equal(file_write(AT_FDCWD, path, text.data, text.length, 0644, &e), 0);
    str_release(&text);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static int find(const char *service, long long pid, const char *expression)
{
    struct pattern p;
    struct error e = ERROR_INIT;
    assert_int_equal(pattern_open(&p, expression, false, &e), 0);
    int result = started_find(root, service, pid, &p, &e);
    pattern_close(&p);
    return result;
}

static void lines_since_the_start(void **state)
{
    (void)state;
    put("web", 1, false, LINES("old", "ready on 8080", "new", "listening"));
    put(".events", 0, true,
        LINES("boot id=1 pid=1", "start service=web pid=7", "exit service=web pid=7 code=1",
              "start service=web pid=8", "start service=other pid=9"));
    assert_int_equal(find("web", 8, "^new$"), STARTED_FOUND);
    assert_int_equal(find("web", 8, "listen"), STARTED_FOUND);
    assert_int_equal(find("web", 0, "n.w"), STARTED_FOUND);
    assert_int_equal(find("web", 8, "ready"), STARTED_NOTHING);
    assert_int_equal(find("web", 8, "old"), STARTED_NOTHING);
    assert_int_equal(find("web", 9, "new"), STARTED_NEVER); /* its start is not written yet */
    assert_int_equal(find("web", 7, "old"), STARTED_NEVER);
    assert_int_equal(find("other", 9, "x"), STARTED_UNLOGGED);
    put("nix", 0, false, LINES("x"));
    assert_int_equal(find("nix", 0, "x"), STARTED_NEVER);
}

static void another_life_of_the_container(void **state)
{
    (void)state;
    put("web", 1, false, LINES("old"));
    put(".events", 0, true, LINES("boot id=1 pid=1", "start service=web pid=7", "boot id=2 pid=1"));
    assert_int_equal(find("web", 7, "old"), STARTED_NEVER);
    assert_int_equal(find("web", 0, "old"), STARTED_NEVER);
}

/* Far back, behind more events than are looked at first. */
static void a_start_long_ago(void **state)
{
    static char text[1500][40];
    const char *lines[1501] = {"start service=a\\040b pid=7"};
    (void)state;
    for (size_t i = 1; i < 1500; i++) {
        snprintf(text[i], sizeof text[i], "start service=other pid=%zu", i);
        lines[i] = text[i];
    }
    put(".events", 5, true, lines);
    put("a b", 4, false, LINES("before", "after"));
    assert_int_equal(find("a b", 7, "after"), STARTED_FOUND);
    assert_int_equal(find("a b", 7, "before"), STARTED_NOTHING);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_root(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, root, &e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_since_the_start),
        cmocka_unit_test(another_life_of_the_container),
        cmocka_unit_test(a_start_long_ago),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
