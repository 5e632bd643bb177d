/* What fuzz targets share. Each defines LLVMFuzzerTestOneInput and aborts when something is not as
 * it must be. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/error.h"
#include "base/file.h"
#include "base/message.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input, taken from its beginning; zeros once it is used up. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t input_byte(struct input *i)
{
    if (i->left == 0)
        return 0;
    i->left--;
    return *i->at++;
}

/* A copy of so many bytes that ends exactly there, for the sanitizer to see what is read beyond. */
static inline char *input_copy(const void *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    MUST(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

static inline void fuzz_nothing(const char *line, size_t length)
{
    (void)line;
    (void)length;
}

static char fuzz_path[64];

static inline void fuzz_tidy(void)
{
    struct error e = ERROR_INIT;
    file_remove_tree(AT_FDCWD, fuzz_path, &e);
}

/* A directory of the process's own, in memory where that is to be had; empty at each call. */
static inline const char *fuzz_directory(void)
{
    char *path = fuzz_path;
    struct error e = ERROR_INIT;
    if (path[0] == '\0') {
        strcpy(path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/overlog-fuzz.XXXXXX"
                                                   : "/tmp/overlog-fuzz.XXXXXX");
        MUST(mkdtemp(path) != NULL);
        message_to(fuzz_nothing);
        atexit(fuzz_tidy);
        return path;
    }
    MUST(file_remove_tree(AT_FDCWD, path, &e) == 0);
    MUST(mkdir(path, 0700) == 0);
    return path;
}

#endif
