#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/identity.h"
#include <errno.h>

static const struct identity wanted = {.uid = 32762, .gid = 32763};

static void expect(const struct identity *who, bool stays, uid_t uid, gid_t gid)
{
    assert_int_equal(who->stays, stays);
    if (stays)
        return;
    assert_int_equal(who->uid, uid);
    assert_int_equal(who->gid, gid);
}

/* A directory that was made by us and given to who is wanted. */
static struct identity_facts given_away(void)
{
    return (struct identity_facts){.wanted = wanted,
                                   .takes = true,
                                   .found = true,
                                   .owner = wanted.uid,
                                   .group = wanted.gid,
                                   .mode = 0700};
}

static void who_is_wanted_comes_first_and_root_last(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = given_away();
    assert_int_equal(identity_order(&f, who), 2);
    expect(&who[0], false, 32762, 32763);
    expect(&who[1], true, 0, 0);
}

static void a_stranger_s_is_logged_to_as_the_stranger(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = given_away();
    f.owner = 1000;
    f.group = 100;
    assert_int_equal(identity_order(&f, who), 3);
    expect(&who[0], false, 32762, 32763);
    expect(&who[1], false, 1000, 100);
    expect(&who[2], true, 0, 0);
    f.mode = 0770;
    assert_int_equal(identity_order(&f, who), 4);
    expect(&who[1], false, 32762, 100);
    expect(&who[2], false, 1000, 100);
}

static void root_s_is_logged_to_by_its_group_or_as_root(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = given_away();
    f.owner = 0;
    f.group = 4;
    f.mode = 0755;
    assert_int_equal(identity_order(&f, who), 2);
    expect(&who[1], true, 0, 0);
    f.mode = 0775;
    assert_int_equal(identity_order(&f, who), 3);
    expect(&who[1], false, 32762, 4);
    expect(&who[2], true, 0, 0);
}

static void whom_we_cannot_become_is_not_tried(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = given_away();
    f.takes = false;
    f.owner = 0;
    f.mode = 0775;
    assert_int_equal(identity_order(&f, who), 1);
    expect(&who[0], true, 0, 0);
    f.owner = 5;
    assert_int_equal(identity_order(&f, who), 2);
    expect(&who[0], false, 5, 32763);
}

static void who_is_not_root_stays(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = {.wanted = {.stays = true}, .self = 1000, .found = true, .owner = 0};
    assert_int_equal(identity_order(&f, who), 1);
    expect(&who[0], true, 0, 0);
}

/* The logger of .init: root, even where nobody else is asked for. */
static void root_without_its_rights_logs_as_the_owner(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = {.wanted = {.stays = true}, .found = true, .owner = 7, .group = 8};
    assert_int_equal(identity_order(&f, who), 2);
    expect(&who[0], true, 0, 0);
    expect(&who[1], false, 7, 8);
}

static void what_is_not_there_has_no_owner(void **state)
{
    struct identity who[IDENTITY_MOST];
    (void)state;
    struct identity_facts f = given_away();
    f.found = false;
    f.owner = 1000;
    assert_int_equal(identity_order(&f, who), 2);
    expect(&who[1], true, 0, 0);
}

/* What each of those who are tried meets, in turn. */
struct kernel {
    int why[IDENTITY_MOST];
    size_t tried;
};

static int ask(void *context, const struct identity *who)
{
    struct kernel *k = context;
    (void)who;
    return k->why[k->tried++];
}

static void the_first_who_can_write_is_taken(void **state)
{
    (void)state;
    struct identity chosen;
    struct identity_facts f = given_away();
    f.owner = 1000;
    f.group = 100;
    struct kernel first = {.why = {0}};
    assert_int_equal(identity_choose(&f, ask, &first, &chosen), 0);
    expect(&chosen, false, 32762, 32763);
    assert_int_equal(first.tried, 1);
    struct kernel second = {.why = {EACCES}};
    assert_int_equal(identity_choose(&f, ask, &second, &chosen), 0);
    expect(&chosen, false, 1000, 100);
    struct kernel last = {.why = {EACCES, EPERM}};
    assert_int_equal(identity_choose(&f, ask, &last, &chosen), 0);
    expect(&chosen, true, 0, 0);
}

static void when_nobody_can_the_least_privileged_goes_on(void **state)
{
    (void)state;
    struct identity chosen;
    struct identity_facts f = given_away();
    f.owner = 1000;
    struct kernel none = {.why = {EACCES, EPERM, EOVERFLOW}};
    assert_int_equal(identity_choose(&f, ask, &none, &chosen), EOVERFLOW);
    expect(&chosen, false, 32762, 32763);
    assert_int_equal(none.tried, 3);
}

static void a_full_disk_gives_nobody_more_rights(void **state)
{
    (void)state;
    static const int failures[] = {ENOSPC, EROFS, EIO, EDQUOT};
    struct identity chosen;
    struct identity_facts f = given_away();
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct kernel full = {.why = {failures[i]}};
        assert_int_equal(identity_choose(&f, ask, &full, &chosen), failures[i]);
        expect(&chosen, false, 32762, 32763);
        assert_int_equal(full.tried, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_wanted_comes_first_and_root_last),
        cmocka_unit_test(a_stranger_s_is_logged_to_as_the_stranger),
        cmocka_unit_test(root_s_is_logged_to_by_its_group_or_as_root),
        cmocka_unit_test(whom_we_cannot_become_is_not_tried),
        cmocka_unit_test(who_is_not_root_stays),
        cmocka_unit_test(root_without_its_rights_logs_as_the_owner),
        cmocka_unit_test(what_is_not_there_has_no_owner),
        cmocka_unit_test(the_first_who_can_write_is_taken),
        cmocka_unit_test(when_nobody_can_the_least_privileged_goes_on),
        cmocka_unit_test(a_full_disk_gives_nobody_more_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
