/* Everything that is wrong with a definition tree, collected so that it is said all together. */
#ifndef SERVICES_PROBLEMS_H
#define SERVICES_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

struct problem {
    bool warning;      /* else an error: the tree cannot be used */
    char *path;        /* file or directory */
    unsigned int line; /* 0: the whole file */
    char *text;        /* what is wrong */
    char *cure;        /* what to do, or NULL */
};

struct problems {
    struct problem *item;
    size_t count;
    size_t capacity;
    size_t errors; /* those that are not warnings */
    int code;      /* what s6-rc-compile exits with: the first error's, 1 or 111; 0 without any */
};

#define PROBLEMS_INIT                                                                              \
    {                                                                                              \
        .item = NULL                                                                               \
    }

/* What was said already of the same file and line is not said again. */
void problems_error(struct problems *p, const char *path, unsigned int line, const char *cure,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same for a file that is not there or cannot be read. */
void problems_system(struct problems *p, const char *path, unsigned int line, const char *cure,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
void problems_warning(struct problems *p, const char *path, unsigned int line, const char *cure,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* One message each: "PATH:LINE: text; cure", errors as fatal, in the order found. */
void problems_say(const struct problems *p);
void problems_release(struct problems *p);

#endif
