/* supervisord.conf as supervisord reads it, and what becomes of its values. */
#include "command/overlog/supervisord.h"
#include "command/overlog/supervisord_keys.h"
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void get_is(const struct ini *ini, const char *section, const char *key, const char *value)
{
    const char *found = ini_get(ini, section, key);
    if (value == NULL)
        assert_null(found);
    else
        assert_string_equal(found, value);
}

static void sections_and_keys(void **state)
{
    struct ini ini = {.item = NULL};
    (void)state;
    assert_int_equal(
        ini_parse(&ini, "\xef\xbb\xbf; a comment\n[supervisord]\nNoDaemon = true\n# one more\n"
                        "logfile:/dev/null ; of the daemon\n\n[program:a]\r\n"
                        "command = run a;b # what\r\ncommand=second\n"),
        0);
    get_is(&ini, "supervisord", "nodaemon", "true");
    get_is(&ini, "supervisord", "logfile", "/dev/null");
    get_is(&ini, "program:a", "command", "second"); /* the last counts */
    get_is(&ini, "program:a", "logfile", NULL);
    assert_string_equal(ini.item[4].value.data, "run a;b");
    assert_int_equal(ini.strange, 0);
    ini_release(&ini);
}

static void continued_lines(void **state)
{
    struct ini ini = {.item = NULL};
    (void)state;
    /* Deeper than its option goes on; a file that is indented as a whole does not. */
    assert_int_equal(
        ini_parse(&ini, "  [program:a]\n  command=run\n    --one ; first\n\n"
                        "    # none\n\t\t\t--two=2\n  user=b\n  environment=\n    A=1,\n    B=2\n"
                        "stray words\n"),
        0);
    get_is(&ini, "program:a", "command", "run\n--one\n--two=2");
    get_is(&ini, "program:a", "user", "b");
    get_is(&ini, "program:a", "environment", "A=1,\nB=2");
    assert_int_equal(ini.strange, 11);
    ini_release(&ini);
}

/* As many lines as fit into a file of the largest size that is read: at once, or never. */
static void many_lines(void **state)
{
    struct ini ini = {.item = NULL};
    struct str text = STR_INIT;
    struct timespec begin, end;
    (void)state;
    assert_int_equal(str_add_text(&text, "[program:a]\ncommand=run\n"), 0);
    while (text.length < 1 << 20)
        assert_int_equal(str_add_text(&text, " x\n"), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_int_equal(ini_parse(&ini, text.data), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(end.tv_sec - begin.tv_sec < 10);
    assert_int_equal(strlen(ini_get(&ini, "program:a", "command")), 3 + (text.length - 24) / 3 * 2);
    ini_release(&ini);
    str_release(&text);
}

/* Options are looked for one by one, so their number is bounded. */
static void too_many_options(void **state)
{
    struct ini ini = {.item = NULL};
    struct str text = STR_INIT;
    (void)state;
    assert_int_equal(str_add_text(&text, "[program:a]\n"), 0);
    for (int i = 0; i < INI_ITEMS_MAX - 1; i++)
        assert_int_equal(str_add_text(&text, "a=b\n"), 0);
    assert_int_equal(ini_parse(&ini, text.data), 0);
    assert_int_equal(ini_parse(&ini, "c=d\n"), -1);
    assert_int_equal(errno, E2BIG);
    ini_release(&ini);
    str_release(&text);
}

static void expand_is(const char *text, bool good, const char *expected)
{
    const struct ini_names names = {.program = "web", .group = "all", .number = 3, .count = 12};
    struct str out = STR_INIT;
    assert_int_equal(ini_expand(text, &names, &out), good);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void expressions(void **state)
{
    (void)state;
    expand_is("%(program_name)s_%(process_num)02d", true, "web_03");
    expand_is("%(group_name)s %(process_num)d %(process_num)s %(numprocs)d", true, "all 3 3 12");
    expand_is("run 100%% %", true, "run 100% %");
    expand_is("a%(ENV_HOME)sb", true, "a\001HOME\002b");
    expand_is("%(host_node_name)s", true, "\001.\002");
    expand_is("%(nothing)s", false, "%(nothing)s");
    expand_is("%(ENV_A B)s%(ENV_)s%(ENV_1)s", false, "%(ENV_A B)s%(ENV_)s%(ENV_1)s");
    expand_is("%(process_num)9999d", false, "%(process_num)9999d");
    expand_is("%(program_name", true, "%(program_name");
    /* Bytes that mean something to us mean nothing there. */
    expand_is("a\001x}; reboot\002\003\004", true, "a?x}; reboot??\004");
}

static char *values(const char *name)
{
    static char one[] = "one", empty[] = "";
    return strcmp(name, "ONE") == 0 ? one : strcmp(name, "EMPTY") == 0 ? empty : NULL;
}

static void settle_is(const char *text, enum ini_settled how, const char *expected)
{
    struct str out = STR_INIT;
    assert_int_equal(ini_settle(text, values, &out), how);
    assert_string_equal(out.data, expected);
    str_release(&out);
}

static void settled(void **state)
{
    (void)state;
    settle_is("", INI_PLAIN, "");
    settle_is("a b", INI_PLAIN, "a b");
    settle_is("a-\001ONE\002-\001EMPTY\002b", INI_KNOWN, "a-one-b");
    settle_is("\001TWO\002_\001ONE\002", INI_UNKNOWN, "TWO_one");
    settle_is("\001ONE\002\001.\002", INI_UNKNOWN, "oneHOSTNAME");
}

static void places_of_files(void **state)
{
    struct ini ini = {.item = NULL};
    (void)state;
    assert_int_equal(ini_parse(&ini, "[a]\nx=%(here)s/b:%(here)s\ny=%%(here)s\n"), 0);
    assert_true(ini_here(&ini, 0, "/etc/one"));
    assert_false(ini_here(&ini, 0, "/etc/two"));
    size_t first = ini.count;
    assert_int_equal(ini_parse(&ini, "[b]\nx=%(here)s\nz=1\n"), 0);
    assert_true(ini_here(&ini, first, "/etc/two"));
    get_is(&ini, "a", "x", "/etc/one/b:/etc/one");
    get_is(&ini, "b", "x", "/etc/two");
    get_is(&ini, "b", "z", "1");
    ini_release(&ini);
}

static void command_is(const char *text, bool good, bool splits, const char *expected)
{
    struct str out = STR_INIT;
    bool split;
    assert_int_equal(ini_command(text, &out, &split), good);
    assert_int_equal(split, splits);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    str_release(&out);
}

static void commands(void **state)
{
    (void)state;
    command_is("nginx -g \"daemon off;\"", true, false, "nginx -g 'daemon off;'");
    command_is("run\n--one\n\t--two=2 ", true, false, "run --one --two=2");
    command_is("a > /dev/null && b $HOME *", true, false, "a '>' /dev/null '&&' b '$HOME' '*'");
    command_is("x --c='it''s' \"a\\\"b\" c\\ d ''", true, false, "x --c=its 'a\"b' 'c d' ''");
    command_is("bash -c 'it'\\''s'", true, false, "bash -c 'it'\\''s'");
    command_is("x \001ARGS\002 --d=\001D\002/e \"\001Q\002 r\"", true, true,
               "x ${ARGS} --d=${D}/e \"${Q} r\"");
    command_is("x '--d=\001D\002'", true, false, "x \"--d=${D}\"");
    command_is("x -h \001.\002", true, true, "x -h $(uname -n)");
    command_is("x \"a$b`\001Q\002\\\\\"", true, false, "x \"a\\$b\\`${Q}\\\\\"");
    command_is("x \"open", false, false, "x open");
    command_is("  ", true, false, "");
    /* shlex splits at a CR; VT and FF are characters of a word. */
    command_is("a\rb \r c\r", true, false, "a b c");
    command_is("a\vb \f", true, false, "'a\vb' '\f'");
}

static void environment_is(const char *text, bool good, const char *expected)
{
    struct str out = STR_INIT;
    assert_int_equal(ini_environment(text, &out), good);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    str_release(&out);
}

static void environments(void **state)
{
    (void)state;
    environment_is("A=\"1\",B='x,y' , C=z", true, "export A=1\nexport B=x,y\nexport C=z\n");
    environment_is("A=\"b c\",\nB = 2,", true, "export A='b c'\nexport B=2\n");
    environment_is("P=\"/x:\001PATH\002\"", true, "export P=\"/x:${PATH}\"\n");
    environment_is("H=\001.\002", true, "export H=\"$(uname -n)\"\n");
    environment_is("A=\"'it's'\"", true, "export A='it'\\''s'\n"); /* all quotes at both ends go */
    environment_is("A=\"open", true, "export A=open\n");
    environment_is("", true, "");
    environment_is("nonsense", false, "");
    environment_is("A=1,nonsense", false, "export A=1\n");
    environment_is("=1,A=2", false, "# environment : sh cannot export such a name\nexport A=2\n");
    environment_is("a.b=1", false, "# environment a.b: sh cannot export such a name\n");
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(ini_bytes("0"), 0);
    assert_int_equal(ini_bytes("50MB"), 50 << 20);
    assert_int_equal(ini_bytes("1kb"), 1024);
    assert_int_equal(ini_bytes("MB"), -1);
    assert_int_equal(ini_bytes("-1"), -1);
    assert_int_equal(ini_bytes("1TB"), -1);
    assert_true(ini_bytes("9223372036854775807GB") == LLONG_MAX);
    assert_true(ini_bytes("99999999999999999999999KB") == LLONG_MAX);
    assert_int_equal(ini_boolean("TRUE"), 1);
    assert_int_equal(ini_boolean("1"), 1);
    assert_int_equal(ini_boolean("Off"), 0);
    assert_int_equal(ini_boolean("maybe"), -1);
    assert_int_equal(ini_restart("Unexpected"), INI_UNEXPECTED);
    assert_int_equal(ini_restart("Yes"), 1);
    assert_int_equal(ini_restart("no"), 0);
    assert_int_equal(ini_restart(""), -1);
}

static void note_is(const char *section, const char *key, const char *value, const char *expected)
{
    const char *note = key == NULL ? ini_section_note(section) : ini_key_note(section, key, value);
    if (expected == NULL)
        assert_null(note);
    else if (note == NULL || strstr(note, expected) == NULL)
        fail_msg("[%s] %s=%s: %s", section, key, value, note == NULL ? "nothing" : note);
}

static void what_becomes_of_keys(void **state)
{
    (void)state;
    note_is("program:a", NULL, NULL, NULL);
    note_is("rpcinterface:supervisor", NULL, NULL, NULL);
    note_is("supervisorctl", NULL, NULL, NULL);
    note_is("rpcinterface:other", NULL, NULL, "no server");
    note_is("eventlistener:a", NULL, NULL, "event-hooks(8)");
    note_is("inet_http_server", NULL, NULL, "no server");
    note_is("programs:a", NULL, NULL, "no such section");
    note_is("program:a", "command", "x", NULL);
    note_is("fcgi-program:a", "command", "x", NULL);
    note_is("fcgi-program:a", "socket", "tcp://x:1", "no socket");
    note_is("program:a", "socket", "tcp://x:1", "no such key");
    note_is("program:a", "autorestat", "true", "no such key");
    note_is("program:a", "startsecs", "0", NULL);
    note_is("program:a", "startsecs", "1", NULL);
    note_is("program:a", "startsecs", "10", "counts as started");
    note_is("program:a", "startretries", "3", NULL);
    note_is("program:a", "stdout_events_enabled", "False", NULL);
    note_is("program:a", "stdout_events_enabled", "true", "no event here");
    note_is("program:a", "stderr_logfile_backups", "10", NULL);
    note_is("program:a", "stderr_logfile_backups", "1", "one log");
    note_is("supervisord", "loglevel", "debug", NULL);
    note_is("supervisord", "minprocs", "200", NULL);
    note_is("supervisord", "minprocs", "2000", "--ulimit");
    note_is("supervisord", "colour", "red", "no such key");
    note_is("supervisorctl", "prompt", "x", NULL);
    note_is("group:a", "priority", "1", NULL);
    note_is("eventlistener:a", "buffer_size", "1", NULL); /* its section says it all */
}

static void what_a_oneshot_has_not(void **state)
{
    (void)state;
    assert_non_null(strstr(ini_oneshot_note("exitcodes", "0,2"), "exit code 0"));
    assert_non_null(strstr(ini_oneshot_note("stopwaitsecs", "10"), "SIGTERM"));
    assert_non_null(strstr(ini_oneshot_note("stdout_logfile_backups", "2"), "no log"));
    const char *const nothing[][2] = {{"exitcodes", "0"},    {"stopsignal", "SIGTERM"},
                                      {"killasgroup", "No"}, {"stdout_logfile_maxbytes", "0"},
                                      {"command", "x"},      {"unknown", "x"}};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_null(ini_oneshot_note(nothing[i][0], nothing[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_keys),
        cmocka_unit_test(continued_lines),
        cmocka_unit_test(expressions),
        cmocka_unit_test(commands),
        cmocka_unit_test(environments),
        cmocka_unit_test(numbers),
        cmocka_unit_test(settled),
        cmocka_unit_test(places_of_files),
        cmocka_unit_test(what_becomes_of_keys),
        cmocka_unit_test(what_a_oneshot_has_not),
        cmocka_unit_test(many_lines),
        cmocka_unit_test(too_many_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
