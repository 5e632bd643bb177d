#include "base/clock.h"
#include "base/file.h"
#include "logcat/dirwatch.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
    int changed[4], removed, unsure, places, settled;
};

static void changed(void *context, size_t tag)
{
    ((struct seen *)context)->changed[tag]++;
}
static void removed(void *context, size_t tag, const char *name)
{
    (void)tag;
    (void)name;
    ((struct seen *)context)->removed++;
}
static void unsure(void *context)
{
    ((struct seen *)context)->unsure++;
}
static void places(void *context)
{
    ((struct seen *)context)->places++;
}
static void settled(void *context)
{
    ((struct seen *)context)->settled++;
}

static const struct dirwatch_calls calls = {changed, removed, unsure, places, settled};

struct fixture {
    char root[64];
    struct loop loop;
    struct dirwatch follow;
    struct seen seen;
    struct error e;
};

static const char *path(const struct fixture *f, const char *name)
{
    static char text[2][256];
    static int turn;
    turn ^= 1;
    snprintf(text[turn], sizeof text[turn], "%s/%s", f->root, name);
    return text[turn];
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->root, "/tmp/follow_test.XXXXXX");
    return mkdtemp(f->root) && loop_open(&f->loop, &f->e) == 0 &&
                   dirwatch_open(&f->follow, &f->loop, &calls, &f->seen, &f->e) == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    dirwatch_close(&f->follow);
    loop_close(&f->loop);
    file_remove_tree(AT_FDCWD, f->root, &f->e);
    free(f);
    return 0;
}

/* What one turn of the loop tells. Events of the file system are there at once. */
static struct seen turn(struct fixture *f)
{
    f->seen = (struct seen){0};
    assert_int_equal(loop_turn(&f->loop, 0, &f->e), 0);
    return f->seen;
}

static void append(const char *file)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x\n", 2), 2);
    close(fd);
}

static void tells_which_directory(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(path(f, "a"), 0700), 0);
    assert_int_equal(mkdir(path(f, "b"), 0700), 0);
    assert_int_equal(dirwatch_directory(&f->follow, path(f, "a"), 1, &f->e), 0);
    assert_int_equal(dirwatch_directory(&f->follow, path(f, "b"), 2, &f->e), 0);
    assert_int_equal(turn(f).settled, 0);
    append(path(f, "b/current"));
    struct seen s = turn(f);
    assert_int_equal(s.changed[1], 0);
    assert_true(s.changed[2] > 0);
    assert_int_equal(s.settled, 1);
    assert_int_equal(s.places, 0);
    assert_int_equal(rename(path(f, "b/current"), path(f, "b/@x")), 0);
    assert_true(turn(f).changed[2] > 0);
}

static void what_stands_beside_is_no_change(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dirwatch_directory(&f->follow, f->root, 1, &f->e), 0);
    append(path(f, "lock"));
    append(path(f, "state"));
    append(path(f, "@x.s.gz.new"));
    assert_int_equal(turn(f).changed[1], 0);
}

static void forgotten_is_quiet(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dirwatch_directory(&f->follow, f->root, 1, &f->e), 0);
    assert_int_equal(dirwatch_directory(&f->follow, f->root, 2, &f->e), 0);
    dirwatch_forget(&f->follow, 1);
    append(path(f, "current"));
    struct seen s = turn(f);
    assert_int_equal(s.changed[1], 0);
    assert_true(s.changed[2] > 0);
    dirwatch_forget(&f->follow, 2);
    turn(f);
    append(path(f, "current"));
    assert_int_equal(turn(f).settled, 0);
}

static void place_tells_of_directories(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dirwatch_place(&f->follow, f->root, &f->e), 0);
    assert_int_equal(mkdir(path(f, "lock"), 0700), 0); /* a service may have that name */
    assert_int_equal(turn(f).places, 1);
    assert_int_equal(rename(path(f, "lock"), path(f, "b")), 0);
    assert_int_equal(turn(f).places, 1);
    assert_int_equal(rmdir(path(f, "b")), 0);
    assert_int_equal(turn(f).places, 1);
}

static void missing_place_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const char *place = path(f, "log/services");
    assert_int_equal(dirwatch_place(&f->follow, place, &f->e), 0);
    assert_int_equal(mkdir(path(f, "log"), 0700), 0);
    assert_int_equal(turn(f).places, 1);
    dirwatch_forget(&f->follow, DIRWATCH_PLACE);
    assert_int_equal(dirwatch_place(&f->follow, path(f, "log/services"), &f->e), 0);
    turn(f);
    assert_int_equal(mkdir(path(f, "other"), 0700), 0); /* no longer our business */
    assert_int_equal(turn(f).places, 0);
    assert_int_equal(mkdir(path(f, "log/services"), 0700), 0);
    assert_int_equal(turn(f).places, 1);
}

static void missing_directory_is_an_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(dirwatch_directory(&f->follow, path(f, "none"), 1, &f->e), -1);
    assert_non_null(strstr(f->e.text, "/none: No such file or directory"));
}

static void polls_where_inotify_does_not_serve(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, few;
    struct dirwatch other;
    struct seen seen = {0};
    int next = dup(0);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = (struct rlimit){(rlim_t)next, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int result = dirwatch_open(&other, &f->loop, &calls, &seen, &f->e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(result, 0);
    assert_true(other.polling);
    assert_int_equal(dirwatch_directory(&other, f->root, 1, &f->e), 0);
    assert_int_equal(dirwatch_directory(&other, path(f, "none"), 1, &f->e), -1);
    assert_int_equal(dirwatch_place(&other, path(f, "none"), &f->e), 0);
    assert_int_equal(loop_timer(&f->loop, &other.poll, clock_monotonic()), 0);
    assert_int_equal(loop_turn(&f->loop, 5 * CLOCK_SECOND, &f->e), 0);
    assert_int_equal(seen.unsure, 1);
    assert_int_equal(seen.places, 1);
    assert_int_equal(seen.settled, 1);
    assert_true(other.poll.place != 0); /* and again */
    dirwatch_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_which_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(what_stands_beside_is_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(forgotten_is_quiet, setup, teardown),
        cmocka_unit_test_setup_teardown(place_tells_of_directories, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_place_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_directory_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(polls_where_inotify_does_not_serve, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
