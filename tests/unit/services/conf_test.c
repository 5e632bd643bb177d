/* services.conf as text: sections, keys, values that go on, and the line of everything. */
#include "services/conf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct conf c;

static void parse(const char *text)
{
    conf_release(&c);
    assert_int_equal(conf_parse(&c, text, strlen(text)), 0);
}

static int teardown(void **state)
{
    (void)state;
    conf_release(&c);
    return 0;
}

static void key_is(const char *section, const char *key, const char *value, uint32_t line)
{
    for (size_t i = 0; i < c.count; i++) {
        if (strcmp(c.section[i].name, section) != 0)
            continue;
        const struct conf_key *k = conf_find(&c.section[i], key);
        assert_non_null(k);
        assert_string_equal(k->value, value);
        assert_int_equal(k->line, line);
        return;
    }
    fail_msg("there is no section %s", section);
}

static void mistake_is(size_t i, uint32_t line, const char *text)
{
    assert_true(i < c.mistakes);
    assert_string_equal(c.mistake[i].text, text);
    assert_int_equal(c.mistake[i].line, line);
    assert_non_null(c.mistake[i].cure);
}

static void sections_have_keys(void **state)
{
    (void)state;
    parse("# not about it\n\n# The web server,\n#  and more.\n[ web ] # here\nrun = httpd -f  \n"
          "user=www\n\n[db]\n  \nrun =  a = b\n");
    assert_int_equal(c.mistakes, 0);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.section[0].about, "The web server,\n and more.");
    assert_int_equal(c.section[0].line, 5);
    assert_null(c.section[1].about);
    key_is("web", "run", "httpd -f", 6);
    key_is("web", "user", "www", 7);
    key_is("db", "run", "a = b", 11);
    assert_null(conf_find(&c.section[1], "user"));
}

static void indented_lines_go_on(void **state)
{
    (void)state;
    parse("[a]\nrun = one\n  two\n    three\nuser = x\nscript =\n\n\t if true; then\n\n\t\techo\n"
          "# away\n\t fi\n\n\nneeds =\n[b]\n");
    assert_int_equal(c.mistakes, 0);
    key_is("a", "run", "one\ntwo\n  three", 2);
    key_is("a", "script", " if true; then\n\n\techo\n\n fi", 6);
    assert_int_equal(conf_find(&c.section[0], "script")->value_line, 8);
    assert_int_equal(conf_find(&c.section[0], "run")->value_line, 2);
    key_is("a", "needs", "", 15);
    assert_int_equal(c.count, 2);
}

static void other_editors_wrote_it(void **state)
{
    (void)state;
    parse("\xef\xbb\xbf[a]\r\nrun = x\r\r\n  y\r\n\r\n[b]\r\nrun = z");
    assert_int_equal(c.mistakes, 0);
    key_is("a", "run", "x\ny", 2);
    key_is("b", "run", "z", 6);
    parse("[a]\nrun = x \r \r\n  y\n");
    key_is("a", "run", "x\ny", 2);
}

static void each_mistake_has_its_line(void **state)
{
    (void)state;
    parse("run = x\n  y\n[a\n[]\n[a] b\nRun = x\nnothing\n\n  lost\nrun = 1\nrun = 2\n[c]\n[a]\n"
          "user = gone\n");
    mistake_is(0, 1, "it is in no section: run");
    mistake_is(1, 3, "there is no ] in [a");
    mistake_is(2, 4, "the section has no name");
    mistake_is(3, 5, "behind the ] stands b");
    mistake_is(4, 6, "no key has the name Run");
    mistake_is(5, 7, "there is no = in nothing");
    mistake_is(6, 9, "it goes on with nothing: lost");
    mistake_is(7, 11, "line 10 has it already: run");
    mistake_is(8, 13, "line 5 begins it already: a");
    assert_int_equal(c.mistakes, 9);
    assert_int_equal(c.count, 2);
    key_is("a", "run", "1", 10);
    assert_int_equal(c.section[0].count, 1);
}

static void a_program_is_no_services_conf(void **state)
{
    (void)state;
    conf_release(&c);
    assert_int_equal(conf_parse(&c, "[a]\nrun = \0x\n", 13), 0);
    mistake_is(0, 2, "it holds a NUL byte");
    assert_int_equal(c.count, 0);
    conf_release(&c);
    char *large = calloc(1, CONF_BYTES_MAX + 1);
    assert_non_null(large);
    memset(large, '\n', CONF_BYTES_MAX + 1);
    assert_int_equal(conf_parse(&c, large, CONF_BYTES_MAX), 0);
    assert_int_equal(c.mistakes, 0);
    assert_int_equal(conf_parse(&c, large, CONF_BYTES_MAX + 1), 0);
    mistake_is(0, 0, "it is larger than 1 MiB");
    free(large);
}

static void there_are_not_endlessly_many(void **state)
{
    char text[8192] = "[a]\n";
    (void)state;
    for (int i = 0; i <= CONF_KEYS_MAX; i++)
        sprintf(text + strlen(text), "k%d = x\n", i);
    for (int i = 0; i < 2 * CONF_MISTAKES_MAX; i++)
        strcat(text, "wrong\n");
    parse(text);
    assert_int_equal(c.section[0].count, CONF_KEYS_MAX);
    mistake_is(0, CONF_KEYS_MAX + 2, "too many keys");
    assert_int_equal(c.mistakes, CONF_MISTAKES_MAX);
}

int main(void)
{
#define test(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = {
        test(sections_have_keys),
        test(indented_lines_go_on),
        test(other_editors_wrote_it),
        test(each_mistake_has_its_line),
        test(a_program_is_no_services_conf),
        test(there_are_not_endlessly_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
