/* What tar makes of our archives. */
#include "base/error.h"
#include "base/file.h"
#include "command/overlog/tar.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char place[] = "/tmp/tar.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(place) == NULL ? -1 : chdir(place);
}

static int tear_down(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, place, &e);
}

/* What the command prints, where the archive is. */
static void expect(const char *command, const char *text)
{
    char shown[4096];
    FILE *pipe = popen(command, "r");
    size_t n = fread(shown, 1, sizeof shown - 1, pipe);
    shown[n] = '\0';
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(shown, text);
}

static void write_archive(const struct str *tar)
{
    struct error e = ERROR_INIT;
    assert_int_equal(file_write(AT_FDCWD, "tar", tar->data, tar->length, 0600, &e), 0);
}

static void files(void **state)
{
    struct str tar = STR_INIT;
    char block[512], name[200];
    (void)state;
    memset(block, 'x', sizeof block);
    memset(name, 'd', sizeof name);
    strcpy(name + 90, "/");
    memset(name + 91, 'f', 100);
    name[191] = '\0';
    assert_int_equal(tar_add(&tar, "a/empty", 0644, 0, "", 0), 0);
    assert_int_equal(tar_add(&tar, "a/line", 0600, 1700000000, "line\n", 5), 0);
    assert_int_equal(tar_add(&tar, "a/block", 0755, -5, block, sizeof block), 0);
    assert_int_equal(tar_add(&tar, name, 0644, 0, "long", 4), 0);
    assert_int_equal(tar_end(&tar), 0);
    assert_int_equal(tar.length % 512, 0);
    write_archive(&tar);
    expect("TZ=UTC tar tvf tar | cut -c1-55 | head -n 3",
           "-rw-r--r-- root/root         0 1970-01-01 00:00 a/empty\n"
           "-rw------- root/root         5 2023-11-14 22:13 a/line\n"
           "-rwxr-xr-x root/root       512 1970-01-01 00:00 a/block\n");
    expect("tar xOf tar a/line a/empty", "line\n");
    expect("tar xOf tar a/block | wc -c", "512\n");
    expect("tar tf tar | tail -n 1 | wc -c", "192\n");
    expect("tar xOf tar --wildcards 'dd*'", "long");
    str_release(&tar);
}

/* Every length of a name: tar reads it back, or it is refused. */
static void names(void **state)
{
    static const char *const bad[] = {"", "/etc/passwd", "..", "../x", "a/../b"};
    struct str tar = STR_INIT, wanted = STR_INIT;
    char name[300];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(tar_add(&tar, bad[i], 0644, 0, "", 0), 1);
    for (size_t n = 1; n < sizeof name; n++) {
        memset(name, 'n', n);
        name[n] = '\0';
        assert_int_equal(tar_add(&tar, name, 0644, 0, "", 0), n > 100);
        if (n <= 100)
            str_printf(&wanted, "%s\n", name);
        for (size_t i = 50; i < n; i += 50)
            name[i] = '/';
        name[n - 1] = 'n';
        int result = tar_add(&tar, name, 0644, 0, "", 0);
        assert_int_equal(result, n > 150 + 1 + 100); /* the last slash that does is number 150 */
        if (result == 0)
            str_printf(&wanted, "%s\n", name);
    }
    assert_int_equal(tar_end(&tar), 0);
    write_archive(&tar);
    struct error e = ERROR_INIT;
    assert_int_equal(file_write(AT_FDCWD, "wanted", wanted.data, wanted.length, 0600, &e), 0);
    expect("tar tf tar | cmp - wanted", "");
    str_release(&tar);
    str_release(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
