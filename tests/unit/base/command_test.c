#include "base/command.h"
#include "base/error.h"
#include "base/message.h"

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

/* The options and operands of words by usage, as "a b=argument | operand operand". */
static const char *read_options(const char *usage, const char *words)
{
    static char result[256];
    static char copy[256];
    const struct command row = {.name = "test", .usage = usage};
    char *argv[16] = {"test"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
        argv[argc++] = w;
    struct invocation c = {.command = &row, .argc = argc, .argv = argv};
    result[0] = said[0] = '\0';
    message_to(keep);
    for (int letter; (letter = command_option(&c)) != 0;) {
        size_t n = strlen(result);
        if (c.argument != NULL)
            snprintf(result + n, sizeof result - n, "%c=%s ", letter, c.argument);
        else
            snprintf(result + n, sizeof result - n, "%c ", letter);
        if (letter == '?')
            break;
    }
    strcat(result, "|");
    for (char **w = command_operands(&c); *w != NULL; w++)
        strcat(strcat(result, " "), *w);
    message_to(NULL);
    return result;
}

static void usage_tells_the_options(void **state)
{
    (void)state;
    assert_string_equal(read_options("[-a|-b|-t ms] [-xyz] file", "-a -bxy -t 5 -zt6 f -a"),
                        "a b x y t=5 z t=6 | f -a");
    assert_string_equal(read_options("-a [-z table] | [-n] dir", "-a -z t -n d"), "a z=t n | d");
    assert_string_equal(read_options("-a | dir", "-a d"), "a | d");
    assert_string_equal(read_options("[-cdf limit]... prog", "-c 1 -f2 p"), "c=1 f=2 | p");
    assert_string_equal(read_options("[-n] word", "-n -- -n"), "n | -n");
    assert_string_equal(read_options("[-n] word", "- -n"), "| - -n");
}

static void what_is_not_in_the_usage_is_wrong(void **state)
{
    (void)state;
    assert_string_equal(read_options("[-a] some-word", "-w x"), "? | -w x");
    assert_non_null(strstr(said, "fatal: unknown option -w\n"));
    assert_string_equal(read_options("[-t ms] prog", "-t"), "? |");
    assert_non_null(strstr(said, "missing argument to option -t"));
    assert_string_equal(read_options("", "-a"), "? | -a");
    assert_string_equal(read_options("[-a] x", "--all"), "? | --all");
    assert_non_null(strstr(said, "unknown option --all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_tells_the_options),
        cmocka_unit_test(what_is_not_in_the_usage_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
