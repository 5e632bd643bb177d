/* Stack traces of many languages, in the files of traces/: a line that begins an entry is behind
 * '>', one that continues it behind '+'. */
#include "logcat/trace.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool continues(struct trace *t, const char *line)
{
    size_t length = strlen(line);
    char *copy = exact_copy(line, length);
    bool result = trace_continues(t, copy, length);
    trace_keep(t);
    free(copy);
    return result || *line == ' ' || *line == '\t';
}

static void entries_of(const char *language)
{
    struct trace t = {.state = TRACE_NONE};
    char path[100], line[512];
    int lines = 0, wrong = 0;
    snprintf(path, sizeof path, "tests/unit/logcat/traces/%s.txt", language);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); lines++) {
        line[strcspn(line, "\n")] = '\0';
        /* An indented line that begins an entry comes later than the line before it. */
        if (*line == '>' && (line[1] == ' ' || line[1] == '\t'))
            trace_reset(&t);
        bool indented = line[1] == ' ' || line[1] == '\t';
        if (continues(&t, line + 1) != (*line == '+') && !indented) {
            print_error("%s:%d: %s\n", path, lines + 1, line);
            wrong++;
        }
    }
    fclose(file);
    assert_true(lines > 10);
    assert_int_equal(wrong, 0);
}

static void entries(void **state)
{
    entries_of(*state);
}

static void nothing_continues_after_a_reset(void **state)
{
    struct trace t = {.state = TRACE_NONE};
    (void)state;
    assert_false(continues(&t, "Traceback (most recent call last):"));
    assert_true(continues(&t, "  File \"a.py\", line 3"));
    trace_reset(&t);
    assert_false(continues(&t, "ValueError: x"));
    assert_false(continues(&t, ""));
    assert_false(continues(&t, "}"));
}

/* What only looks like it. */
static void lines_of_logs_are_no_traces(void **state)
{
    static const char *const lines[] = {"Next run at 10:15",     "goroutine pool is full",
                                        "#include <stdio.h>",    "Stack is full",
                                        "Causes are unknown",    "'quoted'",
                                        "created by cart.add()", "# 7 of 9"};
    struct trace t = {.state = TRACE_NONE};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (continues(&t, lines[i]))
            fail_msg("%s", lines[i]);
}

#define LANGUAGE(name)                                                                             \
    {                                                                                              \
        name, entries, NULL, NULL, name                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE("php"),
        LANGUAGE("java"),
        LANGUAGE("python"),
        LANGUAGE("postgres"),
        LANGUAGE("go"),
        LANGUAGE("node"),
        LANGUAGE("ruby"),
        LANGUAGE("dotnet"),
        LANGUAGE("rust"),
        LANGUAGE("sanitizer"),
        cmocka_unit_test(nothing_continues_after_a_reset),
        cmocka_unit_test(lines_of_logs_are_no_traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
