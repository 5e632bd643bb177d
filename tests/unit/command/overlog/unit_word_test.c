/* Words of unit files of systemd: quotes, escapes, specifiers, variables, and the same words in a
 * services.conf and in sh. */
#include "base/lexer.h"
#include "command/overlog/unit_exec.h"
#include "command/overlog/unit_word.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct unit_names service = {"web.service", "web", ""};
static const struct unit_names instance = {"get-it@a-b\\x2dc.service", "get-it", "a-b\\x2dc"};
static const struct unit_names template = {"web@.service", "web", NULL};

/* The words of text, with a bar behind each; a question mark where a quote has no end. */
static void splits(const char *text, const char *expected)
{
    struct str out = STR_INIT, word = STR_INIT;
    const char *at = text;
    int more;
    while ((more = unit_word(&at, &word)) == 1) {
        str_printf(&out, "%s|", word.data);
        str_clear(&word);
    }
    if (more < 0)
        str_add_text(&out, "?");
    str_add_text(&out, "");
    assert_string_equal(out.data, expected);
    str_release(&out);
    str_release(&word);
}

static void words_are_split_at_blanks(void **state)
{
    (void)state;
    splits("", "");
    splits("  a\tb  ", "a|b|");
    splits("a 'b c' \"d 'e'\" ''", "a|b c|d 'e'||");
    splits("--a='b c'd", "--a=b cd|");
    splits("a 'b", "a|?");
    splits("a\\x20b \\\"c \\s d\\\\ \\101", "a b|\"c| |d\\|A|");
    splits("'\\t' \\u00e4 \\U0001F600", "\t|\xc3\xa4|\xf0\x9f\x98\x80|");
    splits("a\\ b\\\tc '\\ '", "a\\ b\\\tc|\\ |");
    splits("\\q \\x4 \\x00 a\\", "\\q|\\x4|\\x00|a\\|");
}

static void expands(const struct unit_names *names, const char *text, const char *expected,
                    const char *unknown)
{
    struct str out = STR_INIT;
    struct unit_unknown found = {""};
    assert_int_equal(unit_specifiers(text, names, &out, &found), 0);
    assert_string_equal(out.data, expected);
    assert_string_equal(found.letters, unknown);
    str_release(&out);
}

static void specifiers(void **state)
{
    (void)state;
    expands(&service, "%n %N %p %i. %t %S %C %L %E %h 100%%",
            "web.service web web . /run /var/lib "
            "/var/cache /var/log /etc /root 100%",
            "");
    expands(&instance, "%n %p %j %J %i %I %f %P",
            "get-it@a-b\\x2dc.service get-it it it a-b\\x2dc "
            "a/b-c /a/b-c get/it",
            "");
    expands(&template, "x-%i.%N", "x-\1INSTANCE\3.web@\1INSTANCE\3", "");
    expands(&template, "%f", "%f", "f");
    expands(&service, "%H-%m %k %", "\1HOSTNAME\3-%m %k %", "mk%");
    expands(&service, "%m %b %m %v%o %a", "%m %b %m %v%o %a", "mbvoa");
    expands(&service, "\1\2\3\4", "???\4", "");
}

static void variables_are(const char *word, const char *expected)
{
    struct str out = STR_INIT;
    assert_int_equal(unit_variables(word, &out), 0);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void variables(void **state)
{
    (void)state;
    variables_are("$OPTS", "\2OPTS\3");
    variables_are("${A}x${B_2}", "\1A\3x\1B_2\3");
    variables_are("a$b", "a$b");
    variables_are("$$A a$$", "$A a$");
    variables_are("${A", "${A");
    variables_are("${A:-b} $1 ${}", "${A:-b} $1 ${}");
    variables_are("$A$", "$A$");
    assert_true(unit_splits("\2OPTS\3") && !unit_splits("\1A\3x") && !unit_is_plain("a\1A\3"));
}

static void written_as(const char *word, const char *conf, const char *sh)
{
    struct str out = STR_INIT;
    assert_int_equal(unit_conf_word(word, &out), 0);
    assert_string_equal(out.data, conf);
    str_clear(&out);
    unit_sh_word(word, &out);
    assert_string_equal(out.data, sh);
    str_release(&out);
}

static void words_are_written_again(void **state)
{
    (void)state;
    written_as("a", "a", "a");
    written_as("", "\"\"", "''");
    written_as("a b\"'", "\"a b\\\"'\"", "'a b\"'\\'''");
    written_as("\1A\3/x", "${A}/x", "\"${A}/x\"");
    written_as("$A \1B\3 `c`", "\"\\\\$A ${B} `c`\"", "\"\\$A ${B} \\`c\\`\"");
    written_as("$5 {", "\"$5 {\"", "'$5 {'");
    written_as("\\\1A\3", "\"\\\\\\\\${A}\"", "\"\\\\${A}\"");
    struct str out = STR_INIT;
    assert_int_equal(unit_sh_word("\2OPTS\3", &out), 0);
    assert_string_equal(out.data, "$OPTS");
    str_release(&out);
}

/* --- commands --------------------------------------------------------------------------------- */

static struct unit_execs list;

static void parse(const char *value, const char *wrong)
{
    const struct unit_setting s = {.value = (char *)value};
    struct unit_unknown unknown = {""};
    unit_execs_release(&list);
    const char *said = unit_exec_parse(&s, &service, &list, &unknown);
    if (wrong == NULL)
        assert_null(said);
    else
        assert_string_equal(said, wrong);
}

static void has(size_t i, size_t k, const char *word)
{
    assert_true(i < list.count && k < list.item[i].word.count);
    assert_string_equal(list.item[i].word.item[k], word);
}

static void signs_before_programs(void **state)
{
    (void)state;
    parse("-@:/bin/a b ${C} $D", NULL);
    assert_true(list.item[0].ignore && list.item[0].named && !list.item[0].root);
    has(0, 1, "b");
    has(0, 2, "${C}");
    has(0, 3, "$D");
    parse("+/bin/a $A", NULL);
    assert_true(list.item[0].root && !list.item[0].ignore);
    has(0, 1, "\2A\3");
    parse("!/bin/a", NULL);
    assert_true(list.item[0].root);
    parse("!!/bin/a", NULL);
    assert_true(!list.item[0].root && list.item[0].ambient);
    parse("|/bin/a", "it asks for the shell of the user, which nothing here starts");
    parse("-", "it names no program");
    parse("@/bin/a", "@ wants a name behind the program");
    parse("/bin/a 'b", "a quote has no end");
    assert_int_equal(list.count, 0);
    parse("\"-/my bin/a\" %p", NULL);
    has(0, 0, "/my bin/a");
    has(0, 1, "web");
    unit_execs_release(&list);
}

static void several_commands(void **state)
{
    (void)state;
    parse("a b ; -c \\; ';' d; ; e;f", NULL);
    assert_int_equal(list.count, 3);
    has(0, 1, "b");
    has(1, 1, ";");
    has(1, 2, ";");
    has(1, 3, "d;");
    assert_true(list.item[1].ignore && !list.item[0].ignore);
    has(2, 0, "e;f");
    parse(" ; ", NULL);
    assert_int_equal(list.count, 0);
    unit_execs_release(&list);
}

static void signal_is(const char *command, int number)
{
    parse(command, NULL);
    assert_int_equal(unit_exec_signal(&list.item[0]), number);
    unit_execs_release(&list);
}

static void signals_by_commands(void **state)
{
    (void)state;
    signal_is("/bin/kill -HUP $MAINPID", SIGHUP);
    signal_is("kill -s USR2 ${MAINPID}", SIGUSR2);
    signal_is("/usr/bin/kill -SIGQUIT $MAINPID", SIGQUIT);
    signal_is("/bin/kill --signal=INT $MAINPID", SIGINT);
    signal_is("/bin/kill -10 $MAINPID", 10);
    signal_is("/bin/kill $MAINPID", SIGTERM);
    signal_is("/bin/kill -HUP 1", 0);
    signal_is("/bin/kill -WHAT $MAINPID", 0);
    signal_is("/usr/sbin/nginx -s reload", 0);
}

/* Whatever a word holds, a command line of services.conf holds the same. */
static void no_word_is_lost(void **state)
{
    (void)state;
    static const char *const words[] = {"a\\b", "\\\\",   "#",    "}", " x",
                                        "a\nb", "\\$x\\", "${A}", "$$"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct str out = STR_INIT;
        struct words back = WORDS_INIT;
        struct lexer_error e;
        assert_int_equal(unit_conf_word(words[i], &out), 0);
        assert_int_equal(lexer_words(out.data, out.length, &back, &e), 0);
        assert_int_equal(back.count, 1);
        if (strchr(words[i], '$') == NULL)
            assert_string_equal(back.item[0], words[i]);
        words_release(&back);
        str_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_at_blanks),
        cmocka_unit_test(specifiers),
        cmocka_unit_test(variables),
        cmocka_unit_test(words_are_written_again),
        cmocka_unit_test(signs_before_programs),
        cmocka_unit_test(several_commands),
        cmocka_unit_test(signals_by_commands),
        cmocka_unit_test(no_word_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
