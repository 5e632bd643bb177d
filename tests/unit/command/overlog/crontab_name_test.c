/* What the service of a job is called. */
#include "command/overlog/crontab_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void is_called(const char *command, const char *expected)
{
    char name[CRONTAB_NAME_MAX];
    crontab_name(command, name);
    assert_string_equal(name, expected);
}

static void plain_programs(void **state)
{
    (void)state;
    is_called("backup --all", "backup");
    is_called("/usr/local/bin/backup.sh", "backup.sh");
    is_called("cd /var/www && ./tidy -v", "tidy");
    is_called("test -x /x || ( backup.sh )", "backup.sh");
    is_called("[ -x /x ] && if x; then backup; fi", "x");
    is_called("(sleep 1; tidy)", "sleep");
    is_called("", "job");
    is_called("cd /x", "job");
    is_called("..//", "job");
    is_called("/bin/-x.y", "x.y");
    is_called("\"/opt/my tool/run it\"", "runit");
    is_called("\"unended", "unended");
    is_called("x\\", "x");
}

static void what_leads_to_them(void **state)
{
    (void)state;
    is_called("nice -n 10 /usr/bin/backup", "backup");
    is_called("nice -n10 ionice -c 3 -n 7 backup -n 4", "backup");
    is_called("nice --adjustment 10 backup", "backup");
    is_called("nice --adjustment=10 -- backup", "backup");
    is_called("nice -10 /usr/bin/env -i -u X A=1 zed", "zed");
    is_called("sudo -Hu www-data -- zed", "zed");
    is_called("sudo --user app zed", "zed");
    is_called("exec command then zed", "zed");
    is_called("timeout -s TERM -k 5 30m zed", "zed");
    is_called("flock -n /run/lock nice zed", "zed");
    is_called("s6-setuidgid app php /srv/artisan schedule:run", "artisan");
    is_called("nice -n", "job");
    is_called("timeout 5", "job");
}

static void quotes_and_redirections(void **state)
{
    (void)state;
    is_called("FOO=\"a|b\" zed", "zed");
    is_called("FOO='a; b' BAR=\"x \\\" y\" zed", "zed");
    is_called("FOO=$(date +%s | md5 $(x)) zed", "zed");
    is_called("A=`date | cut -c 1` zed", "zed");
    is_called("A=a\\ b zed", "zed");
    is_called(">/dev/null 2>&1 zed", "zed");
    is_called("> /dev/null zed 2>&1", "zed");
    is_called("zed>/dev/null", "zed");
    is_called("A1B=x 2>/dev/null <&- '' zed 3<x", "zed");
    is_called("echo \"a && b\" | zed", "echo");
}

static void scripts(void **state)
{
    (void)state;
    is_called("php /var/www/bin/console x", "console");
    is_called("php -d memory_limit=-1 -q /srv/run.php", "run.php");
    is_called("php -r 'echo 1;'", "php");
    is_called("python3 -u -W ignore -m tool.clean", "tool.clean");
    is_called("sh -c 'cd /x && nice -n 5 zed --all'", "zed");
    is_called("/bin/bash -lc \"exec zed\"", "zed");
    is_called("sh -o pipefail -c zed", "zed");
    is_called("sh -c", "sh");
    is_called("sh -c 'sh -c \"sh -c x\"'", "x");
    is_called("perl", "perl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_programs), cmocka_unit_test(what_leads_to_them),
        cmocka_unit_test(quotes_and_redirections), cmocka_unit_test(scripts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
