/* What a producer wrote and no consumer has read. */
#include "supervisor/pipe_loss.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOST "say overlog: warning: 6 bytes that web wrote are lost: service sink "

/* Boots a producer and its consumer with these files, and writes into their pipe. */
static struct longrun *write_to_sink(const char *file, const char *content)
{
    simulated_service("web", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "web", "pipeline-name", "both",
                      file, content, NULL);
    simulated_boot(NULL);
    struct longrun *sink = simulated_longrun("sink");
    assert_int_equal(write(sink->pipe.input[1], "hello\n", 6), 6);
    return sink;
}

static void it_is_said_once(void **state)
{
    (void)state;
    struct longrun *sink = write_to_sink(NULL, NULL);
    simulated_journal();
    pipe_loss_say(sink);
    simulated_expect(LOST "ended before it had read them", NULL);
    pipe_loss_say(sink);
    pipe_loss_say_all(&simulated.sv->longruns);
    assert_string_equal(simulated_journal(), "");
}

static void the_reason_is_that_of_the_consumer(void **state)
{
    (void)state;
    struct longrun *sink = write_to_sink(NULL, NULL);
    sink->machine.failed = FAILURE_FINISH;
    pipe_loss_say(sink);
    simulated_expect(LOST "failed for good", NULL);
    sink->pipe.loss_said = false;
    sink->history.starts = 0;
    pipe_loss_say(sink);
    simulated_expect(LOST "never ran", NULL);
    sink->pipe.loss_said = false;
    sink->run.why = strdup("no x bit");
    pipe_loss_say(sink);
    simulated_expect(LOST "could not be executed", NULL);
}

static void several_producers_are_not_all_named(void **state)
{
    (void)state;
    simulated_service("api", "longrun", "run", "", "producer-for", "sink", NULL);
    struct longrun *sink = write_to_sink("consumer-for", "web\napi\n");
    simulated_journal();
    pipe_loss_say_all(&simulated.sv->longruns);
    const char *text = simulated_journal();
    assert_non_null(strstr(text, " and others wrote are lost: service sink "));
    assert_true(sink->pipe.loss_said);
}

static void an_empty_pipe_and_none_lose_nothing(void **state)
{
    char bytes[8];
    (void)state;
    struct longrun *sink = write_to_sink(NULL, NULL);
    assert_int_equal(read(sink->pipe.input[0], bytes, sizeof bytes), 6);
    simulated_journal();
    pipe_loss_say_all(&simulated.sv->longruns); /* web has no pipe */
    assert_string_equal(simulated_journal(), "");
    assert_false(sink->pipe.loss_said);
}

/* A pipe that cannot be asked, as a descriptor that is none. */
static void what_cannot_be_asked_is_not_said(void **state)
{
    (void)state;
    struct longrun *sink = write_to_sink(NULL, NULL);
    int fd = sink->pipe.input[0];
    simulated_journal();
    sink->pipe.input[0] = 9999;
    pipe_loss_say(sink);
    assert_string_equal(simulated_journal(), "");
    assert_false(sink->pipe.loss_said);
    sink->pipe.input[0] = fd;
}

static void the_stop_says_it_at_its_end(void **state)
{
    (void)state;
    write_to_sink(NULL, NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_run(20000);
    assert_true(simulated.over);
    assert_non_null(strstr(simulated_journal(), LOST + sizeof "say" - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(it_is_said_once),
        SIMULATED_TEST(the_reason_is_that_of_the_consumer),
        SIMULATED_TEST(several_producers_are_not_all_named),
        SIMULATED_TEST(an_empty_pipe_and_none_lose_nothing),
        SIMULATED_TEST(what_cannot_be_asked_is_not_said),
        SIMULATED_TEST(the_stop_says_it_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
