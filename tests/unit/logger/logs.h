/* Checks what a logger wrote against what was written to it. It shares no code with the product:
 * names, stamps and lines are read by their description in docs/log-directory.md.
 *
 * Lines have the stamp C. What is missing may only be what a notice in the log counts.
 */
#ifndef TESTS_UNIT_LOGGER_LOGS_H
#define TESTS_UNIT_LOGGER_LOGS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* For message_to: nothing is said. */
static inline void logs_silent(const char *line, size_t length)
{
    (void)line;
    (void)length;
}

struct bytes {
    char *at;
    size_t length, capacity;
};

static inline void bytes_add(struct bytes *b, const char *from, size_t length)
{
    if (b->length + length > b->capacity) {
        b->capacity = 2 * (b->length + length) + 4096;
        b->at = realloc(b->at, b->capacity);
        assert_non_null(b->at);
    }
    memcpy(b->at + b->length, from, length);
    b->length += length;
}

static inline void bytes_release(struct bytes *b)
{
    free(b->at);
    *b = (struct bytes){.at = NULL};
}

static inline void bytes_add_file(struct bytes *b, const char *directory, const char *name)
{
    char path[256], block[4096];
    ssize_t n;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    while ((n = read(fd, block, sizeof block)) > 0)
        bytes_add(b, block, (size_t)n);
    assert_int_equal(n, 0);
    close(fd);
}

/* Same bytes every time: lines of 1 to 120 bytes, every fifth one up to 700, begun with a number.
 */
static inline void bytes_make(struct bytes *b, const char *tag, size_t length)
{
    uint32_t random = 12345 + (unsigned char)*tag;
    for (int number = 1; b->length < length; number++) {
        char line[800];
        random = random * 1103515245 + 12345;
        size_t size = 1 + (random >> 16) % (number % 5 == 0 ? 700 : 120);
        int head = snprintf(line, sizeof line, "%s %d ", tag, number);
        for (size_t i = 0; i < size; i++)
            line[(size_t)head + i] = (char)('a' + (size_t)(number + (int)i) % 26);
        bytes_add(b, line, (size_t)head + size);
        bytes_add(b, "\n", 1);
    }
}

/* --- a log directory --- */

static inline int logs_is_archive(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] == '@' && length == 27 &&
           (strcmp(entry->d_name + 25, ".s") == 0 || strcmp(entry->d_name + 25, ".u") == 0);
}

/* NULL, or the name of a file that has no business there. */
static inline const char *logs_stranger(const char *directory)
{
    static char name[256];
    const char *found = NULL;
    DIR *d = opendir(directory);
    assert_non_null(d);
    for (struct dirent *entry; found == NULL && (entry = readdir(d)) != NULL;) {
        const char *n = entry->d_name;
        if (strcmp(n, ".") != 0 && strcmp(n, "..") != 0 && strcmp(n, "current") != 0 &&
            strcmp(n, "lock") != 0 && strcmp(n, "state") != 0 && !logs_is_archive(entry)) {
            snprintf(name, sizeof name, "%s", n);
            found = name;
        }
    }
    closedir(d);
    return found;
}

/* All that is logged: archives, the oldest first, then current. The number of archives. */
static inline int logs_read(const char *directory, struct bytes *all)
{
    struct dirent **list;
    int count = scandir(directory, &list, logs_is_archive, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        bytes_add_file(all, directory, list[i]->d_name);
        free(list[i]);
    }
    free(list);
    bytes_add_file(all, directory, "current");
    return count;
}

static inline void logs_remove(const char *directory)
{
    char path[512];
    DIR *d = opendir(directory);
    for (struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
            unlink(path);
        }
    if (d != NULL)
        closedir(d);
    rmdir(directory);
}

/* --- lines --- */

enum { LOGS_STREAMS = 2 };

struct logged {
    struct bytes stream[LOGS_STREAMS]; /* messages, split lines joined, a newline after each */
    long missing;                      /* sum of the notices that lines are missing */
};

static inline void logged_release(struct logged *l)
{
    for (int i = 0; i < LOGS_STREAMS; i++)
        bytes_release(&l->stream[i]);
}

/* Takes one line apart. NULL, or what is wrong with it. */
static inline const char *logged_line(struct logged *l, const char *line, size_t length,
                                      char last[31])
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ stdxxx X ";
    if (length < sizeof shape - 1)
        return "a line is too short for its stamp";
    for (size_t i = 0; i < 30; i++)
        if (shape[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != shape[i])
            return "a stamp is malformed";
    if (*last != '\0' && memcmp(line, last, 30) < 0)
        return "time goes back";
    memcpy(last, line, 30);
    int stream = memcmp(line + 30, " stdout ", 8) == 0   ? 0
                 : memcmp(line + 30, " stderr ", 8) == 0 ? 1
                                                         : -1;
    char part = line[38];
    if (stream < 0 || (part != 'F' && part != 'P') || line[39] != ' ')
        return "a stream is malformed";
    const char *message = line + 40;
    length -= 40;
    long missing;
    char copy[128];
    snprintf(copy, sizeof copy, "%.*s", (int)(length < 100 ? length : 100), message);
    if (sscanf(copy, "logger test: warning: %ld lines are missing here", &missing) == 1) {
        l->missing += missing;
        return NULL;
    }
    bytes_add(&l->stream[stream], message, length);
    if (part == 'F')
        bytes_add(&l->stream[stream], "\n", 1);
    return NULL;
}

/* Takes a whole log apart. NULL, or what is wrong with it. */
static inline const char *logged_read(struct logged *l, const struct bytes *all)
{
    char last[31] = "";
    for (size_t at = 0; at < all->length;) {
        const char *end = memchr(all->at + at, '\n', all->length - at);
        if (end == NULL)
            return "the last line has no end";
        size_t length = (size_t)(end - (all->at + at));
        const char *wrong = logged_line(l, all->at + at, length, last);
        if (wrong != NULL)
            return wrong;
        at += length + 1;
    }
    return NULL;
}

static inline size_t bytes_line(const struct bytes *b, size_t at)
{
    const char *end = at < b->length ? memchr(b->at + at, '\n', b->length - at) : NULL;
    return end == NULL ? b->length - at : (size_t)(end - (b->at + at)) + 1;
}

/* Every line of got stands in fed, in that order. The number of lines left out, or -1. A line whose
 * rest was left out is (may_drop). */
static inline long bytes_left_out(const struct bytes *fed, const struct bytes *got, bool may_drop)
{
    size_t at = 0;
    long left_out = 0;
    for (size_t in = 0; in < fed->length;) {
        size_t wanted = bytes_line(fed, in), found = bytes_line(got, at);
        bool whole = wanted == found && memcmp(fed->at + in, got->at + at, wanted) == 0;
        bool begun = may_drop && found > 1 && found < wanted &&
                     memcmp(fed->at + in, got->at + at, found - 1) == 0;
        if (whole || begun)
            at += found;
        left_out += !whole;
        in += wanted;
    }
    return at == got->length ? left_out : -1;
}

/* What was logged in the directory is what was fed: every line once, in the order of its stream,
 * or counted as missing. NULL, or what is wrong. */
static inline const char *logs_check(const char *directory, const struct bytes fed[LOGS_STREAMS],
                                     bool may_drop)
{
    struct bytes all = {.at = NULL};
    struct logged l = {.missing = 0};
    logs_read(directory, &all);
    const char *wrong = logged_read(&l, &all);
    long left_out = 0;
    for (int i = 0; i < LOGS_STREAMS && wrong == NULL; i++) {
        long n = bytes_left_out(&fed[i], &l.stream[i], may_drop);
        if (n < 0)
            wrong = "a line is doubled, changed, or not in its place";
        left_out += n;
    }
    if (wrong == NULL && left_out != l.missing)
        wrong = "lines are missing, or more than missing are counted";
    if (wrong == NULL && left_out > 0 && !may_drop)
        wrong = "lines were dropped";
    if (wrong == NULL && logs_stranger(directory) != NULL)
        wrong = logs_stranger(directory);
    bytes_release(&all);
    logged_release(&l);
    return wrong;
}

#endif
