/* The expressions of eltest. */
#include "execline/eltest.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS = 64, WRONG = -1 };

/* 1 true, 0 false, -1 no expression. Words are separated by blanks; '' is an empty one. */
static int value(const char *expression)
{
    char text[512];
    char *words[WORDS + 1];
    size_t n = 0;
    struct error e = ERROR_INIT;
    bool result = true;
    assert_true(strlen(expression) < sizeof text);
    strcpy(text, expression);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(n < WORDS);
        if (strcmp(word, "''") == 0)
            word[0] = '\0';
        words[n++] = word;
    }
    words[n] = NULL;
    if (eltest_evaluate(words, &result, &e) == 0)
        return result;
    assert_int_equal(e.code, EXIT_USAGE);
    assert_string_not_equal(e.text, "");
    return WRONG;
}

struct expectation {
    const char *expression;
    int value;
};

static void assert_all(const struct expectation *e, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int got = value(e[i].expression);
        if (got != e[i].value)
            print_error("%s: %d instead of %d\n", e[i].expression, got, e[i].value);
        assert_int_equal(got, e[i].value);
    }
}

#define ASSERT_ALL(e) assert_all(e, sizeof(e) / sizeof(e)[0])

static void strings(void **state)
{
    static const struct expectation e[] = {
        {"", 0},        {"''", 0},     {"a", 1},      {"-n a", 1},   {"-n ''", 0},  {"-z ''", 1},
        {"-z a", 0},    {"a = a", 1},  {"a = b", 0},  {"a != b", 1}, {"a < b", 1},  {"b < a", 0},
        {"a < a", 0},   {"a <= a", 1}, {"b > a", 1},  {"a > a", 0},  {"a >= a", 1}, {"B < a", 1},
        {"'' = ''", 1}, {"'' < a", 1}, {"a == a", -1}};
    (void)state;
    ASSERT_ALL(e);
}

static void numbers(void **state)
{
    static const struct expectation e[] = {{"1 -eq 1", 1},
                                           {"1 -eq 01", 1},
                                           {"1 -ne 1", 0},
                                           {"-1 -lt 1", 1},
                                           {"+1 -eq 1", 1},
                                           {"2 -le 1", 0},
                                           {"2 -le 2", 1},
                                           {"2 -gt 1", 1},
                                           {"10 -gt 9", 1},
                                           {"1 -ge 2", 0},
                                           {"9223372036854775807 -gt -9223372036854775808", 1},
                                           {"99999999999999999999 -gt 1", 1},
                                           {"-99999999999999999999 -lt 1", 1},
                                           {"1 -eq x", -1},
                                           {"x -eq 1", -1},
                                           {"1 -eq ''", -1},
                                           {"1 -eq 1x", -1},
                                           {"1 -eq -", -1},
                                           {"1 -eq +-1", -1},
                                           {"1 -eq 0x1", -1}};
    (void)state;
    ASSERT_ALL(e);
}

static void expressions(void **state)
{
    static const struct expectation e[] = {
        {"! a", 0},
        {"! ''", 1},
        {"! ! a", 1},
        {"! ! ! a", 0},
        {"! a = b", 1},
        {"a -a b", 1},
        {"a -a ''", 0},
        {"'' -o b", 1},
        {"'' -o ''", 0},
        {"a -a b -a c -a ''", 0},
        {"'' -o '' -o a", 1},
        /* -a binds more tightly than -o, ! more tightly than both. */
        {"a -o a -a ''", 1},
        {"( a -o a ) -a ''", 0},
        {"'' -a a -o a", 1},
        {"'' -a ( a -o a )", 0},
        {"! a -o a", 1},
        {"! ( a -o a )", 0},
        {"( ( ( a ) ) )", 1},
        {"( -n a -a ( -z '' ) ) -a ! ''", 1}};
    (void)state;
    ASSERT_ALL(e);
}

static void what_cannot_matter_is_not_evaluated(void **state)
{
    static const struct expectation e[] = {{"'' -a x -eq y", 0},
                                           {"a -o x -eq y", 1},
                                           {"'' -a x -eq y -o a", 1},
                                           {"a -o x -eq y -a x -eq y", 1},
                                           {"'' -a ( a -o x -eq y -a ! x -eq y )", 0},
                                           {"'' -a -t x", 0},
                                           {"'' -a a =~ [", 0},
                                           {"'' -o x -eq y", -1},
                                           {"'' -a a b", -1},
                                           {"a -o -n", -1}};
    (void)state;
    ASSERT_ALL(e);
}

static void operators_are_operators_everywhere(void **state)
{
    static const struct expectation e[] = {
        {"-n -n", -1},      {"-n = -n", -1}, {"= = =", -1},      {"-a a", -1},   {"a -a", -1},
        {"!", -1},          {"-o", -1},      {"a =", -1},        {"= a", -1},    {"-n", -1},
        {"-z ( a )", -1},   {"( )", -1},     {"( a", -1},        {"a )", -1},    {")", -1},
        {"( a ) b", -1},    {"a b", -1},     {"a = b = c", -1},  {"a = -d", -1}, {"! -a", -1},
        {"( a ) = a", -1},  {"-q a", -1},    {"- = -", 1},       {"-- = --", 1}, {"!a", 1},
        {"\\-n = \\-n", 1}, {"\\-n", 1},     {"\\( = \\(", 1},   {"-n \\=", 1},  {"\\", 0},
        {"\\\\ = \\\\", 1}, {"\\a = a", 1},  {"\\\\a = \\a", 0}, {"-f \\-f", 0}};
    (void)state;
    ASSERT_ALL(e);
}

static void regular_expressions(void **state)
{
    static const struct expectation e[] = {
        {"abc =~ b", 1},    {"abc =~ ^b", 0}, {"abc =~ ^a.c$", 1}, {"abc =~ x|c", 1},
        {"abc =~ (b)+", 1}, {"abc =~ [", -1}, {"'' =~ ^$", 1}};
    (void)state;
    ASSERT_ALL(e);
}

static void variables(void **state)
{
    (void)state;
    setenv("ELTEST_A", "", 1);
    unsetenv("ELTEST_B");
    assert_int_equal(value("-v ELTEST_A"), 1);
    assert_int_equal(value("-v ELTEST_B"), 0);
}

static void terminals(void **state)
{
    static const struct expectation e[] = {
        {"-t x", -1}, {"-t -1", 0}, {"-t 99999999999", 0}, {"-t 1000", 0}};
    (void)state;
    ASSERT_ALL(e);
}

/* --- files --------------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/eltest-XXXXXX";

static void make(const char *name, mode_t mode, const char *content, time_t modified, time_t read)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    const struct timespec times[] = {{.tv_sec = read}, {.tv_sec = modified}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static int make_files(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    make("old", 0644, "x", 1000, 1000);
    make("new", 0755, "", 2000, 1999);
    make("bits", 06644, "x", 1000, 1001);
    assert_int_equal(mkdir("sticky", 0755), 0);
    assert_int_equal(chmod("sticky", 01755), 0);
    assert_int_equal(link("old", "hard"), 0);
    assert_int_equal(symlink("old", "soft"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    return 0;
}

static int remove_files(void **state)
{
    static const char *const names[] = {"old",  "new",      "bits", "hard",
                                        "soft", "dangling", "fifo", "socket"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(names[i]);
    rmdir("sticky");
    assert_int_equal(chdir("/"), 0);
    return rmdir(folder);
}

static void files(void **state)
{
    static const struct expectation e[] = {
        {"-e old", 1},         {"-e dangling", 0},      {"-e nosuch", 0},
        {"-f old", 1},         {"-f soft", 1},          {"-f sticky", 0},
        {"-d sticky", 1},      {"-d old", 0},           {"-h soft", 1},
        {"-L dangling", 1},    {"-L old", 0},           {"-p fifo", 1},
        {"-p old", 0},         {"-S socket", 1},        {"-S old", 0},
        {"-c /dev/null", 1},   {"-c old", 0},           {"-b /dev/null", 0},
        {"-s old", 1},         {"-s new", 0},           {"-s nosuch", 0},
        {"-u bits", 1},        {"-u old", 0},           {"-g bits", 1},
        {"-g old", 0},         {"-k sticky", 1},        {"-k old", 0},
        {"-x new", 1},         {"-x old", 0},           {"-r old", 1},
        {"-w old", 1},         {"-r nosuch", 0},        {"-O old", 1},
        {"-U old", 1},         {"-G old", 1},           {"-O nosuch", 0},
        {"-N new", 1},         {"-N old", 0},           {"-N bits", 0},
        {"new -nt old", 1},    {"old -nt new", 0},      {"old -nt hard", 0},
        {"old -ot new", 1},    {"new -ot old", 0},      {"old -nt nosuch", 1},
        {"nosuch -nt old", 0}, {"nosuch -ot old", 1},   {"nosuch -ot nosuch", 0},
        {"old -ef hard", 1},   {"old -ef soft", 1},     {"old -ef new", 0},
        {"old -ef nosuch", 0}, {"nosuch -ef nosuch", 0}};
    (void)state;
    ASSERT_ALL(e);
}

static void deep_parentheses_are_refused(void **state)
{
    enum { DEPTH = 100000 };
    char **words = calloc(2 * DEPTH + 2, sizeof *words);
    static char open_word[] = "(";
    static char close_word[] = ")";
    static char data[] = "a";
    struct error e = ERROR_INIT;
    bool result;
    (void)state;
    assert_non_null(words);
    for (size_t i = 0; i < DEPTH; i++) {
        words[i] = open_word;
        words[DEPTH + 1 + i] = close_word;
    }
    words[DEPTH] = data;
    assert_int_equal(eltest_evaluate(words, &result, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    /* As many as anyone writes are fine. */
    words[DEPTH + 1 + 500] = NULL;
    assert_int_equal(eltest_evaluate(words + DEPTH - 500, &result, &e), 0);
    assert_true(result);
    free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(numbers),
        cmocka_unit_test(expressions),
        cmocka_unit_test(what_cannot_matter_is_not_evaluated),
        cmocka_unit_test(operators_are_operators_everywhere),
        cmocka_unit_test(regular_expressions),
        cmocka_unit_test(variables),
        cmocka_unit_test(terminals),
        cmocka_unit_test(files),
        cmocka_unit_test(deep_parentheses_are_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
