/* fix-attrs.d in trees that somebody else changes: nothing outside of them may be reached. */
#include "base/file.h"
#include "base/message.h"
#include "overlay/fixattrs.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGE = 1 << 1, SECRET = 0600, GIVEN = 0666, DEEP = 2500 };

static char place[] = "/tmp/fixattrs.XXXXXX";

static int setup(void **state)
{
    (void)state;
    strcpy(place + strlen(place) - 6, "XXXXXX");
    message_verbosity(0);
    return mkdtemp(place) == NULL || chdir(place) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return chdir("/") < 0 ? -1 : file_remove_tree(AT_FDCWD, place, &e);
}

static void make_file(const char *path)
{
    struct error e = ERROR_INIT;
    assert_int_equal(file_write(AT_FDCWD, path, "x", 1, SECRET, &e), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* A rule for PLACE/path with our own ids, as files become GIVEN. */
static int apply(const char *path, bool recurse, const struct fixattrs_options *o)
{
    char line[4200];
    struct error e = ERROR_INIT;
    int n =
        snprintf(line, sizeof line, "%s/%s %s %lu:%lu 0666 0755\n", place, path,
                 recurse ? "true" : "false", (unsigned long)geteuid(), (unsigned long)getegid());
    assert_int_equal(file_write(AT_FDCWD, "rules", line, (size_t)n, 0644, &e), 0);
    return fixattrs_apply("rules", o);
}

static const struct fixattrs_options usual = {.links_protected = true};

/* Two names change places as fast as they can, until the process is killed. */
static pid_t swap(const char *one, const char *other)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    while (pid == 0)
        syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, EXCHANGE);
    return pid;
}

static void swapped(const char *link_to)
{
    enum { TRIES = 800 };
    make_file("victim");
    make_folder("outside");
    make_file("outside/file");
    make_folder("tree");
    if (strcmp(link_to, "../outside") == 0) {
        make_folder("tree/a");
        make_file("tree/a/file");
    } else {
        make_file("tree/a");
    }
    assert_int_equal(symlink(link_to, "tree/b"), 0);
    pid_t pid = swap("tree/a", "tree/b");
    for (int i = 0; i < TRIES && mode_of("victim") == SECRET && mode_of("outside/file") == SECRET;
         i++)
        apply("tree", true, &usual);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(mode_of("victim"), SECRET);
    assert_int_equal(mode_of("outside/file"), SECRET);
}

static void a_file_becomes_a_link(void **state)
{
    (void)state;
    swapped("../victim");
}

static void a_folder_becomes_a_link(void **state)
{
    (void)state;
    swapped("../outside");
}

static void patterns_follow_no_link(void **state)
{
    (void)state;
    make_folder("outside");
    make_file("outside/file");
    make_folder("tree");
    make_folder("tree/folder");
    make_file("tree/folder/file");
    assert_int_equal(symlink("../outside", "tree/link"), 0);
    assert_int_equal(symlink("../../outside", "tree/folder/link"), 0);
    assert_int_equal(apply("tree/*", true, &usual), 0);
    assert_int_equal(mode_of("tree/folder/file"), GIVEN);
    assert_int_equal(mode_of("outside/file"), SECRET);
    assert_int_equal(apply("tree/*/file", false, &usual), -1); /* tree/link is said */
    assert_int_equal(mode_of("outside/file"), SECRET);
    assert_int_equal(apply("tree/[f]older/link/file", false, &usual), -1);
    assert_int_equal(mode_of("outside/file"), SECRET);
    assert_int_equal(apply("tree/f*/../../outside/file", false, &usual), -1);
    assert_int_equal(mode_of("outside/file"), SECRET);
}

static void a_rule_may_name_a_link(void **state)
{
    (void)state;
    make_folder("outside");
    make_file("outside/file");
    make_file("outside/one");
    assert_int_equal(symlink("outside", "link"), 0);
    assert_int_equal(symlink("one", "outside/to-one"), 0);
    assert_int_equal(apply("link", true, &usual), 0);
    assert_int_equal(mode_of("outside/file"), GIVEN);
    assert_int_equal(chmod("outside/file", SECRET), 0);
    assert_int_equal(apply("link/f*", false, &usual), 0);
    assert_int_equal(mode_of("outside/file"), GIVEN);
    assert_int_equal(chmod("outside/one", SECRET), 0);
    assert_int_equal(apply("outside/to-one", false, &usual), 0);
    assert_int_equal(mode_of("outside/one"), GIVEN);
    assert_int_equal(apply("nothing", false, &usual), -1);
    assert_int_equal(apply("nothing*", false, &usual), -1);
}

static void quoted_patterns(void **state)
{
    (void)state;
    make_file("a*");
    make_file("ab");
    assert_int_equal(apply("a\\*", false, &usual), 0);
    assert_int_equal(mode_of("a*"), GIVEN);
    assert_int_equal(mode_of("ab"), SECRET);
    make_file(".dot");
    assert_int_equal(apply("*dot", false, &usual), -1);
    assert_int_equal(apply(".d*", false, &usual), 0);
    assert_int_equal(mode_of(".dot"), GIVEN);
}

/* Who may look after a file with two names: everything that tells a plant from a file at home. */
static void foreign_hard_links(void **state)
{
    static const struct {
        mode_t type;
        nlink_t links;
        uid_t owner;
        uid_t folder_owner;
        mode_t folder_mode;
        bool links_protected;
        bool foreign;
    } cases[] = {
        {S_IFREG, 2, 0, 7, 0755, false, true},  {S_IFREG, 2, 0, 7, 0755, true, false},
        {S_IFREG, 1, 0, 7, 0755, false, false}, {S_IFREG, 2, 7, 7, 0755, false, false},
        {S_IFREG, 2, 8, 7, 0755, false, true},  {S_IFREG, 2, 0, 0, 0755, false, false},
        {S_IFREG, 2, 0, 0, 0775, false, true},  {S_IFREG, 2, 0, 0, 01777, false, true},
        {S_IFCHR, 2, 0, 7, 0755, false, true},  {S_IFDIR, 2, 0, 7, 0755, false, false},
        {S_IFLNK, 2, 0, 7, 0755, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat file = {
            .st_mode = cases[i].type | 0600, .st_nlink = cases[i].links, .st_uid = cases[i].owner};
        struct stat folder = {.st_mode = S_IFDIR | cases[i].folder_mode,
                              .st_uid = cases[i].folder_owner};
        assert_int_equal(fixattrs_is_foreign(&file, &folder, 7, cases[i].links_protected),
                         cases[i].foreign);
    }
}

/* Needs root: the link's owner is another one than the rule's account. */
static void a_planted_hard_link_is_left(void **state)
{
    static const struct fixattrs_options unprotected = {.links_protected = false};
    (void)state;
    if (geteuid() != 0)
        return;
    make_file("victim");
    assert_int_equal(chown("victim", 1234, 1234), 0);
    make_folder("tree");
    assert_int_equal(chmod("tree", 0777), 0);
    assert_int_equal(link("victim", "tree/name"), 0);
    make_file("tree/own");
    assert_int_equal(apply("tree", true, &unprotected), -1);
    assert_int_equal(mode_of("victim"), SECRET);
    assert_int_equal(mode_of("tree/own"), GIVEN);
    assert_int_equal(apply("victim", false, &unprotected), 0); /* named by the rule itself */
    assert_int_equal(mode_of("victim"), GIVEN);
}

static void a_tree_without_end(void **state)
{
    int at = AT_FDCWD;
    (void)state;
    make_folder("tree");
    make_file("tree/file");
    for (int i = 0; i < DEEP; i++) {
        const char *name = i == 0 ? "tree/d" : "d";
        assert_int_equal(mkdirat(at, name, 0700), 0);
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        fd_close(at);
        at = fd;
    }
    close(at);
    assert_int_equal(apply("tree", true, &usual), -1);
    assert_int_equal(mode_of("tree/file"), GIVEN);
    /* No path leads to the deepest: it goes step by step. */
    for (int i = 0; i < DEEP; i++) {
        if (i > 0)
            assert_int_equal(rename("tree/d/d", "tree/e"), 0);
        else
            assert_int_equal(rename("tree/d", "tree/e"), 0);
        if (i > 0)
            assert_int_equal(rmdir("tree/d"), 0);
        assert_int_equal(rename("tree/e", "tree/d"), 0);
    }
}

static void changes_modes_without_proc(void **state)
{
    static const struct {
        const char *name;
        int flags;
    } cases[] = {{"file", O_NOFOLLOW}, {"folder", O_DIRECTORY}};
    (void)state;
    make_file("file");
    make_folder("folder");
    for (size_t i = 0; i < 2; i++) {
        int fd = open(cases[i].name, O_PATH | O_CLOEXEC | cases[i].flags);
        assert_true(fd >= 0);
        assert_int_equal(fd_mode(fd, AT_FDCWD, cases[i].name, 0751), 0);
        assert_int_equal(mode_of(cases[i].name), 0751);
        assert_int_equal(fd_mode_by_name(fd, AT_FDCWD, cases[i].name, 0640), 0);
        assert_int_equal(mode_of(cases[i].name), 0640);
        close(fd);
    }
    int fd = open("file", O_PATH | O_CLOEXEC);
    make_file("other");
    assert_int_equal(rename("other", "file"), 0);
    assert_int_equal(fd_mode_by_name(fd, AT_FDCWD, "file", 0777), -1); /* another file by now */
    assert_int_equal(mode_of("file"), SECRET);
    close(fd);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_file_becomes_a_link),
        IN_PLACE(a_folder_becomes_a_link),
        IN_PLACE(patterns_follow_no_link),
        IN_PLACE(a_rule_may_name_a_link),
        IN_PLACE(quoted_patterns),
        cmocka_unit_test(foreign_hard_links),
        IN_PLACE(a_planted_hard_link_is_left),
        IN_PLACE(a_tree_without_end),
        IN_PLACE(changes_modes_without_proc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
