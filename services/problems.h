/* Everything that is wrong with a tree of definitions, collected so that all of it is said
 * together. */
#ifndef SERVICES_PROBLEMS_H
#define SERVICES_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/* Owns its texts. */
struct problem {
    bool warning;      /* false: an error, and the tree cannot be used */
    bool absent;       /* an error only where no other tree is laid over or under this one */
    char *path;        /* file or directory */
    unsigned int line; /* 0: the whole file */
    char *text;        /* what is wrong */
    char *cure;        /* what to do about it, or NULL */
};

/* Changes the place of a problem to the one that a person knows. */
typedef void problem_place(const void *context, char *path, unsigned int *line);

/* PROBLEMS_INIT is empty and safe to release. */
struct problems {
    struct problem *item;
    size_t count;
    size_t capacity;
    size_t errors;        /* how many are no warnings */
    size_t lost;          /* of the errors, those that there was no memory to keep */
    problem_place *place; /* NULL: places are as they are said */
    const void *context;  /* of place */
    int code; /* exit code of the first error: EXIT_FAILURE or EXIT_SYSTEM; 0 without errors */
};

#define PROBLEMS_INIT ((struct problems){.item = NULL})

/* Adds an error in the content of a file. line 0: it is about the whole file. cure: what to do, or
 * NULL. The texts are copied. A problem that was added a short while ago is not added again.
 * Without memory an error is only counted, and problems_say says that. */
void problems_error(struct problems *p, const char *path, unsigned int line, const char *cure,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Adds an error about a file that is not there or cannot be read. */
void problems_system(struct problems *p, const char *path, unsigned int line, const char *cure,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Adds a warning: the tree can be used, but hardly does what was meant. */
void problems_warning(struct problems *p, const char *path, unsigned int line, const char *cure,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Prints one message for each, "PATH:LINE: text; cure", in the order in which they were added:
 * errors as fatal, warnings as warning. */
void problems_say(const struct problems *p);
/* Marks the problems added since the list had `since` entries as being about names that another
 * tree may define. */
void problems_elsewhere(struct problems *p, size_t since);
/* Makes warnings of the marked errors: another tree is there that may define what is absent. */
void problems_excuse(struct problems *p);
/* Frees all; p is as PROBLEMS_INIT then. */
void problems_release(struct problems *p);

#endif
