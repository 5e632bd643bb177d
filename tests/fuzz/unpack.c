/* The packed database, as s6-rc-update and s6-rc-db read it. What is taken for one goes round. */
#include "services/graph.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct definitions d = DEFINITIONS_INIT, back = DEFINITIONS_INIT;
    struct problems p = PROBLEMS_INIT;
    struct graph g = GRAPH_INIT;
    struct error e = ERROR_INIT;
    struct str one = STR_INIT, two = STR_INIT;
    char *exact = input_copy(data, size);
    message_to(fuzz_nothing);
    if (definitions_unpack(&d, exact, size, &e) == 0) {
        MUST(definitions_pack(&d, &one) == 0);
        MUST(definitions_unpack(&back, one.data, one.length, &e) == 0);
        MUST(definitions_pack(&back, &two) == 0 && back.count == d.count);
        MUST(two.length == one.length && memcmp(two.data, one.data, one.length) == 0);
        MUST(graph_build(&g, &d, &p) == 0 || p.errors > 0);
    } else {
        MUST(e.text[0] != '\0');
    }
    str_release(&one);
    str_release(&two);
    graph_release(&g);
    problems_release(&p);
    definitions_release(&d);
    definitions_release(&back);
    free(exact);
    return 0;
}
