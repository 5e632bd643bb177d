#include "logcat/merge.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct line {
    long second; /* 0: no stamp */
    const char *name;
};

struct input {
    const struct line *lines;
    size_t count, next;
};

static void offer(struct merge *m, struct input *in, size_t source)
{
    if (in[source].next == in[source].count)
        return;
    struct timespec t = {in[source].lines[in[source].next++].second, 0};
    merge_offer(m, source, t);
}

/* Merges everything and compares the names in their order. */
static void assert_merged(struct input *in, size_t sources, const char *const *want, size_t count)
{
    struct merge m = MERGE_INIT;
    struct merge_head head;
    size_t n = 0;
    assert_int_equal(merge_init(&m, sources), 0);
    for (size_t i = 0; i < sources; i++)
        offer(&m, in, i);
    while (merge_take(&m, &head)) {
        assert_true(n < count);
        const struct line *line = &in[head.source].lines[in[head.source].next - 1];
        assert_string_equal(line->name, want[n++]);
        offer(&m, in, head.source);
    }
    assert_int_equal(n, count);
    merge_release(&m);
}

#define INPUT(a)                                                                                   \
    {                                                                                              \
        a, sizeof(a) / sizeof(a)[0], 0                                                             \
    }
#define ASSERT_MERGED(in, ...)                                                                     \
    do {                                                                                           \
        static const char *const want[] = {__VA_ARGS__};                                           \
        assert_merged(in, sizeof(in) / sizeof(in)[0], want, sizeof want / sizeof want[0]);         \
    } while (0)

static void by_time(void **state)
{
    static const struct line a[] = {{1, "a1"}, {4, "a4"}, {5, "a5"}};
    static const struct line b[] = {{2, "b2"}, {3, "b3"}, {9, "b9"}};
    static const struct line c[] = {{6, "c6"}};
    struct input in[] = {INPUT(a), INPUT(b), INPUT(c)};
    (void)state;
    ASSERT_MERGED(in, "a1", "b2", "b3", "a4", "a5", "c6", "b9");
}

static void equal_times_by_number(void **state)
{
    static const struct line a[] = {{7, "a-1"}, {7, "a-2"}};
    static const struct line b[] = {{7, "b-1"}, {7, "b-2"}};
    struct input in[] = {INPUT(b), INPUT(a)};
    (void)state;
    ASSERT_MERGED(in, "b-1", "b-2", "a-1", "a-2");
}

static void clock_set_back_keeps_the_order(void **state)
{
    static const struct line a[] = {{10, "a10"}, {5, "a5"}, {6, "a6"}, {11, "a11"}};
    static const struct line b[] = {{7, "b7"}, {10, "b10"}, {12, "b12"}};
    struct input in[] = {INPUT(a), INPUT(b)};
    (void)state;
    ASSERT_MERGED(in, "b7", "a10", "a5", "a6", "b10", "a11", "b12");
}

static void nanoseconds_count(void **state)
{
    struct merge m = MERGE_INIT;
    struct merge_head head;
    struct timespec late = {3, 2}, early = {3, 1};
    (void)state;
    assert_int_equal(merge_init(&m, 2), 0);
    assert_false(merge_peek(&m, &head));
    merge_offer(&m, 0, late);
    merge_offer(&m, 1, early);
    assert_true(merge_peek(&m, &head));
    assert_int_equal(head.source, 1);
    assert_true(merge_take(&m, &head));
    assert_int_equal(head.source, 1);
    assert_int_equal(head.time.tv_nsec, 1);
    merge_release(&m);
}

static void sources_added_later(void **state)
{
    struct merge m = MERGE_INIT;
    struct merge_head head;
    struct timespec t = {5, 0}, sooner = {4, 0};
    (void)state;
    assert_int_equal(merge_init(&m, 1), 0);
    merge_offer(&m, 0, t);
    assert_int_equal(merge_init(&m, 3), 0);
    merge_offer(&m, 2, sooner);
    merge_offer(&m, 1, (struct timespec){0, 0});
    assert_true(merge_take(&m, &head));
    assert_int_equal(head.source, 1);
    assert_true(merge_take(&m, &head));
    assert_int_equal(head.source, 2);
    assert_true(merge_take(&m, &head));
    assert_int_equal(head.source, 0);
    assert_false(merge_take(&m, &head));
    merge_release(&m);
}

/* Every permutation a heap meets, against the rule itself. */
static void many_sources(void **state)
{
    enum { SOURCES = 37, LINES = 50 };
    struct merge m = MERGE_INIT;
    struct merge_head head;
    unsigned int seed = 12345;
    size_t left[SOURCES];
    long at[SOURCES];
    (void)state;
    assert_int_equal(merge_init(&m, SOURCES), 0);
    for (size_t i = 0; i < SOURCES; i++) {
        seed = seed * 1103515245U + 12345U;
        at[i] = 1 + (long)(seed >> 16) % 40;
        left[i] = LINES - 1;
        merge_offer(&m, i, (struct timespec){at[i], 0});
    }
    struct merge_head before = {{0, 0}, 0};
    size_t total = 0;
    for (; merge_take(&m, &head); total++) {
        assert_int_equal(head.time.tv_sec, at[head.source]);
        assert_true(head.time.tv_sec > before.time.tv_sec ||
                    (head.time.tv_sec == before.time.tv_sec && head.source >= before.source));
        before = head;
        if (left[head.source]-- == 0)
            continue;
        seed = seed * 1103515245U + 12345U;
        at[head.source] += (long)(seed >> 16) % 40 + 1;
        merge_offer(&m, head.source, (struct timespec){at[head.source], 0});
    }
    assert_int_equal(total, SOURCES * LINES);
    merge_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_time),
        cmocka_unit_test(equal_times_by_number),
        cmocka_unit_test(clock_set_back_keeps_the_order),
        cmocka_unit_test(nanoseconds_count),
        cmocka_unit_test(sources_added_later),
        cmocka_unit_test(many_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
