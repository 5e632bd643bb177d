/* The pure parts of what the boot looks at: /run, lines of fix-attrs.d, settings. */
#include "overlay/fixattrs.h"
#include "overlay/rundir.h"
#include "overlay/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void run_directories(void **state)
{
    static const struct {
        uid_t uid;
        gid_t gid;
        uid_t owner;
        gid_t group;
        mode_t mode;
        enum rundir_verdict verdict;
        enum rundir_verdict accepted; /* with S6_YES_... */
    } cases[] = {
        {0, 0, 0, 0, 0755, RUNDIR_OURS, RUNDIR_OURS},
        {0, 0, 0, 0, 01777, RUNDIR_OURS, RUNDIR_OURS},
        {0, 0, 7, 7, 0700, RUNDIR_TAKE, RUNDIR_TAKE},
        {7, 7, 7, 7, 0700, RUNDIR_OURS, RUNDIR_OURS},
        {7, 7, 0, 0, 01777, RUNDIR_STICKY, RUNDIR_STICKY},
        {7, 0, 0, 0, 01777, RUNDIR_STICKY, RUNDIR_STICKY},
        {7, 7, 0, 7, 01770, RUNDIR_STICKY, RUNDIR_STICKY},
        {7, 7, 8, 0, 01777, RUNDIR_INSECURE, RUNDIR_INSECURE},
        {7, 7, 0, 0, 0777, RUNDIR_INSECURE, RUNDIR_ACCEPTED},
        {7, 7, 8, 0, 0777, RUNDIR_INSECURE, RUNDIR_INSECURE},
        {7, 7, 0, 7, 0770, RUNDIR_INSECURE, RUNDIR_ACCEPTED},
        {7, 7, 0, 0, 0775, RUNDIR_INSECURE, RUNDIR_INSECURE},
        {7, 7, 0, 0, 0755, RUNDIR_INSECURE, RUNDIR_INSECURE},
        {7, 0, 0, 0, 0775, RUNDIR_GROUP, RUNDIR_GROUP},
        {7, 0, 0, 0, 0770, RUNDIR_GROUP, RUNDIR_GROUP},
        {7, 0, 8, 0, 0770, RUNDIR_GROUP, RUNDIR_GROUP},
        {7, 0, 0, 0, 0777, RUNDIR_BAD_GROUP, RUNDIR_ACCEPTED},
        {7, 0, 0, 0, 0755, RUNDIR_BAD_GROUP, RUNDIR_BAD_GROUP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rundir_facts f = {.uid = cases[i].uid,
                                 .gid = cases[i].gid,
                                 .owner = cases[i].owner,
                                 .group = cases[i].group,
                                 .mode = cases[i].mode};
        assert_int_equal(rundir_judge(&f), cases[i].verdict);
        f.accept = true;
        assert_int_equal(rundir_judge(&f), cases[i].accepted);
    }
}

static void mounts_in_a_directory(void **state)
{
    static const struct {
        const char *mounts;
        bool holds;
    } cases[] = {
        {"", false},
        {"24 1 0:22 / / rw - overlay o rw\n25 24 0:23 / /run rw - tmpfs t rw\n", false},
        {"25 24 0:23 / /run rw - tmpfs t rw\n26 24 8:1 /var/run/dbus /var/run/dbus rw,nosuid - "
         "ext4 d rw\n",
         true},
        {"26 24 8:1 / /var/run rw - tmpfs t rw\n", true},
        {"26 24 8:1 / /var/run/docker.sock rw - tmpfs t rw", true},
        {"26 24 8:1 /var/run /var/running rw - tmpfs /var/run rw\n27 24 8:1 / /var rw - ext4 d "
         "rw\n",
         false},
        {"26 24 8:1\n\n/var/run\n26 24 8:1 /", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(rundir_holds_mount(cases[i].mounts, "/var/run"), cases[i].holds);
}

static int parse(const char *text, struct fixattrs_line *l)
{
    static char line[256];
    struct error e = ERROR_INIT;
    snprintf(line, sizeof line, "%s", text);
    int result = fixattrs_parse(line, l, &e);
    assert_true((result < 0) == (e.text[0] != '\0'));
    return result;
}

static void fix_attrs_lines(void **state)
{
    struct fixattrs_line l;
    (void)state;
    assert_int_equal(parse("/a/*\t true  nobody,1:2 0640 2750 \r", &l), 1);
    assert_string_equal(l.path, "/a/*");
    assert_true(l.recurse);
    assert_string_equal(l.account, "nobody,1:2");
    assert_int_equal(l.file_mode, 0640);
    assert_int_equal(l.directory_mode, 02750);
    assert_int_equal(parse(" /a false 1:2 7777 0 # and more", &l), 1);
    assert_false(l.recurse);
    assert_int_equal(l.file_mode, 07777);
    static const char *const nothing[] = {"", " \t", "#", "# /a true b 0 0", "#/a true b 0 0"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_int_equal(parse(nothing[i], &l), 0);
    static const char *const wrong[] = {"/a",
                                        "/a true b 0640",
                                        "/a yes b 0640 0750",
                                        "/a true b 0840 0750",
                                        "/a true b 0640 10000",
                                        "/a true b -1 0750",
                                        "/a true b 0640 u+x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse(wrong[i], &l), -1);
}

static void fix_attrs_accounts(void **state)
{
    uid_t uid;
    gid_t gid;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(fixattrs_account("2:3", &uid, &gid, &e), 0);
    assert_true(uid == 2 && gid == 3);
    assert_int_equal(fixattrs_account("2", &uid, &gid, &e), 0);
    assert_true(uid == 2 && gid == 2);
    assert_int_equal(fixattrs_account("nobody-of-that-name,5", &uid, &gid, &e), 0);
    assert_true(uid == 5 && gid == 5);
    assert_int_equal(fixattrs_account("7:no-such-group,5:6", &uid, &gid, &e), 0);
    assert_true(uid == 7 && gid == 6);
    assert_int_equal(fixattrs_account("nobody-of-that-name:7,5:6", &uid, &gid, &e), 0);
    assert_true(uid == 5 && gid == 7);
    assert_int_equal(fixattrs_account("nobody-of-that-name", &uid, &gid, &e), -1);
    assert_non_null(strstr(e.text, "nobody-of-that-name"));
    assert_int_equal(fixattrs_account("7:no-such-group", &uid, &gid, &e), -1);
    assert_non_null(strstr(e.text, "no-such-group"));
    assert_int_equal(fixattrs_account("nobody-of-that-name,x:y", &uid, &gid, &e), -1);
    assert_int_equal(fixattrs_account("4294967295:1", &uid, &gid, &e), -1); /* means nobody */
}

static struct {
    const char *name;
    char *value;
} variables[16];

static char *lookup(const char *name)
{
    for (size_t i = 0; variables[i].name != NULL; i++)
        if (strcmp(variables[i].name, name) == 0)
            return variables[i].value;
    return NULL;
}

static void set(size_t i, const char *name, char *value)
{
    variables[i].name = name;
    variables[i].value = value;
}

static void settings_have_defaults(void **state)
{
    struct settings s;
    struct problems p = PROBLEMS_INIT;
    (void)state;
    variables[0].name = NULL;
    assert_int_equal(settings_read(&s, lookup, false, &p), 0);
    assert_int_equal(p.count, 0);
    assert_string_equal(s.etc, "/etc");
    assert_string_equal(s.services, "/etc/s6-overlay/s6-rc.d");
    assert_string_equal(s.bundles, "/etc/s6-overlay/user-bundles.d");
    assert_int_equal(s.kill_grace, 3000);
    assert_int_equal(s.finish_max, 5000);
    assert_int_equal(s.legacy_ready, 50);
    assert_int_equal(s.legacy_grace, 3000);
    assert_int_equal(s.up_timeout, 0);
    assert_int_equal(s.verbosity, 2);
    assert_false(s.wait_legacy || s.sync || s.read_only || s.open_run || s.fix_hidden ||
                 s.cmd_signals || s.cmd_terminal || s.keep_env);
    assert_null(s.cmd_arg0);
    settings_release(&s);
}

static void settings_are_read_and_renewed(void **state)
{
    static char one[] = "1", soon[] = "soon", much[] = "400000", empty[] = "", p1[] = "p1",
                p2[] = "p2", there[] = "/there", words[] = "a b";
    struct settings s;
    struct problems p = PROBLEMS_INIT;
    (void)state;
    set(0, "S6_RUNTIME_PROFILE", p1);
    set(1, "S6_SYNC_DISKS", one);
    set(2, "S6_SERVICES_GRACETIME", soon);
    set(3, "S6_KILL_GRACETIME", much);
    set(4, "S6_CMD_ARG0", empty);
    set(5, "S6_VERBOSITY", one);
    variables[6].name = NULL;
    assert_int_equal(settings_read(&s, lookup, false, &p), 0);
    assert_int_equal(p.count, 1); /* soon */
    assert_string_equal(s.etc, "/etc/cont-profile.d/p1");
    assert_string_equal(s.services, "/etc/cont-profile.d/p1/s6-overlay/s6-rc.d");
    assert_string_equal(s.bundles, "/etc/cont-profile.d/p1/s6-overlay/user-bundles.d");
    assert_true(s.sync);
    assert_int_equal(s.legacy_grace, 3000);
    assert_int_equal(s.kill_grace, 300000);
    assert_int_equal(s.verbosity, 1);
    assert_null(s.cmd_arg0);
    set(0, "S6_RUNTIME_PROFILE", p2);
    set(4, "S6_CMD_ARG0", words);
    set(5, "S6_RUNTIME_BUNDLEDIR", there);
    assert_int_equal(settings_renew(&s, lookup), 0);
    assert_string_equal(s.etc, "/etc/cont-profile.d/p2");
    assert_string_equal(s.services, "/etc/cont-profile.d/p2/s6-overlay/s6-rc.d");
    assert_string_equal(s.bundles, "/there");
    assert_string_equal(s.cmd_arg0, "a b");
    assert_int_equal(s.verbosity, 1); /* as it was */
    settings_release(&s);
    problems_release(&p);
}

/* As a reader of the file that has this value has it. */
static void values_at_start(void **state)
{
    static const struct {
        const char *value, *read;
    } values[] = {{"5000", "5000"}, {"", ""},           {"5000\n\n", "5000"},
                  {"\n", ""},       {"a\nb\n", "a\nb"}, {" \n ", " \n "}};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(setenv("OVERLOG_TEST", values[i].value, 1), 0);
        char *read = settings_at_start("OVERLOG_TEST");
        assert_string_equal(read, values[i].read);
        if (read != getenv("OVERLOG_TEST"))
            free(read);
    }
    unsetenv("OVERLOG_TEST");
    assert_null(settings_at_start("OVERLOG_TEST"));
}

static const char *console_text, *prefix_text;

static char *console_lookup(const char *name)
{
    const char *text = strcmp(name, "OVERLOG_CONSOLE") == 0  ? console_text
                       : strcmp(name, "OVERLOG_PREFIX") == 0 ? prefix_text
                                                             : NULL;
    return (char *)(uintptr_t)text;
}

static void forms_of_the_console(void **state)
{
    static const struct {
        const char *console, *prefix;
        enum console_form form;
        uint32_t width;
        size_t warnings;
    } rows[] = {{NULL, NULL, CONSOLE_PLAIN, 0, 0},      {NULL, "1", CONSOLE_PREFIX, 1, 0},
                {NULL, "500", CONSOLE_PREFIX, 100, 0},  {"", "12", CONSOLE_PREFIX, 12, 0},
                {"prefix", NULL, CONSOLE_PREFIX, 1, 0}, {"prefix", "7", CONSOLE_PREFIX, 7, 0},
                {"json", "7", CONSOLE_JSON, 0, 0},      {"plain", "1", CONSOLE_PLAIN, 0, 0},
                {"JSON", NULL, CONSOLE_PLAIN, 0, 1},    {"xml", "1", CONSOLE_PLAIN, 0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct problems p = PROBLEMS_INIT;
        struct settings s;
        console_text = rows[i].console;
        prefix_text = rows[i].prefix;
        assert_int_equal(settings_read(&s, console_lookup, false, &p), 0);
        assert_int_equal(s.console, rows[i].form);
        assert_int_equal(s.prefix, rows[i].width);
        assert_int_equal(p.count, rows[i].warnings);
        settings_release(&s);
        problems_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_directories),        cmocka_unit_test(mounts_in_a_directory),
        cmocka_unit_test(fix_attrs_lines),        cmocka_unit_test(fix_attrs_accounts),
        cmocka_unit_test(settings_have_defaults), cmocka_unit_test(settings_are_read_and_renewed),
        cmocka_unit_test(values_at_start),        cmocka_unit_test(forms_of_the_console),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
