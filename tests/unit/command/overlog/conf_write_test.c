/* Files of a definition as a section, and back: nothing is lost, or it is named. */
#include "command/overlog/conf_write.h"
#include "services/section_expand.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct section *s;
static struct str out;
static struct words cannot;

static int teardown(void **state)
{
    (void)state;
    section_free(s);
    s = NULL;
    str_release(&out);
    words_release(&cannot);
    return 0;
}

static void add(const char *name, const char *text)
{
    struct section_file f = {.name = strdup(name), .text = strdup(text), .length = strlen(text)};
    assert_int_equal(section_add(s, f), 0);
}

static void begin(const char *name, const char *type)
{
    teardown(NULL);
    s = section_new("", name, strlen(name));
    assert_non_null(s);
    add("type", type);
    assert_int_equal(words_add(&s->bundles, "user"), 0);
}

/* What is written; stays: the one file that stands in no section, or NULL. */
static void written(const char *text, const char *stays)
{
    str_clear(&out);
    words_release(&cannot);
    assert_int_equal(conf_write(s, &out, &cannot), 0);
    if (text != NULL)
        assert_string_equal(out.data, text);
    assert_int_equal(cannot.count, stays != NULL);
    if (stays != NULL)
        assert_string_equal(cannot.item[0], stays);
}

/* A section comes back as it is written. */
static void comes_back(const char *text)
{
    struct conf c = CONF_INIT;
    struct problems p = PROBLEMS_INIT;
    teardown(NULL);
    assert_int_equal(conf_parse(&c, text, strlen(text)), 0);
    assert_int_equal(c.count, 1);
    s = section_expand(&c.section[0], "f", &p);
    assert_non_null(s);
    assert_int_equal(p.count, 0);
    conf_release(&c);
    written(text, NULL);
}

static void sections_come_back(void **state)
{
    (void)state;
    comes_back("# It serves.\n#\n# More.\n[web]\nrun = httpd -f \"a b\" ${X}\n");
    comes_back("[web]\nrun = httpd\nenv-file = /etc/e\nenv = none A=b \"C=d e\"\n"
               "live = -q 10m -f 1\nready = tcp:localhost:80\nlimits = nofile=5 core=unlimited\n"
               "umask = 022\ncwd = /srv\nuser = www\nneeds = db init\n");
    comes_back("[web]\nrun = httpd\nenv-file = -o \"/etc/a b\"\n");
    comes_back("[web]\nrun = httpd\nready = notify\nneeds = none\n");
    comes_back("[web]\nrun = httpd\nlive = curl -f localhost\nready = -n 5 -c check\n"
               "notification-fd = 5\n");
    comes_back(
        "[web]\nrun = app ${A} \"\\\\$A \\\\\\\\\\\\${B}\"\nenv = A=${A}\nlive = tcp:${HOST}:80\n"
        "ready = test \"${X} a\" = \\\\$X\n");
    comes_back("[job]\nrun = app\nschedule = 15 3 * * *\nuser = me\n");
    comes_back("[job]\nrun = schedule -1 \"15 3 * * *\" app\n");
    comes_back("[init]\nonce = make all\nuser = me\nstop-timeout = 5s\ndown = rm x\n");
    comes_back("[init]\ntype = oneshot\nscript =\n    cd /srv\n\n      make\nuser = me\n");
    comes_back(
        "[web]\nscript =\n    cd /srv\n    exec httpd \"$X\"\nsignal = INT\nlog = n5 s1000\n");
    comes_back("[web]\nscript =\n    #!/usr/bin/python3\n    import os\n    os.pause()\n");
    comes_back("[web]\nscript =\n    #!/bin/bash -e\n    cd /srv\n    exec httpd \"\\$x\"\n"
               "user = me\nbundle = one two\n");
    comes_back("[web]\nrun =\n    #!/bin/sh -e\n    exec httpd\nflag-newpidns = yes\n");
    comes_back("[all]\ncontents = a b\nbundle = none\n");
    comes_back("[web]\nrun = httpd\nenable-if =\n    A=b\n    !C\nrestart = on-failure, 5 in 1m\n");
}

static void directories_become_sections(void **state)
{
    (void)state;
    begin("web", "longrun");
    add("run", "#!/command/execlineb -P\nwith-contenv s6-setuidgid www\n  httpd -f");
    add("dependencies", "base\n");
    add("timeout-kill", "500 \n");
    written("[web]\nrun = httpd -f\nuser = www\nstop-timeout = 500\n", NULL);
    begin("web", "longrun\n");
    add("run", "#!/command/execlineb -P\n# why\nhttpd -f\n");
    written("[web]\nrun =\n    #!/command/execlineb -P\n    # why\n    httpd -f\nneeds = none\n",
            NULL);
    begin("web", "longrun\n");
    add("run", "#!/bin/execlineb -P\nbackground { sleep 1 }\nhttpd\n");
    add("finish", "#!/bin/sh\n\necho\n");
    written("[web]\nrun =\n    #!/bin/execlineb -P\n    background { sleep 1 }\n    httpd\n"
            "needs = none\nfinish =\n    #!/bin/sh\n\n    echo\n",
            NULL);
    begin("init", "oneshot\n");
    add("up", "# comment\nmake { a b }\n");
    written("[init]\nup =\n    # comment\n    make { a b }\nneeds = none\n", NULL);
    begin("init", "oneshot\n");
    add("up", "/etc/s6-overlay/scripts/init");
    add("dependencies", "# of\n\n  base\n");
    written("[init]\nonce = /etc/s6-overlay/scripts/init\nenv = none\n", NULL);
}

static void what_no_section_holds_is_named(void **state)
{
    (void)state;
    begin("web", "longrun\n");
    add("run", "\n\n#!/bin/sh\n");
    written(NULL, "run");
    begin("web", "longrun\n");
    add("run", "#!/bin/sh\nx\r\n");
    written(NULL, "run");
    begin("a]b", "longrun\n");
    add("run", "#!/bin/sh\n");
    written(NULL, "its name");
    begin("web", "longrun\n");
    add("run", "#!/bin/sh\n");
    add("dependencies", "a b\n");
    written(NULL, "dependencies");
}

static void same_files(void **state)
{
    (void)state;
    begin("a", "longrun\n");
    struct section *other = section_new("", "a", 1);
    assert_false(conf_same_file(s, other, "type"));
    assert_true(conf_same_file(s, other, "run"));
    assert_true(conf_same_file(s, other, "dependencies"));
    section_free(other);
}

int main(void)
{
#define test(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = {
        test(sections_come_back),
        test(directories_become_sections),
        test(what_no_section_holds_is_named),
        test(same_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
