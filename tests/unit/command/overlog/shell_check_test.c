/* What is said of scripts that containers run, and of which nothing is to be said. */
#include "command/overlog/daemons.h"
#include "command/overlog/shell_check.h"
#include "command/overlog/shell_reader.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool lacks_user(void *context, const char *name)
{
    (void)context;
    return strncmp(name, "no", 2) == 0;
}

static bool lacks_group(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "nogroupx") == 0;
}

static bool says(void *context, const char *file, const char *line)
{
    return context != NULL && strcmp(file, "/etc/nginx/nginx.conf") == 0 &&
           strcmp(line, "daemon off") == 0;
}

static int told; /* the configuration of nginx says that it stays */

static const struct shell_place place = {
    .lacks_user = lacks_user, .lacks_group = lacks_group, .says = says};

/* expected: "LINE: text", the beginning of each finding in turn. */
static void findings_are(const char *text, bool runs, const char *const *expected)
{
    struct problems p = PROBLEMS_INIT;
    struct shell_place here = place;
    size_t i = 0;
    here.context = told ? &told : NULL;
    shell_check(text, runs, &here, "run", &p);
    for (; i < p.count && expected[i] != NULL; i++) {
        char found[300];
        snprintf(found, sizeof found, "%u: %s", p.item[i].line, p.item[i].text);
        if (strncmp(found, expected[i], strlen(expected[i])) != 0)
            fail_msg("%s\nin\n%s\ninstead of %s", found, text, expected[i]);
        assert_true(p.item[i].warning && p.item[i].cure != NULL);
    }
    if (i < p.count)
        fail_msg("%u: %s\nin\n%s", p.item[i].line, p.item[i].text, text);
    if (expected[i] != NULL)
        fail_msg("not said in\n%s\n%s", text, expected[i]);
    problems_release(&p);
}

#define RUN(text, ...) findings_are(text, true, (const char *const[]){__VA_ARGS__, NULL})
#define ONCE(text, ...) findings_are(text, false, (const char *const[]){__VA_ARGS__, NULL})
#define RIGHT(text) findings_are(text, true, (const char *const[]){NULL})

static void programs_that_execute_none(void **state)
{
    (void)state;
    ONCE("#!/command/with-contenv sh\ns6-setuidgid www-data\nphp console migrate\nphp console "
         "status\n",
         "2: s6-setuidgid executes no program");
    RUN("#!/bin/sh\n\ns6-setuidgid www-data # from here on\n\nexec php-fpm -F\n",
        "3: s6-setuidgid executes no program");
    RUN("exec /command/s6-setuidgid \"$APP_USER\"\n", "1: s6-setuidgid executes no program");
    ONCE("if true; then\n  gosu app\n  run\nfi\n", "2: gosu executes no program");
    ONCE("with-contenv\nrun\n", "1: with-contenv executes no program");
    ONCE("s6-softlimit -o 65535\n", "1: s6-softlimit executes no program");
    ONCE("s6-setuidgid \\\n  app\nrun\n", "1: s6-setuidgid executes no program");
    ONCE("fdmove -c 2 1\nrun\n", "1: fdmove executes no program");
    ONCE("s6-setuidgid nosuch run\n", "1: s6-setuidgid: there is no user nosuch");
    ONCE("exec env A=1 su-exec nobody2:nogroup run\n", "1: su-exec: there is no user nobody2");
    /* Right, or nobody can tell. */
    ONCE("s6-setuidgid nosuch:adm run\n", "1: s6-setuidgid: there is no user nosuch");
    ONCE("s6-setuidgid app:nogroupx run\n", "1: s6-setuidgid: there is no group nogroupx");
    ONCE("gosu 33:nogroupx run\n", "1: gosu: there is no group nogroupx");
    ONCE("s6-envuidgid nosuch s6-applyuidgid -U run\n", "1: s6-envuidgid: there is no user nosuch");
    RIGHT("s6-envuidgid -g nosuch run\nexec s6-envuidgid -D 1:2:3 nosuch run\n");
    RIGHT("s6-setuidgid app:adm run\ns6-setuidgid app:33 run\nexec su-exec 33:adm run\n");
    RIGHT("s6-setuidgid www-data php migrate\nexec s6-setuidgid 33:33 php run\n");
    RIGHT("exec s6-setuidgid $USER_AND_PROGRAM\n");
    RUN("exec with-logfiles -s 100000 /var/log/a.log /var/log/b.log:err s6-setuidgid nosuch run\n",
        "1: s6-setuidgid: there is no user nosuch");
    RUN("exec with-logfiles /var/log/a.log -- /command/s6-setuidgid nosuch run\n",
        "1: s6-setuidgid: there is no user nosuch");
    ONCE("with-logfiles /var/log/a.log\nrun\n", "1: with-logfiles executes no program");
    RIGHT("exec with-logfiles /var/log/a.log:follow livecheck -q 1m notify run\n");
    RIGHT("s6-setuidgid \"$@\"\nexec run\n");
    RIGHT("s6-setuidgid() { run \"$@\"; }\ns6-setuidgid app\nexec run\n");
    RIGHT("# s6-setuidgid www-data\necho 's6-setuidgid www-data' \"\ns6-setuidgid "
          "www-data\n\"\nexec run\n");
    RIGHT(
        "cat <<EOF >x\ns6-setuidgid www-data\nEOF\ncat <<-'E F' >y\n\tgosu app\n\tE F\nexec run\n");
    RIGHT("exec s6-setuidgid app \\\n    run --one \\\n    --two\n");
    RIGHT("printf '%s\\n' \"$(\n  s6-setuidgid www-data\n)\" `gosu x`\nexec run\n");
}

static void timetables(void **state)
{
    (void)state;
    RUN("#!/bin/sh\nexec schedule '0 24 * * *' backup\n",
        "2: schedule: \"0 24 * * *\": hour: 24 is not one of 0 to 23");
    RUN("exec with-contenv schedule -T 1h --fail-after 3 -o skip \"every 90\" s6-setuidgid app "
        "run\n",
        "1: schedule: \"every 90\": a unit is missing; write every 90s");
    RUN("exec schedule 15 3 '*' '*' '*' run\n", "1: schedule: \"15\": it has 1 field; a time has");
    RUN("exec schedule '@daily'\n", "1: schedule executes no program");
    RIGHT("exec schedule --fail-after=3 -1tv '15 3 * * *; @reboot' sh -c 'run'\n");
    RIGHT("exec schedule \"$WHEN\" run\n");
    RIGHT("exec schedule @hourly nginx\n"); /* a job that ends at once is right */
}

static void daemons(void **state)
{
    (void)state;
    RUN("#!/bin/sh\nexec nginx\n", "2: nginx goes to the background unless its configuration");
    RUN("exec /usr/sbin/nginx -c /etc/nginx/nginx.conf -g 'user www;'\n", "1: nginx goes");
    RUN("mkdir -p /run/sshd\nexec s6-setuidgid root /usr/sbin/sshd -e\n", "2: sshd goes to the");
    RUN("nginx\n", "1: nginx goes to the background");
    RUN("exec php-fpm8.2 -R\n", "1: php-fpm8.2 goes to the background");
    RUN("exec cron\n", "1: cron goes to the background");
    RUN("exec crond -l 2\n", "1: crond goes");
    RUN("exec redis-server /etc/redis.conf --daemonize yes\n", "1: redis-server goes");
    RUN("exec gunicorn --daemon app:app\n", "1: gunicorn goes");
    RUN("exec apachectl start\n", "1: apachectl goes");
    RUN("exec exim4 -bd -q30m\n", "1: exim4 goes");
    RUN("exec postfix start\n", "1: postfix goes");
    RUN("if [ -n \"$X\" ]; then\n  exec dnsmasq -C x\nfi\nexec sleep 1\n", "2: dnsmasq goes");
    RIGHT("exec nginx -g 'daemon off;'\n");
    RIGHT("exec nginx -e stderr -g \"daemon off; error_log stderr;\"\n");
    RIGHT("exec nginx $NGINX_OPTIONS\n");
    RIGHT("exec nginx -c /config/nginx.conf\n"); /* made at the start, perhaps */
    RIGHT("exec /etc/s6-overlay/scripts/nginx\n");
    RIGHT("nginx -t || exit 1\nexec nginx -g \"daemon off; $MORE\"\n");
    RIGHT("exec php-fpm -R --nodaemonize\n");
    RIGHT("exec php-fpm82 -F\n");
    RIGHT("exec cron -f -L 15\n");
    RIGHT("exec crond -fS\n");
    RIGHT("exec /usr/sbin/sshd -De\n");
    RIGHT("exec apache2 -D FOREGROUND\n");
    RIGHT("exec httpd -f -p 80 -h /www\n");
    RIGHT("exec smbd -FS --no-process-group\n");
    RIGHT("exec redis-server --daemonize no\n");
    RIGHT("exec dnsmasq -k\n");
    RIGHT("exec exim4 -bdf -q30m\n");
    RIGHT("exec postfix start-fg\n");
    RIGHT("exec memcached -m 64 -u nobody\n");
    told = 1;
    RIGHT("exec nginx\n");
    told = 0;
    ONCE("cron\n", NULL); /* it is not what runs here */
}

static void last_lines(void **state)
{
    (void)state;
    RUN("#!/bin/sh\ncd /app\nnode server.js\n", "3: node is not executed in place of the shell");
    RUN("A=1 s6-setuidgid app node server.js >/dev/null 2>&1\n", "1: s6-setuidgid is not executed");
    RIGHT("cd /app\nexec node server.js\n");
    RIGHT("trap 'kill $p' TERM\nnode server.js\n");
    RIGHT("node a.js &\nnode b.js\n");
    RIGHT("node a.js && node b.js\n");
    RIGHT("node a.js | logger\n");
    RIGHT("while :; do work; sleep 1; done\n");
    RIGHT("for i in 1 2; do\n  work $i\ndone | sort\n");
    RIGHT("case $1 in\n(a|b) run ;;\n*) exec run ;;\nesac\n");
    RIGHT("main() {\n  exec node server.js\n}\nmain \"$@\"\n");
    RIGHT("function main {\n  exec node server.js\n}\nmain\n");
    RIGHT("if test -x /app; then exec /app; else exec sleep 9; fi\n");
    RIGHT("test -e /ready && exec sleep 1000\n");
    RIGHT("work\nsleep 60\n");
    RIGHT("node server.js; exit $?\n");
    RIGHT("[ \"$ON\" = 1 ] || exec s6-svc -Od .\nexec run\n");
    RIGHT("$COMMAND\n");
    RIGHT("exec \"$@\"\n");
    RIGHT("");
    /* Not understood: nothing is said. */
    RIGHT("if true; then\nnode server.js\n");
    RIGHT("echo \"open\nnode server.js\n");
    RIGHT("cat <<EOF\nnode server.js\n");
    RIGHT(")\nnode server.js\n");
    ONCE("node server.js\n", NULL);
}

static void other_managers(void **state)
{
    (void)state;
    ONCE("supervisorctl restart web\n", "1: supervisorctl has no supervisord");
    ONCE("service nginx start\nsystemctl restart x\n",
         "1: service start:", "2: systemctl restart:");
    RIGHT("command -v systemctl >/dev/null && systemctl restart x\nexec run\n");
    RIGHT("if [ -d /run/systemd ]; then systemctl restart x; fi\nexec run\n");
    RIGHT("systemctl is-active x\nservice --status-all\nexec run\n");
    RIGHT("echo supervisorctl restart web\nexec run\n");
}

static void words_of_commands(void **state)
{
    struct shell_script s;
    (void)state;
    shell_read("a 'b c'\"d $e\"f 2>&1 3<x >|y $g \\\n h; (i) && { j; } | k &\nl=(1 2) m\n", &s);
    assert_true(s.understood && s.ends_in_simple);
    assert_int_equal(s.count, 5);
    assert_int_equal(s.command[0].count, 4);
    assert_string_equal(s.command[0].word[1].text, "b cd \001f");
    assert_false(s.command[0].word[1].known || s.command[0].word[1].splits);
    assert_true(s.command[0].word[2].splits);
    assert_string_equal(s.command[0].word[3].text, "h");
    assert_int_equal(s.command[1].depth, 1);
    assert_string_equal(s.command[2].word[0].text, "j");
    assert_int_equal(s.command[3].before, SHELL_PIPE);
    assert_int_equal(s.command[3].after, SHELL_BACKGROUND);
    assert_int_equal(s.command[4].line, 3);
    assert_string_equal(s.command[4].word[1].text, "m");
    shell_release(&s);
}

static void operator_is(const char *text, const char *operator, unsigned int expected)
{
    unsigned int line;
    const char *found = chain_operator(text, &line);
    if (operator== NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, operator);
    assert_int_equal(line, expected);
}

static void execline(void **state)
{
    struct problems p = PROBLEMS_INIT;
    const struct daemon_word chain[] = {
        {"fdmove", true},          {"-c", true}, {"2", true}, {"1", true},
        {"/usr/sbin/nginx", true}, {"-q", true}};
    (void)state;
    operator_is("#!/bin/execlineb\n# a | b\nfoo \"|\" \"a\n|\" \\| x|y\n", NULL, 0);
    operator_is("#!/bin/execlineb\n\"a\nb\" |\n c", "|", 3);
    operator_is("foreground { a && b }", "&&", 1);
    chain_check(chain, 6, true, NULL, "run", &p);
    assert_int_equal(p.count, 1);
    assert_non_null(strstr(p.item[0].text, "nginx goes to the background"));
    problems_release(&p);
}

/* Whatever comes: no fault, no endless loop. */
static void random_text(void **state)
{
    static const char *const parts[] = {"if ",
                                        "then ",
                                        "fi\n",
                                        "case ",
                                        " in\n",
                                        "esac",
                                        ";;",
                                        "(",
                                        ")",
                                        "{ ",
                                        "} ",
                                        "$(",
                                        "`",
                                        "'",
                                        "\"",
                                        "<<E\n",
                                        "\nE\n",
                                        "|",
                                        "&",
                                        "&&",
                                        ";",
                                        "\n",
                                        "\\",
                                        "#",
                                        "$",
                                        "${",
                                        "=(",
                                        "function ",
                                        "x() ",
                                        "exec ",
                                        "s6-setuidgid ",
                                        "nginx ",
                                        ">",
                                        "2>&1 ",
                                        "[[ ",
                                        "for ",
                                        "do ",
                                        "done ",
                                        " ",
                                        "a"};
    unsigned int seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[400] = "";
        for (int i = 0; i < 24; i++) {
            seed = seed * 1103515245 + 12345;
            strcat(text, parts[(seed >> 16) % (sizeof parts / sizeof parts[0])]);
        }
        struct problems p = PROBLEMS_INIT;
        unsigned int line;
        shell_check(text, true, &place, "run", &p);
        chain_operator(text, &line);
        problems_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_that_execute_none),
        cmocka_unit_test(timetables),
        cmocka_unit_test(daemons),
        cmocka_unit_test(last_lines),
        cmocka_unit_test(other_managers),
        cmocka_unit_test(words_of_commands),
        cmocka_unit_test(execline),
        cmocka_unit_test(random_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
