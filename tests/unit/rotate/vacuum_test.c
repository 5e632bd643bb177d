/* Which archives of several directories go, and that nothing else does. */
#include "base/clock.h"
#include "base/message.h"
#include "rotate/vacuum.h"
#include "tests/unit/rotate/directory.h"
#include <errno.h>

/* --- the plan --------------------------------------------------------------------------------- */

enum { LOGS = 3, ARCHIVES = 4 };

/* Directories a, b and c, with archives named by the seconds in times, sized as in sizes; 0: none.
 */
static void given(struct vacuum *v, const long times[LOGS][ARCHIVES],
                  const long sizes[LOGS][ARCHIVES])
{
    *v = (struct vacuum){.item = calloc(LOGS, sizeof *v->item), .count = LOGS, .room = LOGS};
    for (size_t i = 0; i < LOGS; i++) {
        struct vacuum_directory *d = &v->item[i];
        d->name = strdup((const char[]){(char)('a' + i), '\0'});
        d->list = calloc(ARCHIVES, sizeof *d->list);
        for (; d->count < ARCHIVES && sizes[i][d->count] > 0; d->count++) {
            d->list[d->count].time = (struct timespec){times[i][d->count], 0};
            d->list[d->count].size = sizes[i][d->count];
            d->bytes += sizes[i][d->count];
        }
    }
}

static void doomed_are(const struct vacuum *v, long a, long b, long c)
{
    const long expected[LOGS] = {a, b, c};
    for (size_t i = 0; i < LOGS; i++) {
        const struct vacuum_directory *d = &v->item[i];
        int64_t bytes = 0;
        assert_int_equal(d->doomed, expected[i]);
        for (long k = 0; k < d->doomed; k++)
            bytes += d->list[k].size;
        assert_int_equal(d->doomed_bytes, bytes);
    }
}

static const struct timespec now = {1000, 0};

static void plan_at(struct vacuum *v, int64_t most, int64_t older, long monotonic)
{
    const struct vacuum_rules r = {.most = most, .older = older};
    vacuum_plan(v, &r, &now, monotonic * CLOCK_SECOND);
}

static void plan(struct vacuum *v, int64_t most, int64_t older)
{
    plan_at(v, most, older, 1);
}

static const long in_order[LOGS][ARCHIVES] = {{1, 4, 7, 10}, {2, 5, 8, 11}, {3, 6, 9, 12}};

static void the_largest_directory_gives_first(void **state)
{
    static const long sizes[LOGS][ARCHIVES] = {{10, 10}, {40, 30, 20, 10}, {30, 10, 5}};
    struct vacuum v;
    (void)state;
    given(&v, in_order, sizes); /* 20, 100 and 45: 165 */
    plan(&v, -1, 0);
    doomed_are(&v, 0, 0, 0);
    plan(&v, 165, 0);
    doomed_are(&v, 0, 0, 0);
    plan(&v, 164, 0); /* b: 60 left */
    doomed_are(&v, 0, 1, 0);
    plan(&v, 124, 0); /* b: 30 left */
    doomed_are(&v, 0, 2, 0);
    plan(&v, 94, 0); /* c, which has 45 */
    doomed_are(&v, 0, 2, 1);
    plan(&v, 64, 0); /* b again: 30 against 20 and 15 */
    doomed_are(&v, 0, 3, 1);
    plan(&v, 44, 0); /* a: 20 */
    doomed_are(&v, 1, 3, 1);
    plan(&v, 0, 0);
    doomed_are(&v, 2, 4, 3);
    vacuum_release(&v);
}

static void of_equal_ones_the_oldest_archive_goes(void **state)
{
    static const long sizes[LOGS][ARCHIVES] = {{10, 10}, {10, 10}, {10, 10}};
    static const long times[LOGS][ARCHIVES] = {{5, 6}, {3, 9}, {4, 8}};
    struct vacuum v;
    (void)state;
    given(&v, times, sizes);
    plan(&v, 50, 0);
    doomed_are(&v, 0, 1, 0);
    plan(&v, 40, 0);
    doomed_are(&v, 0, 1, 1);
    plan(&v, 30, 0);
    doomed_are(&v, 1, 1, 1);
    plan(&v, 20, 0);
    doomed_are(&v, 2, 1, 1);
    vacuum_release(&v);
}

static void what_is_too_old_goes_whatever_its_size(void **state)
{
    static const long sizes[LOGS][ARCHIVES] = {{1, 1}, {40, 30, 20, 10}, {30, 10, 5}};
    static const long times[LOGS][ARCHIVES] = {{100, 999}, {899, 900, 901, 2000}, {1, 2, 3}};
    struct vacuum v;
    (void)state;
    given(&v, times, sizes);
    plan(&v, -1, 100 * CLOCK_SECOND); /* not one that is just as old; nor one of the future */
    doomed_are(&v, 1, 1, 3);
    plan(&v, 31, 100 * CLOCK_SECOND); /* 61 are left: 30 more must go, of b */
    doomed_are(&v, 1, 2, 3);
    vacuum_release(&v);
}

/* Three hours lie between now and the clock's last look, of which one second has passed. */
static void after_a_jump_of_the_clock_no_age_counts(void **state)
{
    static const long sizes[LOGS][ARCHIVES] = {{1, 1}, {40, 30, 20, 10}, {30, 10, 5}};
    struct vacuum v;
    (void)state;
    given(&v, in_order, sizes);
    v.clock = (struct age_clock){.known = true, .offset = (1000 - 3 * 3600) * CLOCK_SECOND};
    plan_at(&v, -1, 100 * CLOCK_SECOND, 1);
    assert_true(v.distrusts);
    doomed_are(&v, 0, 0, 0);
    plan_at(&v, 100, 100 * CLOCK_SECOND, 1); /* sizes do */
    assert_true(v.distrusts);
    doomed_are(&v, 0, 2, 0);
    plan_at(&v, -1, 0, 1);
    assert_false(v.distrusts);
    v.clock.offset = (1000 - 3601) * CLOCK_SECOND; /* and an hour later they count */
    plan_at(&v, -1, 100 * CLOCK_SECOND, 3601);
    assert_false(v.distrusts);
    doomed_are(&v, 2, 4, 3);
    vacuum_release(&v);
}

static void one_that_is_stuck_makes_others_give(void **state)
{
    static const long sizes[LOGS][ARCHIVES] = {{10, 10}, {50, 50}, {10, 5}};
    struct vacuum v;
    (void)state;
    given(&v, in_order, sizes);
    v.item[1].stuck = true;
    plan(&v, 120, 0);
    doomed_are(&v, 1, 0, 1);
    plan(&v, 1, 1);
    doomed_are(&v, 2, 0, 2);
    vacuum_release(&v);
}

/* --- files ------------------------------------------------------------------------------------ */

static struct directory root, web, db;

static int make(void **state)
{
    (void)state;
    directory_make(&root);
    struct directory *const made[] = {&web, &db};
    static const char *const names[] = {"web", ".db"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(made[i]->path, sizeof made[i]->path, "%s/%s", root.path, names[i]);
        assert_int_equal(mkdir(made[i]->path, 0755), 0);
        made[i]->fd = open(made[i]->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    directory_write(&web, archive_of(10, ".s"), "0123456789", 0644);
    directory_write(&web, archive_of(20, ".s"), "0123456789", 0644);
    directory_write(&web, archive_of(20, ".s.gz"), "01234", 0644); /* its compression */
    directory_write(&web, archive_of(30, ".u"), "01234567", 0644);
    directory_write(&web, "current", "0123456789012345678901234567890123456789", 0644);
    directory_write(&web, "previous", "0123456789", 0644);
    directory_write(&web, archive_of(30, ".u.gz.new"), "01234", 0644);
    directory_write(&db, archive_of(15, ".s"), "012", 0644);
    directory_write(&root, archive_of(1, ".s"), "in no log directory", 0644);
    assert_int_equal(symlinkat("web", root.fd, "link"), 0);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    close(web.fd);
    close(db.fd);
    directory_remove(&root);
    return 0;
}

static void look(struct vacuum *v, vacuum_wants *wants)
{
    struct error e = ERROR_INIT;
    assert_int_equal(vacuum_look(v, root.fd, root.path, wants, NULL, &e), 0);
}

static void archives_are_found(void **state)
{
    struct vacuum v = {.count = 0};
    (void)state;
    look(&v, NULL);
    assert_int_equal(v.count, 2);
    assert_false(v.failed);
    assert_string_equal(v.item[0].name, ".db");
    assert_int_equal(v.item[0].bytes, 3);
    assert_string_equal(v.item[1].name, "web");
    assert_int_equal(v.item[1].count, 3);
    assert_int_equal(v.item[1].bytes, 10 + 5 + 8);
    vacuum_release(&v);
}

static bool only_web(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "web") == 0;
}

static void only_the_doomed_are_deleted(void **state)
{
    struct vacuum v = {.count = 0};
    (void)state;
    look(&v, NULL);
    plan(&v, 11, 0);
    assert_false(vacuum_delete(&v, root.fd, root.path));
    assert_int_equal(v.item[1].gone, 2);
    assert_int_equal(v.item[1].gone_bytes, 15);
    assert_int_equal(v.item[1].bytes, 8);
    assert_int_equal(v.item[0].gone, 0);
    assert_false(directory_has(&web, archive_of(10, ".s")));
    assert_false(directory_has(&web, archive_of(20, ".s")));
    assert_false(directory_has(&web, archive_of(20, ".s.gz")));
    assert_true(directory_has(&web, archive_of(30, ".u")));
    assert_true(directory_has(&db, archive_of(15, ".s")));
    vacuum_forget(&v);
    look(&v, only_web);
    assert_int_equal(v.count, 1);
    plan(&v, 0, 0);
    assert_false(vacuum_delete(&v, root.fd, root.path));
    static const char *const kept[] = {"current", "previous"};
    for (size_t i = 0; i < 2; i++)
        assert_true(directory_has(&web, kept[i]));
    assert_true(directory_has(&web, archive_of(30, ".u.gz.new")));
    assert_true(directory_has(&db, archive_of(15, ".s")));
    assert_true(directory_has(&root, archive_of(1, ".s")));
    vacuum_release(&v);
}

static void what_others_delete_meanwhile_is_not_counted(void **state)
{
    struct vacuum v = {.count = 0};
    (void)state;
    look(&v, NULL);
    plan(&v, 0, 0);
    assert_int_equal(unlinkat(web.fd, archive_of(10, ".s"), 0), 0);
    directory_write(&web, archive_of(30, ".u.gz"), "0123", 0644); /* compressed after the look */
    assert_int_equal(file_remove_tree(AT_FDCWD, db.path, &(struct error){0}), 0);
    assert_false(vacuum_delete(&v, root.fd, root.path));
    assert_false(v.failed);
    assert_int_equal(v.item[0].gone, 0);
    assert_int_equal(v.item[1].gone, 2);
    assert_int_equal(v.item[1].gone_bytes, 5 + 8);
    assert_false(directory_has(&web, archive_of(30, ".u.gz")));
    vacuum_release(&v);
}

static int complaints;

static void count_message(const char *text, size_t length)
{
    (void)text;
    (void)length;
    complaints++;
}

/* Of a directory that we may not write to. */
static void what_cannot_be_deleted_is_said_once(void **state)
{
    struct vacuum v = {.count = 0};
    uid_t self = geteuid();
    (void)state;
    assert_int_equal(chmod(root.path, 0755), 0);
    message_to(count_message);
    complaints = 0;
    for (int i = 0; i < 2; i++) {
        look(&v, NULL);
        plan(&v, 4, 0);
        assert_int_equal(chmod(web.path, 0555), 0);
        assert_true(self != 0 || seteuid(65534) == 0);
        bool stuck = vacuum_delete(&v, root.fd, root.path);
        assert_int_equal(seteuid(self), 0);
        assert_true(stuck && v.failed && v.item[1].stuck);
        assert_int_equal(v.item[1].gone, 0);
        assert_int_equal(v.item[1].bytes, 23);
        plan(&v, 4, 0); /* so the other one has to give */
        assert_int_equal(v.item[0].doomed, 1);
        vacuum_forget(&v);
    }
    message_to(NULL);
    assert_int_equal(complaints, 1);
    vacuum_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_directory_gives_first),
        cmocka_unit_test(of_equal_ones_the_oldest_archive_goes),
        cmocka_unit_test(what_is_too_old_goes_whatever_its_size),
        cmocka_unit_test(after_a_jump_of_the_clock_no_age_counts),
        cmocka_unit_test(one_that_is_stuck_makes_others_give),
        cmocka_unit_test_setup_teardown(archives_are_found, make, unmake),
        cmocka_unit_test_setup_teardown(only_the_doomed_are_deleted, make, unmake),
        cmocka_unit_test_setup_teardown(what_others_delete_meanwhile_is_not_counted, make, unmake),
        cmocka_unit_test_setup_teardown(what_cannot_be_deleted_is_said_once, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
