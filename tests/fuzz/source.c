/* Source directories as s6-rc-compile takes them: strictly, with the scripts of loggers looked at.
 * A good set goes into a database and comes back as it was. */
#include "logger/script.h"
#include "services/graph.h"
#include "tests/fuzz/tree.h"

static bool check(const struct words *words, struct error *why)
{
    struct script s;
    if (script_parse(&s, words->item, words->count, false, why) < 0)
        return false;
    script_release(&s);
    return true;
}

/* To bytes and back gives the same bytes. */
static void go_round(const struct definitions *d)
{
    struct definitions back = DEFINITIONS_INIT;
    struct error e = ERROR_INIT;
    struct str one = STR_INIT, two = STR_INIT;
    MUST(definitions_pack(d, &one) == 0);
    char *exact = input_copy(one.data, one.length);
    MUST(definitions_unpack(&back, exact, one.length, &e) == 0);
    MUST(back.count == d->count);
    MUST(definitions_pack(&back, &two) == 0);
    MUST(one.length == two.length && memcmp(one.data, two.data, one.length) == 0);
    free(exact);
    definitions_release(&back);
    str_release(&one);
    str_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *root = fuzz_directory();
    char first[100], second[100];
    struct definitions d = DEFINITIONS_INIT;
    struct problems p = PROBLEMS_INIT;
    struct graph g = GRAPH_INIT;
    make_tree(root, (const char *)data, size);
    snprintf(first, sizeof first, "%s/s", root);
    snprintf(second, sizeof second, "%s/b", root);
    const struct definition_source sources[] = {{.path = first}, {.path = second}};
    const struct definition_sources from = {
        .item = sources, .count = 2, .strict = true, .check_script = check};
    if (definitions_read(&d, &from, &p) == 0 && p.errors == 0 && graph_build(&g, &d, &p) == 0)
        go_round(&d);
    graph_release(&g);
    problems_release(&p);
    definitions_release(&d);
    return 0;
}
