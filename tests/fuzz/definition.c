/* Definition trees (tree.h). Whatever is in the tree, it is read to the end, and every mistake has
 * a place and a text. */
#include "services/graph.h"
#include "tests/fuzz/tree.h"

/* Names with an even number of characters are on. */
static const char *variable(const char *name)
{
    return strlen(name) % 2 == 0 ? "1" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *root = fuzz_directory();
    char services[100];
    char bundles[100];
    struct definitions d = DEFINITIONS_INIT;
    struct problems p = PROBLEMS_INIT;
    struct graph g = GRAPH_INIT;

    make_tree(root, (const char *)data, size);
    snprintf(services, sizeof services, "%s/s", root);
    snprintf(bundles, sizeof bundles, "%s/b", root);
    const struct definition_source sources[] = {{.path = services},
                                                {.path = bundles, .bundles = true}};
    const struct definition_sources from = {.item = sources, .count = 2, .variable = variable};
    MUST(definitions_builtin(&d) == 0);
    if (definitions_read(&d, &from, &p) == 0)
        MUST(graph_build(&g, &d, &p) == 0 || p.errors > 0);
    for (size_t i = 0; i < p.count; i++)
        MUST(p.item[i].path != NULL && p.item[i].text != NULL && p.item[i].text[0] != '\0');
    for (size_t i = 0; i < d.count; i++)
        MUST(definitions_find(&d, d.item[i].name) >= 0);
    for (size_t i = 0; i < d.count; i++)
        MUST(d.item[i].left_out == NULL || d.item[i].left_out[0] != '\0');
    problems_say(&p);
    graph_release(&g);
    problems_release(&p);
    definitions_release(&d);
    return 0;
}
