#include "base/execute.h"
#include <errno.h>
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

static void a_search_tries_each_folder(void **state)
{
    (void)state;
    struct execute_search s = execute_search("tool", "/a::b/");
    const char *expected[] = {"/a/tool", "./tool", "b//tool"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(execute_candidate(&s));
        assert_string_equal(s.file, expected[i]);
    }
    assert_false(execute_candidate(&s));
    s = execute_search("./tool", "/a:/b");
    assert_true(execute_candidate(&s));
    assert_string_equal(s.file, "./tool");
    assert_false(execute_candidate(&s));
    s = execute_search("", "/a");
    assert_false(execute_candidate(&s));
    s = execute_search("tool", "");
    assert_true(execute_candidate(&s));
    assert_string_equal(s.file, "./tool");
    s = execute_search("tool", NULL);
    assert_true(execute_candidate(&s));
    assert_string_equal(s.file, "/command/tool");
}

static void names_too_long_are_passed_over(void **state)
{
    (void)state;
    static char path[6000];
    memset(path, 'x', 5000);
    memcpy(path + 5000, ":/b", 4);
    struct execute_search s = execute_search("tool", path);
    assert_true(execute_candidate(&s));
    assert_string_equal(s.file, "/b/tool");
    assert_false(execute_candidate(&s));
}

static const char *failed(const char *program, int error)
{
    errno = error;
    static char *none[] = {NULL};
    const char *why = execute_failed(program, none, none);
    assert_int_equal(errno, error);
    return why;
}

/* The rest is told by children, in process_test.c. */
static void a_look_at_what_failed(void **state)
{
    (void)state;
    char name[] = "/tmp/execute_test.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_string_equal(failed(name, ENOEXEC), EXECUTE_SEEN "it is empty");
    assert_string_equal(failed(name, EACCES), EXECUTE_SEEN "it has no x bit (chmod +x)");
    /* Where errno says it all; nothing of the last look is left. */
    assert_string_equal(failed(name, ENOENT), "exec");
    assert_string_equal(failed("/no/such/file", ENOENT), "exec");
    assert_string_equal(failed("sh", EACCES), "exec");
    assert_string_equal(failed("/bin/sh", E2BIG),
                        EXECUTE_SEEN "Argument list too long: the largest argument has 0 bytes");
    /* The longest first line there can be is cut, not more. */
    char line[300];
    memset(line, 'x', sizeof line);
    memcpy(line, "#!/", 3);
    line[254] = '\n';
    assert_int_equal(write(fd, line, sizeof line), sizeof line);
    const char *why = failed(name, ENOENT);
    assert_in_range(strlen(why), 250, EXECUTE_WHY_MAX - 1);
    assert_non_null(strstr(why, "xxx is missing (install it or correct the #! line)"));
    close(fd);
    unlink(name);
}

static void what_is_too_big_is_named(void **state)
{
    char small[] = "A=1", big[] = "BIG=1234567890", bigger[] = "BIG=12345678901", empty[] = "C=";
    char program[] = "cat", word[] = "12345678901234";
    char *argv[] = {program, word, NULL};
    char *envp[] = {small, big, empty, NULL};
    char *more[] = {bigger, empty, NULL};
    char text[EXECUTE_WHY_MAX];
    (void)state;
    execute_too_big(argv, envp, text);
    assert_string_equal(text, "Argument list too long: the largest argument has 14 bytes");
    execute_too_big(argv, more, text);
    assert_string_equal(text, "Argument list too long: the largest variable is BIG, with 15 bytes");
}

static void builtins(void **state)
{
    (void)state;
    assert_true(execute_is_builtin("."));
    assert_true(execute_is_builtin("umask"));
    assert_false(execute_is_builtin("sh"));
    assert_false(execute_is_builtin(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_tries_each_folder),
        cmocka_unit_test(names_too_long_are_passed_over),
        cmocka_unit_test(a_look_at_what_failed),
        cmocka_unit_test(what_is_too_big_is_named),
        cmocka_unit_test(builtins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
