/* What the parts share: stages, retries, the voice, events. */
#include "base/clock.h"
#include "base/container.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct attempt {
    struct retry retry;
    int number;
    int left; /* tries that fail still */
};

static struct attempt attempts[3];
static char order[64];

static struct pid1 *pid1(void)
{
    return &simulated.sv->pid1;
}

static void again(struct retry *r)
{
    struct attempt *a = container_of(r, struct attempt, retry);
    order[strlen(order)] = (char)('0' + a->number);
    if (a->left-- > 0)
        pid1_retry(pid1(), r);
}

static void set_up(void)
{
    memset(order, 0, sizeof order);
    memset(attempts, 0, sizeof attempts);
    for (int i = 0; i < 3; i++) {
        attempts[i].retry.again = again;
        attempts[i].number = i;
    }
}

static void tried_each_second_in_their_order(void **state)
{
    (void)state;
    set_up();
    simulated_boot(NULL);
    attempts[1].left = 2;
    pid1_retry(pid1(), &attempts[1].retry);
    simulated_run(500);
    pid1_retry(pid1(), &attempts[0].retry);
    pid1_retry(pid1(), &attempts[1].retry); /* which waits already */
    simulated_run(499);
    assert_string_equal(order, "");
    simulated_run(1);
    assert_string_equal(order, "10");
    simulated_run(1000);
    assert_string_equal(order, "101");
    simulated_run(5000);
    assert_string_equal(order, "1011");
    assert_int_equal(pid1()->again.place, 0); /* an idle pid 1 has no timer */
}

static void more_often_in_a_stop(void **state)
{
    (void)state;
    set_up();
    simulated_boot(NULL);
    pid1_enter(pid1(), STAGE_STOPPING);
    attempts[2].left = 1;
    pid1_retry(pid1(), &attempts[2].retry);
    int64_t before = pid1_now(pid1());
    assert_int_equal(pid1()->again.due - before, 100 * CLOCK_MS);
}

static void one_that_is_forgotten(void **state)
{
    (void)state;
    set_up();
    simulated_boot(NULL);
    for (int i = 0; i < 3; i++)
        pid1_retry(pid1(), &attempts[i].retry);
    pid1_forget_retry(pid1(), &attempts[1].retry);
    pid1_forget_retry(pid1(), &attempts[1].retry);
    simulated_run(1500);
    assert_string_equal(order, "02");
    pid1_retry(pid1(), &attempts[1].retry);
    simulated_run(1500);
    assert_string_equal(order, "021");
}

static char heard[256];

static void hear(void *context, enum message_level level, const char *text)
{
    (void)context;
    snprintf(heard, sizeof heard, "%d %s", (int)level, text);
}

static void a_voice_takes_what_is_said(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_journal();
    pid1_say(pid1(), MESSAGE_WARNING, "one %d", 1);
    simulated_expect("say one 1", NULL);
    pid1()->voice = (struct voice){.say = hear};
    pid1_say(pid1(), MESSAGE_FATAL, "two");
    assert_string_equal(heard, "0 two");
    simulated_expect_not("say two");
}

static void events_have_their_time(void **state)
{
    char text[4096] = "";
    int ends[2];
    struct timespec then;
    (void)state;
    simulated_boot(NULL);
    assert_int_equal(pipe(ends), 0);
    pid1()->events.fd = ends[1];
    then = pid1_wall(pid1());
    simulated_run(1500);
    pid1_event(pid1(), "ready", "web", "pid=%d", 7);
    pid1_event_at(pid1(), &then, "start", "web", "pid=%d", 7);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "2027-01-15T08:00:01.500000000Z ready service=web pid=7\n"
                              "2027-01-15T08:00:00.000000000Z start service=web pid=7\n");
}

static void a_shortage_is_said_once(void **state)
{
    struct error e = ERROR_INIT;
    struct shortage s = {.said = false};
    (void)state;
    simulated_boot(NULL);
    simulated_journal();
    for (int i = 0; i < 3; i++) {
        errno = ENOMEM;
        error_system(&e, "unable to do it");
        errno = ENOMEM;
        pid1_lacks(pid1(), &s, "service ", "web", &e);
    }
    shortage_over(&s);
    simulated_expect("say overlog: warning: service web: unable to do it: Cannot allocate memory "
                     "(too little memory: --memory); retrying this and everything else that "
                     "fails for the same reason",
                     "say overlog: info: it works again, after 3 attempts that failed", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(tried_each_second_in_their_order),
        SIMULATED_TEST(more_often_in_a_stop),
        SIMULATED_TEST(one_that_is_forgotten),
        SIMULATED_TEST(a_voice_takes_what_is_said),
        SIMULATED_TEST(events_have_their_time),
        SIMULATED_TEST(a_shortage_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
