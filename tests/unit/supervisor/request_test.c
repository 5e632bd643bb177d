/* The options of a request. */
#include "base/clock.h"
#include "supervisor/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int read_words(struct request *r, const char *letters, const char *ms, const char *level)
{
    static const char *words[6];
    words[0] = "s6-rc";
    words[1] = letters;
    words[2] = ms;
    words[3] = level;
    words[4] = "7";
    words[5] = "change";
    *r = (struct request){.words = words, .word_count = 6};
    return request_read(r, 50 * CLOCK_SECOND);
}

static void letters_in_their_order(void **state)
{
    struct request r;
    (void)state;
    assert_int_equal(read_words(&r, "dapnbe", "1500", "2"), 0);
    assert_true(r.down && r.all && r.prune && r.dry && r.wait && r.hide_essential);
    assert_false(r.essential_too);
    assert_int_equal(r.deadline, 50 * CLOCK_SECOND + 1500 * CLOCK_MS);
    assert_int_equal(r.verbosity, 2);
    assert_int_equal(r.pause, 7);
    assert_string_equal(r.verb, "change");
    assert_int_equal(read_words(&r, "Du", "0", "0"), 0);
    assert_false(r.down);
    assert_true(r.essential_too);
    assert_int_equal(r.deadline, 0);
    assert_int_equal(read_words(&r, "eE", "0", "0"), 0);
    assert_false(r.hide_essential);
}

static void what_is_malformed(void **state)
{
    struct request r;
    (void)state;
    assert_int_equal(read_words(&r, "u", "soon", "1"), -1);
    assert_int_equal(read_words(&r, "u", "0", "10"), -1);
    assert_int_equal(read_words(&r, "u", "4294967296", "1"), -1);
    assert_int_equal(read_words(&r, "u", "0", "9"), 0);
    r.word_count = 5;
    assert_int_equal(request_read(&r, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_in_their_order),
        cmocka_unit_test(what_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
