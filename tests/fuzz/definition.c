/* Definition trees. The input is text: a line "=PATH" begins a file, "/PATH" makes a folder,
 * "@PATH" a link to the tree itself; other lines are content. Whatever is in the tree, it is read
 * to the end, and every mistake has a place and a text. */
#include "supervisor/graph.h"
#include "tests/fuzz/fuzz.h"
#include <ctype.h>

enum { ENTRIES_MAX = 64 };

/* The place in the tree that the line says; false: none that can be. */
static bool place(char path[300], const char *root, const char *line, size_t length)
{
    char clean[160];
    if (length < 2 || length > sizeof clean)
        return false;
    for (size_t i = 1; i < length; i++)
        clean[i - 1] =
            (char)(isalnum((unsigned char)line[i]) || strchr("./-_:", line[i]) != NULL ? line[i]
                                                                                       : '_');
    clean[length - 1] = '\0';
    if (strstr(clean, "..") != NULL || strlen(clean) != length - 1)
        return false;
    snprintf(path, 300, "%s/%s", root, clean);
    return true;
}

static void make_entry(const char *root, const char *line, size_t length, const char *content,
                       size_t size)
{
    char path[300];
    char parent[300];
    struct error e = ERROR_INIT;
    if (!place(path, root, line, length))
        return;
    strcpy(parent, path);
    *strrchr(parent, '/') = '\0';
    file_make_directories(AT_FDCWD, parent, 0755, &e);
    if (line[0] == '/')
        mkdir(path, 0755);
    else if (line[0] == '@')
        (void)!symlink(root, path);
    else
        file_write(AT_FDCWD, path, content, size, size % 3 == 0 ? 0755 : 0644, &e);
}

static void make_tree(const char *root, const char *text, size_t size)
{
    size_t entries = 0;
    for (size_t at = 0; at < size && entries < ENTRIES_MAX; entries++) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t length = newline == NULL ? size - at : (size_t)(newline - text) - at;
        size_t begin = newline == NULL ? size : at + length + 1;
        size_t end = begin;
        while (end < size && strchr("=/@", text[end]) == NULL) {
            newline = memchr(text + end, '\n', size - end);
            end = newline == NULL ? size : (size_t)(newline - text) + 1;
        }
        if (length > 0 && strchr("=/@", text[at]) != NULL)
            make_entry(root, text + at, length, text + begin, end - begin);
        at = end;
    }
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
    const struct definition_sources from = {.item = sources, .count = 2};
    MUST(definitions_builtin(&d) == 0);
    if (definitions_read(&d, &from, &p) == 0)
        MUST(graph_build(&g, &d, &p) == 0 || p.errors > 0);
    for (size_t i = 0; i < p.count; i++)
        MUST(p.item[i].path != NULL && p.item[i].text != NULL && p.item[i].text[0] != '\0');
    for (size_t i = 0; i < d.count; i++)
        MUST(definitions_find(&d, d.item[i].name) >= 0);
    problems_say(&p);
    graph_release(&g);
    problems_release(&p);
    definitions_release(&d);
    return 0;
}
