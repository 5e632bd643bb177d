#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/overlog/imagecheck.h"
#include "command/overlog/imageword.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct image_file f;

/* The last stage of a Dockerfile. */
static const struct image_stage *read_stage(const char *text)
{
    imagefile_release(&f);
    assert_int_equal(imagefile_read(text, strlen(text), &f), 0);
    assert_true(f.count > 0);
    return &f.stage[f.count - 1];
}

static void expect_command(const struct image_command *c, enum image_form form, unsigned int line,
                           const char *words)
{
    char all[256] = "";
    for (size_t i = 0; i < c->words.count; i++) {
        strcat(all, i > 0 ? "|" : "");
        strcat(all, c->words.item[i]);
    }
    assert_int_equal(c->form, form);
    assert_int_equal(c->line, line);
    assert_string_equal(all, words);
}

static int tear_down(void **state)
{
    (void)state;
    imagefile_release(&f);
    return 0;
}

static void lists_and_shells(void **state)
{
    (void)state;
    const struct image_stage *s = read_stage("FROM alpine\nENTRYPOINT [ \"/init\" ]\nCMD a b  \n");
    expect_command(&s->entrypoint, IMAGE_EXEC, 2, "/init");
    expect_command(&s->cmd, IMAGE_SHELL, 3, "a b");
    s = read_stage("from alpine\nentrypoint [\"a\" , \"b \\\"c\\\" \\u0041\\n\"]\ncmd []\n");
    expect_command(&s->entrypoint, IMAGE_EXEC, 2, "a|b \"c\" A\n");
    expect_command(&s->cmd, IMAGE_EXEC, 3, "");
    s = read_stage("FROM alpine\nENTRYPOINT ['/init']\nCMD [\"a\",]");
    expect_command(&s->entrypoint, IMAGE_SHELL, 2, "['/init']");
    assert_true(s->entrypoint.bad_list && s->cmd.bad_list);
}

static void lines_that_go_on(void **state)
{
    (void)state;
    const struct image_stage *s = read_stage("FROM alpine\n"
                                             "# ENTRYPOINT [\"no\"]\n"
                                             "RUN a && \\\n"
                                             "    # ENTRYPOINT [\"no\"] \\\n"
                                             "\n"
                                             "    ENTRYPOINT b\n"
                                             "  ENTRYPOINT [ \\  \n"
                                             "# between\n"
                                             "   \"/init\", \\\r\n"
                                             "   \"x\" ]\r\n"
                                             "CMD c \\");
    expect_command(&s->entrypoint, IMAGE_EXEC, 7, "/init|x");
    expect_command(&s->cmd, IMAGE_SHELL, 11, "c");
}

static void the_escape_directive(void **state)
{
    (void)state;
    const struct image_stage *s = read_stage("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\n"
                                             "CMD b `\n c\nENTRYPOINT d \\\nSTOPSIGNAL HUP\n");
    expect_command(&s->cmd, IMAGE_SHELL, 4, "b  c");
    expect_command(&s->entrypoint, IMAGE_SHELL, 6, "d \\");
    assert_string_equal(s->signal, "HUP");
    s = read_stage("# a comment\n# escape=`\nFROM a\nCMD b `\n");
    expect_command(&s->cmd, IMAGE_SHELL, 4, "b `");
}

static void heredocs_are_passed_over(void **state)
{
    (void)state;
    const struct image_stage *s = read_stage("FROM alpine\n"
                                             "RUN <<EOF cat >/x\n"
                                             "ENTRYPOINT [\"no\"]\n"
                                             "EOF\n"
                                             "COPY <<-'A' <<\"B\" /etc/\n"
                                             "CMD no\n"
                                             "\tA\n"
                                             "CMD no \\\n"
                                             "B\n"
                                             "RUN cat <<<EOF; echo $((1<<2))\n"
                                             "ENTRYPOINT [\"/init\"]\n");
    expect_command(&s->entrypoint, IMAGE_EXEC, 11, "/init");
    assert_int_equal(s->cmd.form, IMAGE_NONE);
    s = read_stage("FROM a\nRUN <<EOF\nENTRYPOINT no\n");
    assert_int_equal(s->entrypoint.form, IMAGE_NONE);
}

static void the_last_stage_counts(void **state)
{
    (void)state;
    const struct image_stage *s = read_stage("FROM golang AS build\nENTRYPOINT [\"a\"]\n"
                                             "FROM --platform=$BUILDPLATFORM alpine:3 as Base\n"
                                             "ADD s6-overlay-noarch.tar.xz /\n"
                                             "ENTRYPOINT [\"/init\"]\nSTOPSIGNAL QUIT\n"
                                             "FROM base\nCMD [\"b\"]\n");
    expect_command(&s->entrypoint, IMAGE_EXEC, 5, "/init");
    expect_command(&s->cmd, IMAGE_EXEC, 8, "b");
    assert_string_equal(s->signal, "QUIT");
    assert_string_equal(s->base, "alpine:3");
    assert_true(s->is_ours);
    s = read_stage("FROM x AS s6\nRUN curl s6-overlay.tar.xz\nFROM alpine\nCOPY a b\n");
    assert_false(s->is_ours);
    s = read_stage("FROM x AS s6\nRUN curl s6-overlay.tar.xz\nFROM alpine\nCOPY --from=s6 /s6 /\n");
    assert_true(s->is_ours);
}

static void variables_are_known_or_not(void **state)
{
    (void)state;
    assert_string_equal(read_stage("FROM a\nARG S=HUP\nSTOPSIGNAL $S\n")->signal, "HUP");
    assert_string_equal(read_stage("FROM a\nARG S=HUP\nSTOPSIGNAL SIG${S}\n")->signal, "SIGHUP");
    assert_string_equal(read_stage("FROM a\nENV A=1 S=\"H\"UP\nSTOPSIGNAL $S\n")->signal, "HUP");
    assert_string_equal(read_stage("FROM a\nENV S HUP\nSTOPSIGNAL $S\n")->signal, "HUP");
    assert_string_equal(read_stage("ARG S=HUP\nFROM a\nARG S\nSTOPSIGNAL $S\n")->signal, "HUP");
    assert_string_equal(read_stage("FROM a\nSTOPSIGNAL ${S:-${T:-HUP}}\n")->signal, "HUP");
    assert_string_equal(read_stage("FROM a\nARG S=1\nSTOPSIGNAL ${S:+HUP}\n")->signal, "HUP");
    assert_null(read_stage("ARG S=HUP\nFROM a\nSTOPSIGNAL $S\n")->signal);
    assert_null(read_stage("FROM a\nARG S\nSTOPSIGNAL $S\n")->signal);
    assert_null(read_stage("FROM a\nSTOPSIGNAL ${S\n")->signal);
    assert_null(read_stage("FROM a\nARG S=HUP\nSTOPSIGNAL ${S%P}\n")->signal);
    assert_string_equal(read_stage("ARG B=debian\nFROM ${B}:12\nCMD a\n")->base, "debian:12");
}

static void what_is_no_dockerfile(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "ENTRYPOINT a\n", "# escape=", "\\", "ARG"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        imagefile_release(&f);
        assert_int_equal(imagefile_read(texts[i], strlen(texts[i]), &f), 0);
        assert_int_equal(f.count, 0);
    }
}

/* --- what is said ----------------------------------------------------------------------------- */

/* "LINE: TEXT" of all findings, a newline behind each. */
static const char *findings(const char *text)
{
    static char all[2048];
    struct problems p = PROBLEMS_INIT;
    char *at = all;
    read_stage(text);
    imagefile_check(&f, "Dockerfile", &p);
    *at = '\0';
    for (size_t i = 0; i < p.count; i++) {
        assert_true(p.item[i].warning && p.item[i].cure != NULL);
        at += sprintf(at, "%u: %.300s\n", p.item[i].line, p.item[i].text);
    }
    problems_release(&p);
    return all;
}

#define OVERLAY "FROM alpine:3\nADD s6-overlay-noarch.tar.xz /\n"

static void right_ones(void **state)
{
    (void)state;
    static const char *const texts[] = {
        OVERLAY "ENTRYPOINT [\"/init\"]\n",
        OVERLAY "ENTRYPOINT [\"/init\"]\nCMD nginx -g 'daemon off;'\n",
        OVERLAY "CMD [\"/init\"]\n",
        OVERLAY "ENTRYPOINT []\nCMD [\"/init\", \"nginx\"]\n",
        OVERLAY "ENTRYPOINT [\"/docker-entrypoint.sh\", \"/init\"]\n",
        OVERLAY "ENTRYPOINT [\"/usr/bin/env\", \"A=b\", \"/init\"]\n",
        OVERLAY "ENTRYPOINT [\"/bin/entrypoint\"]\n",
        OVERLAY "ENTRYPOINT [\"/bin/sh\", \"-c\", \"umask 2; exec /init \\\"$@\\\"\", \"sh\"]\n",
        OVERLAY "ENTRYPOINT $INIT\n",
        OVERLAY,
        OVERLAY "HEALTHCHECK CMD curl localhost\n",
        "FROM lscr.io/linuxserver/baseimage-alpine:3.20\nCOPY root/ /\nCMD [\"nginx\"]\n",
        "FROM ghcr.io/a/s6-overlay-base\nCOPY root/ /\nCMD [\"nginx\"]\n",
        "FROM alpine\nENTRYPOINT [\"tini\", \"--\", \"nginx\"]\nSTOPSIGNAL SIGQUIT\n",
        "FROM alpine\nENTRYPOINT nginx\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(findings(texts[i]), "");
}

static void signals(void **state)
{
    (void)state;
    static const char *const good[] = {"SIGTERM", "QUIT",    "3",   "sigwinch",   "15", "INT",
                                       "USR1",    "SIGUSR2", "PWR", "SIGRTMIN+3", "37"};
    static const struct {
        const char *name, *said;
    } bad[] = {{"SIGHUP", "does not stop"}, {"1", "does not stop"},   {"ALRM", "does not stop"},
               {"SIGKILL", "cannot see"},   {"9", "cannot see"},      {"ABRT", "without waiting"},
               {"SIGRTMIN+4", "kills"},     {"38", "kills"},          {"CHLD", "kills"},
               {"SIGTREM", "no signal"},    {"SIGTERM now", "no sig"}};
    char text[128];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "FROM a\nSTOPSIGNAL %s\n", good[i]);
        assert_string_equal(findings(text), "");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "FROM a\n\nSTOPSIGNAL %s\n", bad[i].name);
        const char *said = findings(text);
        assert_non_null(strstr(said, bad[i].said));
        assert_memory_equal(said, "3: ", 3);
    }
}

static void who_is_process_1(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"ENTRYPOINT /init\n", "3: without a list /bin/sh is process 1 before /init, and CMD"},
        {"ENTRYPOINT exec /init\n", "3: without a list"},
        {"CMD /init\n", "3: without a list"},
        {"ENTRYPOINT ['/init']\n", "3: ENTRYPOINT is no list of words in double quotes"},
        {"ENTRYPOINT [\"tini\", \"--\", \"/init\"]\n", "3: ENTRYPOINT: tini is process 1"},
        {"ENTRYPOINT [\"/usr/bin/dumb-init\", \"/init\"]\n", "3: ENTRYPOINT: dumb-init is proce"},
        {"ENTRYPOINT [\"dumb-init\", \"sh\", \"-c\", \"exec /init\"]\n",
         "3: ENTRYPOINT: dumb-init"},
        {"ENTRYPOINT [\"/bin/sh\", \"-c\", \"/init\"]\n", "3: ENTRYPOINT: sh is process 1 before"},
        {"ENTRYPOINT [\"nginx\"]\n", "3: the image has an /init, and ENTRYPOINT starts something"},
        {"ENTRYPOINT nginx -g x\n", "3: the image has an /init, and ENTRYPOINT starts something"},
        {"ENTRYPOINT [\"tini\", \"--\", \"nginx\"]\n", "3: the image has an /init, and ENTRYPOINT"},
        {"CMD [\"nginx\"]\n", "3: the image has an /init, and nothing starts it"},
    };
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, OVERLAY "%s", cases[i].text);
        const char *said = findings(text);
        if (strncmp(said, cases[i].said, strlen(cases[i].said)) != 0 ||
            strchr(said, '\n') != said + strlen(said) - 1)
            fail_msg("%s: %s", cases[i].text, said);
    }
}

static bool has_more(const char *text)
{
    read_stage(text);
    return imagefile_has_more(&f);
}

static void definitions_from_elsewhere(void **state)
{
    (void)state;
    assert_false(has_more("FROM alpine:3\nCOPY root /\nENTRYPOINT [\"/init\"]\n"));
    assert_false(has_more("FROM docker.io/library/debian\nCOPY root/ /\nCOPY overlog/ /\n"));
    assert_false(has_more("FROM php:8\nCOPY --chmod=755 [\"root/\", \"/\"]\nCOPY a b /app/\n"
                          "ENTRYPOINT [\"/init\"]\n"));
    assert_true(has_more("FROM alpine\nCOPY root/ /\nCOPY --chmod=755 [\"b\", \"/\"]\n"));
    assert_true(has_more("FROM alpine\nCOPY a/ /\nCOPY b/ /etc/\n"));
    assert_true(has_more("FROM alpine AS a\nCOPY a/ /\nFROM a\nCOPY b/ /\n"));
    assert_true(has_more("FROM ghcr.io/linuxserver/baseimage-alpine:3\nCOPY root/ /\n"));
    assert_true(has_more("ARG BASE\nFROM $BASE\nCOPY root/ /\n"));
    assert_false(has_more("FROM $BASE\nCOPY root/ /\nENTRYPOINT [\"/init\"]\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_shells),
        cmocka_unit_test(lines_that_go_on),
        cmocka_unit_test(the_escape_directive),
        cmocka_unit_test(heredocs_are_passed_over),
        cmocka_unit_test(the_last_stage_counts),
        cmocka_unit_test(variables_are_known_or_not),
        cmocka_unit_test(what_is_no_dockerfile),
        cmocka_unit_test(definitions_from_elsewhere),
        cmocka_unit_test(right_ones),
        cmocka_unit_test(signals),
        cmocka_unit_test(who_is_process_1),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
