/* The way through a script: who gets which lines, whatever fails; and what a successor makes again
 * of a batch that a kill cut short at any byte. */
#include "tests/unit/logger/faults.h"
#include "tests/unit/logger/logs.h"

#include "base/clock.h"
#include "base/message.h"
#include "logger/disk.h"
#include "logger/route.h"
#include "rotate/logdir.h"

enum { RETRY_NS = 2000000001 };

struct world {
    char root[64], even[96], rest[96];
    enum sink_trouble trouble;
    struct bytes fed;
};

static void open_world(struct world *w)
{
    snprintf(w->root, sizeof w->root, "%s/route_test.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w->root));
    snprintf(w->even, sizeof w->even, "%s/even", w->root);
    snprintf(w->rest, sizeof w->rest, "%s/rest", w->root);
}

static void close_world(struct world *w)
{
    logs_remove(w->even);
    logs_remove(w->rest);
    assert_int_equal(rmdir(w->root), 0);
}

static int open_directories(struct route *r, bool resume)
{
    struct error e = ERROR_INIT;
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;) {
        int directory = logdir_prepare(d->sink.text, (uid_t)-1, (gid_t)-1, 0, &e);
        if (directory < 0 || disk_open(d, directory, resume, &e) < 0)
            return -1;
    }
    return 0;
}

/* --- selections, with every call failing --- */

static void flush(struct route *r)
{
    while (route_flush(r) == SINK_WAITS && route_holds(r)) {
        fault_plan->clock += RETRY_NS;
        route_wake(r, clock_monotonic());
    }
}

/* What was read comes in batches that end anywhere. */
static void write_batches(struct route *r, const struct bytes *fed)
{
    struct lines l = {.limit = LINE_LIMIT};
    const size_t batch = 1000;
    for (size_t at = 0; at < fed->length; at += batch) {
        struct timespec now = clock_wall();
        size_t length = fed->length - at < batch ? fed->length - at : batch;
        memcpy(lines_room(&l, length), fed->at + at, length);
        lines_added(&l, length);
        route_begin(r, STREAM_OUT, &now);
        int more;
        do {
            more = route_lines(r, &l);
            flush(r);
        } while (more > 0);
        if (more < 0)
            _exit(98);
        fault_plan->clock += 300000000;
        route_wake(r, clock_monotonic());
    }
    lines_release(&l);
}

static int run_route(void *context)
{
    struct world *w = context;
    struct error e = ERROR_INIT;
    struct script script;
    struct route r;
    struct sink_rules rules = {.trouble = w->trouble, .name = "test", .slots = -1};
    char *words[] = {"s4096", "-", "+^out [0-9]*[02468] ", "C", w->even, "f", "C", w->rest};
    message_to(logs_silent);
    if (script_parse(&script, words, 8, true, &e) < 0 || route_open(&r, &script, &rules, &e) < 0)
        return 95;
    if (open_directories(&r, false) < 0)
        return EXIT_SYSTEM;
    write_batches(&r, &w->fed);
    for (int i = 0; i < 5 && route_waits(&r); i++) {
        route_urge(&r);
        route_flush(&r);
    }
    bool empty = route_is_empty(&r);
    route_close(&r, true);
    script_release(&script);
    return empty ? 0 : 94;
}

/* The lines with even numbers, or the others. */
static struct bytes lines_of(const struct bytes *fed, bool even)
{
    struct bytes found = {.at = NULL};
    for (size_t at = 0; at < fed->length; at += bytes_line(fed, at)) {
        long number = strtol(fed->at + at + 4, NULL, 10);
        if ((number % 2 == 0) == even)
            bytes_add(&found, fed->at + at, bytes_line(fed, at));
    }
    return found;
}

static void check_directory(const struct world *w, const char *path, bool even)
{
    struct bytes wanted[LOGS_STREAMS] = {lines_of(&w->fed, even), {.at = NULL}};
    const char *wrong = logs_check(path, wanted, false);
    if (wrong != NULL)
        fail_msg("%s: %s: %s", faults_name(fault_plan), path, wrong);
    bytes_release(&wanted[0]);
}

static void run_world(void *context)
{
    struct world *w = context;
    open_world(w);
    int code = faults_child(run_route, w);
    if (code != 0 && code != EXIT_SYSTEM)
        fail_msg("%s: exit code %d", faults_name(fault_plan), code);
    if (code == 0) {
        check_directory(w, w->even, true);
        check_directory(w, w->rest, false);
    }
    close_world(w);
}

static void each_line_goes_where_it_belongs(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_ERROR, .error = EIO, .count = 3},
        {.kind = FAULT_SHORT},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 2},
    };
    (void)state;
    struct world w = {.trouble = SINK_HOLD};
    bytes_make(&w.fed, "out", 12000);
    faults_open();
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        w.trouble = SINK_HOLD;
        faults_sweep(plans[i], 1, run_world, &w);
        w.trouble = SINK_GROW;
        faults_sweep(plans[i], 3, run_world, &w);
    }
    faults_close();
    bytes_release(&w.fed);
}

/* --- a batch made again --- */

static void write_file(const char *directory, const char *bytes, size_t length)
{
    char path[128];
    snprintf(path, sizeof path, "%s/current", directory);
    assert_true(mkdir(directory, 0700) == 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

/* A predecessor wrote the first bytes of the batch: the file has all of it then. */
static void repeat(struct world *w, const struct bytes *before, size_t bytes, struct bytes *after)
{
    struct error e = ERROR_INIT;
    struct script script;
    struct route r;
    struct lines l = {.limit = 100};
    const struct timespec now = {1700000000, 123456789};
    const struct sink_rules rules = {.trouble = SINK_HOLD, .name = "test", .slots = -1};
    char *words[] = {"s1000000", "C"};
    open_world(w);
    write_file(w->rest, bytes == 0 ? "" : before->at, bytes);
    assert_int_equal(script_parse(&script, words, 2, false, &e), 0);
    script.own.text = w->rest;
    assert_int_equal(route_open(&r, &script, &rules, &e), 0);
    assert_int_equal(open_directories(&r, true), 0);
    memcpy(lines_room(&l, w->fed.length), w->fed.at, w->fed.length);
    lines_added(&l, w->fed.length);
    assert_int_equal(route_begin(&r, STREAM_ERR, &now), SINK_DONE);
    assert_int_equal(route_repeat(&r, &l, bytes), 0);
    assert_int_equal(route_flush(&r), SINK_DONE);
    assert_int_equal(route_lines(&r, &l), 0);
    assert_int_equal(route_flush(&r), SINK_DONE);
    assert_true(l.start == l.end && route_is_settled(&r));
    route_close(&r, true);
    lines_release(&l);
    script_release(&script);
    bytes_add_file(after, w->rest, "current");
    close_world(w);
}

static void a_batch_cut_short_at_any_byte(void **state)
{
    (void)state;
    struct world w = {.trouble = SINK_HOLD};
    struct bytes whole = {.at = NULL};
    bytes_make(&w.fed, "out", 900);
    repeat(&w, NULL, 0, &whole);
    assert_true(whole.length > w.fed.length);
    for (size_t bytes = 1; bytes <= whole.length; bytes++) {
        struct bytes again = {.at = NULL};
        repeat(&w, &whole, bytes, &again);
        assert_int_equal(again.length, whole.length);
        assert_memory_equal(again.at, whole.at, whole.length);
        bytes_release(&again);
    }
    bytes_release(&whole);
    bytes_release(&w.fed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_goes_where_it_belongs),
        cmocka_unit_test(a_batch_cut_short_at_any_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
