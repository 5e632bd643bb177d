#include "base/envdir.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error err;
static char root_path[64];
static char folder[128];

static int make_root(void **state)
{
    (void)state;
    strcpy(root_path, "/tmp/overlog-envdir-XXXXXX");
    if (!mkdtemp(root_path))
        return -1;
    snprintf(folder, sizeof folder, "%s/env", root_path);
    umask(077);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    return file_remove_tree(AT_FDCWD, root_path, &err);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t length)
{
    assert_int_equal(file_write(AT_FDCWD, in_folder(name), bytes, length, 0644, &err), 0);
}

static void assert_file(const char *name, const char *text)
{
    struct str s = STR_INIT;
    assert_int_equal(file_read(AT_FDCWD, in_folder(name), 1 << 20, &s, &err), 0);
    assert_string_equal(s.data, text);
    str_release(&s);
}

static void writes_one_file_a_variable(void **state)
{
    (void)state;
    char too_long[300];
    memset(too_long, 'L', sizeof too_long);
    memcpy(too_long + sizeof too_long - 3, "=x", 3);
    char *envp[] = {"A=1",    "EMPTY=",   "TWO=first\nsecond\n", too_long,
                    "EQ=x=y", "nonsense", "=nameless",           "../X=no",
                    "..=no",  NULL};
    assert_int_equal(envdir_write(folder, envp, 0751, &err), 0);
    struct stat st;
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0751);
    assert_int_equal(stat(in_folder("A"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0644);
    assert_file("A", "1\n");
    assert_file("EMPTY", "\n");
    assert_file("TWO", "first\nsecond\n\n");
    assert_file("EQ", "x=y\n");
    struct words names = WORDS_INIT;
    assert_int_equal(file_list(AT_FDCWD, folder, &names, &err), 0);
    assert_int_equal(names.count, 4);
    words_release(&names);
}

static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    char *envp[] = {"A=1", NULL};
    char expected[200];
    assert_int_equal(envdir_write(folder, envp, 0755, &err), 0);
    assert_int_equal(unlink(in_folder("A")), 0);
    assert_int_equal(mkdir(in_folder("A"), 0755), 0);
    assert_int_equal(envdir_add(folder, envp, true, 0644, &err), -1);
    snprintf(expected, sizeof expected, "unable to write %s: %s", in_folder("A"), strerror(EISDIR));
    assert_string_equal(err.text, expected);
    assert_int_equal(rmdir(in_folder("A")), 0);
}

static void the_directory_is_made_anew(void **state)
{
    (void)state;
    char *first[] = {"OLD=1", NULL};
    char *second[] = {"NEW=2", NULL};
    assert_int_equal(envdir_write(folder, first, 0700, &err), 0);
    assert_int_equal(envdir_write(folder, second, 0755, &err), 0);
    struct stat st;
    assert_int_equal(stat(in_folder("OLD"), &st), -1);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0755);
    assert_file("NEW", "2\n");
}

static void what_was_written_is_loaded(void **state)
{
    (void)state;
    char *envp[] = {"OL_A=1", "OL_EMPTY=", "OL_TWO=first\nsecond\n", NULL};
    assert_int_equal(envdir_write(folder, envp, 0755, &err), 0);
    assert_int_equal(envdir_load(folder, &err), 0);
    assert_string_equal(getenv("OL_A"), "1");
    assert_string_equal(getenv("OL_EMPTY"), "");
    assert_string_equal(getenv("OL_TWO"), "first\nsecond\n");
}

static void hand_made_files(void **state)
{
    (void)state;
    char *none[] = {NULL};
    assert_int_equal(envdir_write(folder, none, 0755, &err), 0);
    static char big[10000];
    memset(big, 'b', sizeof big);
    put("OL_BARE", "value", 5);
    put("OL_NUL", "a\0b\n", 4);
    put("OL_BLANKS", " x \t\n", 5);
    put("OL_GONE", "", 0);
    put(".OL_DOT", "x", 1);
    put("OL_BIG", big, sizeof big);
    assert_int_equal(mkdir(in_folder("OL_FOLDER"), 0755), 0);
    assert_int_equal(symlink("nowhere", in_folder("OL_DANGLING")), 0);
    setenv("OL_GONE", "here", 1);
    setenv("OL_STAYS", "yes", 1);
    assert_int_equal(envdir_load(folder, &err), 0);
    assert_string_equal(getenv("OL_BARE"), "value");
    assert_string_equal(getenv("OL_NUL"), "a\nb");
    assert_string_equal(getenv("OL_BLANKS"), " x \t");
    assert_null(getenv("OL_GONE"));
    assert_null(getenv(".OL_DOT"));
    assert_null(getenv("OL_FOLDER"));
    assert_string_equal(getenv("OL_STAYS"), "yes");
    assert_int_equal(strlen(getenv("OL_BIG")), sizeof big);
}

static void a_missing_directory_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(envdir_load(folder, &err), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(err.code, EXIT_SYSTEM);
    char expected[256];
    snprintf(expected, sizeof expected, "unable to open %s: No such file or directory", folder);
    assert_string_equal(err.text, expected);
}

static void styles_of_reading(void **state)
{
    (void)state;
    static const struct {
        struct envdir_style style;
        const char *value;
    } cases[] = {
        {{.null = '\n'}, "a\nb"},
        {{.exact = true, .null = '\n'}, "a\nb \t"},
        {{.whole = true, .null = ','}, "a,b \t\nsecond"},
        {{.whole = true, .exact = true, .null = ','}, "a,b \t\nsecond\n"},
        {{.clamp = 1}, "a"},
    };
    char *none[] = {NULL};
    assert_int_equal(envdir_write(folder, none, 0700, &err), 0);
    int at = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(file_write(at, "OVERLOG_V", "a\0b \t\nsecond\n", 13, 0600, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(envdir_load_as(folder, &cases[i].style, &err), 0);
        assert_string_equal(getenv("OVERLOG_V"), cases[i].value);
    }
    assert_int_equal(mkdirat(at, "sub", 0700), 0);
    assert_int_equal(envdir_load_as(folder, &cases[0].style, &err), 0);
    const struct envdir_style strict = {.strict = true};
    assert_int_equal(envdir_load_as(folder, &strict, &err), -1);
    close(at);
}

static void values_without_newlines_are_added(void **state)
{
    (void)state;
    char *first[] = {"A=1", NULL};
    char *second[] = {"B=2", NULL};
    assert_int_equal(envdir_write(folder, first, 0700, &err), 0);
    assert_int_equal(envdir_add(folder, second, false, 0600, &err), 0);
    struct str text = STR_INIT;
    char path[256];
    snprintf(path, sizeof path, "%s/B", folder);
    assert_int_equal(file_read(AT_FDCWD, path, 100, &text, &err), 0);
    assert_string_equal(text.data, "2");
    snprintf(path, sizeof path, "%s/A", folder);
    assert_int_equal(access(path, F_OK), 0);
    str_release(&text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_one_file_a_variable),
        TEST(what_cannot_be_written_is_named),
        TEST(the_directory_is_made_anew),
        TEST(what_was_written_is_loaded),
        TEST(hand_made_files),
        TEST(a_missing_directory_is_an_error),
        TEST(styles_of_reading),
        TEST(values_without_newlines_are_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
