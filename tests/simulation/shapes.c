#include "tests/simulation/shapes.h"
#include <stdbool.h>
#include <string.h>

/* The matrix of a graph whose node i is called name[i], as one number. */
static uint32_t renamed(const struct shape *s, const unsigned int *name)
{
    uint32_t bits = 0;
    for (unsigned int i = 0; i < s->nodes; i++)
        for (unsigned int j = 0; j < i; j++)
            if ((s->needs[i] >> j & 1) != 0)
                bits |= 1U << (name[i] * SHAPE_NODES + name[j]);
    return bits;
}

static bool next_permutation(unsigned int *name, unsigned int count)
{
    unsigned int i = count;
    unsigned int j = count;
    while (i > 1 && name[i - 2] > name[i - 1])
        i--;
    if (i < 2)
        return false;
    while (name[j - 1] < name[i - 2])
        j--;
    unsigned int swap = name[i - 2];
    name[i - 2] = name[j - 1];
    name[j - 1] = swap;
    for (unsigned int a = i - 1, b = count - 1; a < b; a++, b--) {
        swap = name[a];
        name[a] = name[b];
        name[b] = swap;
    }
    return true;
}

/* The least of all its matrices: the same for two graphs that differ only in their names. */
static uint32_t canonical(const struct shape *s)
{
    unsigned int name[SHAPE_NODES] = {0, 1, 2, 3, 4};
    uint32_t least = UINT32_MAX;
    do {
        uint32_t bits = renamed(s, name);
        if (bits < least)
            least = bits;
    } while (next_permutation(name, s->nodes));
    return least;
}

size_t shapes_of(unsigned int nodes, struct shape all[SHAPES_MAX])
{
    uint32_t seen[SHAPES_MAX];
    unsigned int edges = nodes * (nodes - 1) / 2;
    size_t count = 0;
    for (uint32_t bits = 0; bits < 1U << edges; bits++) {
        struct shape s = {.nodes = nodes};
        uint32_t rest = bits;
        size_t k = 0;
        for (unsigned int i = 1; i < nodes; rest >>= i, i++)
            s.needs[i] = (uint8_t)(rest & ((1U << i) - 1));
        uint32_t name = canonical(&s);
        while (k < count && seen[k] != name)
            k++;
        if (k < count)
            continue;
        seen[count] = name;
        all[count++] = s;
    }
    return count;
}

unsigned int shape_close(const struct shape *s, unsigned int set, int up)
{
    unsigned int before;
    do {
        before = set;
        for (unsigned int i = 0; i < s->nodes; i++) {
            if (up && (set >> i & 1) != 0)
                set |= s->needs[i];
            if (!up && (set & s->needs[i]) != 0)
                set |= 1U << i;
        }
    } while (set != before);
    return set;
}
