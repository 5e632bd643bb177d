#include "base/account.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;
static int isolated;

static int put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) < 0)
        return -1;
    return fclose(f);
}

/* An /etc of our own, in a mount namespace of our own; without the right to have one most tests
 * are skipped. */
static int isolate(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/etc", "tmpfs", 0, NULL) < 0)
        return 0;
    isolated = 1;
    char group[4096] = "root:x:0:\nstaff:x:50:bob,alice\nalice:x:1000:\nbroken\n"
                       "audio:x:29:alice\nagain:x:29:alice\nown:x:1000:alice\n"
                       "almost:x:77:alicea,alic\nlast:x:4000000000:alice\n";
    for (int i = 0; i < 70; i++) {
        char line[64];
        snprintf(line, sizeof line, "g%d:x:%d:many\n", i, 5000 + i);
        strcat(group, line);
    }
    return put("/etc/group", group) ||
           put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnonsense\n"
                              "alice:x:1000:1000:Alice:/home/alice:/bin/sh\n"
                              "bob:x:1001:1002::/:/bin/false\n"
                              "bob:x:9:9::/:/bin/false\n"
                              "many:x:6:6::/:/bin/false");
}

#define NEEDS_ETC                                                                                  \
    if (!isolated)                                                                                 \
    skip()

static void by_name_with_groups(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a = {.uid = 7};
    assert_int_equal(account_by_name("alice", &a, &err), 0);
    assert_int_equal(a.uid, 1000);
    assert_int_equal(a.gid, 1000);
    const gid_t groups[] = {1000, 50, 29, 4000000000u};
    assert_int_equal(a.groups.count, 4);
    assert_memory_equal(a.groups.id, groups, sizeof groups);
    groups_release(&a.groups);
}

static void the_first_entry_counts(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a;
    assert_int_equal(account_by_name("bob", &a, &err), 0);
    assert_int_equal(a.uid, 1001);
    assert_int_equal(a.gid, 1002);
    assert_int_equal(a.groups.count, 2);
    assert_int_equal(a.groups.id[0], 1002);
    assert_int_equal(a.groups.id[1], 50);
    groups_release(&a.groups);
}

static void unknown_names(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a;
    gid_t gid;
    assert_int_equal(account_by_name("ali", &a, &err), 1);
    assert_int_equal(account_by_name("", &a, &err), 1);
    assert_int_equal(account_group("nobody", &gid, &err), 1);
}

static void groups_by_name(void **state)
{
    (void)state;
    NEEDS_ETC;
    gid_t gid = 1;
    assert_int_equal(account_group("audio", &gid, &err), 0);
    assert_int_equal(gid, 29);
    assert_int_equal(account_group("g69", &gid, &err), 0);
    assert_int_equal(gid, 5069);
}

/* More than 64, which once was the limit. */
static void any_number_of_groups(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a;
    assert_int_equal(account_by_name("many", &a, &err), 0);
    assert_int_equal(a.groups.count, 71);
    assert_int_equal(a.groups.id[0], 6);
    assert_int_equal(a.groups.id[70], 5069);
    groups_release(&a.groups);
}

static void as_many_as_the_kernel_takes(void **state)
{
    struct groups g = {.id = NULL};
    (void)state;
    for (gid_t i = 0; i < GROUPS_MOST; i++)
        assert_int_equal(groups_add(&g, i), 0);
    assert_int_equal(groups_add(&g, 1), -1);
    assert_int_equal(errno, E2BIG);
    assert_int_equal(g.id[GROUPS_MOST - 1], GROUPS_MOST - 1);
    groups_release(&g);
    assert_int_equal(g.count, 0);
}

/* No groups are read for it. */
static void ids_alone(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a = {.uid = 7};
    assert_int_equal(account_ids("bob", &a, &err), 0);
    assert_int_equal(a.uid, 1001);
    assert_int_equal(a.gid, 1002);
    assert_int_equal(a.groups.count, 0);
    assert_int_equal(account_ids("nobody-at-all", &a, &err), 1);
}

static void missing_files_know_nobody(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a;
    gid_t gid;
    assert_int_equal(rename("/etc/group", "/etc/group-"), 0);
    assert_int_equal(account_by_name("alice", &a, &err), 0);
    assert_int_equal(a.groups.count, 1);
    assert_int_equal(a.groups.id[0], 1000);
    groups_release(&a.groups);
    assert_int_equal(account_group("audio", &gid, &err), 1);
    assert_int_equal(rename("/etc/passwd", "/etc/passwd-"), 0);
    assert_int_equal(account_by_name("alice", &a, &err), 1);
    assert_int_equal(rename("/etc/passwd-", "/etc/passwd"), 0);
    assert_int_equal(rename("/etc/group-", "/etc/group"), 0);
}

static void unreadable_files_are_an_error(void **state)
{
    (void)state;
    NEEDS_ETC;
    struct account a;
    assert_int_equal(rename("/etc/passwd", "/etc/passwd-"), 0);
    assert_int_equal(mkdir("/etc/passwd", 0755), 0);
    assert_int_equal(account_by_name("alice", &a, &err), -1);
    assert_string_equal(err.text, "unable to read /etc/passwd: Input/output error");
    assert_int_equal(rmdir("/etc/passwd"), 0);
    assert_int_equal(rename("/etc/passwd-", "/etc/passwd"), 0);
}

static void by_number(void **state)
{
    (void)state;
    struct account a;
    assert_int_equal(account_by_number("12:34", &a), 0);
    assert_int_equal(a.uid, 12);
    assert_int_equal(a.gid, 34);
    assert_int_equal(a.groups.count, 0);
    assert_int_equal(account_by_number("4294967294", &a), 0);
    assert_int_equal(a.uid, 4294967294u);
    assert_int_equal(a.gid, 4294967294u);
    const char *bad[] = {"",   ":",    "1:",         ":1",           "1:2:3",
                         "-1", "1a:2", "4294967295", "1:4294967295", "99999999999999999999:1",
                         "a",  " 1:1", "1: 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(account_by_number(bad[i], &a), -1);
}

static void by_pair(void **state)
{
    (void)state;
    struct account a;
    NEEDS_ETC;
    const struct {
        const char *text;
        unsigned int uid, gid;
    } good[] = {{"12:34", 12, 34},
                {"bob:audio", 1001, 29}, /* without staff, which he is in */
                {"bob:34", 1001, 34},
                {"12:audio", 12, 29},
                {"root:last", 0, 4000000000u}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(account_pair(good[i].text, &a, &err), 0);
        assert_int_equal(a.uid, good[i].uid);
        assert_int_equal(a.gid, good[i].gid);
        assert_int_equal(a.groups.count, 0);
    }
    const struct {
        const char *text, *said;
    } unknown[] = {{"nobody:audio", "unknown user: nobody"},
                   {"1x:audio", "unknown user: 1x"},
                   {"4294967295:audio", "unknown user: 4294967295"},
                   {"alice:bob", "unknown group: bob"},
                   {"1:-1", "unknown group: -1"}};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_int_equal(account_pair(unknown[i].text, &a, &err), -1);
        assert_int_equal(err.code, ACCOUNT_UNKNOWN);
        assert_string_equal(err.text, unknown[i].said);
    }
    const char *bad[] = {"", ":", "alice", "alice:", ":audio", "alice:audio:1", "12", "::"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(account_pair(bad[i], &a, &err), 1);
}

static int become_and_look(void)
{
    gid_t two[] = {77, 88};
    struct account a = {.uid = 1234, .gid = 2345, .groups = {.id = two, .count = 2}};
    if (account_become(&a, &err) < 0)
        return 1;
    uid_t u[3];
    gid_t g[3];
    gid_t list[4];
    getresuid(&u[0], &u[1], &u[2]);
    getresgid(&g[0], &g[1], &g[2]);
    for (int i = 0; i < 3; i++)
        if (u[i] != 1234 || g[i] != 2345)
            return 2;
    if (getgroups(4, list) != 2 || list[0] != 77 || list[1] != 88)
        return 3;
    /* For good. */
    if (account_become(&(struct account){.uid = 0}, &err) == 0)
        return 4;
    return strcmp(err.text, "unable to set supplementary groups: Operation not permitted") ? 5 : 0;
}

static void become(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    pid_t pid = fork();
    if (pid == 0)
        _exit(become_and_look());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name_with_groups),
        cmocka_unit_test(the_first_entry_counts),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(groups_by_name),
        cmocka_unit_test(any_number_of_groups),
        cmocka_unit_test(as_many_as_the_kernel_takes),
        cmocka_unit_test(ids_alone),
        cmocka_unit_test(missing_files_know_nobody),
        cmocka_unit_test(unreadable_files_are_an_error),
        cmocka_unit_test(by_number),
        cmocka_unit_test(by_pair),
        cmocka_unit_test(become),
    };
    return cmocka_run_group_tests(tests, isolate, NULL);
}
