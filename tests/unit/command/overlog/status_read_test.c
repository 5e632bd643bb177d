/* What the files of a service directory say, of services that s6-rc has and of others. */
#include "base/file.h"
#include "command/overlog/status.h"
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

static char run[] = "/tmp/status-read-XXXXXX";

static void make(const char *path, const char *text)
{
    struct error e = ERROR_INIT;
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", run, path);
    if (text == NULL)
        assert_int_equal(mkdir(whole, 0755), 0);
    else
        assert_int_equal(file_write(AT_FDCWD, whole, text, strlen(text), 0644, &e), 0);
}

/* As pid 1 has it: one of s6-rc's is a link by its whole path, which means nothing where that /run
 * is seen as a directory of another name. */
static int make_run(void **state)
{
    char link[512];
    (void)state;
    assert_non_null(mkdtemp(run));
    make("service", NULL);
    make("s6-rc", NULL);
    make("s6-rc/servicedirs", NULL);
    make("s6-rc/servicedirs/web", NULL);
    make("s6-rc/servicedirs/web/restart", "on-failure, 5 in 1m\n");
    snprintf(link, sizeof link, "%s/service/web", run);
    assert_int_equal(symlink("/nowhere/s6-rc/servicedirs/web", link), 0);
    make("service/old", NULL);
    make("service/old/restart", "always, 2 in 3m\n");
    return 0;
}

static int remove_run(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, run, &e);
}

static void restart_is(const char *name, const char *type, const char *expected)
{
    struct status_row r = {.name = name, .type = type};
    status_read_restart(&r, run);
    assert_string_equal(r.restart, expected);
}

static void policies(void **state)
{
    (void)state;
    restart_is("web", "longrun", "on-failure, 5 in 1m");
    restart_is("old", "longrun", "always, 2 in 3m");
    restart_is("old", "oneshot", "");
    restart_is("none", "longrun", "");
    make("service/old/restart", "sometimes\n");
    restart_is("old", "longrun", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(policies)};
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
