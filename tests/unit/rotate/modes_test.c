/* The owner's x bit marks what is whole. Modes that somebody else gave, or that the user asked for,
 * must not pass for that mark. */
#include "rotate/steps.h"
#include "tests/unit/rotate/opened.h"

static void holds_one_archive(const char *ending, const char *text)
{
    struct archive *list;
    assert_int_equal(archive_list(dir.fd, &list), 1);
    assert_string_equal(list[0].name + 25, ending);
    directory_holds(&dir, list[0].name, text);
    free(list);
}

/* A killed processor left half of its output; then chmod -R, or a copy, made every file executable.
 */
static void make_all_executable(void)
{
    directory_write(&dir, "lock", "", 0755);
    directory_write(&dir, "current", "", 0755);
    directory_write(&dir, "previous", "whole\n", 0755);
    directory_write(&dir, "processed", "WH", 0755);
    directory_write(&dir, "newstate", "", 0755);
}

static void an_executable_lock_makes_every_mark_worthless(void **state)
{
    (void)state;
    make_all_executable();
    open_log(&plain, false);
    holds_one_archive(".s", "whole\n");
    assert_int_equal(directory_mode(&dir, "lock"), 0600);
    kill_log();
}

/* The mode of lock is put right long before recovery comes to the output. */
static void a_logger_killed_after_it_took_the_lock_changes_nothing(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    make_all_executable();
    ours = (struct logdir){.settings = plain,
                           .name = strdup(dir.path),
                           .directory = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                           .lock = -1,
                           .current = -1};
    assert_int_equal(lock_take(&ours, &e), 0);
    assert_int_equal(directory_mode(&dir, "lock"), 0600);
    kill_log();
    open_log(&plain, false);
    holds_one_archive(".s", "whole\n");
    kill_log();
}

static void a_mode_with_x_bits_marks_nothing(void **state)
{
    struct logdir_settings s = plain;
    int status;
    (void)state;
    s.mode = 0755;
    s.processor = "printf half; exit 1";
    s.processor_is_shell = true;
    s.retry_ms = 60000;
    open_log(&s, false);
    assert_int_equal(directory_mode(&dir, "current"), 0655);
    assert_int_equal(logdir_append(&ours, "whole\n", 6), 6);
    struct error e = ERROR_INIT;
    assert_int_equal(logdir_turn(&ours, &e), 0);
    logdir_tidy(&ours);
    pid_t pid = waitpid(ours.helper, &status, 0);
    assert_true(logdir_reaped(&ours, pid, status));
    directory_holds(&dir, "processed", "half");
    kill_log();
    s.processor = NULL;
    open_log(&s, false);
    holds_one_archive(".u", "whole\n");
    kill_log();
}

/* Who is not root may not open a file of its own that has no w bit. */
static void a_mode_without_the_writers_bit_keeps_nobody_out(void **state)
{
    static const mode_t modes[] = {0440, 0444, 0640};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct logdir_settings s = plain;
        struct stat first;
        directory_remove(&dir);
        directory_make(&dir);
        uid_t before = geteuid(), other = before == 0 ? 1234 : before;
        s.mode = modes[i];
        assert_int_equal(fchown(dir.fd, other, (gid_t)-1), 0);
        assert_int_equal(seteuid(other), 0);
        for (int round = 0; round < 4; round++) { /* after a beginning, two kills, a clean end */
            open_log(&s, round < 3);
            assert_int_equal(directory_mode(&dir, "current"), modes[i]);
            if (round == 0)
                assert_int_equal(fstat(ours.current, &first), 0);
            assert_int_equal(ours.inode, first.st_ino);
            assert_int_equal(logdir_append(&ours, "x\n", 2), 2);
            logdir_close(&ours, round >= 2);
        }
        assert_int_equal(seteuid(before), 0);
        directory_holds(&dir, "current", "x\nx\nx\nx\n");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_executable_lock_makes_every_mark_worthless),
        T(a_logger_killed_after_it_took_the_lock_changes_nothing),
        T(a_mode_with_x_bits_marks_nothing),
        T(a_mode_without_the_writers_bit_keeps_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
