#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/script.h"
#include "logger/stamp.h"
#include <string.h>

#define WORDS(...)                                                                                 \
    ((char *const[]){__VA_ARGS__}), sizeof((char *const[]){__VA_ARGS__}) / sizeof(char *)

static void parses(struct script *s, char *const *words, size_t count, bool need_action)
{
    struct error e = ERROR_INIT;
    if (script_parse(s, words, count, need_action, &e) < 0)
        fail_msg("%s", e.text);
}

static void expect_error(char *const *words, size_t count, const char *text)
{
    struct script s;
    struct error e = ERROR_INIT;
    assert_int_equal(script_parse(&s, words, count, true, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    assert_string_equal(e.text, text);
}

static void defaults(void **state)
{
    (void)state;
    struct script s;
    parses(&s, WORDS("1"), true);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.step[0].kind, SCRIPT_STDOUT);
    assert_int_equal(s.step[0].stamps, 0);
    const struct script_settings *x = &s.step[0].settings;
    assert_int_equal(x->keep, 10);
    assert_int_equal(x->rotate, 99999);
    assert_int_equal(x->total, 0);
    assert_int_equal(x->tolerance, 2000);
    assert_int_equal(x->retry_ms, 2000);
    assert_int_equal(x->period, 0);
    assert_int_equal(x->alert_bytes, 200);
    assert_int_equal(x->status_bytes, 1001);
    assert_int_equal(x->age, 0);
    assert_int_equal(x->gzip, -1);
    assert_int_equal(x->mode, 0);
    assert_null(x->prefix);
    assert_null(x->processor);
    assert_false(s.extraneous);
    script_release(&s);
}

static void settings_stay_and_stamps_do_not(void **state)
{
    (void)state;
    struct script s;
    parses(&s,
           WORDS("n20", "s1000000", "S5", "a6", "r7", "l8", "R9", "E10", "^11", "z0", "m0640",
                 "pweb server", "!gzip -9", "T", "1", "p", "?cat", "z3", "t", "U", "C", "/a b", "!",
                 "./c"),
           true);
    assert_int_equal(s.count, 3);
    const struct script_settings *x = &s.step[0].settings;
    assert_int_equal(s.step[0].stamps, STAMP_LOCAL);
    assert_int_equal(x->keep, 20);
    assert_int_equal(x->rotate, 1000000);
    assert_int_equal(x->total, 5);
    assert_int_equal(x->age, 6);
    assert_int_equal(x->retry_ms, 7);
    assert_int_equal(x->tolerance, 8);
    assert_int_equal(x->period, 9);
    assert_int_equal(x->alert_bytes, 10);
    assert_int_equal(x->status_bytes, 11);
    assert_int_equal(x->gzip, 0);
    assert_int_equal(x->mode, 0640);
    assert_string_equal(x->prefix, "web server");
    assert_string_equal(x->processor, "gzip -9");
    assert_false(x->processor_is_shell);
    x = &s.step[1].settings;
    assert_int_equal(s.step[1].kind, SCRIPT_DIRECTORY);
    assert_string_equal(s.step[1].text, "/a b");
    assert_int_equal(s.step[1].stamps, STAMP_TAI64N | STAMP_UTC | STAMP_CRI);
    assert_int_equal(x->keep, 20);
    assert_int_equal(x->gzip, 3);
    assert_null(x->prefix);
    assert_string_equal(x->processor, "cat");
    assert_true(x->processor_is_shell);
    assert_string_equal(s.step[2].text, "./c");
    assert_int_equal(s.step[2].stamps, 0);
    assert_null(s.step[2].settings.processor);
    script_release(&s);
}

static void selections_and_actions_in_order(void **state)
{
    (void)state;
    static const enum script_kind kinds[] = {SCRIPT_DESELECT, SCRIPT_SELECT, SCRIPT_ALERT,
                                             SCRIPT_EXACT,    SCRIPT_STATUS, SCRIPT_STDOUT};
    static const char *const texts[] = {"", "^fatal: ", NULL, NULL, "S", NULL};
    struct script s;
    parses(&s, WORDS("-", "+^fatal: ", "2", "f", "=S", "1"), true);
    assert_int_equal(s.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(s.step[i].kind, kinds[i]);
        if (texts[i] == NULL)
            assert_null(s.step[i].text);
        else
            assert_string_equal(s.step[i].text, texts[i]);
    }
    script_release(&s);
}

static void sizes_are_clamped(void **state)
{
    (void)state;
    struct script s;
    parses(&s, WORDS("s1", "1", "s4000000000", "1"), true);
    assert_int_equal(s.step[0].settings.rotate, 4096);
    assert_int_equal(s.step[1].settings.rotate, 268435455);
    script_release(&s);
}

static void a_paired_script_implies_its_directory(void **state)
{
    (void)state;
    struct script s;
    parses(&s, WORDS("n20", "s1000000", "C"), false);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.own.settings.keep, 20);
    assert_false(s.own.settings.follow);
    assert_int_equal(s.own.settings.rotate, 1000000);
    assert_int_equal(s.own.stamps, STAMP_CRI);
    script_release(&s);
    parses(&s, WORDS("T", "1", "-debug", "F", "n3"), false);
    assert_true(s.own.settings.follow);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.step[1].kind, SCRIPT_DESELECT);
    assert_int_equal(s.own.settings.keep, 3);
    assert_int_equal(s.own.stamps, 0);
    assert_false(s.extraneous);
    script_release(&s);
    parses(&s, NULL, 0, false);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.own.stamps, 0);
    script_release(&s);
}

static void what_follows_the_last_action(void **state)
{
    (void)state;
    struct script s;
    parses(&s, WORDS("1", "n5", "t"), true);
    assert_int_equal(s.count, 1);
    assert_false(s.extraneous);
    script_release(&s);
    parses(&s, WORDS("1", "-x", "f"), true);
    assert_int_equal(s.count, 1);
    assert_true(s.extraneous);
    script_release(&s);
}

static void errors(void **state)
{
    (void)state;
    expect_error(WORDS("n20"), "no action directive specified");
    expect_error(WORDS("f"), "no action directive specified");
    expect_error(NULL, 0, "no action directive specified");
    expect_error(WORDS("tx", "1"), "syntax error at directive: tx");
    expect_error(WORDS("Tx", "1"), "syntax error at directive: Tx");
    expect_error(WORDS("1x"), "syntax error at directive: 1x");
    expect_error(WORDS("2z"), "syntax error at directive: 2z");
    expect_error(WORDS("ff", "1"), "syntax error at directive: ff");
    expect_error(WORDS("F1", "1"), "syntax error at directive: F1");
    expect_error(WORDS("="), "syntax error at directive: =");
    expect_error(WORDS("q"), "unrecognized directive: q");
    expect_error(WORDS(""), "unrecognized directive: ");
    expect_error(WORDS("n", "1"), "unrecognized directive: n");
    expect_error(WORDS("n-1", "1"), "unrecognized directive: n-1");
    expect_error(WORDS("n99999999999", "1"), "unrecognized directive: n99999999999");
    expect_error(WORDS("z10", "1"), "unrecognized directive: z10");
    expect_error(WORDS("m0888", "1"), "unrecognized directive: m0888");
    expect_error(WORDS("m", "1"), "unrecognized directive: m");
    expect_error(WORDS("m17777", "1"), "unrecognized directive: m17777");
    expect_error(WORDS("+(", "1"), "unrecognized directive: +(");
    expect_error(WORDS("s4096", "l2049", "1"),
                 "directive l2049 conflicts with previous s directive");
}

static void every_directive_is_in_the_table_once(void **state)
{
    (void)state;
    for (const struct directive *d = script_directives; d->letter != 0; d++) {
        assert_non_null(d->meaning);
        assert_non_null(d->read);
        for (const struct directive *o = script_directives; o != d; o++)
            assert_int_not_equal(o->letter, d->letter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(settings_stay_and_stamps_do_not),
        cmocka_unit_test(selections_and_actions_in_order),
        cmocka_unit_test(sizes_are_clamped),
        cmocka_unit_test(a_paired_script_implies_its_directory),
        cmocka_unit_test(what_follows_the_last_action),
        cmocka_unit_test(errors),
        cmocka_unit_test(every_directive_is_in_the_table_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
