#include "base/color.h"

static const char *const palette[] = {"36", "33", "32", "35", "34", "96", "93", "92", "95", "94"};

const char *color_of(const char *name)
{
    unsigned int hash = 2166136261U;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return palette[hash % (sizeof palette / sizeof palette[0])];
}
