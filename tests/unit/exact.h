/* Memory that ends where its bytes end, so that a sanitizer sees what is read behind them. */
#ifndef TESTS_UNIT_EXACT_H
#define TESTS_UNIT_EXACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* To be freed. */
static inline void *exact_copy(const void *from, size_t length)
{
    void *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, from, length);
    return copy;
}

#endif
