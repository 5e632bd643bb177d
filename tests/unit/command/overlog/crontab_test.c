/* Crontabs as cron reads them. */
#include "command/overlog/crontab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* The next entry, in one line. */
static void next_is(struct crontab *c, struct crontab_entry *e, const char *expected)
{
    char shown[400];
    assert_int_equal(crontab_next(c, e), 1);
    if (e->kind == CRONTAB_VARIABLE)
        snprintf(shown, sizeof shown, "%u: %s=%s", e->line, e->name.data, e->value.data);
    else if (e->kind == CRONTAB_STRANGE)
        snprintf(shown, sizeof shown, "%u: ? %s", e->line, e->value.data);
    else
        snprintf(shown, sizeof shown, "%u: [%s] %s[%s]%s%s", e->line, e->timetable.data,
                 e->user.data, e->command.data, e->has_input ? " < " : "", e->input.data);
    assert_string_equal(shown, expected);
}

static void those_of_users(void **state)
{
    struct crontab c = {.at = "# a comment\n"
                              "\n"
                              "  SHELL = /bin/bash  \n"
                              "\"QUOTED\"=' with blanks '\n"
                              "EMPTY=\n"
                              "15\t3  * * *   backup --all  \r\n"
                              "*/5 8-18 1,15 jan-mar mon-fri  cd /x && A=b run | tail >/dev/null\n"
                              "@daily echo 100\\% of%first line%\n"
                              "@reboot  x=1 run\n"
                              "1 2 3 4 5\n"
                              "1 2 3 4 run it\n"
                              "5=no variable\n"
                              "@daily\n"
                              "0 0 * * 0 last"};
    struct crontab_entry e = {.line = 0};
    (void)state;
    next_is(&c, &e, "3: SHELL=/bin/bash");
    next_is(&c, &e, "4: QUOTED= with blanks ");
    next_is(&c, &e, "5: EMPTY=");
    next_is(&c, &e, "6: [15 3 * * *] [backup --all]");
    next_is(&c, &e, "7: [*/5 8-18 1,15 jan-mar mon-fri] [cd /x && A=b run | tail >/dev/null]");
    next_is(&c, &e, "8: [@daily] [echo 100% of] < first line\n\n");
    next_is(&c, &e, "9: [@reboot] [x=1 run]");
    next_is(&c, &e, "10: ? 1 2 3 4 5");
    next_is(&c, &e, "11: [1 2 3 4 run] [it]");
    next_is(&c, &e, "12: ? 5=no variable");
    next_is(&c, &e, "13: ? @daily");
    next_is(&c, &e, "14: [0 0 * * 0] [last]");
    assert_int_equal(crontab_next(&c, &e), 0);
    crontab_release(&e);
}

static void that_of_the_system(void **state)
{
    struct crontab c = {.at = "17 *\t* * *\troot\tcd / && run-parts /etc/cron.hourly\n"
                              "@weekly www-data php cleanup.php\n"
                              "0 0 * * * root\n",
                        .system = true};
    struct crontab_entry e = {.line = 0};
    (void)state;
    next_is(&c, &e, "1: [17 * * * *] root[cd / && run-parts /etc/cron.hourly]");
    next_is(&c, &e, "2: [@weekly] www-data[php cleanup.php]");
    next_is(&c, &e, "3: ? 0 0 * * * root");
    assert_int_equal(crontab_next(&c, &e), 0);
    crontab_release(&e);
}

static void what_is_one(void **state)
{
    (void)state;
    assert_true(crontab_is("# x\nMAILTO=root\n\n@daily run\nnonsense\n"));
    assert_true(crontab_is("*/5 * * * * root run"));
    assert_false(crontab_is(""));
    assert_false(crontab_is("MAILTO=root\n"));
    assert_false(crontab_is("web: bundle exec puma\nworker: run\n"));
    assert_false(crontab_is("release: a b c d e\n"));
    assert_false(crontab_is("[program:x]\ncommand=y\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(those_of_users),
                                       cmocka_unit_test(that_of_the_system),
                                       cmocka_unit_test(what_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
