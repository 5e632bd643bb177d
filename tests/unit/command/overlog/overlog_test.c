/* The pure parts of overlog's verbs: pictures, status, scripts of sh, what a script tells. */
#include "base/clock.h"
#include "command/commands.h"
#include "command/overlog/doc.h"
#include "command/overlog/graph.h"
#include "command/overlog/overlog.h"
#include "command/overlog/status.h"
#include "command/overlog/write.h"
#include "supervisor/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* These are found in all tables, whose last is that of main.c, which is not linked here. */
bool command_exists(const char *name)
{
    return name == NULL;
}

int command_names(struct words *names)
{
    return names == NULL ? -1 : 0;
}

static void text_is(struct str *text, const char *expected)
{
    assert_string_equal(text->data == NULL ? "" : text->data, expected);
    str_release(text);
}

/* --- pictures --- */

struct picture {
    struct definitions all;
    struct graph graph;
    unsigned char started[8];
};

static struct definition *add(struct picture *p, const char *name, enum definition_type type,
                              const char *need)
{
    struct definition *d = definitions_add(&p->all, name, type);
    d->directory = strdup(name);
    if (need != NULL)
        words_add(type == DEFINITION_BUNDLE ? &d->contents : &d->dependencies, need);
    return d;
}

static void draw(struct picture *p, enum graph_form form, const char *expected)
{
    struct str out = STR_INIT;
    graph_render(form, &p->graph, p->started, &out);
    text_is(&out, expected);
}

static void pictures(void **state)
{
    struct picture p = {.started = {1, 1, 0}};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    definitions_builtin(&p.all);
    size_t first = p.all.count;
    assert_int_equal(first, 7);
    add(&p, "db", DEFINITION_LONGRUN, NULL);
    add(&p, "say \"hi\\\"", DEFINITION_ONESHOT, "db");
    words_add(&add(&p, "web", DEFINITION_LONGRUN, "base")->dependencies, "all");
    add(&p, "all", DEFINITION_BUNDLE, "say \"hi\\\"");
    assert_int_equal(graph_build(&p.graph, &p.all, &problems), 0);
    uint32_t *level = graph_levels(&p.graph, NULL);
    uint32_t web = (uint32_t)p.graph.node_of[definitions_find(&p.all, "web")];
    uint32_t db = (uint32_t)p.graph.node_of[definitions_find(&p.all, "db")];
    assert_true(level[db] == 0 && level[web] >= 2);
    free(level);
    memset(p.started, 1, sizeof p.started);
    p.started[web] = 0;
    draw(&p, GRAPH_TEXT,
         "  1  db                longrun\n"
         "  2  say \"hi\\\"         oneshot  needs db\n"
         "  3  web               longrun  needs all  (not started)\n");
    draw(
        &p, GRAPH_MERMAID,
        "flowchart TD\n    n7[\"db\"]\n    n8([\"say #quot;hi\\#quot;\"])\n    n9[\"web\"]:::idle\n"
        "    n10{{\"all\"}}\n    n8 --> n7\n    n9 --> n10\n    n10 -.- n8\n"
        "    classDef idle stroke-dasharray: 4\n");
    draw(&p, GRAPH_DOT,
         "digraph services {\n    n7 [label=\"db\", shape=box];\n"
         "    n8 [label=\"say \\\"hi\\\\\\\"\", shape=ellipse];\n"
         "    n9 [label=\"web\", shape=box, style=dashed];\n    n10 [label=\"all\", "
         "shape=hexagon];\n"
         "    n8 -> n7;\n    n9 -> n10;\n    n10 -> n8 [style=dotted, arrowhead=none];\n}\n");
    graph_release(&p.graph);
    definitions_release(&p.all);
    problems_release(&problems);
}

/* --- status --- */

static void status_answers(void **state)
{
    static const struct status_container container = {
        .release = "1", .stage = STATUS_RUNNING, .pid = 1, .began = 5 * CLOCK_SECOND};
    static const struct status_service service[] = {
        {.name = "a b",
         .log = "/l",
         .state = SERVICE_IS_UP,
         .wanted = true,
         .ready = true,
         .starts = 3,
         .pid = 31,
         .code = -1,
         .signal = 11,
         .since = 6 * CLOCK_SECOND,
         .ready_at = 7 * CLOCK_SECOND,
         .died_at = 5900 * CLOCK_MS},
        {.name = "c",
         .why = "x\033y",
         .type = STATUS_ONESHOT,
         .state = SERVICE_IS_FAILED,
         .wanted = true,
         .starts = -1,
         .code = 1,
         .signal = -1},
        {.name = "d\033[31m\n", .state = SERVICE_IS_DOWN, .code = -1, .signal = -1}};
    struct status_image m;
    struct status s;
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(status_image_make(&m, &container, service, 3), 0);
    assert_int_equal(status_rows(&s, m.bytes, 10 * CLOCK_SECOND), 0);
    assert_int_equal(s.count, 3);
    assert_string_equal(s.row[0].name, "a b");
    assert_true(status_row_is_well(&s.row[0]) && status_row_is_well(&s.row[2]));
    assert_false(status_row_is_well(&s.row[1]) || status_is_well(&s));
    status_json(&s, &out);
    text_is(&out,
            "{\"version\":\"1\",\"stage\":\"running\",\"well\":false,\"pid\":1,"
            "\"milliseconds\":5000,\"services\":[{\"name\":\"a b\",\"type\":\"longrun\","
            "\"state\":\"up\",\"wanted\":true,\"ready\":true,\"well\":true,\"pid\":31,"
            "\"milliseconds\":4000,\"ready_milliseconds\":3000,\"restarts\":2,"
            "\"last_exit_code\":null,\"last_signal\":11,\"last_end_milliseconds_ago\":4100,"
            "\"log\":\"/l\",\"log_bytes\":null,\"log_bytes_a_minute\":null,"
            "\"log_bytes_written\":null},{\"name\":\"c\",\"type\":\"oneshot\","
            "\"state\":\"failed\",\"wanted\":true,\"ready\":false,\"well\":false,\"pid\":null,"
            "\"milliseconds\":null,\"ready_milliseconds\":null,\"last_exit_code\":1,"
            "\"last_signal\":null,\"why\":\"x\\u001by\"},{\"name\":\"d\\u001b[31m\\u000a\","
            "\"type\":\"longrun\",\"state\":\"down\",\"wanted\":false,\"ready\":false,"
            "\"well\":true,\"pid\":null,\"milliseconds\":null,\"ready_milliseconds\":null,"
            "\"restarts\":0,\"last_exit_code\":null,\"last_signal\":null}]}\n");
    /* What others wrote does nothing to a terminal. */
    status_table(&s, &out);
    assert_null(strchr(out.data, '\033'));
    assert_non_null(strstr(out.data, "\nd^[[31m^J  down"));
    assert_non_null(strstr(out.data, "x^[y\n"));
    str_release(&out);
    s.row[1].wanted = false;
    assert_true(status_is_well(&s));
    s.stage = "stopping";
    assert_false(status_is_well(&s));
    status_release(&s);
}

/* Rows end with one without a name. */
static void status_says(const char *stage, const struct status_row *row, const char *expected)
{
    struct status_row rows[8];
    struct status s = {.version = "1", .stage = stage, .row = rows};
    struct str out = STR_INIT;
    for (; row[s.count].name != NULL; s.count++) {
        rows[s.count] = row[s.count];
        if (rows[s.count].why == NULL)
            rows[s.count].why = "";
    }
    status_health(&s, &out);
    text_is(&out, expected);
}

#define UP(who)                                                                                    \
    {                                                                                              \
        .name = (who), .state = "up", .wanted = true, .ready = true, .starts = 1                   \
    }
#define DOWN(who, began)                                                                           \
    {                                                                                              \
        .name = (who), .state = "down", .starts = (began)                                          \
    }
#define ROWS(...) ((const struct status_row[]){__VA_ARGS__, {.name = NULL}})

static void status_of_health(void **state)
{
    (void)state;
    status_says("running", ROWS({.name = NULL}), "all services are up and ready\n");
    status_says("running", ROWS(UP("a")), "all services are up and ready\n");
    status_says(
        "running",
        ROWS(UP("a"), DOWN("web", 1), DOWN("cr\033on", 2), DOWN("byhand", 0), DOWN("once", -1)),
        "all services that should be up are up and ready; down: web, cr^[on\n");
    status_says("running", ROWS(UP("a"), DOWN("once", -1)),
                "all services that should be up are up and ready\n");
    status_says("stopping", ROWS(UP("a")), "the container is stopping\n");
    status_says("running",
                ROWS(UP("a"), {.name = "slow", .state = "up", .wanted = true}, DOWN("idle", 0),
                     {.name = "b\nad", .state = "down", .wanted = true, .why = "g\033one"}),
                "slow is not ready\nb^Jad is down (g^[one)\n");
}

/* --- scripts --- */

static void exec_is(const char *prefix, const char *command, const char *expected)
{
    struct str out = STR_INIT;
    sh_exec(&out, prefix, command);
    text_is(&out, expected);
}

static void scripts(void **state)
{
    struct str out = STR_INIT;
    (void)state;
    exec_is("", " nginx -g 'a; b'", "exec nginx -g 'a; b'\n");
    exec_is("s6-setuidgid u", "run 2>&1 >x", "exec s6-setuidgid u run 2>&1 >x\n");
    exec_is("", "A=1 run", "exec env A=1 run\n");
    exec_is("s6-setuidgid u", "A=1 run", "exec s6-setuidgid u env A=1 run\n");
    exec_is("", "a && b", "a && b\n");
    exec_is("u", "a | it's", "exec u sh -c 'a | it'\\''s'\n");
    exec_is("", "cd /x", "cd /x\n");
    exec_is("", "exec run", "exec run\n");
    exec_is("", "run &", "run &\n");
    exec_is("", "cdrom", "exec cdrom\n");
    sh_quote(&out, "");
    sh_quote(&out, "a-b_c/d.e");
    sh_quote(&out, "a'b $c");
    text_is(&out, "''a-b_c/d.e'a'\\''b $c'");
}

/* No exec is put before what no program does, and before the first of two commands. */
static void scripts_that_the_shell_does(void **state)
{
    static const char *const words[] = {
        "exit",  "eval",  "time",     "wait", "return", "break",  "continue", "read",     "shift",
        "unset", "local", "readonly", "set",  "alias",  "ulimit", "umask",    "command",  "type",
        ":",     ".",     "export",   "trap", "times",  "exec",   "kill",     "unalias",  "getopts",
        "hash",  "jobs",  "fg",       "bg",   "source", "[[",     "declare",  "function", "let"};
    static const char *const several[] = {"echo \"a\\\"b\"; echo second \"c\"",
                                          "echo \"a\\\\\"; x",
                                          "echo a\\\"; x \"b",
                                          "echo \\'; x \\'",
                                          "echo \"$(x 'a\"b')\"; y 'c \"d'",
                                          "echo \"`x 'a\"b'`\"; y 'c \"d'",
                                          "A=\"b c\" exit 3",
                                          "A=b",
                                          "it's",
                                          "A='b'\\''c' B=\\  exit 3",
                                          "x \\& y & z"};
    static const char *const one[] = {"echo \"a\\\";b\"",     "echo 'a\\'", "echo a\\;b",
                                      "echo \"$(cat x; y)\"", "exiting 3",  "[ -f x ]",
                                      "run \\\n  --more",     "x 2>&1"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char command[40];
        snprintf(command, sizeof command, "%s 3", words[i]);
        assert_true(sh_is_compound(command));
        assert_true(sh_is_compound(words[i]));
    }
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++)
        assert_true(sh_is_compound(several[i]));
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        assert_false(sh_is_compound(one[i]));
    exec_is("", "exit 3", "exit 3\n");
    exec_is("s6-setuidgid u", "exit 3", "exec s6-setuidgid u sh -c 'exit 3'\n");
    exec_is("", "./run-a=b", "exec ./run-a=b\n");
    exec_is("", "A=\"b c\" run", "exec env A=\"b c\" run\n");
}

static void ports_are(const char *text, const char *expected)
{
    struct str out = STR_INIT;
    doc_ports(text, &out);
    text_is(&out, expected);
}

static void facts(void **state)
{
    struct str out = STR_INIT;
    (void)state;
    ports_are("x --port 80 --http-port=8081 -p 443 PORT=9000\n", "80, 8081, 443, 9000");
    ports_are("x --port 8443 --http-port=443 --metrics-port 44 -p 8443 -p 44", "8443, 443, 44");
    ports_are("gunicorn -b 0.0.0.0:5000 :6000 [::]:7000 localhost:8000 *:9000",
              "5000, 6000, 7000, 8000, 9000");
    ports_are("sleep 1000; nice -n 5 x -w 4 12:30 v1:2 db:5432", "");
    ports_are("mkdir -p 70000 --support-level 3", "");
    doc_about("#!/bin/sh\n# One\n#\n#   two.\ncode # three\n", &out);
    text_is(&out, "One two.");
    doc_about("", &out);
    text_is(&out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures), cmocka_unit_test(status_answers),
        cmocka_unit_test(scripts),  cmocka_unit_test(scripts_that_the_shell_does),
        cmocka_unit_test(facts),    cmocka_unit_test(status_of_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
