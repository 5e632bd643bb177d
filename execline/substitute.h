/* The substitution engine of execline (spec/execline.md section 4): words in, words out. Pure. */
#ifndef EXECLINE_SUBSTITUTE_H
#define EXECLINE_SUBSTITUTE_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* A key and the words it stands for: none, one, or as many as a split gave. */
struct substitution {
    const char *key;
    char *const *value;
    size_t count;
};

/* Replaces every ${key} and $key of in (NULL-terminated), all keys at once, and appends the result
 * to out. A word with a key of several words becomes several, the rightmost varying fastest; with a
 * key of no words it vanishes. -1: no memory. */
int substitute(char *const *in, const struct substitution *s, size_t count, struct words *out);

/* Changes to a value before it is substituted: crunch, chomp, split, in this order. */
struct transform {
    const char *delimiters; /* NULL: the default; "": netstrings when splitting */
    bool crunch;
    bool chomp;
    bool split;
};

/* Appends the words that text becomes. -1 with e: no memory, or a bad netstring. */
int transform(const char *text, const struct transform *t, struct words *out, struct error *e);

#endif
