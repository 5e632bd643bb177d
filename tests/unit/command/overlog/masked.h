/* What a text looks like when it is masked. */
#ifndef TESTS_UNIT_COMMAND_OVERLOG_MASKED_H
#define TESTS_UNIT_COMMAND_OVERLOG_MASKED_H

#include "command/overlog/mask.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define M MASKED

struct masked_row {
    const char *text, *shown; /* NULL: as it is */
};

static inline void masked_is(const struct mask *m, const char *text, const char *shown)
{
    struct str out = STR_INIT, again = STR_INIT;
    /* Without a NUL behind it, for the sanitizer. */
    size_t length = strlen(text);
    char *bytes = malloc(length + 1);
    memcpy(bytes, text, length);
    bytes = realloc(bytes, length > 0 ? length : 1);
    assert_int_equal(mask_text(m, bytes, length, &out, NULL, NULL), 0);
    assert_string_equal(out.data == NULL ? "" : out.data, shown);
    /* What is masked stays as it is. */
    assert_int_equal(mask_text(m, out.data, out.length, &again, NULL, NULL), 0);
    assert_string_equal(again.data == NULL ? "" : again.data, shown);
    str_release(&out);
    str_release(&again);
    free(bytes);
}

static inline void masked_rows(const struct masked_row *row, size_t count)
{
    struct mask m = MASK_INIT;
    for (size_t i = 0; i < count; i++)
        masked_is(&m, row[i].text, row[i].shown == NULL ? row[i].text : row[i].shown);
}

#endif
