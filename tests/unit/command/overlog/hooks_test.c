/* Which hooks the lines of an event log ask for, and their queue. */
#include "base/clock.h"
#include "command/overlog/hooks.h"
#include "command/overlog/last_lines.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Lines of an event log, one a second, all read at the time 0. */
static void take(struct hooks *h, const char *const *lines)
{
    for (time_t second = 1000; *lines != NULL; lines++, second++)
        assert_int_equal(hooks_take(h, &(struct timespec){second, 0}, *lines, 0), 0);
}

/* The facts that the next job has, and then the time of the next start. */
static void expect(struct hooks *h, const char *wanted)
{
    struct hook_job job;
    struct words facts = WORDS_INIT;
    struct str text = STR_INIT;
    assert_non_null(hooks_next(h, HOOK_SETTLES, &job));
    assert_int_equal(hook_facts(&job, &facts), 0);
    for (size_t i = 0; i < facts.count; i++)
        if (strchr(facts.item[i], '=') != NULL && strncmp(facts.item[i], "OVERLOG_TIME=", 13) != 0)
            str_printf(&text, "%s%s", text.length == 0 ? "" : " ", facts.item[i] + 8);
    if (clock_is_set(&job.until))
        str_printf(&text, " until %ld", (long)job.until.tv_sec);
    assert_string_equal(text.data, wanted);
    words_release(&facts);
    str_release(&text);
}

static void expect_none(struct hooks *h)
{
    struct hook_job job;
    assert_null(hooks_next(h, INT64_MAX, &job));
    assert_int_equal(hooks_due(h), 0);
    hooks_release(h);
}

static void deaths(void **state)
{
    struct hooks h = {.count = 0};
    (void)state;
    take(&h,
         LINES("boot id=1 pid=1 version=1", "start service=web pid=5",
               "exit service=web pid=5 code=3", "start service=web pid=6",
               "start service=a\\040b pid=7", "exit service=web pid=6 signal=9 oom=1",
               "exit service=a\\040b pid=7 signal=60 core=1", "exit service=lost pid=8 code=0"));
    expect(&h, "EVENT=death SERVICE=web CODE=3 RUN_MS=1000 DEATHS=1 until 1003");
    expect(&h, "EVENT=death SERVICE=web SIGNAL=SIGKILL RUN_MS=2000 DEATHS=2 OOM=1");
    expect(&h, "EVENT=oom SERVICE=web SIGNAL=SIGKILL RUN_MS=2000 DEATHS=2 OOM=1");
    expect(&h, "EVENT=death SERVICE=a b SIGNAL=60 RUN_MS=2000 DEATHS=1 CORE=1");
    expect(&h, "EVENT=death SERVICE=lost CODE=0 DEATHS=1");
    expect_none(&h);
}

static void other_events(void **state)
{
    struct hooks h = {.count = 0};
    (void)state;
    take(&h, LINES("start service=web pid=5", "exit service=web pid=5 code=1",
                   "gave-up service=web deaths=5 ms=38120 code=1",
                   "fail service=x reason=finish said 125",
                   "fail service=y reason=unable to exec: No such file or directory",
                   "oom kills=2 limit=1024", "lost lines=3", "ready service=z pid=3",
                   "cmdexit pid=3 code=1", "vacuum service=web archives=1 bytes=2",
                   "flood service=web rate=30000000"));
    expect(&h, "EVENT=death SERVICE=web CODE=1 RUN_MS=1000 DEATHS=1");
    expect(&h, "EVENT=gave-up SERVICE=web CODE=1 DEATHS=5");
    expect(&h, "EVENT=gave-up SERVICE=x DEATHS=0 REASON=finish said 125");
    expect(&h, "EVENT=oom OOM=1 KILLS=2 LIMIT=1024");
    expect(&h, "EVENT=flood SERVICE=web RATE=30000000");
    expect_none(&h);
}

/* Livecheck may have asked for it: that stands in the service's log. */
static void ends_that_were_asked_for(void **state)
{
    struct hooks h = {.count = 0};
    (void)state;
    take(&h, LINES("start service=web pid=5", "exit service=web pid=5 signal=15 asked=1"));
    expect(&h, "EVENT=unready SERVICE=web SIGNAL=SIGTERM RUN_MS=1000 DEATHS=0");
    take(&h, LINES("exit service=" HOOKS_SERVICE " pid=5 code=1", "stop reason=signal signal=15",
                   "exit service=web pid=6 code=1", "oom kills=1 limit=-1"));
    expect_none(&h);
    assert_true(hook_is_livechecks("livecheck: warning: web is not alive: 2 failures in a row"));
    assert_false(hook_is_livechecks("livecheck: warning: web has not ended: it is killed"));
    assert_false(hook_is_livechecks("web is not alive: "));
}

static void last_word_of_livecheck(void **state)
{
    struct last_lines l = {.line = {{{1, 0}, strdup("livecheck: warning: web is not alive: a")},
                                    {{2, 0}, strdup("livecheck: warning: web is not alive: b")},
                                    {{3, 0}, strdup("livecheck: warning: web has not ended")}},
                           .count = 3};
    (void)state;
    last_lines_only(&l, hook_is_livechecks);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.line[0].time.tv_sec, 2);
    assert_string_equal(l.line[0].text, "livecheck: warning: web is not alive: b");
    last_lines_release(&l);
    l = (struct last_lines){.line = {{{3, 0}, strdup("web is not alive: ")}}, .count = 1};
    last_lines_only(&l, hook_is_livechecks);
    assert_int_equal(l.count, 0);
}

static void each_event_once(void **state)
{
    static const char *const log[] = {
        "boot id=1 pid=1 version=1",     "exit service=web pid=5 code=1",
        "boot id=2 pid=1 version=1",     "exit service=web pid=6 code=2",
        "exit service=web pid=7 code=3", NULL};
    struct hooks h = {.count = 0};
    struct hook_job job;
    char place[HOOK_PLACE_MAX];
    (void)state;
    take(&h, log);
    assert_int_equal(hooks_due(&h), HOOK_SETTLES);
    assert_null(hooks_next(&h, HOOK_SETTLES - 1, &job));
    snprintf(place, sizeof place, "%s", hooks_next(&h, HOOK_SETTLES, &job));
    assert_int_equal(job.code, 2); /* the boot before is over */
    assert_string_equal(place, "1970-01-01T00:16:43.000000000Z exit service=web pid=6 code=2");
    hooks_release(&h);
    hooks_resume(&h, place);
    take(&h, log);
    expect(&h, "EVENT=death SERVICE=web CODE=3 DEATHS=2");
    expect_none(&h);
}

static void a_burst_is_bounded(void **state)
{
    struct hooks h = {.count = 0};
    struct hook_job job;
    char line[64];
    const char *place = NULL;
    (void)state;
    for (int i = 0; i < 250; i++) {
        snprintf(line, sizeof line, "exit service=web pid=%d code=1", i);
        assert_int_equal(hooks_take(&h, &(struct timespec){i, 0}, line, 0), 0);
    }
    for (int i = 1; i <= HOOKS_MAX; i++) {
        assert_int_equal(hooks_dropped(&h), 0);
        place = hooks_next(&h, HOOK_SETTLES, &job);
        assert_int_equal(job.deaths, i);
    }
    /* What was dropped does not come back. */
    assert_non_null(strstr(place, " pid=249 "));
    assert_int_equal(hooks_dropped(&h), 250 - HOOKS_MAX);
    assert_int_equal(hooks_dropped(&h), 0);
    expect_none(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deaths),
        cmocka_unit_test(other_events),
        cmocka_unit_test(ends_that_were_asked_for),
        cmocka_unit_test(last_word_of_livecheck),
        cmocka_unit_test(each_event_once),
        cmocka_unit_test(a_burst_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
