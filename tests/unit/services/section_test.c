/* Sections of services.conf become the files that a directory would hold. */
#include "services/section_expand.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct conf c;
static struct problems p;
static struct section *s;

static int teardown(void **state)
{
    (void)state;
    section_free(s);
    s = NULL;
    conf_release(&c);
    problems_release(&p);
    return 0;
}

/* The first section of the text. */
static void expand(const char *text)
{
    teardown(NULL);
    assert_int_equal(conf_parse(&c, text, strlen(text)), 0);
    assert_int_equal(c.mistakes, 0);
    s = section_expand(&c.section[0], "/etc/services.conf", &p);
}

static void good(const char *text)
{
    expand(text);
    if (p.count > 0)
        fail_msg("%s:%u: %s", p.item[0].path, p.item[0].line, p.item[0].text);
    assert_non_null(s);
}

static void file_is(const char *name, const char *text)
{
    const struct section_file *f = section_find(s, name);
    assert_non_null(f);
    assert_string_equal(f->text, text);
    size_t lines = 0;
    for (const char *at = f->text; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(f->lines, lines);
}

static void no_file(const char *name)
{
    assert_null(section_find(s, name));
}

static void problem_is(size_t i, unsigned int line, const char *text)
{
    assert_true(i < p.count);
    assert_string_equal(p.item[i].text, text);
    assert_string_equal(p.item[i].path, "/etc/services.conf");
    assert_int_equal(p.item[i].line, line);
    assert_non_null(p.item[i].cure);
}

static void a_command_line_is_a_longrun(void **state)
{
    (void)state;
    good("[web]\nrun = httpd -f \"a b\" {\n  c }\n");
    assert_string_equal(s->path, "/etc/services.conf/web");
    assert_string_equal(s->name, "web");
    file_is("type", "longrun\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\nhttpd -f \"a b\" {\nc }\n");
    file_is("dependencies", "base\n");
    assert_int_equal(s->bundles.count, 1);
    assert_string_equal(s->bundles.item[0], "user");
    assert_int_equal(section_find(s, "run")->line[3], 3);
}

static void a_oneshot_is_done_once(void **state)
{
    (void)state;
    good("[init]\nonce = make all\nuser = me\nstop-timeout = 5s\ndown = rm x\nneeds = none\n");
    file_is("type", "oneshot\n");
    file_is("up", "with-contenv\ns6-setuidgid me\nmake all\n");
    file_is("down", "rm x\n");
    file_is("timeout-down", "5s\n");
    file_is("dependencies", "");
    good("[init]\ntype = oneshot\nscript =\n  echo \"$HOME\"\n");
    file_is("up", "with-contenv\n/bin/sh -c \"echo \\\"$HOME\\\"\"\n");
}

static void commands_stand_in_their_order(void **state)
{
    (void)state;
    good("[web]\nuser = www\ncwd = /srv\numask = 027\nlimits = nofile=1000 core=unlimited\n"
         "ready = tcp:localhost:80\nlive = curl -f localhost\nenv = A=b \"C=d e\"\n"
         "env-file = /etc/web.env\nrun = httpd\nsignal = INT\nstop-timeout = 10s\nlog = n20 s1000\n"
         "needs = db, cache\n  disk\nlogging = 2\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\nwith-envfile /etc/web.env\n"
                   "s6-env A=b \"C=d e\"\nlivecheck -c \"curl -f localhost\"\n"
                   "s6-notifyoncheck -d -n 0 -c \"probe -w 1m tcp:localhost:80\"\n"
                   "s6-softlimit -o 1000 -c =\numask 027\ncd /srv\ns6-setuidgid www\nhttpd\n");
    file_is("notification-fd", "3\n");
    file_is("down-signal", "INT\n");
    file_is("timeout-kill", "10s\n");
    file_is("logging-script", "n20 s1000\n");
    file_is("logging", "2\n");
    file_is("dependencies", "db\ncache\ndisk\n");
    const struct section_file *run = section_find(s, "run");
    assert_int_equal(run->line[2], 9);   /* env-file */
    assert_int_equal(run->line[9], 2);   /* user */
    assert_int_equal(run->line[10], 10); /* run */
    assert_int_equal(section_find(s, "dependencies")->line[2], 15);
}

static void checks_may_be_options(void **state)
{
    (void)state;
    good("[a]\nrun = x\nready = notify\nlive = -q 10m -f 1\nnotification-fd = 5\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\nlivecheck -q 10m -f 1\nnotify\nx\n");
    file_is("notification-fd", "5\n");
    good("[a]\nrun = x\nready = -w 100 -c \"test -e /x\"\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\n"
                   "s6-notifyoncheck -d -w 100 -c \"test -e /x\"\nx\n");
}

static void a_timetable_is_one_word(void **state)
{
    (void)state;
    good("[a]\nrun = app\nuser = me\nschedule = 15 3 * * *\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\nschedule \"15 3 * * *\"\n"
                   "s6-setuidgid me\napp\n");
    good("[a]\nrun = app\nschedule =\n  @daily\n  every 5m\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\nschedule \"@daily;every 5m\"\napp\n");
    good("[a]\nrun = app\nschedule = -z UTC \"$WHEN\"\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\n"
                   "multisubstitute { importas -D \"\" -S WHEN }\nschedule -z UTC ${WHEN}\napp\n");
    expand("[a]\nrun = app\nschedule = 15 25 * * *\n");
    assert_int_equal(p.errors, 1);
    assert_int_equal(p.item[0].line, 3);
}

static void variables_are_one_word_each(void **state)
{
    (void)state;
    good("[a]\nrun = app --dir=$HOME/x ${PORT} \\\\$NOT $1 $ \"$PORT\"\nuser = $WHO\n");
    file_is("run",
            "#!/command/execlineb -P\nwith-contenv\n"
            "multisubstitute { importas -D \"\" -S WHO importas -D \"\" -S HOME importas -D \"\" "
            "-S PORT define : \"$\" }\ns6-setuidgid ${WHO}\napp --dir=${HOME}/x ${PORT} ${:}NOT $1 "
            "$ \"${PORT}\"\n");
    good("[a]\nrun = app \"\\\\${A}\\\\\\\\\\\\$A\\$A\" \\\\\\$A \\\\$1\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\n"
                   "multisubstitute { define : \"$\" importas -D \"\" -S A }\n"
                   "app \"${:}{A}\\\\\\\\${:}A\\${A}\" ${:}A \\\\$1\n");
    good("[a]\nrun = app $A\nenv = PATH=/x:$PATH\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\n"
                   "multisubstitute { importas -D \"\" -S PATH }\ns6-env PATH=/x:${PATH}\n"
                   "multisubstitute { importas -D \"\" -S A }\napp ${A}\n");
}

static void a_check_replaces_its_variables_itself(void **state)
{
    (void)state;
    good("[a]\nrun = app $Y\nready = test $X = \\\\$X\nlive = tcp:$HOST:80\n");
    file_is(
        "run",
        "#!/command/execlineb -P\nwith-contenv\n"
        "livecheck -c \"multisubstitute { importas -D \\\"\\\" -S HOST } probe tcp:${HOST}:80\"\n"
        "s6-notifyoncheck -d -n 0 -c \"multisubstitute { importas -D \\\"\\\" -S X define : "
        "\\\"$\\\" } test ${X} = ${:}X\"\n"
        "multisubstitute { importas -D \"\" -S Y }\napp ${Y}\n");
    good("[a]\nenv = none A=$A\nready = test $X\nrun = app\n");
    file_is("run",
            "#!/command/execlineb -P\n"
            "s6-notifyoncheck -d -n 0 -c \"with-contenv multisubstitute { importas -D \\\"\\\" "
            "-S X importas -D \\\"\\\" -S A } emptyenv -p s6-env A=${A}\ntest ${X}\"\n"
            "with-contenv\nmultisubstitute { importas -D \"\" -S A }\nemptyenv -p\n"
            "s6-env A=${A}\napp\n");
    good("[a]\nready = test $X\nscript =\n  echo $X\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\n"
                   "s6-notifyoncheck -d -n 0 -c \"multisubstitute { importas -D \\\"\\\" -S X } "
                   "test ${X}\"\n/bin/sh -c \"echo $X\"\n");
    expand("[a]\nready = -c $X\nscript =\n  echo $X\n");
    assert_int_equal(p.errors, 1);
}

static void single_quotes_are_warned_of(void **state)
{
    (void)state;
    expand("[a]\nrun = sh -c 'echo a; exec sleep 1'\nready = test 'a b' = x\nenv = A='b'\n");
    assert_int_equal(p.errors, 0);
    assert_int_equal(p.count, 3);
    problem_is(0, 2, "run: single quotes are ordinary characters here");
    expand("[a]\nonce = x\ndown = sh -c 'a b'\n");
    problem_is(0, 3, "down: single quotes are ordinary characters here");
    good("[a]\nrun = sh -c \"echo 'a \\\" b'\" it\\'s\n  # it's\n  \"x\"# y\n");
    good("[a]\nscript =\n  echo 'a b'\nschedule = every 1h\n");
    expand("[a]\nrun = x\n  y# it's\n");
    assert_int_equal(p.count, 1);
}

static void variables_of_a_shell_are_warned_of(void **state)
{
    (void)state;
    expand("[a]\nrun = sh -c \"for i in $LIST; do echo $i; done\"\n");
    assert_int_equal(p.errors, 0);
    assert_int_equal(p.count, 1);
    problem_is(0, 2, "run: $i is replaced before the shell runs that sets it");
    expand("[a]\nrun = app\nready = bash -ec \"n=1; test ${n} -gt $n\"\n");
    assert_int_equal(p.count, 1);
    problem_is(0, 3, "ready: $n is replaced before the shell runs that sets it");
    expand(
        "[a]\nrun = sh -c \"tail -f x | while read a line; do echo \\\"$line\\\" ${a}; done\"\n");
    assert_int_equal(p.count, 2);
    problem_is(0, 2, "run: $line is replaced before the shell runs that sets it");
    problem_is(1, 2, "run: $a is replaced before the shell runs that sets it");
    /* These are the shell's, or nobody's but the container's. */
    good("[a]\nrun = sh -c \"for i in 1; do echo \\\\$i ${i:-x} $1 $(i); done\"\n");
    good("[a]\nrun = sh -c \"PATH=/x:$PATH; for x in $i; do app; done; read l; app $in $for\"\n");
    good("[a]\nrun = env A=$A B=b app $i for i in\n");
    good("[a]\nscript =\n  for i in 1; do echo $i; done\n");
}

static void names_are_those_of_directories(void **state)
{
    char text[400], name[300];
    (void)state;
    memset(name, 'x', sizeof name);
    snprintf(text, sizeof text, "[%.255s]\nrun = y\n", name);
    good(text);
    snprintf(text, sizeof text, "[%.255s@]\nrun = y\ninstances = 2\n", name);
    good(text);
    snprintf(text, sizeof text, "[%.256s]\nrun = y\n", name);
    expand(text);
    assert_null(s);
    problem_is(0, 1,
               "invalid name xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: names have 255 bytes at "
               "most");
}

static void the_environment_may_be_empty(void **state)
{
    (void)state;
    good("[a]\nrun = app\nenv = none\n");
    file_is("run", "#!/command/execlineb -P\napp\n");
    good("[a]\nrun = app $X\nenv = none A=b\n");
    file_is("run",
            "#!/command/execlineb -P\nwith-contenv\n"
            "multisubstitute { importas -D \"\" -S X }\nemptyenv -p\ns6-env A=b\napp ${X}\n");
    good("[a]\nenv = none\nscript =\n  exec app\n");
    file_is("run", "#!/bin/sh\nexec app\n");
}

static void scripts(void **state)
{
    (void)state;
    good("[a]\nscript =\n    cd /srv\n    exec app \"$X\"\n");
    file_is("run", "#!/command/with-contenv sh\ncd /srv\nexec app \"$X\"\n");
    assert_int_equal(section_find(s, "run")->line[2], 4);
    good("[a]\nscript =\n  #!/usr/bin/python3\n  import os\n");
    file_is("run", "#!/command/with-contenv /usr/bin/python3\nimport os\n");
    good("[a]\nuser = me\nscript =\n  #!/bin/bash -e\n  echo \"\\$x\"\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\ns6-setuidgid me\n"
                   "/bin/bash -e -c \"echo \\\"\\\\$x\\\"\"\n");
    good("[a]\nuser = me\nscript =\n  #!/command/with-contenv bash\n  exec x\n");
    file_is("run", "#!/command/execlineb -P\nwith-contenv\ns6-setuidgid me\nbash -c \"exec x\"\n");
    good("[a]\nrun =\n  #!/bin/sh -e\n  exec x\nfinish = echo $1 $X\n");
    file_is("run", "#!/bin/sh -e\nexec x\n");
    file_is("finish", "#!/command/execlineb -S4\nwith-contenv\n"
                      "multisubstitute { importas -D \"\" -S X }\necho ${1} ${X}\n");
}

static void bundles_and_additions(void **state)
{
    (void)state;
    good("[all]\ncontents = a b\nbundle = none\nflag-essential = yes\nflag-recommended = no\n");
    file_is("type", "bundle\n");
    file_is("contents", "a\nb\n");
    file_is("flag-essential", "");
    no_file("flag-recommended");
    no_file("dependencies");
    assert_int_equal(s->bundles.count, 0);
    good("[web]\nneeds = a\n");
    assert_false(s->typed);
    no_file("type");
    file_is("dependencies", "a\n");
    good("[a]\nrun = x\nbundle = one, two\n");
    assert_int_equal(s->bundles.count, 2);
}

static void every_mistake_is_said(void **state)
{
    (void)state;
    expand("[a]\nrun = x \"y\nusr = z\nrestart = a\n  b\ndata = x\nflag-newpidns = maybe\n"
           "contents = q\nneeds = a\ndependencies = b\n");
    problem_is(0, 8, "run and contents do not go together");
    problem_is(1, 2, "run: unterminated quote");
    problem_is(2, 3, "no key is called usr");
    assert_string_equal(p.item[2].cure, "did you mean user?");
    problem_is(3, 4, "restart has one line");
    problem_is(4, 6, "data is a directory: a section cannot hold it");
    problem_is(5, 7, "flag-newpidns: \"maybe\" is neither");
    problem_is(6, 10, "dependencies: another key says the same");
    expand("[a]\nrun = x\nuser = www data\nlimits = nofiles=3\nenv = A\nready =\n");
    problem_is(0, 5, "env: \"A\" sets no variable");
    problem_is(1, 6, "ready has no check");
    problem_is(2, 4, "limits: no limit is \"nofiles=3\": write NAME=VALUE");
    problem_is(3, 3, "user: one word is wanted: a user, or user:group");
    assert_int_equal(p.count, 4);
    expand("[a]\nrun = x\nenv-file = -o /etc/a\ncwd = -o /b\n");
    problem_is(0, 4, "cwd: one word is wanted: a directory");
    assert_int_equal(p.count, 1);
    expand("[a]\nrun = x\nenv-file = -o\n");
    assert_int_equal(p.count, 1);
}

static void what_does_not_go_together(void **state)
{
    (void)state;
    expand("[a]\nrun = x\nonce = y\n");
    problem_is(0, 3, "run and once do not go together");
    expand("[a]\nonce = x\nrestart = never\nready = tcp:x:1\n");
    problem_is(0, 4, "ready means nothing in a oneshot");
    expand("[a]\nuser = me\nrun =\n  #!/bin/sh\n  x\n");
    problem_is(0, 3, "run is a script of its own, before which no commands stand");
    expand("[a]\nuser = $ME\nscript =\n  echo $ME\n");
    problem_is(0, 2, "user: beside script no $ME is replaced");
    expand("[a]\nuser = me\nscript =\n  #!/usr/bin/perl\n  x\n");
    problem_is(0, 3,
               "script: a script of /usr/bin/perl cannot stand in a oneshot, nor with a key "
               "that is a command");
    expand("[a]\ntype = shortrun\n");
    problem_is(0, 2, "invalid type: must be oneshot, longrun, or bundle");
    expand("[a]\nuser = me\n");
    problem_is(0, 1, "nothing tells what a is");
    expand("[a/b]\nrun = x\n");
    problem_is(0, 1, "invalid name a/b: names hold no slash, and do not begin with a dot");
    assert_null(s);
    expand("[a@]\nrun = x\n");
    problem_is(0, 1, "a@ is a template, and nothing says how many there are");
    expand("[a]\nrun = x && y\n");
    problem_is(0, 2, "&& is given to x as an argument: no shell reads this command line");
    assert_int_equal(p.errors, 0);
}

static void places_are_those_of_the_file(void **state)
{
    (void)state;
    char path[256];
    unsigned int line = 1;
    struct sections list = SECTIONS_INIT;
    good("[web]\n\nrun = x\nuser = u\ntimeout-kill = 5\n");
    assert_int_equal(sections_add(&list, s), 0);
    s = NULL;
    strcpy(path, "/etc/services.conf/web/timeout-kill");
    sections_locate(&list, path, &line);
    assert_string_equal(path, "/etc/services.conf");
    assert_int_equal(line, 5);
    strcpy(path, "/etc/services.conf/web/run");
    line = 3;
    sections_locate(&list, path, &line);
    assert_int_equal(line, 4); /* the third line of run is that of user */
    strcpy(path, "/etc/services.conf/web");
    line = 0;
    sections_locate(&list, path, &line);
    assert_int_equal(line, 1);
    strcpy(path, "/etc/services.conf/user/contents");
    line = 7;
    sections_locate(&list, path, &line);
    assert_string_equal(path, "/etc/services.conf");
    assert_int_equal(line, 7);
    strcpy(path, "/etc/s6-rc.d/web/run");
    sections_locate(&list, path, &line);
    assert_string_equal(path, "/etc/s6-rc.d/web/run");
    sections_release(&list);
}

int main(void)
{
#define test(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = {
        test(a_command_line_is_a_longrun),
        test(a_oneshot_is_done_once),
        test(commands_stand_in_their_order),
        test(checks_may_be_options),
        test(a_timetable_is_one_word),
        test(variables_are_one_word_each),
        test(a_check_replaces_its_variables_itself),
        test(single_quotes_are_warned_of),
        test(variables_of_a_shell_are_warned_of),
        test(names_are_those_of_directories),
        test(the_environment_may_be_empty),
        test(scripts),
        test(bundles_and_additions),
        test(every_mistake_is_said),
        test(what_does_not_go_together),
        test(places_are_those_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
