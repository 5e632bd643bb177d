/* What fuzz targets share. Each defines LLVMFuzzerTestOneInput and aborts when something is not as
 * it must be. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/clock.h"
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

/* A run with one seed is the same everywhere and at any time: the clocks stand where each input
 * begins but for a step at each look (-Wl,--wrap), and the directory has one name. */
static int64_t fuzz_looks;

struct timespec __wrap_clock_wall(void);
struct timespec __wrap_clock_wall(void)
{
    return (struct timespec){.tv_sec = 1700000000, .tv_nsec = (long)(++fuzz_looks % 1000000000)};
}

int64_t __wrap_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void)
{
    return 1000 * CLOCK_SECOND + ++fuzz_looks;
}

enum { FUZZ_FD = 200 };
static char fuzz_place[64];
static const char fuzz_path[] = "/proc/self/fd/200/t";

static inline void fuzz_tidy(void)
{
    struct error e = ERROR_INIT;
    file_remove_tree(AT_FDCWD, fuzz_path, &e);
    rmdir(fuzz_place);
}

/* A directory of the process's own, in memory where that is to be had; empty at each call. */
static inline const char *fuzz_directory(void)
{
    struct error e = ERROR_INIT;
    fuzz_looks = 0;
    if (fuzz_place[0] == '\0') {
        strcpy(fuzz_place, access("/dev/shm", W_OK) == 0 ? "/dev/shm/overlog-fuzz.XXXXXX"
                                                         : "/tmp/overlog-fuzz.XXXXXX");
        MUST(mkdtemp(fuzz_place) != NULL);
        int fd = open(fuzz_place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        MUST(fd >= 0 && dup3(fd, FUZZ_FD, O_CLOEXEC) == FUZZ_FD && close(fd) == 0);
        message_to(fuzz_nothing);
        atexit(fuzz_tidy);
    } else {
        MUST(file_remove_tree(AT_FDCWD, fuzz_path, &e) == 0);
    }
    MUST(mkdir(fuzz_path, 0700) == 0);
    return fuzz_path;
}

#endif
