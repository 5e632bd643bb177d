/* What is wrong with a tree, where there is no memory to keep it. The linker leads calls of the
 * allocator here (UNIT_WRAP of the Makefile). */
#include "base/error.h"
#include "base/message.h"
#include "services/problems.h"
#include "tests/simulation/wrap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static long left = -1; /* calls of the allocator that succeed; -1: all do */
static char said[4096];

static bool is_short(void)
{
    if (left > 0)
        left--;
    else if (left == 0)
        return true;
    return false;
}

DECLARE(void *, realloc, void *old, size_t size)
{
    return is_short() ? NULL : __real_realloc(old, size);
}

DECLARE(char *, strdup, const char *text)
{
    return is_short() ? NULL : __real_strdup(text);
}

static void hear(const char *line, size_t length)
{
    snprintf(said + strlen(said), sizeof said - strlen(said), "%.*s", (int)length, line);
}

/* All that is said when so many calls of the allocator succeed. */
static const char *told(long calls, struct problems *p)
{
    said[0] = '\0';
    left = calls;
    problems_warning(p, "/w", 0, NULL, "it is odd");
    problems_error(p, "/a", 1, "write it", "it is wrong");
    problems_system(p, "/b", 0, NULL, "it is not there");
    left = -1;
    message_to(hear);
    problems_say(p);
    message_to(NULL);
    problems_release(p);
    return said;
}

static void all_is_kept(void **state)
{
    struct problems p = PROBLEMS_INIT;
    (void)state;
    message_name("x");
    assert_string_equal(told(-1, &p), "x: warning: /w: it is odd\n"
                                      "x: fatal: /a:1: it is wrong; write it\n"
                                      "x: fatal: /b: it is not there\n");
}

/* However much memory there is: who is refused hears why, in whole sentences. */
static void an_error_that_cannot_be_kept_is_said(void **state)
{
    static const char lost[] = "x: fatal: out of memory: not all that is wrong could be kept\n";
    (void)state;
    message_name("x");
    for (long calls = 0; calls < 8; calls++) {
        struct problems p = PROBLEMS_INIT;
        const char *text = told(calls, &p);
        assert_non_null(strstr(text, lost));
        assert_null(strstr(text, "?"));
        assert_null(strstr(text, "null"));
    }
}

static void a_count_is_kept_in_any_case(void **state)
{
    struct problems p = PROBLEMS_INIT;
    (void)state;
    left = 0;
    problems_warning(&p, "/w", 0, NULL, "it is odd");
    assert_int_equal(p.errors, 0);
    problems_system(&p, "/b", 0, NULL, "it is not there");
    left = -1;
    assert_int_equal(p.errors, 1);
    assert_int_equal(p.code, EXIT_SYSTEM);
    problems_release(&p);
    assert_int_equal(p.errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_kept),
        cmocka_unit_test(an_error_that_cannot_be_kept_is_said),
        cmocka_unit_test(a_count_is_kept_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
