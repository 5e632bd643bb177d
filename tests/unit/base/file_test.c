#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char root_path[64];
static int root = -1;
static struct error err;

static int make_root(void **state)
{
    (void)state;
    strcpy(root_path, "/tmp/overlog-file-XXXXXX");
    if (!mkdtemp(root_path))
        return -1;
    root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    umask(027);
    return root < 0 ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    close(root);
    return file_remove_tree(AT_FDCWD, root_path, &err);
}

static void assert_content(const char *path, const char *bytes, size_t length)
{
    struct str s = STR_INIT;
    assert_int_equal(file_read(root, path, 1 << 20, &s, &err), 0);
    assert_int_equal(s.length, length);
    assert_memory_equal(s.data, bytes, length);
    str_release(&s);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode;
}

static int is_missing(const char *path)
{
    struct stat st;
    return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

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

static void remove_tree_does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(file_make_directories(root, "keep", 0755, &err), 0);
    assert_int_equal(file_write(root, "keep/file", "k", 1, 0644, &err), 0);
    assert_int_equal(file_make_directories(root, "tree/a/b", 0755, &err), 0);
    assert_int_equal(file_write(root, "tree/.hidden", "h", 1, 0400, &err), 0);
    assert_int_equal(file_write(root, "tree/a/f", "f", 1, 0644, &err), 0);
    assert_int_equal(symlinkat("../../keep", root, "tree/a/link"), 0);
    assert_int_equal(mkfifoat(root, "tree/a/fifo", 0600), 0);
    assert_int_equal(symlinkat("keep", root, "outer"), 0);
    assert_int_equal(file_remove_tree(root, "tree", &err), 0);
    assert_true(is_missing("tree"));
    assert_int_equal(file_remove_tree(root, "outer", &err), 0);
    assert_true(is_missing("outer"));
    assert_content("keep/file", "k", 1);
    assert_int_equal(file_remove_tree(root, "keep/file", &err), 0);
    assert_true(is_missing("keep/file"));
    assert_int_equal(file_remove_tree(root, "was/never", &err), 0);
}

static void remove_deep_tree(void **state)
{
    (void)state;
    char path[512] = "deep";
    for (int i = 0; i < 100; i++)
        strcat(path, "/d");
    assert_int_equal(file_make_directories(root, path, 0755, &err), 0);
    assert_int_equal(file_remove_tree(root, "deep", &err), 0);
    assert_true(is_missing("deep"));
}

/* A volume, be it of the same file system. */
static void remove_tree_keeps_what_is_mounted(void **state)
{
    (void)state;
    char from[96];
    char to[96];
    snprintf(from, sizeof from, "%s/volume", root_path);
    snprintf(to, sizeof to, "%s/around/a/point", root_path);
    assert_int_equal(file_make_directories(root, "around/a/point", 0755, &err), 0);
    assert_int_equal(file_write(root, "around/a/file", "f", 1, 0644, &err), 0);
    assert_int_equal(file_write(root, "around/a/point/under", "u", 1, 0644, &err), 0);
    assert_int_equal(file_make_directories(root, "volume", 0755, &err), 0);
    assert_int_equal(file_write(root, "volume/file", "v", 1, 0644, &err), 0);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(from, to, NULL, MS_BIND, NULL) < 0)
        skip();
    assert_int_equal(file_remove_tree(AT_FDCWD, to, &err), -1);
    assert_int_equal(errno, EBUSY);
    assert_int_equal(file_remove_tree(root, "around", &err), -1);
    assert_int_equal(err.why, EBUSY);
    assert_content("volume/file", "v", 1);
    assert_int_equal(umount(to), 0);
    assert_int_equal(file_remove_tree(root, "around", &err), 0);
    assert_true(is_missing("around"));
}

static void copy_sets_the_mode(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "a", "one\0two", 7, 0600, &err), 0);
    assert_int_equal(file_write(root, "b", "something longer", 16, 0600, &err), 0);
    assert_int_equal(file_copy(root, "a", root, "b", 0755, &err), 0);
    assert_content("b", "one\0two", 7);
    assert_int_equal(mode_of("b"), S_IFREG | 0755);
    assert_int_equal(file_copy(root, "none", root, "c", 0755, &err), -1);
    assert_int_equal(errno, ENOENT);
    assert_true(is_missing("c"));
}

static void copy_tree_keeps_modes_links_and_dot_files(void **state)
{
    (void)state;
    assert_int_equal(file_make_directories(root, "t/sub", 0500, &err), 0);
    assert_int_equal(fchmodat(root, "t/sub", 0755, 0), 0);
    assert_int_equal(file_write(root, "t/sub/f", "f", 1, 0751, &err), 0);
    assert_int_equal(fchmodat(root, "t/sub", 0500, 0), 0);
    assert_int_equal(file_write(root, "t/.dot", "d", 1, 0604, &err), 0);
    assert_int_equal(symlinkat("nowhere", root, "t/link"), 0);
    assert_int_equal(mkfifoat(root, "t/fifo", 0600), 0);
    assert_int_equal(file_copy_tree(root, "t", root, "u", &err), 0);
    assert_int_equal(mode_of("u"), S_IFDIR | 0755);
    assert_int_equal(mode_of("u/sub"), S_IFDIR | 0500);
    assert_int_equal(mode_of("u/sub/f"), S_IFREG | 0751);
    assert_int_equal(mode_of("u/.dot"), S_IFREG | 0604);
    assert_int_equal(mode_of("u/fifo"), S_IFIFO | 0600);
    assert_content("u/sub/f", "f", 1);
    char target[32] = "";
    assert_int_equal(readlinkat(root, "u/link", target, sizeof target - 1), 7);
    assert_string_equal(target, "nowhere");
    assert_int_equal(file_copy_tree(root, "t", root, "u", &err), 0);
    assert_int_equal(fchmodat(root, "t/sub", 0755, 0), 0);
    assert_int_equal(fchmodat(root, "u/sub", 0755, 0), 0);
}

static void copy_all_takes_links_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(file_write(root, "victim", "old", 3, 0600, &err), 0);
    assert_int_equal(file_write(root, "new", "new", 3, 04751, &err), 0);
    assert_int_equal(symlinkat("victim", root, "way"), 0);
    assert_int_equal(file_copy_all(root, "new", root, "way", &err), 0);
    assert_content("victim", "old", 3);
    assert_content("way", "new", 3);
    assert_int_equal(mode_of("way"), S_IFREG | 04751);
    assert_int_equal(symlinkat("victim", root, "link"), 0);
    assert_int_equal(file_copy_all(root, "link", root, "way", &err), 0);
    char target[32] = "";
    assert_int_equal(readlinkat(root, "way", target, sizeof target - 1), 6);
    assert_string_equal(target, "victim");
    assert_int_equal(mkdirat(root, "folder", 0755), 0);
    assert_int_equal(file_copy_all(root, "new", root, "folder", &err), -1);
    assert_int_equal(file_copy_all(root, "none", root, "other", &err), -1);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

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
        TEST(remove_tree_does_not_follow_links),
        TEST(remove_tree_keeps_what_is_mounted),
        TEST(remove_deep_tree),
        TEST(copy_sets_the_mode),
        TEST(copy_tree_keeps_modes_links_and_dot_files),
        TEST(copy_all_takes_links_as_they_are),
        TEST(list_is_sorted_without_dot_files),
        TEST(link_replaces),
        TEST(cloexec_on_and_off),
        TEST(close_from_a_number_on),
        TEST(write_all_reports_a_closed_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
