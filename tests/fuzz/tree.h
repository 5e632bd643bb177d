/* Definition trees made of text: a line "=PATH" begins a file, "/PATH" makes a folder, "@PATH" a
 * link to the tree itself; other lines are content. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "tests/fuzz/fuzz.h"
#include <ctype.h>
#include <stdbool.h>

enum { ENTRIES_MAX = 64 };

/* The place in the tree that the line says; false: none that can be. */
static inline bool place(char path[300], const char *root, const char *line, size_t length)
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

static inline void make_entry(const char *root, const char *line, size_t length,
                              const char *content, size_t size)
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

static inline void make_tree(const char *root, const char *text, size_t size)
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

#endif
