/* supervisord.conf as supervisord reads it, and what becomes of its values. */
#include "command/supervisord.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void get_is(const struct ini *ini, const char *section, const char *key, const char *value)
{
    const char *found = ini_get(ini, section, key);
    if (value == NULL)
        assert_null(found);
    else
        assert_string_equal(found, value);
}

static void sections_and_keys(void **state)
{
    struct ini ini = {.item = NULL};
    (void)state;
    assert_int_equal(
        ini_parse(&ini, "\xef\xbb\xbf; a comment\n[supervisord]\nNoDaemon = true\n# one more\n"
                        "logfile:/dev/null ; of the daemon\n\n[program:a]\r\n"
                        "command = run a;b # what\r\ncommand=second\n"),
        0);
    get_is(&ini, "supervisord", "nodaemon", "true");
    get_is(&ini, "supervisord", "logfile", "/dev/null");
    get_is(&ini, "program:a", "command", "second"); /* the last counts */
    get_is(&ini, "program:a", "logfile", NULL);
    assert_string_equal(ini.item[4].value, "run a;b");
    assert_int_equal(ini.strange, 0);
    ini_release(&ini);
}

static void continued_lines(void **state)
{
    struct ini ini = {.item = NULL};
    (void)state;
    /* Deeper than its option goes on; a file that is indented as a whole does not. */
    assert_int_equal(
        ini_parse(&ini, "  [program:a]\n  command=run\n    --one ; first\n\n"
                        "    # none\n\t\t\t--two=2\n  user=b\n  environment=\n    A=1,\n    B=2\n"
                        "stray words\n"),
        0);
    get_is(&ini, "program:a", "command", "run\n--one\n--two=2");
    get_is(&ini, "program:a", "user", "b");
    get_is(&ini, "program:a", "environment", "A=1,\nB=2");
    assert_int_equal(ini.strange, 11);
    ini_release(&ini);
}

/* As many lines as fit into a file of the largest size that is read: at once, or never. */
static void many_lines(void **state)
{
    struct ini ini = {.item = NULL};
    struct str text = STR_INIT;
    struct timespec begin, end;
    (void)state;
    assert_int_equal(str_add_text(&text, "[program:a]\ncommand=run\n"), 0);
    while (text.length < 1 << 20)
        assert_int_equal(str_add_text(&text, " x\n"), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_int_equal(ini_parse(&ini, text.data), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(end.tv_sec - begin.tv_sec < 10);
    assert_int_equal(strlen(ini_get(&ini, "program:a", "command")), 3 + (text.length - 24) / 3 * 2);
    ini_release(&ini);
    str_release(&text);
}

/* Options are looked for one by one, so their number is bounded. */
static void too_many_options(void **state)
{
    struct ini ini = {.item = NULL};
    struct str text = STR_INIT;
    (void)state;
    assert_int_equal(str_add_text(&text, "[program:a]\n"), 0);
    for (int i = 0; i < INI_ITEMS_MAX - 1; i++)
        assert_int_equal(str_add_text(&text, "a=b\n"), 0);
    assert_int_equal(ini_parse(&ini, text.data), 0);
    assert_int_equal(ini_parse(&ini, "c=d\n"), -1);
    assert_int_equal(errno, E2BIG);
    ini_release(&ini);
    str_release(&text);
}

static void expand_is(const char *text, bool good, const char *expected)
{
    const struct ini_names names = {
        .program = "web", .group = "all", .here = "/etc/x", .number = 3, .count = 12};
    struct str out = STR_INIT;
    assert_int_equal(ini_expand(text, &names, &out), good);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void expressions(void **state)
{
    (void)state;
    expand_is("%(program_name)s_%(process_num)02d", true, "web_03");
    expand_is("%(group_name)s %(process_num)d %(process_num)s %(numprocs)d", true, "all 3 3 12");
    expand_is("%(here)s/run 100%% %", true, "/etc/x/run 100% %");
    expand_is("a%(ENV_HOME)sb", true, "a\001HOME\002b");
    expand_is("%(nothing)s", false, "%(nothing)s");
    expand_is("%(ENV_A B)s%(ENV_)s%(ENV_1)s", false, "%(ENV_A B)s%(ENV_)s%(ENV_1)s");
    expand_is("%(process_num)9999d", false, "%(process_num)9999d");
    expand_is("%(program_name", true, "%(program_name");
}

static void command_is(const char *text, bool good, const char *expected)
{
    struct str out = STR_INIT;
    assert_int_equal(ini_command(text, &out), good);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    str_release(&out);
}

static void commands(void **state)
{
    (void)state;
    command_is("nginx -g \"daemon off;\"", true, "nginx -g 'daemon off;'");
    command_is("run\n--one\n\t--two=2 ", true, "run --one --two=2");
    command_is("a > /dev/null && b $HOME *", true, "a '>' /dev/null '&&' b '$HOME' '*'");
    command_is("x --c='it''s' \"a\\\"b\" c\\ d ''", true, "x --c=its 'a\"b' 'c d' ''");
    command_is("bash -c 'it'\\''s'", true, "bash -c 'it'\\''s'");
    command_is("x \001ARGS\002 --d=\001D\002 \"\001Q\002\"", true,
               "x ${ARGS} \"--d=${D}\" \"${Q}\"");
    command_is("x \"a$b`\001Q\002\\\\\"", true, "x \"a\\$b\\`${Q}\\\\\"");
    command_is("x \"open", false, "x open");
    command_is("  ", true, "");
    /* shlex splits at a CR; VT and FF are characters of a word. */
    command_is("a\rb \r c\r", true, "a b c");
    command_is("a\vb \f", true, "'a\vb' '\f'");
}

static void environment_is(const char *text, const char *expected)
{
    struct str out = STR_INIT;
    ini_environment(text, &out);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    str_release(&out);
}

static void environments(void **state)
{
    (void)state;
    environment_is("A=\"1\",B='x,y' , C=z", "export A=1\nexport B=x,y\nexport C=z\n");
    environment_is("A=\"b c\",\nB = 2,", "export A='b c'\nexport B=2\n");
    environment_is("P=\"/x:\001PATH\002\"", "export P=\"/x:${PATH}\"\n");
    environment_is("A=\"open", "export A=open\n");
    environment_is("", "");
    environment_is("nonsense", "");
    environment_is("=1,A=2", "# environment : sh cannot export such a name\nexport A=2\n");
    environment_is("a.b=1", "# environment a.b: sh cannot export such a name\n");
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(ini_bytes("0"), 0);
    assert_int_equal(ini_bytes("50MB"), 50 << 20);
    assert_int_equal(ini_bytes("1kb"), 1024);
    assert_int_equal(ini_bytes("MB"), -1);
    assert_int_equal(ini_bytes("-1"), -1);
    assert_int_equal(ini_bytes("1TB"), -1);
    assert_true(ini_true("TRUE", false) && ini_true("1", false) && ini_true(NULL, true));
    assert_false(ini_true("false", true) || ini_true(NULL, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_keys), cmocka_unit_test(continued_lines),
        cmocka_unit_test(many_lines),        cmocka_unit_test(too_many_options),
        cmocka_unit_test(expressions),       cmocka_unit_test(commands),
        cmocka_unit_test(environments),      cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
