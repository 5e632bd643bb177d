/* Changes to a services.conf leave the rest of it as it is. */
#include "command/overlog/conf_edit.h"
#include "command/overlog/create.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct str text;
static struct error e;

static int teardown(void **state)
{
    (void)state;
    str_release(&text);
    return 0;
}

static void begin(const char *content)
{
    str_clear(&text);
    assert_int_equal(str_add_text(&text, content), 0);
}

static void sections_are_taken_out(void **state)
{
    static const char all[] =
        "# all\n\n# of a\n# it\n[a]\nrun = x\n  y\n\n# of b\n[ b ]\nrun = y\n";
    (void)state;
    begin(all);
    assert_int_equal(conf_edit_remove(&text, 5, &e), 1);
    assert_string_equal(text.data, "# all\n\n# of b\n[ b ]\nrun = y\n");
    begin(all);
    assert_int_equal(conf_edit_remove(&text, 10, &e), 1);
    assert_string_equal(text.data, "# all\n\n# of a\n# it\n[a]\nrun = x\n  y\n\n");
    assert_int_equal(conf_edit_remove(&text, 10, &e), 0);
    begin("[a]\nrun = x\n\n#\n# of b\n#\n[b]\nrun = y\n#\n[c]\nrun = z\n");
    assert_int_equal(conf_edit_remove(&text, 7, &e), 1);
    assert_int_equal(conf_edit_remove(&text, 5, &e), 1);
    assert_string_equal(text.data, "[a]\nrun = x\n\n");
    begin("[a]\nlost\n[b]\nrun = x\n");
    assert_int_equal(conf_edit_remove(&text, 3, &e), -1);
    assert_string_equal(text.data, "[a]\nlost\n[b]\nrun = x\n");
    assert_int_equal(strncmp(e.text, "line 2: ", 8), 0);
}

static void comments_of_others_stay(void **state)
{
    (void)state;
    begin("[a]\nrun = x\n# within\nneeds = none\n \t\n\n# Below: databases\n\n# of b\n[b]\n"
          "script =\n    x\n\n    # y\n    z\n# [b2]\n\n[c]\n# end\n");
    assert_int_equal(conf_edit_remove(&text, 1, &e), 1);
    assert_int_equal(conf_edit_remove(&text, 12, &e), 1);
    assert_string_equal(text.data, "# Below: databases\n\n# of b\n[b]\n"
                                   "script =\n    x\n\n    # y\n    z\n# [b2]\n\n# end\n");
    assert_int_equal(conf_edit_remove(&text, 4, &e), 1);
    assert_string_equal(text.data, "# Below: databases\n\n# [b2]\n\n# end\n");
}

static void names_are_taken_out(void **state)
{
    (void)state;
    begin("[a]\nneeds = x, b\n   c x\nrun = x\nafter = x\n\n[b]\nneeds = x\n# c\nproducer-for = x\n"
          "[c]\ncontents =\n  x\n  y\n\n[d]\ncontents = x2 2x\nneeds = none");
    assert_int_equal(conf_edit_unlist(&text, "x", &e), 5);
    assert_string_equal(text.data, "[a]\nneeds = b c\nrun = x\n\n[b]\nneeds = none\n# c\n[c]\n"
                                   "contents = y\n\n[d]\ncontents = x2 2x\nneeds = none");
    assert_int_equal(conf_edit_unlist(&text, "x", &e), 0);
}

static void sections_are_added(void **state)
{
    (void)state;
    str_clear(&text);
    assert_int_equal(conf_edit_append(&text, "[a]\n"), 0);
    assert_int_equal(conf_edit_append(&text, "[b]\nrun = x"), 0);
    assert_int_equal(conf_edit_append(&text, "[c]\n\n"), 0);
    assert_int_equal(conf_edit_append(&text, "[d]\n"), 0);
    assert_string_equal(text.data, "[a]\n\n[b]\nrun = x\n\n[c]\n\n[d]\n");
}

static void draft_is(const struct draft *d, const char *expected)
{
    str_clear(&text);
    assert_int_equal(draft_section(d, &text), 0);
    assert_string_equal(text.data, expected);
}

static void drafts_are_sections(void **state)
{
    (void)state;
    struct draft d = {.name = "web", .type = DEFINITION_LONGRUN, .bundle = "user"};
    draft_is(&d, "[web]\nrun = s6-pause\n");
    d.run = "httpd -f \"a b\"";
    d.user = "www";
    d.ready = "nc -z localhost 80";
    d.restart = "never";
    words_add(&d.needs, "db");
    words_add(&d.after, "init");
    words_add(&d.conditions, "WEB");
    draft_is(&d, "[web]\nrun = httpd -f \"a b\"\nuser = www\nneeds = db\nafter = init\n"
                 "enable-if = WEB\nready = nc -z localhost 80\nrestart = never\n");
    words_release(&d.after);
    words_release(&d.conditions);
    d = (struct draft){.name = "x", .type = DEFINITION_ONESHOT, .needs = d.needs};
    d.run = "cd /srv && make >log";
    draft_is(&d, "[x]\ntype = oneshot\nscript =\n    cd /srv && make >log\nneeds = db\n"
                 "bundle = none\n");
    d.run = NULL;
    d.type = DEFINITION_LONGRUN;
    d.ready = "test -e \"$X\"";
    d.bundle = "all";
    draft_is(&d, "[x]\nrun = s6-pause\nneeds = db\nready = sh -c \"test -e \\\"\\\\$X\\\"\"\n"
                 "bundle = all\n");
    d.schedule = "every 1s";
    d.ready = NULL;
    d.run = "echo $i ${i} ${i:-1} $1 \\$i";
    draft_is(
        &d,
        "[x]\nschedule = every 1s\nrun = sh -c \"echo \\\\$i \\\\${i} ${i:-1} $1 \\\\\\\\\\\\$i\"\n"
        "needs = db\nbundle = all\n");
    d = (struct draft){.name = "x", .type = DEFINITION_BUNDLE, .needs = d.needs};
    draft_is(&d, "[x]\ncontents = db\nbundle = none\n");
    words_release(&d.needs);
    draft_is(&d, "[x]\ncontents = none\nbundle = none\n");
}

int main(void)
{
#define test(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = {
        test(sections_are_taken_out), test(comments_of_others_stay), test(names_are_taken_out),
        test(sections_are_added),     test(drafts_are_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
