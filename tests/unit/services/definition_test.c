/* Definition trees: what is read, and every mistake with its place. */
#include "tests/unit/services/reading.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool check_script(const struct words *words, struct error *why)
{
    if (words_has(words, "bad"))
        error_set(why, 100, "unrecognized directive: bad");
    return !words_has(words, "bad");
}

static void read_it(struct reading *r)
{
    reading_read(r, (struct definition_sources){.check_script = check_script});
}

/* "path:line: text; cure" with the root cut off, W in front of a warning. */
static void problem_is(const struct reading *r, size_t i, const char *expected)
{
    char text[2048];
    assert_true(i < r->p.count);
    const struct problem *p = &r->p.item[i];
    size_t root = strlen(r->tree.root) + 1;
    const char *path = strncmp(p->path, r->tree.root, root - 1) == 0 ? p->path + root : p->path;
    snprintf(text, sizeof text, "%s%s:%u: %s; %s", p->warning ? "W " : "", path, p->line, p->text,
             p->cure == NULL ? "" : p->cure);
    assert_string_equal(text, expected);
}

static void longrun(struct reading *r, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "s6-rc.d/%s/type", name);
    tree_file(&r->tree, path, "longrun\n");
    snprintf(path, sizeof path, "s6-rc.d/%s/run", name);
    tree_file(&r->tree, path, "#!/bin/sh\n");
}

static void an_empty_tree_has_the_built_in_nodes(void **state)
{
    struct reading *r = *state;
    static const char *const nodes[] = {"fix-attrs", "legacy-cont-init", "legacy-services"};
    read_it(r);
    assert_int_equal(r->result, 0);
    assert_int_equal(r->p.count, 0);
    assert_int_equal(r->g.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(r->d.item[r->g.node[i].definition].name, nodes[i]);
    assert_int_equal(r->g.node[2].needs_count, 2); /* base is fix-attrs and legacy-cont-init */
}

static void missing_directories_are_an_empty_tree(void **state)
{
    struct reading *r = *state;
    rmdir(r->tree.services);
    rmdir(r->tree.bundles);
    read_it(r);
    assert_int_equal(r->result, 0);
    assert_int_equal(r->p.count, 0);
}

static void everything_of_a_longrun_is_read(void **state)
{
    struct reading *r = *state;
    longrun(r, "web");
    tree_file(&r->tree, "s6-rc.d/web/type", "longrun"); /* no newline */
    tree_file(&r->tree, "s6-rc.d/web/finish", "");
    tree_file(&r->tree, "s6-rc.d/web/notification-fd", "867\n");
    tree_file(&r->tree, "s6-rc.d/web/timeout-up", "1500\n\n");
    tree_file(&r->tree, "s6-rc.d/web/timeout-down", "2500");
    tree_file(&r->tree, "s6-rc.d/web/timeout-kill", "3000\n");
    tree_file(&r->tree, "s6-rc.d/web/timeout-finish", "0\n");
    tree_file(&r->tree, "s6-rc.d/web/max-death-tally", "7\n");
    tree_file(&r->tree, "s6-rc.d/web/down-signal", "SIGQUIT\n");
    tree_file(&r->tree, "s6-rc.d/web/reload-signal", "usr1\n");
    tree_file(&r->tree, "s6-rc.d/web/flag-essential", "");
    tree_file(&r->tree, "s6-rc.d/web/flag-timeout-killpg", "");
    tree_file(&r->tree, "s6-rc.d/web/container-exit", "failure\n");
    tree_file(&r->tree, "s6-rc.d/web/logging", "2\n");
    tree_file(&r->tree, "s6-rc.d/web/logging-script", "n5 s100000 T # five\n");
    tree_file(&r->tree, "s6-rc.d/web/dependencies.d/base", "");
    tree_file(&r->tree, "s6-rc.d/web/dependencies.d/.hidden", "");
    read_it(r);
    assert_int_equal(r->p.count, 0);
    const struct definition *d = reading_get(r, "web");
    assert_int_equal(d->type, DEFINITION_LONGRUN);
    assert_true(d->keys.has_finish && d->essential && d->keys.kill_group);
    assert_int_equal(d->keys.notification_fd, 867);
    assert_int_equal(d->timeout_up, 1500);
    assert_int_equal(d->timeout_down, 2500);
    assert_int_equal(d->keys.timeout_kill, 3000);
    assert_int_equal(d->keys.timeout_finish, 0);
    assert_int_equal(d->keys.max_death_tally, 7);
    assert_int_equal(d->keys.down_signal, SIGQUIT);
    assert_int_equal(d->keys.reload_signal, SIGUSR1);
    assert_int_equal(d->keys.container_exit, EXIT_FAILURE_ONLY);
    assert_int_equal(d->keys.logging, 2);
    assert_int_equal(d->logging_script.count, 3);
    assert_string_equal(d->logging_script.item[2], "T");
    assert_int_equal(d->dependencies.count, 1);
    assert_string_equal(d->dependencies.item[0], "base");
}

/* What each pair of restart and container-exit is warned of; NULL: of nothing. */
static void restart_that_has_no_effect(void **state)
{
    static const struct {
        const char *restart, *when, *finish, *text;
    } rows[] = {
        {"always, 3 in 1m", "failure", NULL,
         "the container ends at the first failure, so restart starts nothing again after one"},
        {"always", "failure", NULL,
         "the container ends at the first failure, so restart starts nothing again after one"},
        {"on-failure, 5 in 1m", "failure", NULL,
         "the container ends at the first failure, so restart starts nothing again after one"},
        {"on-failure, wait 1s..1m", "failure", NULL,
         "the container ends at the first failure, so restart starts nothing again after one"},
        {"on-failure", "failure", NULL, NULL}, /* it stays down after a clean end */
        {"on-failure, ok 3", "failure", NULL, NULL},
        {"on-failure", "always", NULL,
         "the container ends at the first end of the service, and restart has no effect"},
        {"never", "failure", NULL, NULL},
        {"on-failure, 5 in 1m", "gave-up", NULL, NULL},
        {"on-failure", "gave-up", NULL, "nothing gives the service up"},
        {"on-failure", "gave-up", "exit 125", NULL},
        {NULL, "gave-up", NULL, "nothing gives the service up"},
        {NULL, "gave-up", "exit 125", NULL},
        {"never", "gave-up", NULL, NULL},
        {"on-failure, then exit", NULL, NULL,
         "nothing gives the service up, so that then has no effect"},
        {"on-failure, then exit", NULL, "exit 125", NULL},
        {"on-failure, 0 in 1s, then exit", NULL, NULL, NULL},
    };
    struct reading *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[32], path[96];
        snprintf(name, sizeof name, "web%zu", i);
        longrun(r, name);
        const char *files[] = {"restart",    rows[i].restart, "container-exit",
                               rows[i].when, "finish",        rows[i].finish};
        for (size_t f = 0; f < 6; f += 2) {
            snprintf(path, sizeof path, "s6-rc.d/%s/%s", name, files[f]);
            if (files[f + 1] != NULL)
                tree_file(&r->tree, path, files[f + 1]);
        }
    }
    read_it(r);
    size_t said = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char folder[32];
        const char *text = NULL;
        snprintf(folder, sizeof folder, "/web%zu/", i);
        for (size_t k = 0; k < r->p.count; k++)
            if (strstr(r->p.item[k].path, folder) != NULL)
                text = r->p.item[k].text, said++;
        assert_int_equal(text == NULL, rows[i].text == NULL);
        if (text != NULL)
            assert_string_equal(text, rows[i].text);
    }
    assert_int_equal(said, r->p.count);
    assert_int_equal(r->p.errors, 0);
}

static void defaults_of_a_longrun(void **state)
{
    struct reading *r = *state;
    longrun(r, "web");
    read_it(r);
    const struct definition *d = reading_get(r, "web");
    assert_false(d->keys.has_finish);
    assert_int_equal(d->keys.notification_fd, -1);
    assert_int_equal(d->keys.timeout_kill, 0);
    assert_int_equal(d->keys.timeout_finish, 5000);
    assert_int_equal(d->keys.max_death_tally, 100);
    assert_int_equal(d->keys.down_signal, SIGTERM);
    assert_int_equal(d->keys.logging, -1);
}

static void a_oneshot_is_a_command_line(void **state)
{
    struct reading *r = *state;
    tree_file(&r->tree, "s6-rc.d/init/type", "oneshot\n");
    tree_file(&r->tree, "s6-rc.d/init/up", "foreground { echo \"a b\" } # comment\ntrue");
    tree_file(&r->tree, "s6-rc.d/empty/type", "oneshot\n");
    tree_file(&r->tree, "s6-rc.d/empty/up", "");
    read_it(r);
    assert_int_equal(r->p.count, 0);
    static const char *const words[] = {"foreground", " echo", " a b", "", "true"};
    const struct definition *d = reading_get(r, "init");
    assert_int_equal(d->up.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(d->up.item[i], words[i]);
    assert_int_equal(d->down.count, 0);
    assert_int_equal(reading_get(r, "empty")->up.count, 0);
}

/* As editors and shells of Windows write it. */
static void a_type_that_looks_right(void **state)
{
    static const struct {
        const char *text, *cure;
    } cases[] = {{"\xef\xbb\xbflongrun\n", "save it in UTF-8 without a byte order mark"},
                 {"\xff\xfel", "save it in UTF-8 without a byte order mark"},
                 {"longrun \n", "take away the blanks"},
                 {"Longrun\n", "write one of the three, and nothing else"},
                 {"", "write one of the three, and nothing else"}};
    struct reading *r = *state;
    char path[64];
    char said[160];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(path, sizeof path, "s6-rc.d/%zu/type", i);
        tree_file(&r->tree, path, cases[i].text);
    }
    read_it(r);
    for (unsigned int i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(said, sizeof said,
                 "s6-rc.d/%u/type:1: invalid type: must be oneshot, longrun, or bundle; %s", i,
                 cases[i].cure);
        problem_is(r, i, said);
    }
}

static void every_mistake_is_said(void **state)
{
    struct reading *r = *state;
    tree_file(&r->tree, "s6-rc.d/a/type", "longrun\r\n");
    tree_file(&r->tree, "s6-rc.d/b/type", "longrun\n");
    tree_file(&r->tree, "s6-rc.d/b/notification-fd", "3x\n");
    tree_file(&r->tree, "s6-rc.d/c/type", "oneshot\n");
    tree_file(&r->tree, "s6-rc.d/d/up", "true\n");
    tree_file(&r->tree, "s6-rc.d/e/type", "oneshot\n");
    tree_file(&r->tree, "s6-rc.d/e/up", "echo one\n\necho \"two\n");
    tree_file(&r->tree, "s6-rc.d/s6rc-x/type", "longrun\n");
    tree_file(&r->tree, "s6-rc.d/top/type", "bundle\n");
    read_it(r);
    assert_int_equal(r->result, -1);
    assert_int_equal(r->p.count, 8);
    assert_int_equal(r->p.errors, 8);
    assert_int_equal(r->p.code, 1); /* the first one's */
    problem_is(r, 0,
               "s6-rc.d/a/type:1: invalid type: must be oneshot, longrun, or bundle; "
               "save it with Unix line ends");
    problem_is(
        r, 1,
        "s6-rc.d/b/run:0: no file run in longrun b; a longrun needs an executable script run");
    problem_is(r, 2,
               "s6-rc.d/b/notification-fd:1: invalid number \"3x\"; write a plain decimal number");
    problem_is(
        r, 3,
        "s6-rc.d/c/up:0: no file up in oneshot c; a oneshot needs an up file: one command line");
    problem_is(r, 7, "s6-rc.d/d/type:0: no file type; write oneshot, longrun or bundle into it");
    problem_is(r, 4,
               "s6-rc.d/e/up:3: syntax error in column 6: unterminated quote; it is read as an "
               "execline command line");
    problem_is(
        r, 5,
        "s6-rc.d/s6rc-x:0: invalid name s6rc-x: names may not begin with s6rc- or s6-rc-, nor "
        "hold a newline; choose another name");
    problem_is(
        r, 6,
        "s6-rc.d/top:0: duplicate definition: top is already defined by the container; choose "
        "another name");
}

static void oneshot(struct reading *r, const char *name, const char *up)
{
    char path[128];
    snprintf(path, sizeof path, "s6-rc.d/%s/type", name);
    tree_file(&r->tree, path, "oneshot\n");
    snprintf(path, sizeof path, "s6-rc.d/%s/up", name);
    tree_file(&r->tree, path, up);
}

static void what_upstream_ignores_is_a_warning(void **state)
{
    struct reading *r = *state;
    longrun(r, "web");
    tree_file(&r->tree, "s6-rc.d/web/log/run", "");
    tree_file(&r->tree, "s6-rc.d/web/down", "");
    tree_file(&r->tree, "s6-rc.d/web/notification-fb", "3\n");
    tree_file(&r->tree, "s6-rc.d/web/start.sh", "");
    tree_file(&r->tree, "s6-rc.d/web/logging-script", "n5 bad\n");
    oneshot(r, "init", "#!/bin/sh\necho hi\necho ho\n");
    oneshot(r, "right", "#!/bin/sh\n# the script\n/etc/right/run with words\n");
    tree_file(&r->tree, "s6-rc.d/right/finish", "");
    tree_file(&r->tree, "s6-rc.d/right/down", "/etc/s6-overlay/s6-rc.d/right/finish\n");
    oneshot(r, "variable", "#!/bin/sh\necho $HOME\n");
    tree_file(&r->tree, "s6-rc.d/variable/finish", "");
    oneshot(r, "other", "#!/command/execlineb -P\necho hi\n");
    tree_file(&r->tree, "s6-rc.d/other/run", "");
    oneshot(r, "shell", "cd /var && touch x\n");
    oneshot(r, "called", "/etc/s6-overlay/s6-rc.d/called/run\n");
    tree_file(&r->tree, "s6-rc.d/called/run", "");
    tree_file(&r->tree, "s6-rc.d/all/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/all/contents", "web\n");
    tree_file(&r->tree, "s6-rc.d/all/dependencies.d/init", "");
    read_it(r);
    assert_int_equal(r->result, 0);
    assert_int_equal(r->p.errors, 0);
    assert_int_equal(r->p.code, 0);
    problem_is(r, 0,
               "W s6-rc.d/all/dependencies.d:0: dependencies.d is ignored: it means nothing in a "
               "bundle; bundles have no dependencies: give them to the members");
    problem_is(
        r, 1,
        "W s6-rc.d/init/up:1: the interpreter line is ignored: up holds one command line, not "
        "a script; put the script in a file of its own and name that file here");
    problem_is(r, 2,
               "W s6-rc.d/shell/up:0: && is given to cd as an argument: no shell reads this "
               "command line; put it into a script, or into sh -c \"...\"");
    problem_is(r, 3,
               "W s6-rc.d/variable/up:1: the interpreter line is ignored: up holds one command "
               "line, not a script; put the script in a file of its own and name that file here");
    problem_is(r, 4,
               "W s6-rc.d/web/down:0: down is ignored: it means nothing in a longrun; leave the "
               "service out of the user bundle instead");
    problem_is(r, 5,
               "W s6-rc.d/web/log:0: log is ignored under s6-rc.d; delete it: every longrun has a "
               "logger (or use producer-for)");
    problem_is(r, 6,
               "W s6-rc.d/web/notification-fb:0: notification-fb is ignored: no file of a longrun "
               "has this name; did you mean notification-fd?");
    problem_is(r, 7,
               "W s6-rc.d/web/logging-script:0: bad logging script: unrecognized directive: bad; "
               "the logger takes n20 s1000000 C until it is mended");
    problem_is(r, 8,
               "W s6-rc.d/other/run:0: run is ignored: no oneshot calls it; name it in up, or "
               "make the service a longrun");
    problem_is(r, 9,
               "W s6-rc.d/variable/finish:0: finish is ignored: no oneshot calls it; name it in "
               "down, or make the service a longrun");
    assert_int_equal(r->p.count, 10);
}

static void lists_say_their_line(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    longrun(r, "b");
    longrun(r, "c");
    tree_file(&r->tree, "s6-rc.d/a/dependencies", "# first\nb \nnothere\nx/y\n");
    tree_file(&r->tree, "s6-rc.d/b/consumer-for", "\na\nnowhere\n");
    tree_file(&r->tree, "s6-rc.d/c/producer-for", "a\n\nb\n");
    tree_file(&r->tree, "s6-rc.d/e/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/f/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/f/contents", "a\nabsent\r\n");
    read_it(r);
    problem_is(r, 0,
               "s6-rc.d/a/dependencies:4: invalid name x/y: names hold no slash and no newline; "
               "write the name of a service");
    problem_is(r, 1,
               "s6-rc.d/c/producer-for:3: should only contain one service name; leave one "
               "name");
    problem_is(r, 2,
               "s6-rc.d/e/contents.d:0: no directory contents.d in bundle e; make this directory, "
               "with a file for each member");
    problem_is(r, 3,
               "s6-rc.d/f/contents:2: during resolution of bundle f: undefined service name "
               "absent\r; save the file with Unix line ends");
    problem_is(r, 4,
               "s6-rc.d/b/consumer-for:2: longrun service b declares being a consumer for a "
               "service named a that does not declare it back; write both producer-for and "
               "consumer-for");
    problem_is(r, 5,
               "s6-rc.d/b/consumer-for:3: longrun service b declares being a consumer for a "
               "service named nowhere of type unknown; name a longrun there");
    problem_is(r, 6,
               "s6-rc.d/c/producer-for:0: longrun service c declares being a producer for a "
               "service named a that does not declare it back; write both producer-for and "
               "consumer-for");
    problem_is(r, 7,
               "s6-rc.d/a/dependencies:2: during dependency resolution for service a: undefined "
               "service name b ; take away the blanks at the end of the line");
    problem_is(r, 8,
               "s6-rc.d/a/dependencies:3: during dependency resolution for service a: undefined "
               "service name nothere; create a definition directory nothere, or remove this name");
    assert_int_equal(r->p.count, 9);
}

static void wrong_kinds_of_files(void **state)
{
    struct reading *r = *state;
    char path[256];
    tree_file(&r->tree, "s6-rc.d/a/type", "longrun\nrest"); /* upstream reads 8 bytes */
    tree_file(&r->tree, "s6-rc.d/a/run/", "");
    tree_file(&r->tree, "s6-rc.d/a/data", "");
    tree_file(&r->tree, "s6-rc.d/a/env", "");
    tree_file(&r->tree, "s6-rc.d/a/lock-fd", "3\n");
    tree_file(&r->tree, "s6-rc.d/a/notification-fd", "3\n");
    tree_file(&r->tree, "s6-rc.d/a/max-death-tally", "5000\n");
    tree_file(&r->tree, "s6-rc.d/a/pipeline-name", "p\n");
    tree_file(&r->tree, "s6-rc.d/plain", "");
    snprintf(path, sizeof path, "%s/dangling", r->tree.services);
    assert_int_equal(symlink("/nonesuch", path), 0);
    read_it(r);
    problem_is(r, 0, "s6-rc.d/a/run:0: run is not a regular file; ");
    problem_is(r, 1,
               "s6-rc.d/a/lock-fd:1: lock-fd and notification-fd are the same; use another number");
    problem_is(r, 2, "s6-rc.d/a/max-death-tally:1: number 5000 is too large: at most 4096; ");
    problem_is(r, 3, "s6-rc.d/a/data:0: data is not a directory; make it a directory");
    problem_is(r, 4, "s6-rc.d/a/env:0: env is not a directory; make it a directory");
    problem_is(r, 5,
               "W s6-rc.d/a/pipeline-name:0: pipeline-name is ignored: this is not the end of a "
               "pipeline; it belongs in the last consumer");
    problem_is(r, 6,
               "s6-rc.d/dangling:0: unable to open: No such file or directory; it is a link to "
               "nothing: delete it");
    assert_int_equal(r->p.count, 7);
}

static void essential_bundles_make_their_members_so(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    longrun(r, "b");
    longrun(r, "c");
    tree_file(&r->tree, "s6-rc.d/inner/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/inner/contents.d/a", "");
    tree_file(&r->tree, "s6-rc.d/outer/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/outer/contents.d/inner", "");
    tree_file(&r->tree, "s6-rc.d/outer/contents.d/b", "");
    tree_file(&r->tree, "s6-rc.d/outer/flag-essential", "");
    tree_file(&r->tree, "s6-rc.d/c/flag-recommended", "");
    read_it(r);
    assert_int_equal(r->p.count, 0);
    assert_true(reading_get(r, "a")->essential && reading_get(r, "b")->essential &&
                !reading_get(r, "c")->essential);
    assert_true(reading_get(r, "c")->recommended);
}

static void unknown_names_and_cycles(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    longrun(r, "b");
    longrun(r, "php-fpm");
    longrun(r, "web");
    tree_file(&r->tree, "s6-rc.d/a/dependencies.d/b", "");
    tree_file(&r->tree, "s6-rc.d/b/dependencies.d/a", "");
    tree_file(&r->tree, "s6-rc.d/web/dependencies.d/php-fmp", "");
    tree_file(&r->tree, "user-bundles.d/user/contents.d/nowhere-near", "");
    read_it(r);
    assert_int_equal(r->result, -1);
    assert_int_equal(r->p.count, 3);
    problem_is(
        r, 0,
        "user-bundles.d/user/contents.d/nowhere-near:0: during resolution of bundle user: "
        "undefined service "
        "name nowhere-near; create a definition directory nowhere-near, or remove this name");
    problem_is(
        r, 1,
        "s6-rc.d/web/dependencies.d/php-fmp:0: during dependency resolution for service web: "
        "undefined service name php-fmp; did you mean php-fpm?");
    problem_is(r, 2,
               "s6-rc.d/a:0: cyclic service dependency: a -> b -> a; remove one of these "
               "dependencies");
}

static void bundles_in_bundles_and_their_cycles(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    longrun(r, "b");
    tree_file(&r->tree, "s6-rc.d/inner/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/inner/contents", "# members\n  a\n\na\n");
    tree_file(&r->tree, "s6-rc.d/outer/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/outer/contents.d/inner", "");
    tree_file(&r->tree, "s6-rc.d/outer/contents.d/b", "");
    tree_file(&r->tree, "s6-rc.d/c/type", "oneshot\n");
    tree_file(&r->tree, "s6-rc.d/c/up", "");
    tree_file(&r->tree, "s6-rc.d/c/dependencies", "outer\n");
    read_it(r);
    assert_int_equal(r->p.count, 0);
    const struct node *c = &r->g.node[r->g.node_of[definitions_find(&r->d, "c")]];
    assert_int_equal(c->needs_count, 2);
    unsigned char set[16] = {0};
    assert_int_equal(graph_select(&r->g, "outer", set), 0);
    assert_int_equal(set[0] + set[1] + set[2] + set[3] + set[4] + set[5], 2);
    assert_int_equal(graph_select(&r->g, "nothing", set), -1);
}

static void a_bundle_cycle_is_said_once(void **state)
{
    struct reading *r = *state;
    tree_file(&r->tree, "s6-rc.d/x/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/x/contents.d/y", "");
    tree_file(&r->tree, "s6-rc.d/y/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/y/contents.d/x", "");
    read_it(r);
    assert_int_equal(r->result, -1);
    assert_int_equal(r->p.count, 1);
    problem_is(
        r, 0,
        "s6-rc.d/x:0: cyclic bundle: x -> y -> x; take one of these members out of its bundle");
}

static void old_user_bundles_are_merged(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    longrun(r, "b");
    tree_file(&r->tree, "s6-rc.d/user/type", "bundle\n");
    tree_file(&r->tree, "s6-rc.d/user/contents.d/a", "");
    tree_file(&r->tree, "user-bundles.d/user/type", "bundle\n");
    tree_file(&r->tree, "user-bundles.d/user/contents.d/b", "");
    read_it(r);
    assert_int_equal(r->result, 0);
    const struct definition *d = reading_get(r, "user");
    assert_int_equal(d->contents.count, 2);
    assert_string_equal(d->contents.item[0], "a");
    assert_string_equal(d->contents.item[1], "b");
    assert_int_equal(r->p.count, 1);
    assert_true(r->p.item[0].warning);
}

static void a_layer_may_add_an_edge(void **state)
{
    struct reading *r = *state;
    longrun(r, "a");
    tree_file(&r->tree, "s6-rc.d/legacy-cont-init/dependencies.d/a", "");
    /* In another source, of an earlier name, by a flat list: it is found all the same. */
    tree_file(&r->tree, "s6-rc.d/b/dependencies", "nothere\n");
    tree_file(&r->tree, "user-bundles.d/b/type", "oneshot\n");
    tree_file(&r->tree, "user-bundles.d/b/up", "");
    tree_file(&r->tree, "user-bundles.d/b/dependencies.d/a", "");
    read_it(r);
    assert_true(words_has(&reading_get(r, "legacy-cont-init")->dependencies, "a"));
    assert_true(words_has(&reading_get(r, "b")->dependencies, "a"));
    assert_int_equal(r->p.count, 1);
    problem_is(r, 0,
               "s6-rc.d/b/dependencies:1: during dependency resolution for service b: undefined "
               "service name nothere; create a definition directory nothere, or remove this name");
}

static void pipelines_must_agree(void **state)
{
    struct reading *r = *state;
    longrun(r, "p");
    longrun(r, "c");
    longrun(r, "q");
    tree_file(&r->tree, "s6-rc.d/p/producer-for", "c\n");
    tree_file(&r->tree, "s6-rc.d/c/consumer-for", "p\n");
    tree_file(&r->tree, "s6-rc.d/c/pipeline-name", "pipe\n");
    tree_file(&r->tree, "s6-rc.d/q/producer-for", "c\n");
    read_it(r);
    assert_int_equal(r->result, -1);
    assert_int_equal(r->p.count, 1);
    problem_is(
        r, 0,
        "s6-rc.d/q/producer-for:0: longrun service q declares being a producer for a service "
        "named c that does not declare it back; write both producer-for and consumer-for");
    const struct definition *pipe = reading_get(r, "pipe");
    assert_int_equal(pipe->type, DEFINITION_BUNDLE);
    assert_int_equal(pipe->contents.count, 2);
    const struct node *p = &r->g.node[r->g.node_of[definitions_find(&r->d, "p")]];
    assert_int_equal(p->needs_count, 1);
}

static void same(const struct definitions *a, const struct definitions *b)
{
    struct str one = STR_INIT;
    struct str two = STR_INIT;
    assert_int_equal(definitions_pack(a, &one), 0);
    assert_int_equal(definitions_pack(b, &two), 0);
    assert_int_equal(one.length, two.length);
    assert_memory_equal(one.data, two.data, one.length);
    str_release(&one);
    str_release(&two);
}

/* What was packed comes back as it was; what was cut off or altered is refused or read, safely. */
static void packed_and_unpacked(void **state)
{
    struct reading *r = *state;
    struct definitions back = DEFINITIONS_INIT;
    struct str packed = STR_INIT;
    struct error e = ERROR_INIT;
    everything_of_a_longrun_is_read(state);
    assert_int_equal(definitions_pack(&r->d, &packed), 0);
    assert_int_equal(definitions_unpack(&back, packed.data, packed.length, &e), 0);
    same(&r->d, &back);
    long web = definitions_find(&back, "web");
    assert_int_equal(back.item[web].keys.notification_fd, 867);
    assert_int_equal(back.item[web].keys.lock_fd, -1);
    assert_int_equal(back.item[web].keys.reload_signal, SIGUSR1);
    definitions_release(&back);
    size_t refused = 0;
    for (size_t length = 0; length < packed.length; length++) {
        refused += definitions_unpack(&back, packed.data, length, &e) < 0;
        definitions_release(&back);
    }
    assert_true(refused > packed.length / 2);
    for (size_t i = 0; i < packed.length; i++) {
        char kept = packed.data[i];
        packed.data[i] = (char)(kept ^ 0x15);
        (void)definitions_unpack(&back, packed.data, packed.length, &e);
        definitions_release(&back);
        packed.data[i] = kept;
    }
    str_release(&packed);
}

static void a_bad_database_is_refused(void **state)
{
    static const char head[] = "overlog definitions 2";
    static const struct {
        const char *bytes;
        size_t length;
    } bad[] = {
#define BYTES(text) {text, sizeof text}
        BYTES("overlog definitions 1"),
        BYTES("overlog definitions 2\0up\0true"),
        BYTES("overlog definitions 2\0name\0a/b\0type\0oneshot"),
        BYTES("overlog definitions 2\0name\0a\0type\0shortrun"),
        BYTES("overlog definitions 2\0name\0a\0type\0oneshot\0nonsense\0"
              "1"),
        BYTES("overlog definitions 2\0name\0a\0type\0longrun\0down-signal\0"
              "65"),
        BYTES("overlog definitions 2\0name\0a\0type\0longrun\0logging\0-2"),
        BYTES("overlog definitions 2\0name\0a\0type\0longrun\0name\0a\0type\0longrun"),
    };
    (void)state;
    struct definitions d = DEFINITIONS_INIT;
    struct error e = ERROR_INIT;
    assert_int_equal(definitions_unpack(&d, head, sizeof head, &e), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(definitions_unpack(&d, bad[i].bytes, bad[i].length, &e), -1);
        definitions_release(&d);
    }
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, reading_setup, reading_teardown)
    const struct CMUnitTest tests[] = {
        test(an_empty_tree_has_the_built_in_nodes),
        test(missing_directories_are_an_empty_tree),
        test(everything_of_a_longrun_is_read),
        test(restart_that_has_no_effect),
        test(defaults_of_a_longrun),
        test(a_oneshot_is_a_command_line),
        test(a_type_that_looks_right),
        test(every_mistake_is_said),
        test(what_upstream_ignores_is_a_warning),
        test(unknown_names_and_cycles),
        test(bundles_in_bundles_and_their_cycles),
        test(a_bundle_cycle_is_said_once),
        test(old_user_bundles_are_merged),
        test(a_layer_may_add_an_edge),
        test(pipelines_must_agree),
        test(lists_say_their_line),
        test(wrong_kinds_of_files),
        test(essential_bundles_make_their_members_so),
        test(packed_and_unpacked),
        test(a_bad_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
