/* The life of a longrun, cell by cell, on simulated time. */
#include "base/clock.h"
#include "services/machine.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S CLOCK_SECOND

static const struct service_rules plain = {.timeout_finish = 5000};
static const struct service_rules finishing = {.has_finish = true, .timeout_finish = 5000};
static const struct service_rules notifying = {.notifies = true, .timeout_finish = 5000};
static const struct service_rules killing = {.timeout_kill = 3000, .timeout_finish = 5000};

/* One letter an action, so that a whole answer is a short text: R run, F finish, E end, K kill,
 * B boundary, T tally, + started, - stopped, ! failed, ? ended unready, L loops, X exit; events as
 * their own byte. */
static const char *letters(const struct service_actions *a)
{
    static char text[32];
    static const char of[] = {
        [SERVICE_ACT_RUN] = 'R',     [SERVICE_ACT_FINISH] = 'F',   [SERVICE_ACT_END] = 'E',
        [SERVICE_ACT_KILL] = 'K',    [SERVICE_ACT_BOUNDARY] = 'B', [SERVICE_ACT_TALLY] = 'T',
        [SERVICE_ACT_STARTED] = '+', [SERVICE_ACT_STOPPED] = '-',  [SERVICE_ACT_FAILED] = '!',
        [SERVICE_ACT_SIGNAL] = 'S',  [SERVICE_ACT_UNREADY] = '?',  [SERVICE_ACT_LOOPS] = 'L',
        [SERVICE_ACT_EXIT] = 'X'};
    unsigned int i;
    for (i = 0; i < a->count; i++)
        text[i] =
            a->item[i].act == SERVICE_ACT_EVENT ? (char)a->item[i].detail : of[a->item[i].act];
    text[i] = '\0';
    return text;
}

#define step(s, r, e, detail, now, expected)                                                       \
    do {                                                                                           \
        struct service_actions a_;                                                                 \
        assert_int_equal(service_step(s, r, e, detail, now, &a_), 0);                              \
        assert_string_equal(letters(&a_), expected);                                               \
    } while (0)

static struct service up_since(int64_t now, const struct service_rules *r)
{
    struct service s = {.state = SERVICE_DOWN};
    step(&s, r, SERVICE_WANT_UP, 0, now, "R");
    s.pid = 42;
    step(&s, r, SERVICE_SPAWNED, 0, now, r->notifies ? "u" : "u+");
    assert_int_equal(s.state, SERVICE_UP);
    return s;
}

static void without_readiness_it_waits_a_second_after_its_end(void **state)
{
    struct service s = up_since(10 * S, &plain);
    (void)state;
    step(&s, &plain, SERVICE_DIED, 1 << 8, 500 * S, "BTdD");
    assert_int_equal(s.state, SERVICE_DOWN);
    assert_int_equal(s.pid, 0);
    assert_int_equal(s.deadline, 501 * S);
    step(&s, &plain, SERVICE_DEADLINE, 0, 501 * S, "R");
    assert_int_equal(s.state, SERVICE_STARTING);
}

static void a_service_long_ready_restarts_at_once(void **state)
{
    struct service s = up_since(10 * S, &notifying);
    (void)state;
    step(&s, &notifying, SERVICE_READIED, 0, 11 * S, "U+");
    assert_true(s.ready);
    step(&s, &notifying, SERVICE_READIED, 0, 11 * S, "");
    step(&s, &notifying, SERVICE_DIED, 0, 500 * S, "BTdD");
    assert_int_equal(s.deadline, 500 * S);
    assert_false(s.ready);
}

static void a_service_just_ready_restarts_a_second_after_readiness(void **state)
{
    struct service s = up_since(10 * S, &notifying);
    (void)state;
    step(&s, &notifying, SERVICE_READIED, 0, 11 * S, "U+");
    step(&s, &notifying, SERVICE_DIED, 0, 11 * S + S / 4, "BTdD");
    assert_int_equal(s.deadline, 12 * S);
}

static void readiness_does_not_outlive_the_instance(void **state)
{
    struct service s = up_since(10 * S, &notifying);
    (void)state;
    step(&s, &notifying, SERVICE_READIED, 0, 11 * S, "U+");
    step(&s, &notifying, SERVICE_DIED, 0, 20 * S, "BTdD");
    step(&s, &notifying, SERVICE_DEADLINE, 0, 20 * S, "R");
    step(&s, &notifying, SERVICE_SPAWNED, 0, 20 * S, "u");
    step(&s, &notifying, SERVICE_DIED, 0, 30 * S, "BTdD");
    assert_int_equal(s.deadline, 31 * S);
}

static void finish_runs_between_death_and_restart(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_DIED, 9, 20 * S, "BTFd");
    assert_int_equal(s.state, SERVICE_FINISH);
    assert_int_equal(s.wait_status, 9);
    assert_int_equal(s.run_pid, 42);
    assert_int_equal(s.deadline, 25 * S);
    s.pid = 43;
    step(&s, &finishing, SERVICE_DIED, 0, 22 * S, "BD");
    assert_int_equal(s.deadline, 23 * S);
    assert_int_equal(s.wait_status, 9); /* of run, not of finish */
}

static void finish_that_hangs_is_killed_again_and_again(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_DIED, 9, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_DEADLINE, 0, 25 * S, "K");
    assert_int_equal(s.deadline, 30 * S);
    step(&s, &finishing, SERVICE_DEADLINE, 0, 30 * S, "K");
    step(&s, &finishing, SERVICE_DIED, 9, 31 * S, "BD");
    assert_int_equal(s.state, SERVICE_DOWN);
}

static void finish_125_is_a_permanent_failure(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_DIED, 0, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_DIED, 125 << 8, 21 * S, "BO!D-");
    assert_int_equal(s.want, WANT_DOWN);
    assert_int_equal(s.deadline, 0);
}

static void run_125_means_nothing(void **state)
{
    struct service s = up_since(10 * S, &plain);
    (void)state;
    step(&s, &plain, SERVICE_DIED, 125 << 8, 20 * S, "BTdD");
    assert_int_equal(s.want, WANT_UP);
    assert_int_equal(s.deadline, 21 * S);
}

static void stopping_signals_and_reports_when_finish_is_over(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_WANT_DOWN, 0, 20 * S, "E");
    assert_int_equal(s.deadline, 0); /* no timeout-kill: no KILL ever */
    step(&s, &finishing, SERVICE_DIED, 15, 21 * S, "BTFd");
    step(&s, &finishing, SERVICE_DIED, 0, 22 * S, "BD-");
    assert_int_equal(s.deadline, 0);
}

static void timeout_kill_kills_and_repeats(void **state)
{
    struct service s = up_since(10 * S, &killing);
    (void)state;
    step(&s, &killing, SERVICE_WANT_DOWN, 0, 20 * S, "E");
    assert_int_equal(s.deadline, 23 * S);
    step(&s, &killing, SERVICE_DEADLINE, 0, 23 * S, "K");
    assert_int_equal(s.deadline, 28 * S);
    step(&s, &killing, SERVICE_DIED, 9, 24 * S, "BTdD-");
}

static void a_run_that_cannot_be_executed_is_tried_ever_more_rarely(void **state)
{
    static const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct service s = {.state = SERVICE_DOWN};
    int64_t now = 10 * S;
    (void)state;
    step(&s, &plain, SERVICE_WANT_UP, 0, now, "R");
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        step(&s, &plain, SERVICE_UNSPAWNED, 0, now, "");
        assert_int_equal(s.deadline, now + seconds[i] * S);
        now = s.deadline;
        step(&s, &plain, SERVICE_DEADLINE, 0, now, "R");
    }
    step(&s, &plain, SERVICE_SPAWNED, 0, now, "u+");
    assert_int_equal(s.failures, 0);
}

static void a_stop_while_starting_is_kept(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &killing, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &killing, SERVICE_WANT_DOWN, 0, 10 * S, "E");
    step(&s, &killing, SERVICE_SPAWNED, 0, 11 * S, "u+");
    assert_int_equal(s.want, WANT_DOWN);
    assert_int_equal(s.deadline, 13 * S);
    step(&s, &killing, SERVICE_DIED, 15, 12 * S, "BTdD-");
}

static void a_stop_while_it_cannot_start_is_over_at_once(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &plain, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &plain, SERVICE_WANT_DOWN, 0, 10 * S, "E");
    step(&s, &plain, SERVICE_UNSPAWNED, 0, 10 * S, "-");
    assert_int_equal(s.deadline, 0);
}

static void once_does_not_come_back(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &plain, SERVICE_WANT_ONCE, 0, 10 * S, "R");
    step(&s, &plain, SERVICE_SPAWNED, 0, 10 * S, "u+");
    step(&s, &plain, SERVICE_DIED, 0, 11 * S, "BTdD-");
    assert_int_equal(s.deadline, 0);
    s = up_since(10 * S, &plain);
    step(&s, &plain, SERVICE_WANT_ONCE, 0, 11 * S, "");
    step(&s, &plain, SERVICE_DIED, 0, 12 * S, "BTdD-");
}

static void stay_down_lets_it_live(void **state)
{
    struct service s = up_since(10 * S, &killing);
    (void)state;
    step(&s, &killing, SERVICE_STAY_DOWN, 0, 11 * S, "");
    assert_int_equal(s.deadline, 0);
    step(&s, &killing, SERVICE_DIED, 0, 12 * S, "BTdD-");
}

static void a_wish_to_be_up_ends_the_wait(void **state)
{
    struct service s = up_since(10 * S, &plain);
    (void)state;
    step(&s, &plain, SERVICE_DIED, 0, 11 * S, "BTdD");
    step(&s, &plain, SERVICE_WANT_UP, 0, 11 * S, "R");
    step(&s, &plain, SERVICE_SPAWNED, 0, 11 * S, "u+");
    step(&s, &plain, SERVICE_WANT_UP, 0, 12 * S, "+");
    s = up_since(10 * S, &notifying);
    step(&s, &notifying, SERVICE_WANT_UP, 0, 11 * S, "");
}

static void down_is_down(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &plain, SERVICE_WANT_DOWN, 0, 10 * S, "-");
    step(&s, &plain, SERVICE_DEADLINE, 0, 10 * S, "");
    step(&s, &plain, SERVICE_READIED, 0, 10 * S, "");
}

static void signals_reach_a_living_run_only(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &finishing, SERVICE_SIGNAL, SIGHUP, 10 * S, "");
    step(&s, &finishing, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &finishing, SERVICE_SIGNAL, SIGHUP, 10 * S, "S");
    step(&s, &finishing, SERVICE_SPAWNED, 0, 10 * S, "u+");
    struct service_actions a;
    assert_int_equal(service_step(&s, &finishing, SERVICE_SIGNAL, -SIGKILL, 10 * S, &a), 0);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.item[0].act, SERVICE_ACT_SIGNAL);
    assert_int_equal(a.item[0].detail, -SIGKILL);
    step(&s, &finishing, SERVICE_DIED, SIGKILL, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_SIGNAL, SIGHUP, 20 * S, "");
}

static void paused_until_continued_stopped_or_dead(void **state)
{
    struct service s = up_since(10 * S, &plain);
    (void)state;
    step(&s, &plain, SERVICE_SIGNAL, SIGSTOP, 11 * S, "S");
    assert_true(s.paused);
    step(&s, &plain, SERVICE_SIGNAL, SIGUSR1, 11 * S, "S");
    assert_true(s.paused);
    step(&s, &plain, SERVICE_SIGNAL, -SIGCONT, 11 * S, "S");
    assert_false(s.paused);
    step(&s, &plain, SERVICE_SIGNAL, -SIGSTOP, 11 * S, "S");
    assert_true(s.paused);
    step(&s, &plain, SERVICE_DIED, SIGKILL, 12 * S, "BTdD");
    assert_false(s.paused);
    s = up_since(10 * S, &plain);
    step(&s, &plain, SERVICE_SIGNAL, SIGSTOP, 11 * S, "S");
    step(&s, &plain, SERVICE_WANT_DOWN, 0, 11 * S, "E");
    assert_false(s.paused); /* the end sends CONT */
    s = up_since(10 * S, &killing);
    step(&s, &killing, SERVICE_WANT_DOWN, 0, 11 * S, "E");
    step(&s, &killing, SERVICE_SIGNAL, SIGSTOP, 12 * S, "S");
    step(&s, &killing, SERVICE_DEADLINE, 0, 14 * S, "K");
    assert_false(s.paused); /* and so does the kill */
}

static void leaving_is_told_when_it_is_down(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_LEAVE, 0, 11 * S, "");
    step(&s, &finishing, SERVICE_DIED, 0, 12 * S, "BTFd");
    step(&s, &finishing, SERVICE_DIED, 125 << 8, 12 * S, "BO!Dxs-");
    assert_int_equal(s.want, WANT_DOWN);
    assert_int_equal(s.deadline, 0);
    step(&s, &finishing, SERVICE_LEAVE, 0, 13 * S, "xs-");
    step(&s, &plain, SERVICE_WANT_UP, 0, 14 * S, "R");
    step(&s, &plain, SERVICE_LEAVE, 0, 14 * S, "");
    step(&s, &plain, SERVICE_UNSPAWNED, 0, 14 * S, "xs-");
    step(&s, &plain, SERVICE_WANT_UP, 0, 15 * S, "R");
    step(&s, &plain, SERVICE_SPAWNED, 0, 15 * S, "u+");
    step(&s, &plain, SERVICE_LEAVE, 0, 15 * S, "");
    step(&s, &plain, SERVICE_DIED, 0, 15 * S, "BTdDxs-");
}

static void who_is_normally_up_comes_back_after_leaving(void **state)
{
    static const struct service_rules usual = {.normally_up = true, .timeout_finish = 5000};
    struct service s = up_since(10 * S, &usual);
    (void)state;
    step(&s, &usual, SERVICE_LEAVE, 0, 11 * S, "");
    step(&s, &usual, SERVICE_DIED, 0, 12 * S, "BTdDxs");
    assert_int_equal(s.want, WANT_UP);
    assert_int_equal(s.deadline, 13 * S);
    assert_false(s.ever_started);
    step(&s, &usual, SERVICE_DEADLINE, 0, 13 * S, "R");
    step(&s, &usual, SERVICE_LEAVE, 0, 13 * S, "");
    step(&s, &usual, SERVICE_UNSPAWNED, 0, 13 * S, "xs");
    assert_int_equal(s.failures, 0);
    assert_int_equal(s.deadline, 14 * S);
    s = (struct service){.state = SERVICE_DOWN};
    step(&s, &usual, SERVICE_LEAVE, 0, 15 * S, "xs");
    assert_int_equal(s.deadline, 16 * S);
}

static void a_wish_to_be_up_outlives_leaving(void **state)
{
    struct service s = up_since(10 * S, &plain);
    (void)state;
    step(&s, &plain, SERVICE_LEAVE, 0, 11 * S, "");
    step(&s, &plain, SERVICE_WANT_UP, 0, 11 * S, "+");
    step(&s, &plain, SERVICE_DIED, 0, 12 * S, "BTdDxs");
    assert_int_equal(s.want, WANT_UP);
    assert_int_equal(s.deadline, 13 * S);
    step(&s, &plain, SERVICE_LEAVE, 0, 12 * S, "xs-"); /* which came after that wish */
    assert_int_equal(s.want, WANT_DOWN);
    assert_int_equal(s.deadline, 0);
}

static void wishes_during_finish_wait_for_its_end(void **state)
{
    struct service s = up_since(10 * S, &finishing);
    (void)state;
    step(&s, &finishing, SERVICE_DIED, 0, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_WANT_DOWN, 0, 20 * S, "");
    step(&s, &finishing, SERVICE_WANT_UP, 0, 20 * S, "");
    step(&s, &finishing, SERVICE_READIED, 0, 20 * S, "");
    step(&s, &finishing, SERVICE_DIED, 0, 21 * S, "BD");
    assert_int_equal(s.deadline, 22 * S);
    s = up_since(10 * S, &finishing);
    step(&s, &finishing, SERVICE_DIED, 0, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_STAY_DOWN, 0, 20 * S, "");
    step(&s, &finishing, SERVICE_DIED, 0, 21 * S, "BD-");
    s = up_since(10 * S, &finishing);
    step(&s, &finishing, SERVICE_DIED, 0, 20 * S, "BTFd");
    step(&s, &finishing, SERVICE_WANT_ONCE, 0, 20 * S, "");
    step(&s, &finishing, SERVICE_DIED, 9, 21 * S, "BD-"); /* killed: no 125 */
}

static void finish_without_limit_is_waited_for(void **state)
{
    static const struct service_rules patient = {.has_finish = true};
    struct service s = up_since(10 * S, &patient);
    (void)state;
    step(&s, &patient, SERVICE_DIED, 0, 20 * S, "BTFd");
    assert_int_equal(s.deadline, 0);
}

static void kills_while_starting_are_repeated(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &killing, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &killing, SERVICE_READIED, 0, 10 * S, "");
    step(&s, &killing, SERVICE_WANT_DOWN, 0, 10 * S, "E");
    step(&s, &killing, SERVICE_DEADLINE, 0, 13 * S, "K");
    assert_int_equal(s.deadline, 18 * S);
    step(&s, &killing, SERVICE_DEADLINE, 0, 18 * S, "K");
    step(&s, &killing, SERVICE_STAY_DOWN, 0, 18 * S, "");
    step(&s, &killing, SERVICE_WANT_ONCE, 0, 18 * S, "");
    step(&s, &killing, SERVICE_UNSPAWNED, 0, 19 * S, "-");
}

static void every_wish_when_down(void **state)
{
    struct service s = {.state = SERVICE_DOWN, .want = WANT_UP, .deadline = 11 * S};
    (void)state;
    step(&s, &plain, SERVICE_STAY_DOWN, 0, 10 * S, "-");
    assert_int_equal(s.deadline, 0);
    assert_int_equal(s.want, WANT_DOWN);
    step(&s, &plain, SERVICE_SIGNAL, SIGKILL, 10 * S, "");
    step(&s, &plain, SERVICE_WANT_ONCE, 0, 10 * S, "R");
    assert_int_equal(s.want, WANT_DOWN);
}

/* --- by a policy ------------------------------------------------------------------------------ */

static struct service_rules by(const char *line, enum definition_exit when, bool has_finish)
{
    struct service_rules r = {
        .timeout_finish = 5000, .has_finish = has_finish, .container_exit = when};
    struct restart_mistake m;
    if (line != NULL)
        assert_int_equal(restart_parse(line, &r.restart, &m), 0);
    return r;
}

/* The code of the exit that a death leads to; -1: none. */
static int exit_of(struct service *s, const struct service_rules *r, int status, int64_t now)
{
    struct service_actions a;
    int code = -1;
    assert_int_equal(service_step(s, r, SERVICE_DIED, status, now, &a), 0);
    for (unsigned int i = 0; i < a.count; i++)
        if (a.item[i].act == SERVICE_ACT_EXIT)
            code = a.item[i].detail;
    return code;
}

static void a_loop_is_given_up(void **state)
{
    struct service_rules r = by("always, 2 in 10s, then exit", EXIT_NEVER, false);
    struct service s = up_since(10 * S, &r);
    (void)state;
    step(&s, &r, SERVICE_DIED, 1 << 8, 10 * S, "BTdD");
    assert_int_equal(s.deadline, 11 * S);
    step(&s, &r, SERVICE_DEADLINE, 0, 11 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 11 * S, "u+");
    step(&s, &r, SERVICE_DIED, 1 << 8, 12 * S, "BTdD");
    step(&s, &r, SERVICE_DEADLINE, 0, 13 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 13 * S, "u+");
    struct service copy = s;
    step(&s, &r, SERVICE_DIED, SIGSEGV, 14 * S, "BTdO!D-X");
    assert_int_equal(exit_of(&copy, &r, SIGSEGV, 14 * S), 128 + SIGSEGV);
    assert_int_equal(s.want, WANT_DOWN);
    assert_int_equal(s.failed, FAILURE_DEATHS);
    assert_int_equal(s.deadline, 0);
    assert_int_equal(s.tally.count, 3);
    step(&s, &r, SERVICE_WANT_UP, 0, 14 * S, "R"); /* anew */
    assert_int_equal(s.failed, FAILURE_NONE);
    assert_int_equal(s.tally.count, 0);
    step(&s, &r, SERVICE_SPAWNED, 0, 14 * S, "u+");
    step(&s, &r, SERVICE_DIED, 1 << 8, 14 * S, "BTdD");
    assert_int_equal(s.want, WANT_UP);
}

static void finish_runs_before_it_is_given_up(void **state)
{
    struct service_rules r = by("never, then 7", EXIT_FAILURE_ONLY, true);
    struct service s = up_since(10 * S, &r);
    (void)state;
    step(&s, &r, SERVICE_DIED, 1 << 8, 20 * S, "BTFd");
    assert_int_equal(s.want, WANT_UP);
    struct service copy = s;
    assert_int_equal(exit_of(&copy, &r, 0, 21 * S), 7);
    copy = s;
    step(&copy, &r, SERVICE_WANT_UP, 0, 20 * S, ""); /* somebody wants it all the same */
    step(&copy, &r, SERVICE_DIED, 0, 21 * S, "BD");
    assert_int_equal(copy.deadline, 22 * S);
    copy = s;
    step(&copy, &r, SERVICE_WANT_DOWN, 0, 20 * S, "");
    step(&copy, &r, SERVICE_DIED, 0, 21 * S, "BD-");
    step(&s, &r, SERVICE_DIED, 0, 21 * S, "BO!D-X");
    assert_int_equal(s.failed, FAILURE_NEVER);
}

static void a_clean_end_is_no_failure(void **state)
{
    struct service_rules r = by("on-failure, ok 3 TERM, then exit", EXIT_GAVE_UP, false);
    struct service s = up_since(10 * S, &r);
    (void)state;
    step(&s, &r, SERVICE_DIED, 0, 20 * S, "BTdD-");
    assert_int_equal(s.failed, FAILURE_NONE);
    assert_int_equal(s.want, WANT_DOWN);
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_DIED, 3 << 8, 20 * S, "BTdD-");
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_DIED, SIGTERM, 20 * S, "BTdD-");
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_DIED, SIGKILL, 20 * S, "BTdD");
    r.notifies = true;
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_DIED, 0, 20 * S, "BTd?D-");
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_READIED, 0, 11 * S, "U+");
    step(&s, &r, SERVICE_DIED, 0, 20 * S, "BTdD-");
}

static void who_asks_gets_a_start(void **state)
{
    struct service_rules r = by("on-failure, 0 in 1m", EXIT_NEVER, false);
    struct service s = up_since(10 * S, &r);
    (void)state;
    step(&s, &r, SERVICE_RESTART, SIGTERM, 11 * S, "S");
    step(&s, &r, SERVICE_DIED, 0, 12 * S, "BTdD");
    assert_int_equal(s.deadline, 13 * S);
    step(&s, &r, SERVICE_RESTART, SIGTERM, 12 * S, "");
    step(&s, &r, SERVICE_DEADLINE, 0, 13 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 13 * S, "u+");
    step(&s, &r, SERVICE_WANT_DOWN, 0, 14 * S, "E");
    step(&s, &r, SERVICE_WANT_UP, 0, 14 * S, "+");
    step(&s, &r, SERVICE_DIED, SIGTERM, 15 * S, "BTdD");
    assert_int_equal(s.deadline, 16 * S);
    step(&s, &r, SERVICE_DEADLINE, 0, 16 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 16 * S, "u+");
    step(&s, &r, SERVICE_SIGNAL, SIGTERM, 17 * S, "S"); /* any other signal is not asking */
    step(&s, &r, SERVICE_DIED, 0, 17 * S, "BTdD-");
    s = up_since(10 * S, &r);
    step(&s, &r, SERVICE_RESTART, SIGTERM, 11 * S, "S");
    step(&s, &r, SERVICE_WANT_DOWN, 0, 12 * S, "E"); /* which came last */
    step(&s, &r, SERVICE_DIED, SIGTERM, 12 * S, "BTdD-");
}

static void waits_of_a_policy(void **state)
{
    struct service_rules r = by("always, wait 500ms..4s", EXIT_NEVER, false);
    struct service s = up_since(10 * S, &r);
    (void)state;
    step(&s, &r, SERVICE_DIED, 1 << 8, 11 * S, "BTdD");
    assert_int_equal(s.deadline, 11 * S + S / 2);
    step(&s, &r, SERVICE_DEADLINE, 0, s.deadline, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 127, 12 * S, "");
    assert_int_equal(s.deadline, 13 * S);
    step(&s, &r, SERVICE_DEADLINE, 0, 13 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, SERVICE_LACK, 13 * S, "");
    assert_int_equal(s.deadline, 15 * S); /* a lack does not count: as without a policy */
    step(&s, &r, SERVICE_DEADLINE, 0, 15 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 15 * S, "u+");
    step(&s, &r, SERVICE_DIED, 1 << 8, 16 * S, "BTdD");
    assert_int_equal(s.deadline, 18 * S);
    step(&s, &r, SERVICE_DEADLINE, 0, 18 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 18 * S, "uL+"); /* the third death of a loop */
    step(&s, &r, SERVICE_DIED, 1 << 8, 22 * S, "BTdD");
    assert_int_equal(s.deadline, 22 * S + S / 2); /* it lived for 4 s */
}

static void a_run_that_cannot_be_executed_is_given_up(void **state)
{
    struct service_rules r = by("always, 1 in 1m, then exit", EXIT_NEVER, false);
    struct service s = {.state = SERVICE_DOWN};
    struct service_actions a;
    (void)state;
    step(&s, &r, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 127, 10 * S, "");
    assert_int_equal(s.deadline, 11 * S);
    step(&s, &r, SERVICE_DEADLINE, 0, 11 * S, "R");
    assert_int_equal(service_step(&s, &r, SERVICE_UNSPAWNED, 127, 12 * S, &a), 0);
    assert_string_equal(letters(&a), "O!D-X");
    assert_int_equal(a.item[4].detail, 127);
    s = (struct service){.state = SERVICE_DOWN};
    r = by("on-failure, ok 127", EXIT_NEVER, false);
    step(&s, &r, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 127, 10 * S, "?-");
    assert_int_equal(s.want, WANT_DOWN);
}

/* For those who say how it ended last. */
static void why_it_was_not_executed_is_kept_until_the_next_end(void **state)
{
    struct service_rules r = by("on-failure, 5 in 1m", EXIT_NEVER, false);
    struct service s = {.state = SERVICE_DOWN};
    (void)state;
    step(&s, &r, SERVICE_WANT_UP, 0, 10 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 0, 10 * S, ""); /* no code is known: as the policy counts it */
    assert_int_equal(s.spawn_code, 126);
    step(&s, &r, SERVICE_DEADLINE, 0, 11 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 127, 11 * S, "");
    assert_int_equal(s.spawn_code, 127);
    step(&s, &r, SERVICE_DEADLINE, 0, 13 * S, "R");
    step(&s, &r, SERVICE_UNSPAWNED, 127, 13 * S, "");
    step(&s, &r, SERVICE_DEADLINE, 0, 17 * S, "R");
    step(&s, &r, SERVICE_SPAWNED, 0, 17 * S, "uL+");
    assert_int_equal(s.spawn_code, 127);
    step(&s, &r, SERVICE_DIED, 1 << 8, 18 * S, "BTdD");
    assert_int_equal(s.spawn_code, 0);
}

static void container_exit_by_each_word(void **state)
{
    static const struct {
        const char *line;
        enum definition_exit when;
        int status, code; /* without finish */
        int finish, late; /* with a finish that ends so: the code after it */
    } rows[] = {
        {NULL, EXIT_NEVER, 1 << 8, -1, 125 << 8, -1},
        {NULL, EXIT_ALWAYS, 3 << 8, 3, 0, -1},
        {NULL, EXIT_ALWAYS, 0, 0, 0, 0},
        {NULL, EXIT_ALWAYS, 0, 0, 125 << 8, 1}, /* it ended by a failure */
        {NULL, EXIT_ALWAYS, SIGKILL, 137, 0, -1},
        {NULL, EXIT_FAILURE_ONLY, 0, -1, 0, -1},
        {NULL, EXIT_FAILURE_ONLY, 0, -1, 125 << 8, 1},
        {NULL, EXIT_FAILURE_ONLY, 4 << 8, 4, 0, -1},
        {NULL, EXIT_GAVE_UP, 4 << 8, -1, 0, -1},
        {NULL, EXIT_GAVE_UP, 4 << 8, -1, 125 << 8, 4},
        {NULL, EXIT_GAVE_UP, 0, -1, 125 << 8, 1},
        {"never", EXIT_GAVE_UP, 4 << 8, 4, 0, 4},
        {"never", EXIT_GAVE_UP, 0, -1, 0, -1},
        {"never", EXIT_NEVER, 4 << 8, -1, 0, -1},
        {"never, then exit", EXIT_NEVER, 4 << 8, 4, 0, 4},
        {"never, then 0", EXIT_NEVER, 4 << 8, 0, 0, 0},
        {"never, then 9", EXIT_FAILURE_ONLY, 4 << 8, 9, 0, 9},
        {"always, 0 in 1s, then exit", EXIT_NEVER, 0, 1, 0, 1},
        {"on-failure, ok 4", EXIT_FAILURE_ONLY, 4 << 8, -1, 0, -1},
        {"always, then exit", EXIT_NEVER, 4 << 8, -1, 125 << 8, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct service_rules r = by(rows[i].line, rows[i].when, false);
        struct service s = up_since(10 * S, &r);
        assert_int_equal(exit_of(&s, &r, rows[i].status, 11 * S), rows[i].code);
        r.has_finish = true;
        s = up_since(10 * S, &r);
        int first = exit_of(&s, &r, rows[i].status, 11 * S);
        assert_true(first == -1 || first == rows[i].code);
        assert_int_equal(exit_of(&s, &r, rows[i].finish, 12 * S), rows[i].late);
        s = up_since(10 * S, &r);
        step(&s, &r, SERVICE_WANT_DOWN, 0, 11 * S, "E"); /* an end that was asked for */
        assert_int_equal(exit_of(&s, &r, rows[i].status, 11 * S), -1);
        assert_int_equal(exit_of(&s, &r, rows[i].finish, 12 * S), -1);
    }
}

/* Every pair: either named impossible, then nothing changes, or handled within bounds. */
static void every_cell(void **state)
{
    static const bool impossible[SERVICE_STATES][SERVICE_EVENTS] = {
        [SERVICE_DOWN] =
            {[SERVICE_SPAWNED] = true, [SERVICE_UNSPAWNED] = true, [SERVICE_DIED] = true},
        [SERVICE_STARTING] = {[SERVICE_DIED] = true},
        [SERVICE_UP] = {[SERVICE_SPAWNED] = true, [SERVICE_UNSPAWNED] = true},
        [SERVICE_FINISH] = {[SERVICE_SPAWNED] = true, [SERVICE_UNSPAWNED] = true}};
    (void)state;
    for (enum service_state from = 0; from < SERVICE_STATES; from++)
        for (enum service_event event = 0; event < SERVICE_EVENTS; event++) {
            struct service s = {.state = from, .want = WANT_UP, .pid = 7, .run_pid = 7};
            const struct service before = s;
            struct service_actions a;
            int result = service_step(&s, &finishing, event, 0, 10 * S, &a);
            assert_int_equal(result, impossible[from][event] ? -1 : 0);
            if (result < 0) {
                assert_int_equal(a.count, 0);
                assert_memory_equal(&s, &before, sizeof s);
            }
            assert_true(s.state < SERVICE_STATES);
            assert_true(a.count < SERVICE_ACTIONS_MAX);
        }
    struct service s = {.state = SERVICE_DOWN};
    struct service_actions a;
    assert_int_equal(service_step(&s, &plain, SERVICE_EVENTS, 0, S, &a), -1);
}

static void what_is_read_for_an_event(void **state)
{
    struct service s = {.state = SERVICE_DOWN};
    struct service_rules rules = {.notifies = true, .timeout_kill = 7};
    const struct service_rules read = {.has_finish = true};
    (void)state;
    assert_int_equal(service_reads(&s, SERVICE_WANT_UP), READS_FOR_A_START);
    assert_int_equal(service_reads(&s, SERVICE_DEADLINE), READS_FOR_A_START);
    assert_int_equal(service_reads(&s, SERVICE_WANT_DOWN), READS_FOR_A_RUN);
    s.state = SERVICE_UP;
    assert_int_equal(service_reads(&s, SERVICE_WANT_UP), READS_NOTHING);
    assert_int_equal(service_reads(&s, SERVICE_DEADLINE), READS_NOTHING);
    assert_int_equal(service_reads(&s, SERVICE_DIED), READS_FOR_A_RUN);
    assert_int_equal(service_reads(&s, SERVICE_SIGNAL), READS_NOTHING);
    /* Whether it comes back after leaving may have changed since LEAVE: the container stops. */
    s.state = SERVICE_STARTING;
    assert_int_equal(service_reads(&s, SERVICE_UNSPAWNED), READS_FOR_A_RUN);
    service_take_rules(&rules, &read, READS_FOR_A_RUN);
    assert_true(rules.notifies && rules.has_finish);
    assert_int_equal(rules.timeout_kill, 0);
    service_take_rules(&rules, &read, READS_FOR_A_START);
    assert_false(rules.notifies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_readiness_it_waits_a_second_after_its_end),
        cmocka_unit_test(a_service_long_ready_restarts_at_once),
        cmocka_unit_test(a_service_just_ready_restarts_a_second_after_readiness),
        cmocka_unit_test(readiness_does_not_outlive_the_instance),
        cmocka_unit_test(finish_runs_between_death_and_restart),
        cmocka_unit_test(finish_that_hangs_is_killed_again_and_again),
        cmocka_unit_test(finish_125_is_a_permanent_failure),
        cmocka_unit_test(run_125_means_nothing),
        cmocka_unit_test(stopping_signals_and_reports_when_finish_is_over),
        cmocka_unit_test(timeout_kill_kills_and_repeats),
        cmocka_unit_test(a_run_that_cannot_be_executed_is_tried_ever_more_rarely),
        cmocka_unit_test(a_stop_while_starting_is_kept),
        cmocka_unit_test(a_stop_while_it_cannot_start_is_over_at_once),
        cmocka_unit_test(once_does_not_come_back),
        cmocka_unit_test(stay_down_lets_it_live),
        cmocka_unit_test(a_wish_to_be_up_ends_the_wait),
        cmocka_unit_test(down_is_down),
        cmocka_unit_test(signals_reach_a_living_run_only),
        cmocka_unit_test(paused_until_continued_stopped_or_dead),
        cmocka_unit_test(leaving_is_told_when_it_is_down),
        cmocka_unit_test(who_is_normally_up_comes_back_after_leaving),
        cmocka_unit_test(a_wish_to_be_up_outlives_leaving),
        cmocka_unit_test(wishes_during_finish_wait_for_its_end),
        cmocka_unit_test(finish_without_limit_is_waited_for),
        cmocka_unit_test(kills_while_starting_are_repeated),
        cmocka_unit_test(every_wish_when_down),
        cmocka_unit_test(a_loop_is_given_up),
        cmocka_unit_test(finish_runs_before_it_is_given_up),
        cmocka_unit_test(a_clean_end_is_no_failure),
        cmocka_unit_test(who_asks_gets_a_start),
        cmocka_unit_test(waits_of_a_policy),
        cmocka_unit_test(a_run_that_cannot_be_executed_is_given_up),
        cmocka_unit_test(why_it_was_not_executed_is_kept_until_the_next_end),
        cmocka_unit_test(container_exit_by_each_word),
        cmocka_unit_test(every_cell),
        cmocka_unit_test(what_is_read_for_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
