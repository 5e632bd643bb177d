/* The second names of files, which rotation leaves as they are. */
#include "base/clock.h"
#include "base/str.h"
#include "rotate/follow.h"
#include "rotate/steps.h"
#include "rotate/vacuum.h"
#include "tests/unit/rotate/opened.h"

static const struct logdir_settings followed = {
    .keep = 1000, .rotate = 4096, .tolerance = 100, .slots = -1, .follow = true};

static void append(const char *text)
{
    assert_int_equal(logdir_append(&ours, text, strlen(text)), (ssize_t)strlen(text));
}

/* Without a helper: what it does is called by the tests that are about it. */
static void rotate(void)
{
    struct error e = ERROR_INIT;
    assert_int_equal(logdir_turn(&ours, &e), 0);
    logdir_trim(&ours);
}

static void names(struct words *out)
{
    struct error e = ERROR_INIT;
    *out = (struct words)WORDS_INIT;
    assert_int_equal(file_list(dir.fd, LOGDIR_FOLLOW, out, &e), 0);
}

/* The files that have a second name hold these texts, in this order; NULL ends them. */
static void follow_holds(const char *const *texts)
{
    struct words found;
    char path[64];
    size_t count = 0;
    names(&found);
    while (texts[count] != NULL)
        count++;
    assert_int_equal(found.count, count);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", LOGDIR_FOLLOW, found.item[i]);
        directory_holds(&dir, path, texts[i]);
    }
    words_release(&found);
}

#define FOLLOW_HOLDS(...) follow_holds((const char *const[]){__VA_ARGS__, NULL})

static void a_name_outlives_rotation(void **state)
{
    struct words before, after;
    (void)state;
    open_log(&followed, false);
    FOLLOW_HOLDS("");
    append("one\n");
    names(&before);
    rotate();
    append("two\n");
    FOLLOW_HOLDS("one\n", "two\n");
    names(&after);
    assert_string_equal(before.item[0], after.item[0]);
    assert_int_equal(strlen(after.item[1]), 29);
    assert_int_equal(after.item[1][0], '@');
    words_release(&before);
    words_release(&after);
    logdir_close(&ours, true);
}

static void a_restart_makes_no_second_name(void **state)
{
    (void)state;
    open_log(&followed, false);
    append("one\n");
    logdir_close(&ours, true);
    open_log(&followed, false); /* after a clean end current goes on */
    append("two\n");
    FOLLOW_HOLDS("one\ntwo\n");
    kill_log();
    open_log(&followed, true);
    FOLLOW_HOLDS("one\ntwo\n");
    kill_log();
    open_log(&followed, false); /* after a kill it is an archive */
    append("three\n");
    FOLLOW_HOLDS("one\ntwo\n", "three\n");
    logdir_close(&ours, true);
}

/* Killed after current was made, and before it had its second name. */
static void a_missing_name_is_made_up_for(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    open_log(&followed, false);
    kill_log();
    assert_int_equal(file_remove_tree(dir.fd, LOGDIR_FOLLOW, &e), 0);
    open_log(&followed, true);
    append("one\n");
    FOLLOW_HOLDS("one\n");
    kill_log();
}

static void names_go_with_their_archives(void **state)
{
    struct logdir_settings s = followed;
    (void)state;
    s.keep = 1;
    open_log(&s, false);
    append("one\n");
    rotate();
    append("two\n");
    rotate();
    append("three\n");
    FOLLOW_HOLDS("two\n", "three\n");
    assert_true(logdir_shed(&ours)); /* a full disk gets its room */
    FOLLOW_HOLDS("three\n");
    logdir_close(&ours, true);
}

static void a_compressed_archive_has_no_name(void **state)
{
    struct logdir_settings s = followed;
    int status;
    (void)state;
    s.gzip = 1;
    s.total = 1 << 30; /* due at the next rotation */
    open_log(&s, false);
    append("one\n");
    rotate();
    append("two\n");
    rotate();
    append("three\n");
    helper_start(&ours);
    assert_true(ours.helper > 0);
    pid_t pid = waitpid(ours.helper, &status, 0);
    FOLLOW_HOLDS("two\n", "three\n"); /* the helper itself sweeps */
    assert_true(logdir_reaped(&ours, pid, status));
    kill_log();
}

static bool is_it(void *context, const char *name)
{
    return strcmp(context, name) == 0;
}

static void vacuum_sweeps(void **state)
{
    const struct vacuum_rules nothing = {.most = 0};
    const struct timespec now = clock_wall();
    struct error e = ERROR_INIT;
    struct vacuum v = {.count = 0};
    int root = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    open_log(&followed, false);
    append("one\n");
    rotate();
    append("two\n");
    assert_int_equal(vacuum_look(&v, root, "/tmp", is_it, strrchr(dir.path, '/') + 1, &e), 0);
    vacuum_plan(&v, &nothing, &now, clock_monotonic());
    assert_false(vacuum_delete(&v, root, "/tmp"));
    FOLLOW_HOLDS("two\n");
    vacuum_forget(&v);
    vacuum_release(&v);
    close(root);
    logdir_close(&ours, true);
}

static void without_the_directive_nothing_is_left(void **state)
{
    struct stat s;
    (void)state;
    open_log(&followed, false);
    append("one\n");
    logdir_close(&ours, true);
    open_log(&plain, false);
    assert_false(directory_has(&dir, LOGDIR_FOLLOW));
    assert_int_equal(fstatat(dir.fd, "current", &s, 0), 0);
    assert_int_equal(s.st_nlink, 1);
    logdir_close(&ours, true);
}

static void what_is_in_the_way_is_set_aside(void **state)
{
    (void)state;
    directory_write(&dir, LOGDIR_FOLLOW, "precious\n", 0644);
    open_log(&followed, false);
    append("one\n");
    FOLLOW_HOLDS("one\n");
    logdir_close(&ours, true);
    struct error e = ERROR_INIT;
    assert_int_equal(file_remove_tree(dir.fd, LOGDIR_FOLLOW, &e), 0);
    assert_int_equal(mkdirat(dir.fd, "elsewhere", 0755), 0);
    assert_int_equal(symlinkat("elsewhere", dir.fd, LOGDIR_FOLLOW), 0);
    open_log(&followed, false);
    FOLLOW_HOLDS("one\n");
    struct words found = WORDS_INIT;
    assert_int_equal(file_list(dir.fd, "elsewhere", &found, &e), 0);
    assert_int_equal(found.count, 0);
    logdir_close(&ours, true);
}

static void the_files_of_others_stay(void **state)
{
    (void)state;
    open_log(&followed, false);
    append("one\n");
    directory_write(&dir, LOGDIR_FOLLOW "/note", "mine\n", 0644);
    directory_write(&dir, LOGDIR_FOLLOW "/@400000006b16c0c10d2f3a1c.log", "left over\n", 0644);
    logdir_trim(&ours);
    FOLLOW_HOLDS("one\n", "mine\n");
    logdir_close(&ours, true);
    open_log(&plain, false);
    assert_true(directory_has(&dir, LOGDIR_FOLLOW "/note"));
    logdir_close(&ours, true);
}

static void the_directory_is_open_to_readers_of_the_log(void **state)
{
    struct logdir_settings s = followed;
    (void)state;
    open_log(&s, false);
    logdir_close(&ours, true);
    s.mode = 0640;
    open_log(&s, false);
    assert_int_equal(directory_mode(&dir, "."), 0750);
    assert_int_equal(directory_mode(&dir, LOGDIR_FOLLOW), 0750);
    logdir_close(&ours, true);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_name_outlives_rotation),
        T(a_restart_makes_no_second_name),
        T(a_missing_name_is_made_up_for),
        T(names_go_with_their_archives),
        T(a_compressed_archive_has_no_name),
        T(vacuum_sweeps),
        T(without_the_directive_nothing_is_left),
        T(what_is_in_the_way_is_set_aside),
        T(the_files_of_others_stay),
        T(the_directory_is_open_to_readers_of_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
