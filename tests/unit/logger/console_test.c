/* What stands before lines on the console. */
#include "logger/console.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void pretty_is(const char *name, int width, bool color, const char *expected)
{
    struct str out = STR_INIT;
    assert_int_equal(console_pretty(name, width, color, &out), 0);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void names_are_padded(void **state)
{
    (void)state;
    pretty_is("web", 6, false, "web    | ");
    pretty_is("longer", 3, false, "longer | ");
    pretty_is("web", 4, true, "\033[96mweb \033[0m | ");
}

/* Shows text as one piece; what came out, in static memory. */
static const char *shown(struct console *c, const char *text)
{
    static char got[256];
    int ends[2];
    char bytes[64];
    struct lines l = {.data = bytes, .end = strlen(text)};
    memcpy(bytes, text, strlen(text));
    assert_int_equal(pipe(ends), 0);
    c->stream[0].fd = ends[1];
    console_all(c, 0, &l);
    close(ends[1]);
    ssize_t n = read(ends[0], got, sizeof got - 1);
    close(ends[0]);
    got[n > 0 ? n : 0] = '\0';
    return got;
}

static void each_line_has_its_prefix(void **state)
{
    struct console c = {.lock = -1, .prefix = "[a] "};
    (void)state;
    assert_string_equal(shown(&c, "one\ntwo"), "[a] one\n[a] two");
    assert_string_equal(shown(&c, " more\nthree\n"), " more\n[a] three\n");
    c.timed = true;
    c.prefix = "a | ";
    const char *text = shown(&c, "four\n");
    assert_int_equal(strlen(text), strlen("12:34:56 a | four\n"));
    assert_true(text[2] == ':' && text[5] == ':');
    assert_string_equal(text + 8, " a | four\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_padded),
        cmocka_unit_test(each_line_has_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
