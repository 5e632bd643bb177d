#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include <string.h>

static void blocks_are_aligned_and_apart(void **state)
{
    unsigned char *block[8];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        block[i] = arena_take(i * 9);
        assert_non_null(block[i]);
        assert_true(arena_has(block[i]));
        assert_int_equal((uintptr_t)block[i] % 16, 0);
        assert_true(arena_room(block[i]) >= i * 9);
        memset(block[i], (int)i, arena_room(block[i]));
    }
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k < arena_room(block[i]); k++)
            assert_int_equal(block[i][k], i);
        arena_give(block[i]);
    }
    assert_false(arena_has(NULL));
    assert_false(arena_has(&block));
}

static void what_is_large_is_not_for_it(void **state)
{
    (void)state;
    assert_null(arena_take(ARENA_BLOCK_MOST + 1));
    assert_null(arena_take(SIZE_MAX));
    assert_null(arena_take(SIZE_MAX - 15));
}

static size_t fill(void *block[ARENA_SIZE], size_t size)
{
    size_t n = 0;
    while ((block[n] = arena_take(size)) != NULL)
        n++;
    return n;
}

/* In whatever order blocks are given back, all of it can be taken again. */
static void nothing_is_lost(void **state)
{
    static void *block[ARENA_SIZE];
    (void)state;
    size_t most = fill(block, 24);
    assert_true(most > ARENA_SIZE / 40 && most < ARENA_SIZE / 24);
    for (size_t step = 1; step <= 4; step++) {
        for (size_t i = 0; i < step; i++)
            for (size_t k = i; k < most; k += step)
                arena_give(block[k]);
        void *large = arena_take(ARENA_BLOCK_MOST);
        assert_non_null(large);
        assert_null(arena_take(ARENA_BLOCK_MOST));
        arena_give(large);
        assert_int_equal(fill(block, 24), most);
    }
    arena_give(block[3]);
    arena_give(block[5]);
    assert_null(arena_take(40)); /* they are apart */
    arena_give(block[4]);
    block[3] = arena_take(80);
    assert_non_null(block[3]);
    arena_give(block[3]);
    for (size_t i = 0; i < most; i++)
        if (i < 3 || i > 5)
            arena_give(block[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_apart),
        cmocka_unit_test(what_is_large_is_not_for_it),
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
