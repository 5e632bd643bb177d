#include "base/nearest.h"
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
    static const struct words none = WORDS_INIT;
    (void)state;
    assert_null(nearest_word(&list, "redis"));
    assert_null(nearest_word(&list, "engiy"));
    assert_null(nearest_word(&list, "xy"));
    assert_null(nearest_word(&list, "x"));
    assert_null(nearest_word(&list, ""));
    assert_null(
        nearest_word(&list, "a name that is longer than sixty-four letters, and so is no service"));
    assert_null(nearest_word(&none, "nginx"));
}

static void distances(void **state)
{
    static const char long_word[] =
        "a-name-of-more-than-sixty-four-letters-which-no-service-and-no-file-has";
    (void)state;
    assert_int_equal(nearest_distance("", ""), 0);
    assert_int_equal(nearest_distance("abc", ""), 3);
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("restart", "retsart"), 1);
    assert_int_equal(nearest_distance("restart", "restrat"), 1);
    assert_int_equal(nearest_distance("restart", "start"), 2);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(nearest_distance("a", long_word), NEAREST_FAR);
    assert_int_equal(nearest_distance(long_word, "a"), NEAREST_FAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(words_that_are_near),
        cmocka_unit_test(words_that_are_not),
    };
    return cmocka_run_group_tests(tests, fill, empty);
}
