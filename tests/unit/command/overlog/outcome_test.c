/* What becomes of a service that was told to go up or down, and the table of all of them. */
#include "command/overlog/outcome.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static long long known(long long number)
{
    return number == 0 ? -1 : number;
}

/* What is left out, or 0, is not said. */
static struct status_row row(struct status_row r)
{
    r.name = r.name == NULL ? "web" : r.name;
    r.type = r.type == NULL ? "longrun" : r.type;
    r.state = r.state == NULL ? "down" : r.state;
    r.why = r.why == NULL ? "" : r.why;
    r.log = "";
    r.pid = known(r.pid);
    r.code = known(r.code);
    r.signal = known(r.signal);
    r.ms = known(r.ms);
    r.ready_ms = known(r.ready_ms);
    r.died_ms = known(r.died_ms);
    return r;
}

#define ROW(...) row((struct status_row){__VA_ARGS__})

static void is(enum wish wish, struct status_row r, long long elapsed, enum outcome expected)
{
    assert_int_equal(outcome_of(wish, &r, elapsed), expected);
}

static void whether_it_is_up(void **state)
{
    (void)state;
    /* It has said that it is ready, or is up for a while. */
    is(WISH_UP, ROW(.state = "up", .ready = true, .ms = 3, .ready_ms = 1), 5, OUTCOME_REACHED);
    is(WISH_UP, ROW(.state = "up", .ready = true, .ms = 499), 499, OUTCOME_WAITS);
    is(WISH_UP, ROW(.state = "up", .ready = true, .ms = 500), 501, OUTCOME_REACHED);
    is(WISH_UP, ROW(.state = "starting", .pid = 5, .ms = 900), 5000, OUTCOME_WAITS);
    /* An end counts if it came since. */
    is(WISH_UP, ROW(.state = "waiting", .ms = 1, .died_ms = 1), 5, OUTCOME_FAILED);
    is(WISH_UP, ROW(.state = "waiting", .ms = 900, .died_ms = 900), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.state = "waiting", .ms = 4, .died_ms = 4), 5, OUTCOME_FAILED);
    is(WISH_UP, ROW(.state = "waiting", .ms = 5, .died_ms = 5), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.state = "waiting", .ms = 6, .died_ms = 6), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.state = "failed", .ms = 3, .died_ms = 4), 5, OUTCOME_FAILED);
    is(WISH_UP, ROW(.state = "failed", .ms = 900, .died_ms = 900), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.state = "starting", .pid = 6, .ms = 1, .died_ms = 2), 5, OUTCOME_WAITS);
    /* So does a reason why it cannot be executed. */
    is(WISH_UP, ROW(.state = "waiting", .ms = 3, .why = "no"), 5, OUTCOME_FAILED);
    is(WISH_UP, ROW(.state = "waiting", .ms = 300, .why = "no"), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.type = "oneshot", .state = "up", .ready = true, .ms = 1), 1, OUTCOME_REACHED);
    is(WISH_UP, ROW(.type = "oneshot", .state = "failed", .ms = 9), 5, OUTCOME_WAITS);
    is(WISH_UP, ROW(.type = "oneshot", .state = "failed", .ms = 4), 5, OUTCOME_FAILED);
}

static void whether_it_is_down(void **state)
{
    (void)state;
    is(WISH_DOWN, ROW(.state = "down"), 5, OUTCOME_REACHED);
    is(WISH_DOWN, ROW(.state = "failed"), 5, OUTCOME_REACHED);
    is(WISH_DOWN, ROW(.state = "failed", .pid = 3), 5, OUTCOME_WAITS);
    is(WISH_DOWN, ROW(.state = "stopping", .pid = 3), 5, OUTCOME_WAITS);
    is(WISH_DOWN, ROW(.state = "waiting"), 5, OUTCOME_WAITS);
}

static void says(enum wish wish, enum outcome outcome, struct status_row before,
                 struct status_row now, long long elapsed, const char *expected)
{
    struct services s = {.status = {.memory_limit = 512LL << 20}};
    struct target t = {.name = "web", .before = before, .node = TARGET_NO_NODE};
    struct str out = STR_INIT;
    struct verdict v = {wish, outcome, elapsed};
    outcome_say(&s, &t, &now, &v, &out);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void what_is_said(void **state)
{
    (void)state;
    struct status_row down = ROW(.state = "down"), up = ROW(.state = "up", .ms = 90000, .pid = 7);
    says(WISH_UP, OUTCOME_REACHED, down, ROW(.state = "up", .ms = 500, .pid = 7), 510,
         "web is up (pid 7)\n");
    says(WISH_UP, OUTCOME_REACHED, down, ROW(.state = "up", .ms = 350, .ready_ms = 10, .pid = 7),
         400, "web is up and ready after 0.3s (pid 7)\n");
    says(WISH_UP, OUTCOME_REACHED, up, up, 3, "web is up already (pid 7)\n");
    says(WISH_UP, OUTCOME_FAILED, down, ROW(.state = "waiting", .died_ms = 1, .code = 3), 5,
         "web ended: exit 3, and is started again\n");
    says(WISH_UP, OUTCOME_FAILED, down,
         ROW(.state = "failed", .died_ms = 1, .signal = 9, .oom = true), 5,
         "web ended: SIGKILL (out of memory, limit 512M), and is given up\n");
    says(WISH_UP, OUTCOME_FAILED, down, ROW(.state = "waiting", .ms = 1, .why = "no\n"), 5,
         "web is waiting: no^J\n");
    says(WISH_UP, OUTCOME_WAITS, down, ROW(.state = "starting", .ms = 60000, .pid = 7), 60000,
         "web has not said that it is ready after 1m 0s (pid 7)\n");
    says(WISH_DOWN, OUTCOME_REACHED, up, ROW(.state = "down", .died_ms = 100, .code = 2), 1600,
         "web is down after 1.5s: exit 2\n");
    says(WISH_DOWN, OUTCOME_REACHED, down, down, 5, "web is down already\n");
    says(WISH_DOWN, OUTCOME_WAITS, up, ROW(.state = "stopping", .pid = 7), 60000,
         "web is still there after 1m 0s (pid 7)\n");
}

static void the_table_has_80_columns(void **state)
{
    (void)state;
    char name[101] = "";
    memset(name, 'n', 100);
    struct status_row all[] = {ROW(.name = "a-service-name", .state = "finishing", .wanted = true,
                                   .pid = 1234567, .ms = 359999000, .starts = 123456,
                                   .died_ms = 359999000, .signal = 11, .core = true,
                                   .log_bytes = 123456789, .log_rate = 123456789, .floods = true),
                               ROW(.name = name, .state = "up", .starts = 1)};
    struct status s = {.stage = "running", .row = all, .count = 2, .memory_limit = -1};
    struct str out = STR_INIT;
    status_table(&s, &out);
    size_t widest = 0;
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (line[0] != 'n' && strlen(line) > widest)
            widest = strlen(line);
    assert_true(widest <= 80);
    str_release(&out);
    status_table(&s, &out);
    assert_non_null(strstr(out.data, "    last end: SIGSEGV (core dumped)\n"));
    assert_non_null(strstr(out.data, "SIGSEGV 4d 3h  118M  118M\n"));
    assert_non_null(strstr(out.data, "    floods its log\n"));
    assert_non_null(strstr(out.data, "nnn\n")); /* on a line of its own */
    str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whether_it_is_up), cmocka_unit_test(whether_it_is_down),
        cmocka_unit_test(what_is_said), cmocka_unit_test(the_table_has_80_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
