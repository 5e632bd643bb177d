#include "base/nearest.h"
#include <stdbool.h>
#include <string.h>

enum { CHANGES = 2 };

static unsigned int least(unsigned int a, unsigned int b)
{
    return a < b ? a : b;
}

static bool is_swapped(const char *a, const char *b, size_t i, size_t k)
{
    return i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
}

unsigned int nearest_distance(const char *a, const char *b)
{
    unsigned int rows[3][NEAREST_FAR + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > NEAREST_FAR || m > NEAREST_FAR)
        return NEAREST_FAR;
    for (size_t k = 0; k <= m; k++)
        rows[0][k] = (unsigned int)k;
    for (size_t i = 1; i <= n; i++) {
        unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = (unsigned int)i;
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
    size_t length = strlen(text);
    unsigned int most = length < 3 * CHANGES ? (unsigned int)length / 3 : CHANGES;
    for (size_t i = 0; i < list->count; i++) {
        unsigned int changes = nearest_distance(text, list->item[i]);
        if (found ? changes < most : changes <= most) {
            most = changes;
            found = list->item[i];
        }
    }
    for (size_t i = 0; !found && length > 1 && i < list->count; i++)
        if (strstr(list->item[i], text))
            found = list->item[i];
    return found;
}
