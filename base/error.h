/* A failure in words for a person, carried from where it happened to where it is said.
 *
 * A function that can fail takes a struct error * (never NULL) last, returns -1 and fills it; the
 * caller owns the struct. The text has no program name and no newline: "unable to open X: reason".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/* Exit codes every command shares. */
enum {
    EXIT_BUG = 101,
    EXIT_USAGE = 100,
    EXIT_SYSTEM = 111,
    EXIT_NOEXEC = 126,
    EXIT_NOTFOUND = 127
};

struct error {
    int code; /* the exit code this error asks for */
    int why;  /* the errno that it tells; 0: none */
    char text[512];
};

#define ERROR_INIT ((struct error){.code = 0})

/* Fills e with the formatted text; always returns -1, so that callers can `return error_set(...)`.
 */
int error_set(struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with code EXIT_SYSTEM, why and ": strerror(errno)" appended; keeps errno. */
int error_system(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether an errno says that something is not to be had now, and not that it is not there: memory
 * or descriptors were short. */
bool error_is_lack(int why);
/* Whether it says that a disk, or somebody's part of it, is full. */
bool error_is_full_disk(int why);

#endif
