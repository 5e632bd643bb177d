#include "base/loop.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop loop;
static struct error err;
static char trace[256];

static void note(char c)
{
    size_t n = strlen(trace);
    assert_true(n + 1 < sizeof trace);
    trace[n] = c;
    trace[n + 1] = '\0';
}

static int open_one(void **state)
{
    (void)state;
    trace[0] = '\0';
    return loop_open(&loop, &err);
}

static int close_one(void **state)
{
    (void)state;
    loop_close(&loop);
    return 0;
}

static void turn(int64_t max_wait)
{
    assert_int_equal(loop_turn(&loop, max_wait, &err), 0);
}

/* --- timers --- */

struct named {
    struct timer timer;
    char name;
};

static void fire_named(struct timer *t)
{
    note(((struct named *)(void *)t)->name);
}

static void timers_fire_by_time_then_by_order(void **state)
{
    (void)state;
    int64_t base = clock_monotonic() - CLOCK_SECOND;
    struct named t[5];
    memset(t, 0, sizeof t);
    const int64_t due[5] = {30, 10, 20, 10, 10};
    for (int i = 0; i < 5; i++) {
        t[i].name = (char)('a' + i);
        t[i].timer.fire = fire_named;
        assert_int_equal(loop_timer(&loop, &t[i].timer, base + due[i]), 0);
    }
    /* Setting it again puts it behind its equals. */
    assert_int_equal(loop_timer(&loop, &t[1].timer, base + 10), 0);
    turn(0);
    assert_string_equal(trace, "debca");
    for (int i = 0; i < 5; i++)
        assert_int_equal(t[i].timer.place, 0);
    assert_int_equal(loop.timers, 0);
}

static void a_timer_without_time_or_function(void **state)
{
    (void)state;
    struct named taken_out = {.name = 'a', .timer.fire = fire_named};
    struct timer mute = {.fire = NULL};
    int64_t past = clock_monotonic() - CLOCK_SECOND;
    assert_int_equal(loop_timer(&loop, &taken_out.timer, past), 0);
    assert_int_equal(loop_timer(&loop, &taken_out.timer, 0), 0);
    assert_int_equal(loop_timer(&loop, &mute, past), 0);
    assert_int_equal(loop.timers, 1);
    turn(0);
    assert_int_equal(loop.timers, 0);
    assert_string_equal(trace, "");
}

static void many_timers_against_a_sorted_list(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static struct timer t[COUNT];
    memset(t, 0, sizeof t);
    unsigned int seed = 12345;
    for (int round = 0; round < 4000; round++) {
        seed = seed * 1103515245u + 12345u;
        struct timer *one = &t[(seed >> 8) % COUNT];
        if ((seed >> 24) % 3)
            assert_int_equal(loop_timer(&loop, one, (int64_t)((seed >> 4) % 50) + 1), 0);
        else
            loop_untimer(&loop, one);
    }
    size_t armed = 0;
    for (int i = 0; i < COUNT; i++)
        armed += t[i].place != 0;
    assert_int_equal(loop.timers, armed);
    int64_t due = 0;
    uint64_t order = 0;
    while (loop.timers) {
        struct timer *first = loop.heap[0];
        assert_int_equal(first->place, 1);
        assert_true(first->due > due || (first->due == due && first->order > order));
        due = first->due;
        order = first->order;
        loop_untimer(&loop, first);
    }
}

static struct named again;

static void fire_again(struct timer *t)
{
    note('r');
    assert_int_equal(loop_timer(&loop, t, 1), 0);
}

static void a_timer_set_while_firing_waits_for_the_next_turn(void **state)
{
    (void)state;
    memset(&again, 0, sizeof again);
    again.timer.fire = fire_again;
    assert_int_equal(loop_timer(&loop, &again.timer, 1), 0);
    turn(0);
    assert_string_equal(trace, "r");
    turn(-1);
    assert_string_equal(trace, "rr");
}

static struct named doomed;

static void fire_and_remove(struct timer *t)
{
    (void)t;
    note('x');
    loop_untimer(&loop, &doomed.timer);
    loop_untimer(&loop, &doomed.timer);
}

static void a_timer_can_remove_another(void **state)
{
    (void)state;
    struct timer first = {.fire = fire_and_remove};
    doomed = (struct named){.timer = {.fire = fire_named}, .name = 'd'};
    assert_int_equal(loop_timer(&loop, &first, 1), 0);
    assert_int_equal(loop_timer(&loop, &doomed.timer, 2), 0);
    turn(0);
    assert_string_equal(trace, "x");
}

static void no_timer_fires_early(void **state)
{
    (void)state;
    struct named t = {.timer = {.fire = fire_named}, .name = 't'};
    int64_t due = clock_monotonic() + 3 * CLOCK_MS + 1;
    assert_int_equal(loop_timer(&loop, &t.timer, due), 0);
    for (turn(0); !trace[0];)
        turn(-1);
    assert_true(clock_monotonic() >= due);
}

static void max_wait_bounds_a_turn(void **state)
{
    (void)state;
    struct named t = {.timer = {.fire = fire_named}, .name = 't'};
    int64_t start = clock_monotonic();
    assert_int_equal(loop_timer(&loop, &t.timer, start + 3600 * CLOCK_SECOND), 0);
    turn(CLOCK_MS);
    assert_string_equal(trace, "");
    assert_true(clock_monotonic() - start >= CLOCK_MS);
    loop_untimer(&loop, &t.timer);
}

static void reserved_timers_need_no_memory(void **state)
{
    (void)state;
    assert_int_equal(loop_reserve_timers(&loop, 20, &err), 0);
    struct timer **heap = loop.heap;
    struct timer t[20];
    memset(t, 0, sizeof t);
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_timer(&loop, &t[i], 20 - i), 0);
    assert_ptr_equal(loop.heap, heap);
    assert_int_equal(loop.capacity, 20);
    for (int i = 0; i < 20; i++)
        loop_untimer(&loop, &t[i]);
}

/* --- descriptors --- */

struct pair {
    struct watch watch;
    int write_end;
    char name;
    struct pair *victim;
};

static void make_pair(struct pair *p, char name, void (*ready)(struct watch *, uint32_t))
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    *p =
        (struct pair){.watch = {.fd = ends[0], .ready = ready}, .write_end = ends[1], .name = name};
}

static void close_pair(struct pair *p)
{
    loop_unwatch(&loop, &p->watch);
    close(p->watch.fd);
    close(p->write_end);
}

static void ready_take(struct watch *w, uint32_t events)
{
    struct pair *p = (struct pair *)(void *)w;
    char c;
    assert_true(events & EPOLLIN);
    assert_int_equal(read(w->fd, &c, 1), 1);
    note(p->name);
}

static void ready_kill(struct watch *w, uint32_t events)
{
    struct pair *p = (struct pair *)(void *)w;
    ready_take(w, events);
    loop_unwatch(&loop, &p->victim->watch);
    loop_unwatch(&loop, w);
}

static void a_watch_is_called_when_ready(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p, 'p', ready_take);
    assert_int_equal(loop_watch(&loop, &p.watch, EPOLLIN, &err), 0);
    turn(0);
    assert_string_equal(trace, "");
    assert_int_equal(write(p.write_end, "xy", 2), 2);
    turn(-1);
    turn(-1);
    turn(0);
    assert_string_equal(trace, "pp");
    /* No event wished: data is left alone. */
    assert_int_equal(write(p.write_end, "z", 1), 1);
    assert_int_equal(loop_watch(&loop, &p.watch, 0, &err), 0);
    turn(0);
    assert_string_equal(trace, "pp");
    assert_int_equal(loop_watch(&loop, &p.watch, EPOLLIN, &err), 0);
    turn(-1);
    assert_string_equal(trace, "ppp");
    close_pair(&p);
    close_pair(&p);
}

static void a_handler_can_remove_a_watch_of_the_same_batch(void **state)
{
    (void)state;
    struct pair p[2];
    make_pair(&p[0], '0', ready_kill);
    make_pair(&p[1], '1', ready_kill);
    p[0].victim = &p[1];
    p[1].victim = &p[0];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(loop_watch(&loop, &p[i].watch, EPOLLIN, &err), 0);
        assert_int_equal(write(p[i].write_end, "x", 1), 1);
    }
    turn(-1);
    turn(0);
    assert_int_equal(strlen(trace), 1);
    assert_false(p[0].watch.armed);
    assert_false(p[1].watch.armed);
    close_pair(&p[0]);
    close_pair(&p[1]);
}

static void more_watches_than_a_batch_holds(void **state)
{
    (void)state;
    enum { COUNT = 150 };
    static struct pair p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        make_pair(&p[i], 'm', ready_take);
        assert_int_equal(loop_watch(&loop, &p[i].watch, EPOLLIN, &err), 0);
        assert_int_equal(write(p[i].write_end, "x", 1), 1);
    }
    for (int i = 0; i < 5; i++)
        turn(0);
    assert_int_equal(strlen(trace), COUNT);
    for (int i = 0; i < COUNT; i++)
        close_pair(&p[i]);
}

static void a_plain_file_is_refused(void **state)
{
    (void)state;
    struct watch w = {.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), .ready = ready_take};
    assert_int_equal(loop_watch(&loop, &w, EPOLLIN, &err), -1);
    assert_int_equal(errno, EPERM);
    assert_false(w.armed);
    close(w.fd);
}

static void ready_stop(struct watch *w, uint32_t events)
{
    ready_take(w, events);
    loop_stop(&loop);
}

static void refuse_once(struct watch *w, uint32_t events)
{
    char byte;
    (void)events;
    note('r');
    if (strlen(trace) == 1) {
        loop_pause(&loop, w);
        return;
    }
    assert_int_equal(read(w->fd, &byte, 1), 1);
}

static int64_t told_time;

static int64_t told_now(void)
{
    return told_time;
}

/* Time goes on only while something is waited for. */
static int told_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    told_time += ms > 0 ? ms * CLOCK_MS : 0;
    return epoll_wait(epoll, events, most, ms < 0 ? -1 : 0);
}

static void a_paused_watch_is_called_again_later(void **state)
{
    static const struct loop_calls told = {.now = told_now, .wait = told_wait};
    (void)state;
    int ends[2];
    told_time = CLOCK_SECOND;
    loop.calls = &told;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct watch w = {.fd = ends[0], .ready = refuse_once};
    assert_int_equal(loop_watch(&loop, &w, EPOLLIN, &err), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    turn(-1);
    assert_string_equal(trace, "r");
    turn(0);
    assert_string_equal(trace, "r"); /* it does not spin */
    while (trace[1] == '\0')
        turn(-1); /* no timer is set, yet it wakes up */
    assert_int_equal(told_time, CLOCK_SECOND + 100 * CLOCK_MS);
    loop_pause(&loop, &w);
    loop_unwatch(&loop, &w);
    assert_null(loop.late);
    close(ends[0]);
    close(ends[1]);
}

static void run_lasts_until_stop(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p, 's', ready_stop);
    assert_int_equal(loop_watch(&loop, &p.watch, EPOLLIN, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(write(p.write_end, "x", 1), 1);
        assert_int_equal(loop_run(&loop, &err), 0);
    }
    assert_string_equal(trace, "ss");
    close_pair(&p);
}

/* --- signals --- */

static pid_t child;

static void on_signal(void *context, int signal)
{
    assert_ptr_equal(context, &loop);
    if (signal == SIGCHLD)
        child = loop.signal_pid;
    note(signal == SIGUSR1 ? '1' : signal == SIGUSR2 ? '2' : signal == SIGCHLD ? 'c' : '?');
    /* All were collected before the first handler ran: a new one waits for the next turn. */
    if (signal == SIGUSR1 && strlen(trace) == 1)
        raise(SIGUSR1);
}

static void signals_are_events(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(loop_signal(&loop, SIGUSR1, on_signal, &loop, &err), 0);
    assert_int_equal(loop_signal(&loop, SIGUSR2, on_signal, &loop, &err), 0);
    assert_int_equal(loop_signal(&loop, SIGCHLD, on_signal, &loop, &err), 0);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR2);
    turn(-1);
    assert_string_equal(trace, "12");
    turn(-1);
    assert_string_equal(trace, "121");
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    turn(-1);
    assert_string_equal(trace, "121c");
    assert_int_equal(child, pid);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(fcntl(loop.signals, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(loop.epoll, F_GETFD), FD_CLOEXEC);
}

static void there_is_no_signal_65(void **state)
{
    (void)state;
    assert_int_equal(loop_signal(&loop, 65, on_signal, &loop, &err), -1);
    assert_int_equal(loop_signal(&loop, 0, on_signal, &loop, &err), -1);
    assert_int_equal(err.code, EXIT_BUG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_one, close_one)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_by_time_then_by_order),
        TEST(a_timer_without_time_or_function),
        TEST(many_timers_against_a_sorted_list),
        TEST(a_timer_set_while_firing_waits_for_the_next_turn),
        TEST(a_timer_can_remove_another),
        TEST(no_timer_fires_early),
        TEST(max_wait_bounds_a_turn),
        TEST(reserved_timers_need_no_memory),
        TEST(a_watch_is_called_when_ready),
        TEST(a_handler_can_remove_a_watch_of_the_same_batch),
        TEST(more_watches_than_a_batch_holds),
        TEST(a_plain_file_is_refused),
        TEST(a_paused_watch_is_called_again_later),
        TEST(run_lasts_until_stop),
        TEST(signals_are_events),
        TEST(there_is_no_signal_65),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
