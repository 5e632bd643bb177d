#include "logcat/nearest.h"
#include <stdbool.h>
#include <string.h>

enum { LETTERS = 64, CHANGES = 2 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_swapped(const char *a, const char *b, size_t i, size_t k)
{
    return i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
}

/* The number of changes; more than CHANGES for words that are longer than we look. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LETTERS + 1], n = strlen(a), m = strlen(b);
    if (n > LETTERS || m > LETTERS)
        return CHANGES + 1;
    for (size_t k = 0; k <= m; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= m; k++) {
            row[k] = least(above[k], row[k - 1]) + 1;
            row[k] = least(row[k], above[k - 1] + (a[i - 1] != b[k - 1]));
            if (is_swapped(a, b, i, k))
                row[k] = least(row[k], second[k - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *nearest_word(const struct words *list, const char *text)
{
    const char *found = NULL;
    size_t most = least(CHANGES, strlen(text) / 3);
    for (size_t i = 0; i < list->count; i++) {
        size_t changes = distance(text, list->item[i]);
        if (changes <= most && (!found || changes < distance(text, found)))
            found = list->item[i];
    }
    for (size_t i = 0; !found && strlen(text) > 1 && i < list->count; i++)
        if (strstr(list->item[i], text))
            found = list->item[i];
    return found;
}
