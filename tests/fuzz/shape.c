/* Shapes of the input's lines: no byte beyond a line is read, a shape is no longer than it may be,
 * and each line is counted once. A tally takes much memory, so only every eighth size has one. */
#include "logcat/shape.h"
#include "logcat/tally.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tally t = {.row = NULL};
    struct render r = {.utc = true, .form = size % 16 == 8 ? RENDER_JSON : RENDER_SHORT};
    struct str shape = STR_INIT, again = STR_INIT, out = STR_INIT;
    unsigned long long lines = 0, counted = 0;
    bool tallied = size % 8 == 0;
    for (const uint8_t *at = data, *end = data + size; at < end; lines++) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline == NULL ? end : newline) - at);
        char *line = input_copy(at, length);
        struct entry e = {.time = {(time_t)length, 0}, .message = line, .length = length};
        MUST(shape_of(line, length, &shape) == 0);
        MUST(shape.length <= SHAPE_MAX + 3);
        MUST(shape_of(line, length, &again) == 0);
        MUST(again.length == shape.length && memcmp(again.data, shape.data, shape.length) == 0);
        MUST(!tallied || tally_add(&t, "web", &e) == 0);
        free(line);
        at += length + 1;
    }
    tally_sort(&t, size % 3 == 0);
    MUST(tally_show(&t, &r, SIZE_MAX, &out) == 0);
    for (size_t i = 0; i < t.rows; i++)
        counted += t.row[i].count;
    MUST(!tallied || counted + t.rare == lines);
    str_release(&shape);
    str_release(&again);
    str_release(&out);
    tally_release(&t);
    return 0;
}
