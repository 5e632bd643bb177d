/* Keys and the words they stand for, as the substitution commands gather them.
 * define, importas, elglob, elgetpositionals and multidefine are directives: commands by
 * themselves, or lines of a multisubstitute block. */
#ifndef EXECLINE_BINDINGS_H
#define EXECLINE_BINDINGS_H

#include "base/command.h"
#include "base/error.h"
#include "base/str.h"
#include "execline/substitute.h"

struct bindings {
    struct words keys;
    struct words values;  /* of all keys, one after the other */
    size_t *first;        /* where each key's begin */
    struct words removed; /* variables that go when everything was read */
    int bad_key;          /* the exit code for a key that cannot be: upstream has two */
};

/* Begins a key: the words added to b->values from now on are its value. 0, or -1 with e, whose code
 * is b->bad_key when the key is empty or was bound before. */
int bindings_begin(struct bindings *b, const char *key, struct error *e);

/* Positional parameters, as keys: # is their number, 0 to n the words, and @ all of them. */
struct positional {
    const char *zero;
    char *const *args;
    size_t count;
    unsigned long long wanted; /* keys go at least to this one; what is not there is empty */
    unsigned long long rest;   /* @ begins after so many */
};

/* Binds all of these keys. 0, or -1 with e. */
int bindings_positional(struct bindings *b, const struct positional *p, struct error *e);

/* Frees what was gathered. */
void bindings_release(struct bindings *b);

/* Removes the variables in b->removed, then appends argv to out with all keys replaced. 0, or -1
 * with e. */
int bindings_apply(const struct bindings *b, char *const *argv, struct words *out, struct error *e);

/* Reads options and operands of a directive from c, binds, and leaves c->next after them. -1 with
 * e; EXIT_USAGE and an empty text when the syntax is wrong, which was said. */
typedef int directive_run(struct invocation *c, struct bindings *b, struct error *e);

/* The directives, each as its command (spec/execline.md). */
int directive_define(struct invocation *c, struct bindings *b, struct error *e);
int directive_importas(struct invocation *c, struct bindings *b, struct error *e);
int directive_elglob(struct invocation *c, struct bindings *b, struct error *e);
int directive_elgetpositionals(struct invocation *c, struct bindings *b, struct error *e);
int directive_multidefine(struct invocation *c, struct bindings *b, struct error *e);

#endif
