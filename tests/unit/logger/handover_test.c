/* The write path of a paired logger, with every call that touches a file going wrong in turn and
 * every place between two calls being where it is killed. A successor takes journals and state
 * over; then every line is logged once and in order. */
#include "tests/unit/logger/faults.h"
#include "tests/unit/logger/logs.h"

#include "base/clock.h"
#include "base/message.h"
#include "logger/disk.h"
#include "logger/handover.h"
#include "rotate/logdir.h"
#include <fcntl.h>

enum { INPUTS = CHECKPOINT_STREAMS, MEMORIES = INPUTS + 1, FED = 5000, LIMIT = 300 };

/* What outlives a logger, and what was written to it. */
struct world {
    char root[64], path[2][96], other[96]; /* other: the script's own directory */
    int pipe[INPUTS], memory[MEMORIES];
    struct bytes fed[INPUTS];
    bool holds, sheds, has_events, has_other, rotates, absent;
    bool begins;   /* begun lines are written in pieces */
    int attempt;   /* number of loggers before this one */
    int second_at; /* the second logger is killed before that call; 0: it is not */
};

/* --- the logger: what pump.c does, without a loop --- */

struct logger {
    struct handover h;
    struct script script, nothing;
    struct sink_rules rules[2];
    const struct world *world;
    bool open[INPUTS];
};

/* The sinks of a route in order: the one of the script, if there is one, and the exact one. */
static int open_sinks(const struct logger *g, struct route *r)
{
    struct error e = ERROR_INIT;
    for (size_t i = 0; i < r->count; i++) {
        struct disk *d = disk_of(r->sink[i]);
        if (g->world->absent) {
            disk_be_absent(d, g->world->attempt > 0);
            continue;
        }
        int directory = logdir_prepare(d->sink.text, (uid_t)-1, (gid_t)-1, 0, &e);
        if (directory >= 0 && disk_open(d, directory, g->world->attempt > 0, &e) == 0)
            continue;
        if (g->world->holds)
            return -1;
        disk_be_absent(d, g->world->attempt > 0);
    }
    return 0;
}

static int open_route(struct logger *g, int file)
{
    struct error e = ERROR_INIT;
    const struct world *w = g->world;
    g->rules[file] = (struct sink_rules){.trouble = w->holds ? SINK_HOLD : SINK_DROP,
                                         .sheds = w->sheds,
                                         .name = "test",
                                         .slots = -1};
    struct script *script = file == 0 ? &g->script : &g->nothing;
    script->own = g->script.own;
    script->own.text = w->path[file];
    if (route_open(&g->h.route[file], script, &g->rules[file], &e) < 0)
        return -1;
    return open_sinks(g, &g->h.route[file]);
}

static int open_logger(struct logger *g)
{
    struct error e = ERROR_INIT;
    const struct world *w = g->world;
    char *words[] = {"n1000", "s4096", "z0", "C", (char *)(uintptr_t)w->other, "C"};
    if (script_parse(&g->script, words, w->has_other ? 6 : 4, false, &e) < 0 ||
        open_route(g, 0) < 0 || (w->has_events && open_route(g, 1) < 0))
        return -1;
    g->h.state_fd = w->memory[INPUTS];
    g->h.console.lock = -1;
    for (int i = 0; i < INPUTS; i++) {
        g->h.input[i].journal.fd = w->memory[i];
        g->h.input[i].lines.limit = w->holds ? LIMIT : LINE_LIMIT; /* pieces are not counted */
        g->open[i] = w->pipe[i] >= 0;
    }
    return handover_open(&g->h, &e) == 0 && handover_take_over(&g->h) == 0 ? 0 : -1;
}

/* Time passes, as long as something waits for that. */
static void settle(struct logger *g)
{
    fault_plan->clock += g->world->holds ? 1000000 : 500000000;
    for (int tries = 0; tries < 30; tries++) {
        bool held = route_holds(&g->h.route[0]) || route_holds(&g->h.route[1]);
        fault_plan->clock += held ? 3000000000 : 0;
        for (int file = 0; file < 2; file++) {
            route_wake(&g->h.route[file], clock_monotonic());
            handover_flush(&g->h, file);
        }
        if (!held)
            return;
        for (int i = 0; i < INPUTS; i++) {
            struct timespec now = clock_wall();
            handover_write(&g->h, i, &now);
        }
    }
}

/* As when a begun line has stood for a while. */
static void write_begun(struct logger *g)
{
    for (int i = 0; i < HANDOVER_EVENTS; i++) {
        struct timespec now = clock_wall();
        if (handover_write_begun(&g->h, i, &now) < 0)
            _exit(95);
        settle(g);
    }
}

static void write_input(struct logger *g, int i)
{
    struct timespec now = clock_wall();
    if (handover_write(&g->h, i, &now) < 0)
        _exit(98);
    settle(g);
}

static void read_input(struct logger *g, int i, size_t most)
{
    struct lines *l = &g->h.input[i].lines;
    if (!g->open[i])
        return;
    ssize_t n = journal_fill(&g->h.input[i].journal, g->world->pipe[i], most, l);
    if (n == 0) {
        while (journal_end_line(&g->h.input[i].journal, l) < 0)
            ; /* the Nth call, and no other, failed */
        g->open[i] = false;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        _exit(97);
    }
    write_input(g, i);
}

static int run_logger(void *context)
{
    static const size_t sizes[] = {700, 90, 1500, 333, 2048};
    struct logger g = {.world = context};
    message_to(logs_silent);
    if (open_logger(&g) < 0)
        return EXIT_SYSTEM;
    for (int i = 0; i < INPUTS; i++)
        write_input(&g, i);
    for (unsigned int turn = 0; g.open[0] || g.open[1] || g.open[2]; turn++) {
        for (int i = 0; i < INPUTS; i++)
            read_input(&g, i, sizes[(turn + (unsigned int)i) % 5]);
        if (g.world->begins)
            write_begun(&g);
        if (g.world->rotates && turn % 4 == 3) {
            route_rotate(&g.h.route[0]);
            handover_flush(&g.h, 0);
        }
        if (turn % 5 == 4)
            handover_trim(&g.h);
        if (g.h.lost)
            return 96;
    }
    for (int i = 0; i < 6; i++) { /* what is missing is counted when the disk works again */
        fault_plan->clock += 3000000000;
        write_input(&g, 0);
    }
    handover_close(&g.h);
    script_release(&g.script);
    return 0;
}

/* --- the supervisor --- */

/* An input with all that is ever written to it. */
static int feed(const struct bytes *b)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 65536) >= (int)b->length);
    assert_int_equal(write(ends[1], b->at, b->length), b->length);
    close(ends[1]);
    return ends[0];
}

static void open_world(struct world *w)
{
    snprintf(w->root, sizeof w->root, "%s/handover_test.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w->root));
    snprintf(w->path[0], sizeof w->path[0], "%s/lines", w->root);
    snprintf(w->path[1], sizeof w->path[1], "%s/events", w->root);
    snprintf(w->other, sizeof w->other, "%s/other", w->root);
    for (int i = 0; i < MEMORIES; i++)
        w->memory[i] = memfd_create("memory", MFD_CLOEXEC);
    for (int i = 0; i < INPUTS; i++)
        w->pipe[i] = i < 2 || w->has_events ? feed(&w->fed[i]) : -1;
    w->attempt = 0;
}

static void close_world(struct world *w)
{
    for (int i = 0; i < MEMORIES; i++)
        close(w->memory[i]);
    for (int i = 0; i < INPUTS; i++)
        if (w->pipe[i] >= 0)
            close(w->pipe[i]);
    logs_remove(w->path[0]);
    logs_remove(w->path[1]);
    logs_remove(w->other);
    assert_int_equal(rmdir(w->root), 0);
}

/* The end of what was fed, and all that is there: a full disk costs the oldest archives. */
static const char *check_end(const struct world *w)
{
    struct bytes all = {.at = NULL};
    struct logged l = {.missing = 0};
    logs_read(w->path[0], &all);
    const char *wrong = logged_read(&l, &all);
    for (int i = 0; i < 2 && wrong == NULL; i++) {
        const struct bytes *fed = &w->fed[i], *got = &l.stream[i];
        if (got->length > fed->length || got->length == 0 ||
            memcmp(fed->at + fed->length - got->length, got->at, got->length) != 0)
            wrong = "it is not the end of what was written";
    }
    bytes_release(&all);
    logged_release(&l);
    return wrong;
}

static void check_world(const struct world *w)
{
    const struct bytes events[2] = {w->fed[HANDOVER_EVENTS], {.at = NULL}};
    const char *wrong = w->sheds ? check_end(w) : logs_check(w->path[0], w->fed, !w->holds);
    if (wrong == NULL && w->has_events)
        wrong = logs_check(w->path[1], events, false);
    if (wrong == NULL && w->has_other && fault_plan->then_killed == 0)
        wrong = logs_check(w->other, w->fed, false);
    if (wrong != NULL)
        fail_msg("%s: %s", faults_name(fault_plan), wrong);
}

/* Loggers, one after the other, until one ends by itself. */
static void run_world(void *context)
{
    struct world *w = context;
    open_world(w);
    int code = faults_child(run_logger, w);
    const struct fault_plan first = *fault_plan;
    for (w->attempt = 1; code == FAULTS_KILLED || code == EXIT_SYSTEM; w->attempt++) {
        assert_true(w->attempt < 4);
        fault_plan->kind = w->attempt == 1 && w->second_at > 0 ? FAULT_BEFORE : FAULT_NONE;
        fault_plan->at = w->second_at;
        fault_plan->then_killed = 0;
        code = faults_child(run_logger, w);
    }
    *fault_plan = first;
    if (code != 0)
        fail_msg("%s: exit code %d", faults_name(fault_plan), code);
    check_world(w);
    close_world(w);
}

/* --- tests --- */

static struct world *make_world(void)
{
    static struct world w;
    static const char *const tags[INPUTS] = {"out", "err", "event"};
    w = (struct world){.holds = true};
    for (int i = 0; i < INPUTS; i++)
        bytes_make(&w.fed[i], tags[i], i == HANDOVER_EVENTS ? FED / 4 : FED);
    faults_open();
    return &w;
}

static void release_world(struct world *w)
{
    for (int i = 0; i < INPUTS; i++)
        bytes_release(&w->fed[i]);
    faults_close();
}

/* The world as it is, with each of these in turn at every call. */
static void sweep_all(struct world *w, const struct fault_plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        faults_sweep(plans[i], 1, run_world, w);
}

static void a_kill_between_any_two_calls(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_BEFORE}, {.kind = FAULT_WITHIN}, {.kind = FAULT_AFTER}};
    (void)state;
    struct world *w = make_world();
    w->has_events = w->rotates = true;
    sweep_all(w, plans, 3);
    release_world(w);
}

/* The same with pieces of begun lines, at every place where a read ends. */
static void begun_lines_in_pieces(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_BEFORE},
        {.kind = FAULT_WITHIN},
        {.kind = FAULT_AFTER},
        {.kind = FAULT_SHORT, .error = EIO, .count = 2, .then_killed = 2, .writes_only = true},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 3, .then_killed = 1, .writes_only = true},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 4},
    };
    (void)state;
    struct world *w = make_world();
    w->begins = w->rotates = true;
    sweep_all(w, plans, sizeof plans / sizeof plans[0]);
    release_world(w);
}

static void begun_lines_are_dropped_whole(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1, .writes_only = true},
        {.kind = FAULT_ERROR, .error = EIO, .count = 3, .writes_only = true},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 2, .writes_only = true},
    };
    (void)state;
    struct world *w = make_world();
    w->holds = false;
    w->begins = true;
    sweep_all(w, plans, sizeof plans / sizeof plans[0]);
    release_world(w);
}

/* A rotation takes more steps then. */
static void a_kill_on_an_old_kernel(void **state)
{
    static const struct fault_plan plans[] = {{.kind = FAULT_BEFORE, .old_kernel = true}};
    (void)state;
    struct world *w = make_world();
    w->rotates = true;
    sweep_all(w, plans, 1);
    release_world(w);
}

static void a_successor_is_killed_too(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->rotates = true;
    for (w->second_at = 1; w->second_at < 40; w->second_at += 2)
        faults_sweep(
            (struct fault_plan){.kind = w->second_at % 4 == 1 ? FAULT_BEFORE : FAULT_WITHIN}, 13,
            run_world, w);
    release_world(w);
}

static void any_call_fails(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_ERROR, .error = EIO, .count = 1},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 4},
        {.kind = FAULT_ERROR, .error = EIO, .count = 9},
    };
    (void)state;
    struct world *w = make_world();
    w->rotates = true;
    sweep_all(w, plans, 4);
    release_world(w);
}

static void any_write_is_short(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_SHORT},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 1, .writes_only = true},
        {.kind = FAULT_SHORT, .error = EIO, .count = 3, .writes_only = true},
    };
    (void)state;
    struct world *w = make_world();
    w->rotates = true;
    sweep_all(w, plans, 3);
    release_world(w);
}

/* What a full disk took half of waits in memory, and in the journal, when the logger is killed. */
static void a_write_fails_and_then_a_kill(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->rotates = true;
    for (int later = 1; later <= 3; later++) {
        const struct fault_plan plans[] = {
            {.kind = FAULT_ERROR,
             .error = ENOSPC,
             .count = 2,
             .then_killed = later,
             .writes_only = true},
            {.kind = FAULT_SHORT,
             .error = EIO,
             .count = 2,
             .then_killed = later,
             .writes_only = true},
        };
        sweep_all(w, plans, 2);
    }
    release_world(w);
}

/* A second directory of the script holds all of them. It gets what a kill leaves in doubt twice. */
static void another_directory_holds(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_SHORT, .error = EIO, .count = 2, .writes_only = true},
        {.kind = FAULT_ERROR, .error = EIO, .count = 3, .then_killed = 2, .writes_only = true},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1, .then_killed = 2, .writes_only = true},
    };
    (void)state;
    struct world *w = make_world();
    w->has_other = w->rotates = true;
    sweep_all(w, plans, 4);
    release_world(w);
}

static void lines_are_dropped_and_counted(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1, .writes_only = true},
        {.kind = FAULT_ERROR, .error = EIO, .count = 4, .writes_only = true},
        {.kind = FAULT_SHORT, .error = ENOSPC, .count = 2, .writes_only = true},
    };
    (void)state;
    struct world *w = make_world();
    w->holds = false;
    sweep_all(w, plans, 3);
    release_world(w);
}

static void a_full_disk_costs_the_oldest_archives(void **state)
{
    static const struct fault_plan plans[] = {
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 1},
        {.kind = FAULT_ERROR, .error = ENOSPC, .count = 2, .writes_only = true},
    };
    (void)state;
    struct world *w = make_world();
    w->sheds = true;
    sweep_all(w, plans, 2);
    release_world(w);
}

/* --- lines that nobody completes --- */

static void leave_begun_line(const char *directory, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/current", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "begun", 5), 5);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* The first line of what is logged in the directory is that one, and has its end. */
static void check_begun_line(const char *directory)
{
    struct bytes all = {.at = NULL};
    logs_read(directory, &all);
    assert_true(all.length > 100);
    assert_memory_equal(all.at, "begun\n", 6);
    bytes_release(&all);
}

static void log_behind_it(struct world *w, mode_t mode)
{
    *fault_plan = (struct fault_plan){.kind = FAULT_NONE};
    open_world(w);
    leave_begun_line(w->path[0], mode);
    leave_begun_line(w->other, mode);
    w->attempt = 1;
    assert_int_equal(faults_child(run_logger, w), 0);
    check_begun_line(w->path[0]);
    check_begun_line(w->other);
    close_world(w);
}

/* The state knows nothing of the file: the logger before could not open the directory, or write
 * there, and the one before that was killed. */
static void a_begun_line_gets_its_end(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->has_other = true;
    log_behind_it(w, 0644);
    release_world(w);
}

/* On a disk without modes every current looks as if it had been closed cleanly. */
static void a_begun_line_of_a_directory_that_comes_late(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->has_other = w->absent = true;
    w->holds = false;
    log_behind_it(w, 0744);
    release_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_between_any_two_calls),
        cmocka_unit_test(begun_lines_in_pieces),
        cmocka_unit_test(begun_lines_are_dropped_whole),
        cmocka_unit_test(a_kill_on_an_old_kernel),
        cmocka_unit_test(a_successor_is_killed_too),
        cmocka_unit_test(any_call_fails),
        cmocka_unit_test(any_write_is_short),
        cmocka_unit_test(a_write_fails_and_then_a_kill),
        cmocka_unit_test(another_directory_holds),
        cmocka_unit_test(lines_are_dropped_and_counted),
        cmocka_unit_test(a_full_disk_costs_the_oldest_archives),
        cmocka_unit_test(a_begun_line_gets_its_end),
        cmocka_unit_test(a_begun_line_of_a_directory_that_comes_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
