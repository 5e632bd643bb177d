#include "logcat/nearest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct words list;

static int fill(void **state)
{
    static const char *const names[] = {"nginx", "php-fpm", "postgres", "api", "apis", ".init"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (words_add(&list, names[i]) < 0)
            return -1;
    return 0;
}

static int empty(void **state)
{
    (void)state;
    words_release(&list);
    return 0;
}

static void words_that_are_near(void **state)
{
    (void)state;
    assert_string_equal(nearest_word(&list, "ngnix"), "nginx");
    assert_string_equal(nearest_word(&list, "nginxx"), "nginx");
    assert_string_equal(nearest_word(&list, "postgress"), "postgres");
    assert_string_equal(nearest_word(&list, "phpfpm"), "php-fpm");
    assert_string_equal(nearest_word(&list, "apu"), "api");
    assert_string_equal(nearest_word(&list, "apiss"), "apis");
    assert_string_equal(nearest_word(&list, "gres"), "postgres");
}

static void words_that_are_not(void **state)
{
    (void)state;
    assert_null(nearest_word(&list, "redis"));
    assert_null(nearest_word(&list, "engiy"));
    assert_null(nearest_word(&list, "xy"));
    assert_null(nearest_word(&list, "x"));
    assert_null(nearest_word(&list, ""));
    assert_null(
        nearest_word(&list, "a name that is longer than sixty-four letters, and so is no service"));
    assert_null(nearest_word(&(struct words)WORDS_INIT, "nginx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_are_near),
        cmocka_unit_test(words_that_are_not),
    };
    return cmocka_run_group_tests(tests, fill, empty);
}
