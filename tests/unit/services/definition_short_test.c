/* Definitions read while memory or descriptors are short, at each call in turn: all of the tree is
 * read, or it is said that it was not. The linker leads the calls here (UNIT_WRAP of the Makefile).
 */
#include "services/definition.h"
#include "services/graph.h"
#include "tests/simulation/wrap.h"
#include "tests/unit/services/tree.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static long left = -1; /* calls that succeed before one fails; -1: none does */
static bool failed;

static bool fails(int why)
{
    if (left < 0 || left-- > 0)
        return false;
    failed = true;
    errno = why;
    return true;
}

DECLARE(void *, malloc, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_malloc(size);
}

DECLARE(void *, calloc, size_t count, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_calloc(count, size);
}

DECLARE(void *, realloc, void *old, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_realloc(old, size);
}

DECLARE(char *, strdup, const char *text)
{
    return fails(ENOMEM) ? NULL : __real_strdup(text);
}

DECLARE(int, openat, int at, const char *path, int flags, ...)
{
    return fails(EMFILE) ? -1 : __real_openat(at, path, flags);
}

static void write_tree(const struct tree *t)
{
    tree_file(t, "s6-rc.d/user/type", "bundle\n");
    tree_file(t, "s6-rc.d/user/contents.d/web", "");
    tree_file(t, "s6-rc.d/web/type", "longrun\n");
    tree_file(t, "s6-rc.d/web/run", "#!/bin/sh\n");
    tree_file(t, "s6-rc.d/web/dependencies.d/init", "");
    tree_file(t, "s6-rc.d/web/timeout-kill", "5000\n");
    tree_file(t, "s6-rc.d/init/type", "oneshot\n");
    tree_file(t, "s6-rc.d/init/up", "make\n");
    tree_file(t, "user-bundles.d/user/contents.d/init", "");
    tree_file(t, "services.conf",
              "[a]\nrun = app $X\nneeds = web\nlimits = nofile=5\nbundle = all\n");
    tree_file(t, "services.conf.d/b.conf", "# it\n[all]\ncontents = init\n");
}

/* What was read, as bytes; empty where it is said that something is wrong. */
static struct str bytes_of(const struct tree *t, long calls)
{
    char conf[128];
    snprintf(conf, sizeof conf, "%s/services.conf", t->root);
    const struct definition_source sources[] = {
        {.path = t->services}, {.path = t->bundles, .bundles = true}, {.path = conf, .conf = true}};
    const struct definition_sources s = {.item = sources, .count = 3};
    struct definitions d = DEFINITIONS_INIT;
    struct problems p = PROBLEMS_INIT;
    struct graph g = GRAPH_INIT;
    struct str bytes = STR_INIT;
    failed = false;
    left = calls;
    int result = definitions_builtin(&d);
    if (result == 0)
        result = definitions_read(&d, &s, &p);
    if (result == 0)
        result = graph_build(&g, &d, &p);
    left = -1;
    if (result == 0 && p.errors == 0)
        assert_int_equal(definitions_pack(&d, &bytes), 0);
    graph_release(&g);
    definitions_release(&d);
    problems_release(&p);
    return bytes;
}

static void all_is_read_or_an_error_is_said(void **state)
{
    struct tree t;
    (void)state;
    tree_make(&t);
    write_tree(&t);
    struct str whole = bytes_of(&t, -1);
    assert_true(whole.length > 0);
    failed = true;
    for (long calls = 0; failed; calls++) {
        struct str bytes = bytes_of(&t, calls);
        bool same =
            bytes.length == whole.length && memcmp(bytes.data, whole.data, whole.length) == 0;
        if (bytes.length > 0 && !same)
            fail_msg("call %ld fails, nothing is said of it, and something is not read", calls);
        str_release(&bytes);
    }
    str_release(&whole);
    tree_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_read_or_an_error_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
