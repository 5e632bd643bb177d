/* Answers of servers: however the bytes are cut, they mean the same, and nothing beyond them is
 * read. */
#include "command/tools/http.h"
#include "tests/fuzz/fuzz.h"

/* Whether the answer is whole. */
static bool take(struct http_answer *a, const char *bytes, size_t size, size_t piece)
{
    bool more = true;
    http_begin(a, "ok ok");
    for (size_t i = 0; i < size && more; i += piece) {
        size_t n = size - i < piece ? size - i : piece;
        char *exact = input_copy((const uint8_t *)bytes + i, n);
        more = http_take(a, exact, n);
        MUST(more == (a->part < HTTP_DONE));
        free(exact);
    }
    return http_end(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer whole, cut;
    size_t piece = size == 0 ? 1 : 1 + data[0] % 7U;
    char *exact = input_copy(data, size);
    bool is_whole = take(&whole, exact, size, size == 0 ? 1 : size);
    MUST(take(&cut, exact, size, piece) == is_whole);
    MUST(cut.part == whole.part && cut.status == whole.status && cut.found == whole.found);
    MUST(!is_whole || (whole.status >= 100 && whole.status <= 999));
    MUST(strcmp(cut.reason, whole.reason) == 0);
    http_release(&whole);
    http_release(&cut);
    free(exact);
    return 0;
}
