#include "logcat/each.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void push(struct each *x, size_t source, const char *text)
{
    struct entry e = {.message = (char *)(uintptr_t)text, .length = strlen(text)};
    assert_int_equal(each_push(x, &e, source), 0);
}

/* What is kept, as text and source of each. */
static const char *given(const struct each *x)
{
    static char out[200];
    struct tail t;
    struct tail_slot *s;
    size_t n = 0;
    tail_init(&t, SIZE_MAX);
    assert_int_equal(each_give(x, &t), 0);
    out[0] = '\0';
    for (size_t i = 0; (s = tail_at(&t, i)); i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%zu ", s->entry.message, s->source);
    tail_release(&t);
    return out;
}

static void the_last_of_each_in_their_order(void **state)
{
    struct each x = {.most = 2};
    (void)state;
    assert_string_equal(given(&x), "");
    push(&x, 3, "a");
    push(&x, 0, "b");
    push(&x, 3, "c");
    assert_string_equal(given(&x), "a3 b0 c3 ");
    push(&x, 3, "d");
    push(&x, 3, "e");
    push(&x, 1, "f");
    push(&x, 0, "g");
    assert_string_equal(given(&x), "b0 d3 e3 f1 g0 ");
    each_release(&x);
    assert_int_equal(x.most, 0);
    each_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_each_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
