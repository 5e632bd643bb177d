/* Each kind of sink by itself, with every call that touches a file going wrong in turn. */
#include "tests/unit/logger/faults.h"
#include "tests/unit/logger/logs.h"

#include "base/clock.h"
#include "base/message.h"
#include "logger/directory.h"
#include "logger/kinds.h"
#include "logger/outlet.h"
#include "rotate/logdir.h"

enum { FED = 12000, RETRY_NS = 2000000001 };

/* One sink and what goes there. */
struct world {
    char root[64], path[96];
    const char *settings[3]; /* words before the action */
    const char *action;      /* begins its word, before path; NULL: of a directory */
    int fd;                  /* of the child, which is opened on path; -1: none */
    enum sink_trouble trouble;
    struct bytes fed[LOGS_STREAMS];
    size_t batch; /* lines */
    void (*check)(const struct world *w);
};

static struct world world;

static void open_world(struct world *w)
{
    snprintf(w->root, sizeof w->root, "%s/sink_test.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w->root));
}

static void close_world(struct world *w)
{
    logs_remove(w->path);
    logs_remove(w->root);
    assert_int_not_equal(access(w->root, F_OK), 0);
}

/* --- in the child: a logger with one sink --- */

static void wake(struct sink *s)
{
    if (s->kind == &directory_kind)
        directory_wake(disk_of(s), clock_monotonic());
}

static void flush(struct sink *s)
{
    int tries = 0;
    while (sink_flush(s) == SINK_WAITS && s->rules->trouble == SINK_HOLD) {
        if (++tries > 20)
            _exit(89); /* it is not tried again */
        fault_plan->clock += RETRY_NS;
        wake(s);
    }
}

static void write_lines(struct sink *s, const struct world *w)
{
    const struct bytes *fed = &w->fed[0];
    size_t count = 0;
    for (size_t at = 0; at < fed->length; count++) {
        size_t length = bytes_line(fed, at);
        struct line line = {
            .bytes = fed->at + at, .length = length - 1, .first = true, .last = true};
        struct timespec now = clock_wall();
        if (count % w->batch == 0)
            sink_begin(s, STREAM_OUT, &now);
        if (sink_reserve(s, line.length, 1) < 0)
            _exit(98);
        sink_add(s, &line);
        if (sink_is_full(s) || count % w->batch == w->batch - 1)
            flush(s);
        fault_plan->clock += 300000000;
        at += length;
    }
}

static void end_lines(struct sink *s)
{
    for (int i = 0; i < 8; i++) { /* what is missing is counted when the disk works again */
        fault_plan->clock += RETRY_NS;
        struct timespec now = clock_wall();
        flush(s);
        sink_begin(s, STREAM_OUT, &now);
        wake(s);
    }
    flush(s);
    sink_close(s, true);
}

/* Not a call of the sink's. */
static void redirect(const struct world *w)
{
    fault_plan->armed = false;
    int fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || dup2(fd, w->fd) < 0)
        _exit(94);
    fault_plan->armed = true;
}

static int run_sink(void *context)
{
    struct world *w = context;
    struct error e = ERROR_INIT;
    struct script script;
    struct sink_rules rules = {.trouble = w->trouble, .name = "test", .slots = -1};
    char action[128], *words[4];
    for (int i = 0; i < 3; i++)
        words[i] = (char *)(uintptr_t)w->settings[i];
    words[3] = action;
    snprintf(action, sizeof action, "%s%s", w->action, w->fd < 0 ? w->path : "");
    message_to(logs_silent);
    if (script_parse(&script, words, 4, true, &e) < 0)
        return 95;
    if (w->fd >= 0)
        redirect(w);
    struct sink *s = sink_make(&rules, &script.step[0], NULL, &e);
    if (s->kind == &directory_kind) {
        int directory = logdir_prepare(w->path, (uid_t)-1, (gid_t)-1, 0, &e);
        if (directory < 0 || disk_open(disk_of(s), directory, false, &e) < 0) {
            if (w->trouble != SINK_DROP)
                return EXIT_SYSTEM;
            disk_be_absent(disk_of(s), false);
        }
    }
    write_lines(s, w);
    end_lines(s);
    script_release(&script);
    return 0;
}

static void run_world(void *context)
{
    struct world *w = context;
    open_world(w);
    snprintf(w->path, sizeof w->path, "%s/target", w->root);
    int code = faults_child(run_sink, w);
    if (code != 0 && code != EXIT_SYSTEM && code != FAULTS_KILLED)
        fail_msg("%s: exit code %d", faults_name(fault_plan), code);
    if (code != EXIT_SYSTEM) /* it did not start */
        w->check(w);
    close_world(w);
}

static struct world *make_world(enum sink_trouble trouble, void (*check)(const struct world *w))
{
    world = (struct world){.trouble = trouble,
                           .check = check,
                           .batch = 12,
                           .settings = {"n1000", "s4096", "C"},
                           .action = "",
                           .fd = -1};
    bytes_make(&world.fed[0], "out", FED);
    faults_open();
    return &world;
}

static void release_world(struct world *w)
{
    bytes_release(&w->fed[0]);
    faults_close();
}

/* --- directories --- */

static void check_directory(const struct world *w)
{
    const char *wrong = logs_check(w->path, w->fed, w->trouble == SINK_DROP);
    if (wrong != NULL)
        fail_msg("%s: %s", faults_name(fault_plan), wrong);
}

static void sweep_directory(enum sink_trouble trouble)
{
    const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_ERROR, .error = EIO, .count = 1},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 3},
        {.kind = FAULT_SHORT},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 2},
    };
    struct world *w = make_world(trouble, check_directory);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        faults_sweep(plans[i], 1, run_world, w);
    release_world(w);
}

static void a_directory_that_holds(void **state)
{
    (void)state;
    sweep_directory(SINK_HOLD);
}

static void a_directory_that_keeps_lines_in_memory(void **state)
{
    (void)state;
    sweep_directory(SINK_GROW);
}

static void a_directory_that_drops_lines(void **state)
{
    (void)state;
    sweep_directory(SINK_DROP);
}

/* Each end of a period is an attempt, and not only the first. */
static void a_directory_is_tried_again_when_periods_end(void **state)
{
    (void)state;
    struct world *w = make_world(SINK_HOLD, check_directory);
    w->settings[0] = "r100000";
    w->settings[1] = "R1";
    faults_sweep(
        (struct fault_plan){.kind = FAULT_ERROR, .error = ENOSPC, .count = 4, .writes_only = true},
        1, run_world, w);
    release_world(w);
}

/* --- status files --- */

/* It is one of the lines as a whole: whatever fails, nobody sees half of one. */
static void check_status(const struct world *w)
{
    struct bytes found = {.at = NULL};
    const struct bytes *fed = &w->fed[0];
    size_t last = 0;
    if (access(w->path, F_OK) < 0) {
        assert_true(fault_plan->at < 60); /* the first line was not written */
        return;
    }
    bytes_add_file(&found, w->root, "target");
    bool whole = false;
    for (size_t at = 0; at < fed->length; at += bytes_line(fed, at)) {
        size_t length = bytes_line(fed, at);
        whole |= length == found.length && memcmp(fed->at + at, found.at, length) == 0;
        last = at;
    }
    if (!whole)
        fail_msg("%s: the status file is no line", faults_name(fault_plan));
    if (!fault_plan->struck && memcmp(fed->at + last, found.at, found.length) != 0)
        fail_msg("the status file is not the last line");
    bytes_release(&found);
}

static void a_status_file_is_always_whole(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_BEFORE},
        {.kind = FAULT_WITHIN},
        {.kind = FAULT_AFTER},
        {.kind = FAULT_SHORT},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_ERROR, .error = EIO, .count = 2},
    };
    (void)state;
    struct world *w = make_world(SINK_HOLD, check_status);
    w->action = "=";
    w->settings[0] = w->settings[1] = w->settings[2] = "^0";
    bytes_release(&w->fed[0]);
    bytes_make(&w->fed[0], "out", 600);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        faults_sweep(plans[i], 1, run_world, w);
    release_world(w);
}

/* --- stdout --- */

static void check_stdout(const struct world *w)
{
    struct bytes found = {.at = NULL};
    bytes_add_file(&found, w->root, "target");
    bool all = !fault_plan->struck || fault_plan->count == 0;
    if (found.length > w->fed[0].length ||
        (found.length > 0 && memcmp(found.at, w->fed[0].at, found.length) != 0))
        fail_msg("%s: it is not what was written", faults_name(fault_plan));
    if (all && found.length != w->fed[0].length)
        fail_msg("%s: there is an end missing", faults_name(fault_plan));
    bytes_release(&found);
}

/* After an error nothing more goes there: what is there has no gap. */
static void stdout_has_no_gap(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = EIO, .count = 1},
        {.kind = FAULT_SHORT},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 1},
    };
    (void)state;
    struct world *w = make_world(SINK_HOLD, check_stdout);
    w->action = "1";
    w->settings[0] = w->settings[1] = w->settings[2] = "^0";
    w->fd = 1;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        faults_sweep(plans[i], 1, run_world, w);
    release_world(w);
}

/* Reads at most 4096 bytes of what must be there and compares them. */
static bool takes_next(int fd, const struct bytes *fed, size_t *at)
{
    char block[4096];
    ssize_t n = read(fd, block, sizeof block);
    if (n <= 0 || *at + (size_t)n > fed->length || memcmp(fed->at + *at, block, (size_t)n) != 0)
        return false;
    *at += (size_t)n;
    return true;
}

/* Never waits for the reader, though the pipe is a blocking one. */
static int run_slow_reader(void *context)
{
    const struct bytes *fed = context;
    struct error e = ERROR_INIT;
    const struct script_step step = {.kind = SCRIPT_STDOUT};
    const struct sink_rules rules = {.trouble = SINK_GROW, .name = "test"};
    struct sink *s = sink_make(&rules, &step, NULL, &e);
    int ends[2];
    size_t at = 0, waits = 0;
    if (pipe(ends) < 0 || dup2(ends[1], 1) < 0)
        return 90;
    for (size_t in = 0; in < fed->length; in += bytes_line(fed, in)) {
        size_t length = bytes_line(fed, in) - 1;
        struct line line = {.bytes = fed->at + in, .length = length, .first = true, .last = true};
        if (sink_reserve(s, length, 1) < 0)
            return 91;
        sink_add(s, &line);
        if (sink_is_full(s))
            waits += sink_flush(s) == SINK_WAITS;
    }
    while (sink_flush(s) == SINK_WAITS) {
        waits++;
        if (!takes_next(ends[0], fed, &at))
            return 92;
        outlet_ready(s);
    }
    while (at < fed->length)
        if (!takes_next(ends[0], fed, &at))
            return 93;
    sink_close(s, true);
    return waits > 1 ? 0 : 94;
}

static void stdout_with_a_slow_reader(void **state)
{
    (void)state;
    struct bytes fed = {.at = NULL};
    bytes_make(&fed, "out", 400000);
    faults_open();
    for (int old = 0; old < 2; old++) {
        *fault_plan = (struct fault_plan){.old_kernel = old == 1};
        assert_int_equal(faults_child(run_slow_reader, &fed), 0);
    }
    faults_close();
    bytes_release(&fed);
}

/* --- alerts --- */

/* An alert that fails is lost, and no other. */
static void check_alerts(const struct world *w)
{
    struct bytes found = {.at = NULL}, lines = {.at = NULL};
    const char head[] = "test: alert: ";
    const size_t length = sizeof head - 1;
    bytes_add_file(&found, w->root, "target");
    for (size_t at = 0; at < found.length; at += bytes_line(&found, at)) {
        assert_true(bytes_line(&found, at) > length);
        assert_memory_equal(found.at + at, head, length);
        bytes_add(&lines, found.at + at + length, bytes_line(&found, at) - length);
    }
    long left_out = bytes_left_out(&w->fed[0], &lines, false);
    if (left_out < 0 || left_out != (fault_plan->struck ? fault_plan->count : 0))
        fail_msg("%s: %ld alerts are lost", faults_name(fault_plan), left_out);
    bytes_release(&found);
    bytes_release(&lines);
}

static void an_alert_that_fails_costs_itself(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = EIO, .count = 1},
        {.kind = FAULT_SHORT},
    };
    (void)state;
    struct world *w = make_world(SINK_HOLD, check_alerts);
    w->action = "2";
    w->settings[0] = w->settings[1] = w->settings[2] = "E0";
    w->fd = 2;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        faults_sweep(plans[i], 1, run_world, w);
    release_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_that_holds),
        cmocka_unit_test(a_directory_that_keeps_lines_in_memory),
        cmocka_unit_test(a_directory_that_drops_lines),
        cmocka_unit_test(a_directory_is_tried_again_when_periods_end),
        cmocka_unit_test(a_status_file_is_always_whole),
        cmocka_unit_test(stdout_has_no_gap),
        cmocka_unit_test(stdout_with_a_slow_reader),
        cmocka_unit_test(an_alert_that_fails_costs_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
