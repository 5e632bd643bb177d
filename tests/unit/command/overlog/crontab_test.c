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
    else if (e->kind != CRONTAB_JOB)
        snprintf(shown, sizeof shown, "%u: %s %s", e->line,
                 e->kind == CRONTAB_STRANGE      ? "?"
                 : e->kind == CRONTAB_SIX_FIELDS ? "six"
                                                 : "years",
                 e->value.data);
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

/* Five and years, or seconds, five and years, as supercronic has them; others have six with
 * seconds. */
static void more_than_five_fields(void **state)
{
    struct crontab c = {.at = "*/5 * * * * * /bin/x -a\n"
                              "0 */5 1-7,9 * * 2027 /bin/x\n"
                              "*/5 * * * * * * /bin/x -a\n"
                              "30 15 3 * * mon-fri *  run\n"
                              "0 0 3 * * mon 2027 run\n"
                              "0 0 3 * * 5 */2 run\n"
                              "1 2 3 4 5 6\n"
                              "0 0 0 * * * * 7 run\n"
                              "0 3 * * * mon --daemon\n"
                              "0 3 * * * 7z a b\n"
                              "@daily 7 run\n"};
    struct crontab system = {.at = "*/5 * * * * * root /bin/x\n"
                                   "*/5 * * * * * * root /bin/x -a\n"
                                   "*/5 * * * * root * /bin/x\n"
                                   "*/5 * * * * * * /bin/x -a\n"
                                   "*/5 * * * * root 7z a\n",
                             .system = true};
    struct crontab_entry e = {.line = 0};
    (void)state;
    next_is(&c, &e, "1: six */5 * * * * * /bin/x -a");
    next_is(&c, &e, "2: six 0 */5 1-7,9 * * 2027 /bin/x");
    next_is(&c, &e, "3: [*/5 * * * * *] [/bin/x -a]");
    next_is(&c, &e, "4: [30 15 3 * * mon-fri] [run]");
    next_is(&c, &e, "5: years 0 0 3 * * mon 2027 run");
    next_is(&c, &e, "6: years 0 0 3 * * 5 */2 run");
    next_is(&c, &e, "7: six 1 2 3 4 5 6");
    next_is(&c, &e, "8: ? 0 0 0 * * * * 7 run");
    next_is(&c, &e, "9: [0 3 * * *] [mon --daemon]");
    next_is(&c, &e, "10: [0 3 * * *] [7z a b]");
    next_is(&c, &e, "11: ? @daily 7 run");
    assert_int_equal(crontab_next(&c, &e), 0);
    next_is(&system, &e, "1: six */5 * * * * * root /bin/x");
    next_is(&system, &e, "2: [*/5 * * * * *] root[/bin/x -a]");
    next_is(&system, &e, "3: ? */5 * * * * root * /bin/x");
    next_is(&system, &e, "4: ? */5 * * * * * * /bin/x -a");
    next_is(&system, &e, "5: [*/5 * * * *] root[7z a]");
    assert_int_equal(crontab_next(&system, &e), 0);
    crontab_release(&e);
    assert_true(crontab_is("*/5 * * * * * /bin/x"));
    assert_true(crontab_is("*/5 * * * * * * /bin/x"));
}

/* A sixth word that is no day of the week begins the command, whatever follows it. */
static void commands_with_a_number(void **state)
{
    static const struct {
        const char *line, *shown;
        bool system;
    } row[] = {
        {"0 3 * * * /usr/local/bin/purge-logs 30", "1: [0 3 * * *] [/usr/local/bin/purge-logs 30]",
         false},
        {"15 3 * * * /opt/app2/cleanup 7", "1: [15 3 * * *] [/opt/app2/cleanup 7]", false},
        {"0 12 * * * tar 5", "1: [0 12 * * *] [tar 5]", false},
        {"0 12 * * * 2to3 5", "1: [0 12 * * *] [2to3 5]", false},
        {"0 12 * * * mon-x 5", "1: [0 12 * * *] [mon-x 5]", false},
        {"0 5 * * * my-user 5 x", "1: [0 5 * * *] my-user[5 x]", true},
        {"0 5 * * * www-data * x", "1: ? 0 5 * * * www-data * x", true},
        {"0 0 12 * * MON-FRI * /x", "1: [0 0 12 * * MON-FRI] [/x]", false},
        {"0 0 12 * * Mon,wed,5-6/2 * /x", "1: [0 0 12 * * Mon,wed,5-6/2] [/x]", false},
        {"0 0 12 ? * 5L * /x", "1: [0 0 12 ? * 5L] [/x]", false},
        {"0 0 12 1 * ? * /x", "1: [0 0 12 1 * ?] [/x]", false},
        {"* * * * * * * /x", "1: [* * * * * *] [/x]", false},
        {"* * * * * */2 * /x", "1: [* * * * * */2] [/x]", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct crontab c = {.at = row[i].line, .system = row[i].system};
        struct crontab_entry e = {.line = 0};
        next_is(&c, &e, row[i].shown);
        crontab_release(&e);
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_users), cmocka_unit_test(that_of_the_system),
        cmocka_unit_test(more_than_five_fields), cmocka_unit_test(commands_with_a_number),
        cmocka_unit_test(what_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
