/* The option parser: rows, one by one, all at once. */
#include "base/error.h"
#include "base/message.h"
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static char said[4096];

static void keep(const char *line, size_t length)
{
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%.*s", (int)length, line);
}

static const char table[] = "-a             be a\n"
                            "-n, --number=N  that many\n"
                            "-t ms          wait: a b  c\n"
                            "-b, --bare     nothing\n"
                            "-h\n"
                            "-x, --hidden=X\n"
                            "\1, --utc       times in UTC\n"
                            "\2, --zone=ZONE  times there\n";

static struct invocation given_words(const char *rows, const char *words)
{
    static struct command row;
    static char copy[256];
    static char *argv[20];
    struct invocation c = {.command = &row, .argc = 1, .argv = argv};
    row = (struct command){.name = "test", .usage = "[-a] prog...", .options = rows};
    argv[0] = (char[]){"test"};
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
        argv[c.argc++] = w;
    argv[c.argc] = NULL;
    said[0] = '\0';
    message_name("test");
    return c;
}

/* The options and operands of words, as "a n=argument \1 | operand operand". */
static const char *read_by(int (*next)(struct invocation *), const char *rows, const char *words)
{
    static char result[256];
    struct invocation c = given_words(rows, words);
    result[0] = '\0';
    message_to(keep);
    for (int letter; (letter = next(&c)) != 0;) {
        size_t n = strlen(result);
        if (letter != '?' && c.argument != NULL)
            snprintf(result + n, sizeof result - n, "%c=%s ", letter, c.argument);
        else
            snprintf(result + n, sizeof result - n, "%c ", letter);
        if (letter == '?')
            break;
    }
    strcat(result, "|");
    int count = 0;
    for (char **w = command_operands(&c); *w != NULL; w++, count++)
        strcat(strcat(result, " "), *w);
    assert_int_equal(command_operand_count(&c), count);
    message_to(NULL);
    return result;
}

static const char *read_all(const char *rows, const char *words)
{
    return read_by(command_option, rows, words);
}

static void a_row_has_four_parts(void **state)
{
    const char *rows = table;
    struct option_row r;
    (void)state;
    assert_true(option_row(&rows, &r));
    assert_true(r.letter == 'a' && r.name_length == 0 && r.argument_length == 0);
    assert_true(r.help_length == 4 && memcmp(r.help, "be a", 4) == 0);
    assert_true(option_row(&rows, &r));
    assert_true(r.letter == 'n' && r.name_length == 6 && memcmp(r.name, "number", 6) == 0);
    assert_true(r.argument_length == 1 && *r.argument == 'N' && r.help_length == 9);
    assert_true(option_row(&rows, &r));
    assert_true(r.letter == 't' && r.argument_length == 2 && memcmp(r.argument, "ms", 2) == 0);
    assert_true(r.help_length == 12 && memcmp(r.help, "wait: a b  c", 12) == 0);
    assert_true(option_row(&rows, &r) && r.letter == 'b' && r.help_length == 7);
    assert_true(option_row(&rows, &r) && r.letter == 'h' && r.help_length == 0);
    assert_true(option_row(&rows, &r) && r.letter == 'x' && r.help_length == 0);
    assert_true(r.argument_length == 1 && r.name_length == 6);
    assert_true(option_row(&rows, &r) && r.letter == 1 && r.name_length == 3);
    assert_true(r.argument_length == 0 && r.help_length == 12);
    assert_true(option_row(&rows, &r) && r.letter == 2);
    assert_false(option_row(&rows, &r));
    rows = NULL;
    assert_false(option_row(&rows, &r));
}

static void options_come_before_operands(void **state)
{
    (void)state;
    assert_string_equal(read_all(table, "prog"), "| prog");
    assert_string_equal(read_all(table, "-a prog"), "a | prog");
    assert_string_equal(read_all(table, "-ab prog -a"), "a b | prog -a");
    assert_string_equal(read_all(table, "-an3 x"), "a n=3 | x");
    assert_string_equal(read_all(table, "-n 3 -t5 x"), "n=3 t=5 | x");
    assert_string_equal(read_all(table, "-n -- x"), "n=-- | x");
    assert_string_equal(read_all(table, "-a -- -b"), "a | -b");
    assert_string_equal(read_all(table, "- -b"), "| - -b");
    assert_string_equal(read_all(NULL, "x -b"), "| x -b");
}

static void options_come_anywhere(void **state)
{
    (void)state;
    struct {
        const char *words, *read;
    } cases[] = {{"", "|"},
                 {"x y", "| x y"},
                 {"x -a y", "a | x y"},
                 {"x -an3 y --bare z -", "a n=3 b | x y z -"},
                 {"x -n y z", "n=y | x z"},
                 {"-a x -b -- -t y", "a b | x -t y"},
                 {"-- x -a", "| x -a"},
                 {"x --", "| x"},
                 {"x -- --", "| x --"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(read_by(command_option_anywhere, table, cases[i].words), cases[i].read);
    struct invocation c = given_words(table, "x -a y -b");
    message_to(keep);
    assert_int_equal(options_read_anywhere(&c, 1, 2), 0);
    assert_true(given('a') && given('b') && options.count == 2);
    assert_string_equal(options.operand[1], "y");
    c = given_words(table, "x -a y -b");
    assert_int_equal(options_read_anywhere(&c, 0, 1), EXIT_USAGE);
    assert_string_equal(said, "usage: test [-a] prog...\n");
    c = given_words(table, "-a");
    assert_int_equal(options_read_anywhere(&c, 1, 1), EXIT_USAGE);
    c = given_words(table, "x -w");
    assert_int_equal(options_read_anywhere(&c, 0, 1), EXIT_USAGE);
    assert_string_equal(said, "test: fatal: unknown option -w\nusage: test [-a] prog...\n");
    message_to(NULL);
}

static void options_have_long_names(void **state)
{
    (void)state;
    assert_string_equal(read_all(table, "--number=3 --bare x"), "n=3 b | x");
    assert_string_equal(read_all(table, "--number 3 --number="), "n=3 n= |");
    assert_string_equal(read_all(table, "--utc --zone=Z y"), "\1 \2=Z | y");
}

static void other_options_are_wrong(void **state)
{
    (void)state;
    assert_string_equal(read_all(table, "-w x"), "? | -w x");
    assert_string_equal(said, "test: fatal: unknown option -w\nusage: test [-a] prog...\n");
    assert_string_equal(read_all(table, "-ac"), "a ? | -ac");
    assert_string_equal(read_all(table, "-n"), "? |");
    assert_non_null(strstr(said, "missing argument to option -n\n"));
    assert_string_equal(read_all(table, "--number"), "? |");
    assert_non_null(strstr(said, "missing argument to option --number\n"));
    assert_string_equal(read_all(table, "--bare=1"), "? |");
    assert_non_null(strstr(said, "option takes no argument: --bare\n"));
    const char *const unknown[] = {"--numbe", "--number2", "--=", "--ba",
                                   "--N",     "-\1",       "-\t", "-,"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        read_all(table, unknown[i]);
        assert_non_null(strstr(said, "unknown option"));
    }
    read_all(NULL, "-a");
    assert_non_null(strstr(said, "unknown option -a\n"));
}

static void all_at_once(void **state)
{
    struct invocation c = given_words(table, "-a -n 1 --utc -b -n 2 --zone=Z x y");
    uint64_t value = 7;
    unsigned int mode = 0;
    (void)state;
    assert_int_equal(options_read(&c, 2), 0);
    assert_true(given('a') && given('b') && given('n') && given('\1') && !given('t'));
    assert_string_equal(argument_of('n'), "2");
    assert_string_equal(argument_of('\2'), "Z");
    assert_null(argument_of('t'));
    assert_int_equal(options.count, 2);
    assert_string_equal(options.operand[1], "y");
    assert_int_equal(options_last("abn"), 'n');
    assert_int_equal(options_last("ab"), 'b');
    assert_int_equal(options_last("t"), 0);
    assert_int_equal(options_number(&c, argument_of('t'), 9, &value), 0);
    assert_int_equal(value, 7);
    assert_int_equal(options_number(&c, argument_of('n'), 9, &value), 0);
    assert_int_equal(value, 2);
    assert_int_equal(options_mode(&c, "1755", &mode), 0);
    assert_int_equal(mode, 01755);
    message_to(keep);
    assert_int_equal(options_number(&c, "10", 9, &value), EXIT_USAGE);
    assert_non_null(strstr(said, "10 is no number from 0 to 9\n"));
    assert_int_equal(options_mode(&c, "8", &mode), EXIT_USAGE);
    c = given_words(table, "-a x");
    assert_int_equal(options_read(&c, 2), EXIT_USAGE);
    assert_string_equal(said, "usage: test [-a] prog...\n");
    c = given_words(table, "-w x");
    assert_int_equal(options_read(&c, 0), EXIT_USAGE);
    message_to(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_four_parts),    cmocka_unit_test(options_come_before_operands),
        cmocka_unit_test(options_come_anywhere),   cmocka_unit_test(options_have_long_names),
        cmocka_unit_test(other_options_are_wrong), cmocka_unit_test(all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
