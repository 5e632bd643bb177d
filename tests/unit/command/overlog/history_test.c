/* The history of a service by the event log, what its processes use, and both as text. */
#include "base/clock.h"
#include "command/overlog/history.h"
#include "command/overlog/metrics.h"
#include "command/overlog/usage.h"
#include "command/overlog/why.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Lines of an event log, one a second. */
static void take(struct history *h, const char *service, const char *const *lines)
{
    history_init(h, service);
    for (time_t second = 1000; *lines != NULL; lines++, second++)
        history_take(h, &(struct timespec){second, 0}, *lines);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void ends_and_their_lives(void **state)
{
    struct history h;
    (void)state;
    take(&h, "web",
         LINES("start service=web pid=7", "start service=webby pid=8", "ready service=web pid=7",
               "exit service=webby pid=8 code=4", "exit service=web pid=7 code=1",
               "start service=web pid=9", "exit service=web pid=9 signal=9 oom=1",
               "start service=web pid=10", "exit service=web pid=10 signal=11 core=1",
               "start service=web pid=11"));
    assert_int_equal(h.count, 3);
    assert_int_equal(h.end[0].code, 1);
    assert_int_equal(h.end[0].signal, -1);
    assert_true(h.end[0].was_ready && !h.end[1].was_ready);
    assert_int_equal(h.end[0].began.tv_sec, 1000);
    assert_int_equal(h.end[0].at.tv_sec, 1004);
    assert_int_equal(h.end[0].before.tv_sec, 1005);
    assert_true(h.end[1].oom && !h.end[1].core && h.end[2].core && !h.end[2].oom);
    assert_int_equal(h.pid, 11);
    assert_int_equal(h.began.tv_sec, 1009);
    assert_int_equal(h.counts.starts, 4);
    assert_int_equal(h.counts.ends, 3);
    assert_int_equal(h.counts.codes, 1);
    assert_int_equal(h.counts.signals, 2);
    assert_int_equal(h.counts.ooms, 1);
}

static void deaths_are_ends_that_nobody_asked_for(void **state)
{
    struct history h;
    (void)state;
    take(&h, "web",
         LINES("start service=web pid=7", "exit service=web pid=7 code=1",
               "start service=web pid=8", "exit service=web pid=8 signal=15 asked=1"));
    assert_int_equal(h.counts.ends, 2);
    assert_int_equal(h.recent_count, 1);
    assert_int_equal(h.recent[0].code, 1);
    /* One that was given up starts only because somebody asks for it: with a clean tally. */
    take(&h, "web",
         LINES("exit service=web pid=7 code=3", "gave-up service=web deaths=1 ms=0 code=3",
               "start service=web pid=8"));
    assert_int_equal(h.recent_count, 0);
    assert_int_equal(h.count, 1);
}

static void jobs(void **state)
{
    struct history h;
    (void)state;
    take(&h, "backup",
         LINES("job service=backup start=2026-01-01T00:00:00.000000000Z code=9 ms=1",
               "job service=other start=2026-01-01T00:00:00.000000000Z code=9 ms=1",
               "job service=backup start=x code=0 ms=10", "job service=backup start=x code=1 ms=20",
               "job service=backup start=x code=2 ms=30", "job service=backup start=x code=3 ms=40",
               "job service=backup start=x signal=9 ms=50 limit=1"));
    assert_int_equal(h.count, 0);
    assert_int_equal(h.job_count, HISTORY_ENDS);
    assert_int_equal(h.job[0].code, 0);
    assert_int_equal(h.job[0].at.tv_sec, 1002);
    assert_int_equal(h.job[3].ms, 40);
    assert_false(h.job[3].limit);
    assert_int_equal(h.job[4].code, -1);
    assert_int_equal(h.job[4].signal, 9);
    assert_true(h.job[4].limit);
}

static void failures(void **state)
{
    struct history h;
    (void)state;
    take(&h, "gone",
         LINES("fail service=gone reason=unable to execute /x: no such file",
               "fail service=gone reason=unable to execute /x: no such file",
               "fail service=gone reason=another"));
    assert_int_equal(h.count, 2);
    assert_string_equal(h.end[0].reason, "unable to execute /x: no such file");
    assert_int_equal(h.end[0].repeats, 1);
    assert_int_equal(h.end[0].at.tv_sec, 1001);
    assert_int_equal(h.counts.failures, 3);
    assert_false(h.gave_up);
    take(&h, "web",
         LINES("start service=web pid=7", "exit service=web pid=7 code=3",
               "fail service=web reason=finish said 125"));
    assert_true(h.gave_up && h.count == 1);
    assert_string_equal(h.gave_up_reason, "finish said 125");
    take(&h, "web",
         LINES("exit service=web pid=7 code=3", "gave-up service=web deaths=5 ms=38120 code=3"));
    assert_true(h.gave_up);
    assert_string_equal(h.gave_up_reason, "given up after 5 ends in 38.1s");
    take(&h, "web",
         LINES("gave-up service=web deaths=5 ms=38120 code=3", "start service=web pid=8"));
    assert_false(h.gave_up);
}

static void containers_and_names(void **state)
{
    struct history h;
    (void)state;
    take(&h, "a b\\",
         LINES("start service=a\\040b\\134 pid=7", "start service=a\\040b pid=8",
               "stop reason=signal signal=15", "exit service=a\\040b\\134 pid=7 code=0",
               "end code=0", "boot id=1 pid=1 version=1", "oom kills=2 limit=1000", "lost lines=3",
               "nonsense", ""));
    assert_int_equal(h.count, 1);
    assert_true(h.end[0].in_stop);
    assert_int_equal(h.counts.starts, 0); /* since the boot */
    assert_int_equal(h.counts.container_ooms, 2);
    assert_int_equal(h.container_oom.tv_sec, 1006);
    assert_int_equal(h.counts.lost_events, 3);
    /* Only the last ends are kept. */
    history_init(&h, "web");
    for (int i = 0; i < 9; i++) {
        char line[64];
        snprintf(line, sizeof line, "exit service=web pid=%d code=%d", i, i);
        history_take(&h, &(struct timespec){i, 0}, line);
    }
    assert_int_equal(h.count, HISTORY_ENDS);
    assert_int_equal(h.end[HISTORY_ENDS - 1].code, 8);
}

/* --- what is used ----------------------------------------------------------------------------- */

static void processes(void **state)
{
    struct usage_process p;
    struct usage sum;
    (void)state;
    assert_int_equal(usage_parse("17 (a) R (b) S 5 17 16 0 -1 4194304 100 0 0 0 30 12 5 3 20 0 4 0 "
                                 "123456 8888 250 18446744073709551615 1",
                                 100, 4096, &p),
                     0);
    assert_int_equal(p.pid, 17);
    assert_int_equal(p.parent, 5);
    assert_int_equal(p.session, 16);
    assert_int_equal(p.cpu_ms, 500);
    assert_int_equal(p.threads, 4);
    assert_int_equal(p.memory, 250 * 4096);
    assert_int_equal(usage_parse("17 (sh", 100, 4096, &p), -1);
    assert_int_equal(usage_parse("", 100, 4096, &p), -1);
    /* 20 is the service; 21 its child, 22 that of 21 with a session of its own; 23 has lost its
     * parents, and has the session still; 30 is another. */
    struct usage_process all[] = {{.pid = 1, .memory = 100},  {20, 1, 20, 10, 1, 1, 5},
                                  {21, 20, 20, 10, 1, 2, -1}, {22, 21, 22, 10, 1, 1, 3},
                                  {23, 1, 20, 10, 1, 1, 1},   {30, 1, 30, 10, 1, 1, 1}};
    usage_sum(all, 6, 20, &sum);
    assert_int_equal(sum.processes, 4);
    assert_int_equal(sum.cpu_ms, 40);
    assert_int_equal(sum.threads, 5);
    assert_int_equal(sum.descriptors, 9);
    usage_rate(&sum, &(struct usage){.cpu_ms = 15}, 100);
    assert_int_equal(sum.cpu_permille, 250);
    usage_sum(all, 6, -1, &sum);
    assert_true(sum.processes == 0 && sum.descriptors == -1);
}

/* --- as text ---------------------------------------------------------------------------------- */

static struct status_row rows[] = {{.name = "we\"b",
                                    .type = "longrun",
                                    .state = "waiting",
                                    .why = "",
                                    .log = "/l/web",
                                    .wanted = true,
                                    .pid = -1,
                                    .starts = 3,
                                    .code = -1,
                                    .signal = 9,
                                    .oom = true,
                                    .ms = 2000,
                                    .ready_ms = -1,
                                    .died_ms = 2000,
                                    .log_bytes = 2048,
                                    .log_rate = 3072,
                                    .log_written = 9000}};

static void why_it_is_down(void **state)
{
    struct services services = {
        .status = {.row = rows, .count = 1, .memory_limit = 512LL << 20, .stage = "running"}};
    struct why w = {.services = &services, .row = rows, .node = TARGET_NO_NODE, .now = {1010, 0}};
    struct str out = STR_INIT;
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    take(&w.history, "we\"b",
         LINES("start service=we\"b pid=7", "exit service=we\"b pid=7 code=1",
               "start service=we\"b pid=8", "ready service=we\"b pid=8",
               "exit service=we\"b pid=8 signal=9 oom=1", "flood service=other rate=9",
               "flood service=we\"b rate=2048", "flood service=we\"b rate=4096"));
    w.check = (struct last_lines){
        .line = {{{1005, 0}, (char *)(uintptr_t) "livecheck: warning: we\"b is not alive"}},
        .count = 1};
    w.lines[1] =
        (struct last_lines){.line = {{{0, 0}, (char *)(uintptr_t) "no\033 more"}}, .count = 1};
    why_text(&w, &out);
    assert_string_equal(out.data,
                        "we\"b is waiting since 1970-01-01 00:16:48 (2s), restarted 2 times\n"
                        "  waits for     its next start, which comes by itself\n"
                        "  after an end  it is started again, however often\n"
                        "  check failed  we\"b is not alive (5s ago)\n"
                        "  logs          /l/web (2.0K, 3.0K a minute)\n"
                        "  floods        its log 2 times, last at 1970-01-01 00:16:47 with 4.0K "
                        "a minute\n"
                        "Last ends, the newest first:\n"
                        "  1970-01-01 00:16:44 (6s ago)  SIGKILL (out of memory, limit 512M) after "
                        "2.0s, ready\n"
                        "      no^[ more\n"
                        "  1970-01-01 00:16:41 (9s ago)  exit 1 after 1.0s\n");
    str_clear(&out);
    why_json(&w, &out);
    assert_non_null(strstr(out.data, "\"ends\":[{\"time\":\"1970-01-01T00:16:44.000000000Z\","
                                     "\"began\":\"1970-01-01T00:16:42.000000000Z\","
                                     "\"milliseconds\":2000,\"pid\":8,\"exit_code\":null,"
                                     "\"signal\":9,\"out_of_memory\":true"));
    assert_non_null(strstr(out.data, "\"lines\":[\"no\\u001b more\"]"));
    str_release(&out);
}

static void figures(void **state)
{
    struct status status = {.row = rows,
                            .count = 1,
                            .version = "1",
                            .stage = "running",
                            .ms = 65432,
                            .memory_limit = -1};
    struct metrics_service service = {.log_lines = 12, .dropped = 7};
    assert_int_equal(metrics_missing("logger web: warning: 7 lines are missing here: no space"), 7);
    assert_int_equal(metrics_missing("logger web: warning: x lines are missing here: no space"), 0);
    assert_int_equal(metrics_missing("web: warning: 7 lines are missing here: no space"), 0);
    assert_int_equal(metrics_missing("logger"), 0);
    struct metrics m = {.status = &status, .service = &service, .container = {.container_ooms = 2}};
    struct str out = STR_INIT;
    (void)state;
    take(&service.history, "we\"b",
         LINES("exit service=we\"b pid=7 code=0", "exit service=we\"b pid=8 signal=9 oom=1",
               "exit service=we\"b pid=8 signal=15", "flood service=we\"b rate=1"));
    metrics_text(&m, &out);
    static const char *const expected[] = {
        "# TYPE overlog_service_up gauge\n",
        "overlog_service_up{service=\"we\\\"b\"} 0\n",
        "overlog_service_restarts_total{service=\"we\\\"b\"} 2\n",
        "overlog_service_last_exit{service=\"we\\\"b\"} 137\n",
        "overlog_service_log_lines{service=\"we\\\"b\"} 12\n",
        "overlog_service_ends_total{service=\"we\\\"b\",cause=\"exit_0\"} 1\n",
        "overlog_service_ends_total{service=\"we\\\"b\",cause=\"signal\"} 1\n",
        "overlog_service_ends_total{service=\"we\\\"b\",cause=\"out_of_memory\"} 1\n",
        "overlog_service_log_written_bytes_total{service=\"we\\\"b\"} 9000\n",
        "overlog_service_log_floods_total{service=\"we\\\"b\"} 1\n",
        "overlog_service_log_dropped{service=\"we\\\"b\"} 7\n",
        "overlog_other_out_of_memory_kills_total 2\n",
        "overlog_uptime_seconds 65.432\n"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(strstr(out.data, expected[i]));
    assert_string_equal(out.data + out.length - 6, "# EOF\n");
    assert_null(strstr(out.data, "memory_limit"));
    str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends_and_their_lives),
                                       cmocka_unit_test(deaths_are_ends_that_nobody_asked_for),
                                       cmocka_unit_test(failures),
                                       cmocka_unit_test(jobs),
                                       cmocka_unit_test(containers_and_names),
                                       cmocka_unit_test(processes),
                                       cmocka_unit_test(why_it_is_down),
                                       cmocka_unit_test(figures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
