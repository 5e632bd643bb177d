/* Trees of files are removed and copied: by whom, whatever is in them, and no further. */
#include "tests/unit/base/file_root.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

/* As a child in which the kernel refuses to change an owner. */
static void copy_without_rights(const char *from, const char *to)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    pid_t pid = fork();
    if (pid == 0) {
        syscall(SYS_capget, &head, data);
        data[0].effective &= ~(1u << CAP_CHOWN);
        _exit(syscall(SYS_capset, &head, data) < 0 ||
              file_copy_all(root, from, root, to, &err) < 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What runs as another user there must not run as us here. */
static void copy_that_is_ours_gets_no_s_bits(void **state)
{
    (void)state;
    struct stat st;
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdirat(root, "foreign", 0755), 0);
    assert_int_equal(file_write(root, "foreign/own", "x", 1, 06755, &err), 0);
    assert_int_equal(file_write(root, "foreign/tool", "x", 1, 0600, &err), 0);
    assert_int_equal(mkdirat(root, "foreign/sub", 0755), 0);
    assert_int_equal(fchownat(root, "foreign/tool", 1234, 1234, 0), 0);
    assert_int_equal(fchownat(root, "foreign/sub", 0, 1234, 0), 0);
    assert_int_equal(fchmodat(root, "foreign/tool", 06755, 0), 0);
    assert_int_equal(fchmodat(root, "foreign/sub", 07775, 0), 0);
    copy_without_rights("foreign", "ours");
    assert_int_equal(mode_of("ours/own"), S_IFREG | 06755);
    assert_int_equal(mode_of("ours/tool"), S_IFREG | 0755);
    assert_int_equal(mode_of("ours/sub"), S_IFDIR | 01775);
    assert_int_equal(file_copy_all(root, "foreign", root, "kept", &err), 0);
    assert_int_equal(mode_of("kept/tool"), S_IFREG | 06755);
    assert_int_equal(mode_of("kept/sub"), S_IFDIR | 07775);
    assert_int_equal(fstatat(root, "kept/tool", &st, 0), 0);
    assert_int_equal(st.st_uid, 1234);
}

/* Nor while it is being filled: here it stays so, for it cannot be. */
static void copy_gets_s_bits_last(void **state)
{
    (void)state;
    static char bytes[5000];
    assert_int_equal(file_write(root, "large", bytes, sizeof bytes, 04755, &err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit limit = {1000, 1000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(file_copy_all(root, "large", root, "begun", &err) == 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(mode_of("begun"), S_IFREG | 0755);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(remove_tree_does_not_follow_links),         TEST(remove_deep_tree),
        TEST(remove_tree_keeps_what_is_mounted),         TEST(copy_sets_the_mode),
        TEST(copy_tree_keeps_modes_links_and_dot_files), TEST(copy_all_takes_links_as_they_are),
        TEST(copy_that_is_ours_gets_no_s_bits),          TEST(copy_gets_s_bits_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
