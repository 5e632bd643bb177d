/* Environment files: what each line gives, and every mistake with its line. */
#include "base/envfile.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The assignments, "|" behind each; or the mistake. */
static const char *parse_bytes(const char *bytes, size_t length)
{
    static char text[1000];
    struct words out = WORDS_INIT;
    struct envfile_mistake m;
    text[0] = '\0';
    if (envfile_parse(bytes, length, &out, &m) < 0)
        sprintf(text, "%u: %s", m.line, m.text);
    else
        for (size_t i = 0; i < out.count; i++)
            strcat(strcat(text, out.item[i]), "|");
    words_release(&out);
    return text;
}

static void is(const char *text, const char *expected)
{
    assert_string_equal(parse_bytes(text, strlen(text)), expected);
}

static void plain_values(void **state)
{
    (void)state;
    is("", "");
    is("\n\n", "");
    is("A=1", "A=1|");
    is("A=1\nB=2\n", "A=1|B=2|");
    is("A=\nB=\n", "A=|B=|");
    is("A=1\nA=2\n", "A=1|A=2|");
    is("  A=  a b\t \n", "A=a b|");
    is("A=a=b#c ;d $HOME `x` \\n it's \"q\"\n", "A=a=b#c ;d $HOME `x` \\n it's \"q\"|");
    is("export A=1\nexport\tB=2\nexported=3\nexport=4\n", "A=1|B=2|exported=3|export=4|");
    is("a.b-c_1=x\n", "a.b-c_1=x|");
    is("URL=postgres://u:p@h/d?x=1&y=2\n", "URL=postgres://u:p@h/d?x=1&y=2|");
}

static void lines_that_say_nothing(void **state)
{
    (void)state;
    is("# A=1\n; B=2\n \t\n  # C\nD=1\n", "D=1|");
    is("HOME\nA=1\nPATH \n", "A=1|"); /* as docker has it: they keep their values */
}

static void quotes(void **state)
{
    (void)state;
    is("A='a b'\n", "A=a b|");
    is("A='a\\n$x\"'\n", "A=a\\n$x\"|");
    is("A=\"a 'b' \\\" \\\\ \\$ \\` \\n\"\n", "A=a 'b' \" \\ $ ` \\n|");
    is("A='one\ntwo'\nB=2\n", "A=one\ntwo|B=2|");
    is("A=\"one\\\ntwo\"  \nB=\"\"\n", "A=onetwo|B=|");
    is("A=  ' a '\n", "A= a |");
    is("A=x'y'\n", "A=x'y'|");
}

static void lines_that_are_joined(void **state)
{
    (void)state;
    is("A=one \\\n two\nB=3\n", "A=one  two|B=3|");
    is("A=one\\\r\ntwo\r\n", "A=onetwo|");
    is("A=C:\\dir\\file\nB=1\n", "A=C:\\dir\\file|B=1|");
    is("A=end\\", "A=end\\|");
}

static void files_of_windows(void **state)
{
    (void)state;
    is("\xEF\xBB\xBF"
       "A=1\r\nB='2'\r\n\r\n# C\r\n",
       "A=1|B=2|");
}

static void mistakes(void **state)
{
    (void)state;
    is("A=1\nB = 2\n", "2: there is a blank before =");
    is("A=1\n\n=secret\n", "3: it begins with no name of a variable");
    is("1A=2\n", "1: it begins with no name of a variable");
    is("secret words\n", "1: it is no NAME=VALUE");
    is("A/B=1\n", "1: it is no NAME=VALUE");
    is("A=1\nB=\"one\ntwo\n", "2: a quote is not closed");
    is("A='1\n2'3\n", "2: there is something behind the closing quote");
    is("A=\"x\\\n\" y\n", "2: there is something behind the closing quote");
    is("A=one\\\ntwo\nB C\n", "3: it is no NAME=VALUE");
    assert_string_equal(parse_bytes("A=1\nB=\0", 7), "2: there is a NUL byte in it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),     cmocka_unit_test(lines_that_say_nothing),
        cmocka_unit_test(quotes),           cmocka_unit_test(lines_that_are_joined),
        cmocka_unit_test(files_of_windows), cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
