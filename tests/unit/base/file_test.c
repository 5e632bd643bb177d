#include "tests/unit/base/file_root.h"

#include <stdio.h>

static void write_then_read(void **state)
{
    (void)state;
    static char big[40000];
    memset(big, 'x', sizeof big);
    big[20000] = '\0';
    assert_int_equal(file_write(root, "a", big, sizeof big, 0666, &err), 0);
    assert_content("a", big, sizeof big);
    assert_int_equal(mode_of("a"), S_IFREG | 0666);
    assert_int_equal(file_write(root, "a", "hi", 2, 0751, &err), 0);
    assert_content("a", "hi", 2);
    assert_int_equal(mode_of("a"), S_IFREG | 0751);
}

static void read_appends_and_knows_its_limit(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "a", "12345", 5, 0644, &err), 0);
    struct str s = STR_INIT;
    assert_int_equal(str_add_text(&s, "0"), 0);
    assert_int_equal(file_read(root, "a", 5, &s, &err), 0);
    assert_string_equal(s.data, "012345");
    assert_int_equal(file_read(root, "a", 4, &s, &err), -1);
    assert_int_equal(errno, EFBIG);
    assert_string_equal(err.text, "unable to read a: File too large");
    str_release(&s);
}

static void reading_an_empty_file_gives_an_empty_text(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "empty", "", 0, 0644, &err), 0);
    struct str s = STR_INIT;
    assert_int_equal(file_read(root, "empty", 0, &s, &err), 0);
    assert_int_equal(s.length, 0);
    assert_string_equal(s.data, "");
    str_release(&s);
}

static void what_is_unread_is_counted(void **state)
{
    int ends[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fd_unread(ends[0]), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_int_equal(fd_unread(ends[0]), 3);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[1]);
    assert_int_equal(fd_unread(ends[0]), 2);
    close(ends[0]);
    errno = ENOENT;
    assert_int_equal(fd_unread(ends[0]), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fd_unread(-1), -1);
}

/* Nobody will ever write to the fifo: whoever waits for that ends with SIGALRM. */
static void what_is_no_regular_file_is_not_waited_for(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    int fds[2];
    char path[64];
    assert_int_equal(mkfifoat(root, "fifo", 0644), 0);
    assert_int_equal(symlinkat("fifo", root, "link"), 0);
    alarm(120);
    assert_int_equal(file_read(root, "fifo", 9, &s, &err), -1);
    assert_string_equal(err.text, "unable to read fifo: it is not a regular file");
    assert_int_equal(err.code, EXIT_SYSTEM);
    assert_int_equal(file_read(root, "link", 9, &s, &err), -1);
    assert_int_equal(file_read(root, "/dev/zero", 9, &s, &err), -1);
    assert_string_equal(err.text, "unable to read /dev/zero: it is not a regular file");
    assert_int_equal(file_read(root, ".", 9, &s, &err), -1);
    assert_string_equal(err.text, "unable to read .: Is a directory");
    assert_int_equal(file_read(root, "/proc/self/stat", 4096, &s, &err), 0);
    str_clear(&s);
    /* A pipe that the user names is waited for. */
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "text", 4), 4);
    close(fds[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
    assert_int_equal(file_read_any(root, path, 9, &s, &err), 0);
    assert_string_equal(s.data, "text");
    alarm(0);
    close(fds[0]);
    str_release(&s);
}

static void reading_what_is_missing(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    assert_int_equal(file_read(root, "nothing", 9, &s, &err), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(err.code, EXIT_SYSTEM);
    assert_string_equal(err.text, "unable to open nothing: No such file or directory");
    str_release(&s);
}

static void replace_is_by_rename_and_ignores_rests(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "victim", "safe", 4, 0644, &err), 0);
    assert_int_equal(file_write(root, "a", "old", 3, 0600, &err), 0);
    int before = openat(root, "a", O_RDONLY | O_CLOEXEC);
    assert_int_equal(symlinkat("victim", root, "a.new"), 0);
    assert_int_equal(file_replace(root, "a", "new!", 4, 0604, &err), 0);
    assert_content("a", "new!", 4);
    assert_content("victim", "safe", 4);
    assert_int_equal(mode_of("a"), S_IFREG | 0604);
    assert_true(is_missing("a.new"));
    char old[4] = "";
    assert_int_equal(read(before, old, sizeof old), 3);
    assert_string_equal(old, "old");
    close(before);
}

static void failed_replace_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(root, "d", 0755), 0);
    assert_int_equal(file_replace(root, "d", "x", 1, 0644, &err), -1);
    assert_int_equal(errno, EISDIR);
    assert_true(is_missing("d.new"));
}

static void directories_with_their_parents(void **state)
{
    (void)state;
    assert_int_equal(file_make_directories(root, "one/two//three/", 01777, &err), 0);
    assert_int_equal(mode_of("one"), S_IFDIR | 0755);
    assert_int_equal(mode_of("one/two"), S_IFDIR | 0755);
    assert_int_equal(mode_of("one/two/three"), S_IFDIR | 01777);
    assert_int_equal(file_make_directories(root, "one/two", 0700, &err), 0);
    assert_int_equal(mode_of("one/two"), S_IFDIR | 0755);
    char absolute[128];
    snprintf(absolute, sizeof absolute, "%s/x/y", root_path);
    assert_int_equal(file_make_directories(AT_FDCWD, absolute, 0711, &err), 0);
    assert_int_equal(mode_of("x/y"), S_IFDIR | 0711);
    assert_int_equal(file_write(root, "plain", "", 0, 0644, &err), 0);
    assert_int_equal(file_make_directories(root, "plain/z", 0755, &err), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(file_make_directories(AT_FDCWD, "/", 0755, &err), 0);
}

static void list_is_sorted_without_dot_files(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(root, "l", 0755), 0);
    const char *names[] = {"l/b", "l/B", "l/.x", "l/a-1", "l/a", "l/\303\251"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(file_write(root, names[i], "", 0, 0644, &err), 0);
    struct words w = WORDS_INIT;
    assert_int_equal(words_add(&w, "zzz"), 0);
    assert_int_equal(file_list(root, "l", &w, &err), 0);
    const char *expected[] = {"zzz", "B", "a", "a-1", "b", "\303\251"};
    assert_int_equal(w.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(w.item[i], expected[i]);
    assert_null(w.item[6]);
    assert_int_equal(file_list(root, "none", &w, &err), -1);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(err.text, "unable to list none: No such file or directory");
    words_release(&w);
}

static void link_replaces(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "name", "x", 1, 0644, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(file_link(i ? "second" : "first", root, "name", &err), 0);
        char target[32] = "";
        assert_true(readlinkat(root, "name", target, sizeof target - 1) > 0);
        assert_string_equal(target, i ? "second" : "first");
    }
    assert_true(is_missing("name.new"));
}

static void cloexec_on_and_off(void **state)
{
    (void)state;
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(fd_cloexec(fd, 1), 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fd_cloexec(fd, 0), 0);
    assert_int_equal(fcntl(fd, F_GETFD), 0);
    close(fd);
    assert_int_equal(fd_cloexec(fd, 1), -1);
    assert_int_equal(errno, EBADF);
}

static void close_from_a_number_on(void **state)
{
    enum { FIRST = 900 };
    (void)state;
    for (int fd = FIRST - 1; fd <= FIRST + 5; fd += 2)
        assert_int_equal(dup2(root, fd), fd);
    fd_close_from(FIRST);
    assert_true(fcntl(FIRST - 1, F_GETFD) >= 0);
    for (int fd = FIRST; fd <= FIRST + 5; fd++)
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    close(FIRST - 1);
}

static void write_all_reports_a_closed_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fd_write_all(ends[1], "hello", 5), 0);
    char got[8] = "";
    assert_int_equal(read(ends[0], got, sizeof got), 5);
    assert_string_equal(got, "hello");
    close(ends[1]);
    assert_int_equal(fd_write_all(ends[1], "x", 1), -1);
    assert_int_equal(errno, EBADF);
    close(ends[0]);
}

struct counted {
    size_t names, most;
};

static int count_name(void *to, const char *name)
{
    struct counted *c = to;
    assert_string_not_equal(name, ".");
    assert_string_not_equal(name, "..");
    return ++c->names == c->most ? -1 : 0;
}

/* More names than one call of the kernel gives, and an end in the middle. */
static void each_name_is_given_once(void **state)
{
    enum { MANY = 500 };
    char name[32];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%s-a-longer-name-%d", i % 2 ? "" : ".", i);
        assert_int_equal(file_write(root, name, "", 0, 0600, &err), 0);
    }
    struct counted all = {0};
    assert_int_equal(fd_each_name(root, count_name, &all), 0);
    assert_int_equal(all.names, MANY);
    assert_int_equal(lseek(root, 0, SEEK_SET), 0);
    struct counted some = {.most = MANY - 1};
    assert_int_equal(fd_each_name(root, count_name, &some), -1);
    assert_int_equal(some.names, MANY - 1);
    assert_int_equal(fd_each_name(-1, count_name, &all), -1);
    assert_int_equal(errno, EBADF);
}

/* The new content's name is taken: by what a crash left, or by something that must stay. */
static void replacing_finds_its_name_taken(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "a", "old", 3, 0600, &err), 0);
    assert_int_equal(symlinkat("a", root, "a.new"), 0);
    assert_int_equal(file_replace(root, "a", "new", 3, 0640, &err), 0);
    assert_content("a", "new", 3);
    assert_int_equal(mode_of("a"), S_IFREG | 0640);
    assert_true(is_missing("a.new"));
    assert_int_equal(mkdirat(root, "a.new", 0700), 0);
    assert_int_equal(file_replace(root, "a", "newer", 5, 0640, &err), -1);
    assert_int_equal(file_link("x", root, "a", &err), -1);
    assert_content("a", "new", 3);
    assert_int_equal(mode_of("a.new"), S_IFDIR | 0700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_name_is_given_once),
        TEST(replacing_finds_its_name_taken),
        TEST(write_then_read),
        TEST(read_appends_and_knows_its_limit),
        TEST(reading_an_empty_file_gives_an_empty_text),
        TEST(what_is_unread_is_counted),
        TEST(what_is_no_regular_file_is_not_waited_for),
        TEST(reading_what_is_missing),
        TEST(replace_is_by_rename_and_ignores_rests),
        TEST(failed_replace_leaves_nothing),
        TEST(directories_with_their_parents),
        TEST(list_is_sorted_without_dot_files),
        TEST(link_replaces),
        TEST(cloexec_on_and_off),
        TEST(close_from_a_number_on),
        TEST(write_all_reports_a_closed_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
