/* What a hook takes out of bundles, wherever they are. */
#include "services/hooked.h"
#include "tests/unit/services/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world {
    struct tree tree;
    struct words hook;
    struct hooked h;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char path[128];
    tree_make(&w->tree);
    tree_file(&w->tree, "hook", "rm user/contents.d/a\n");
    snprintf(path, sizeof path, "%s/hook", w->tree.root);
    assert_int_equal(words_add(&w->hook, path), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    words_release(&w->hook);
    tree_remove(&w->tree);
    free(w);
    return 0;
}

static bool there(const struct world *w, const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", w->tree.root, path);
    return access(full, F_OK) == 0;
}

static void take(const struct world *w, const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", w->tree.root, path);
    assert_int_equal(unlink(full), 0);
}

static void begin(struct world *w)
{
    hooked_begin(&w->h, w->tree.services, w->tree.bundles, &w->hook);
}

static void both_places_have_all_meanwhile(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    tree_file(&w->tree, "user-bundles.d/user/contents.d/b", "");
    tree_file(&w->tree, "s6-rc.d/user2/contents.d/c", "");
    begin(w);
    assert_true(there(w, "s6-rc.d/user/contents.d/b"));
    assert_true(there(w, "user-bundles.d/user2/contents.d/c"));
    take(w, "s6-rc.d/user/contents.d/a");
    hooked_end(&w->h);
    assert_false(there(w, "user-bundles.d/user/contents.d/a"));
    assert_true(there(w, "user-bundles.d/user/contents.d/b"));
    assert_true(there(w, "s6-rc.d/user2/contents.d/c"));
    assert_false(there(w, "s6-rc.d/user"));
    assert_false(there(w, "user-bundles.d/user2"));
    hooked_end(&w->h); /* again: harmless */
}

static void one_of_two_lists_is_enough(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    tree_file(&w->tree, "s6-rc.d/user/contents.d/a", "");
    begin(w);
    take(w, "user-bundles.d/user/contents.d/a");
    hooked_end(&w->h);
    assert_false(there(w, "s6-rc.d/user/contents.d/a"));
    assert_true(there(w, "s6-rc.d/user/contents.d")); /* it was there before */
}

static void what_the_hook_adds_stays(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    begin(w);
    tree_file(&w->tree, "s6-rc.d/user/contents.d/new", "");
    hooked_end(&w->h);
    assert_true(there(w, "s6-rc.d/user/contents.d/new"));
    assert_false(there(w, "s6-rc.d/user/contents.d/a"));
    assert_true(there(w, "user-bundles.d/user/contents.d/a"));
}

static void another_hook_finds_nothing_written(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "hook", "echo hello\n");
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    begin(w);
    assert_false(there(w, "s6-rc.d/user"));
    take(w, "user-bundles.d/user/contents.d/a");
    hooked_end(&w->h);
    /* A command line counts as well as a script. */
    assert_int_equal(words_add(&w->hook, "rm s6-rc.d/user/contents.d/b"), 0);
    tree_file(&w->tree, "user-bundles.d/user/contents.d/b", "");
    begin(w);
    assert_true(there(w, "s6-rc.d/user/contents.d/b"));
    hooked_end(&w->h);
    assert_false(there(w, "s6-rc.d/user"));
}

/* A file with names in it would not count beside a folder. */
static void a_flat_list_is_left_alone(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    tree_file(&w->tree, "s6-rc.d/user/contents", "b\n");
    begin(w);
    assert_false(there(w, "s6-rc.d/user/contents.d"));
    hooked_end(&w->h);
    assert_true(there(w, "user-bundles.d/user/contents.d/a"));
}

/* Names of which one place can have no file are not taken out of the other. */
static void a_place_that_cannot_be_written_to(void **state)
{
    struct world *w = *state;
    tree_file(&w->tree, "user-bundles.d/user/contents.d/a", "");
    tree_file(&w->tree, "s6-rc.d/user", "no folder");
    begin(w);
    hooked_end(&w->h);
    assert_true(there(w, "user-bundles.d/user/contents.d/a"));
    assert_true(there(w, "s6-rc.d/user"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_places_have_all_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(one_of_two_lists_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_hook_adds_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(another_hook_finds_nothing_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flat_list_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_written_to, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
