#include "rotate/archive.h"
#include "base/clock.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAMP = CLOCK_TAI64N_LENGTH };

int archive_parse(const char *name, struct archive *a)
{
    size_t length = strlen(name);
    *a = (struct archive){.size = 0};
    if (length < STAMP + 2 || length >= ARCHIVE_NAME_MAX || clock_tai64n_parse(name, &a->time) < 0)
        return -1;
    if (strncmp(name + STAMP, ".s", 2) != 0 && strncmp(name + STAMP, ".u", 2) != 0)
        return -1;
    a->unfinished = name[STAMP + 1] == 'u';
    a->compressed = strcmp(name + STAMP + 2, ".gz") == 0;
    if (!a->compressed && name[STAMP + 2] != '\0')
        return -1;
    memcpy(a->name, name, length + 1);
    return 0;
}

void archive_name(char out[ARCHIVE_NAME_MAX], const struct timespec *time, bool unfinished,
                  bool compressed)
{
    clock_tai64n_format(out, time);
    snprintf(out + STAMP, ARCHIVE_NAME_MAX - STAMP, "%s%s", unfinished ? ".u" : ".s",
             compressed ? ".gz" : "");
}

void archive_twin(char out[ARCHIVE_NAME_MAX], const struct archive *a)
{
    archive_name(out, &a->time, a->unfinished, !a->compressed);
}

/* For qsort: the oldest first, X before X.gz. */
static int compare(const void *a, const void *b)
{
    const struct archive *x = a;
    const struct archive *y = b;
    int order = clock_compare(&x->time, &y->time);
    return order != 0 ? order : strcmp(x->name, y->name);
}

struct timespec archive_next_time(const struct timespec *newest, const struct timespec *now)
{
    if (clock_compare(now, newest) > 0)
        return *now;
    struct timespec t = *newest;
    if (++t.tv_nsec == 1000000000) {
        t.tv_nsec = 0;
        t.tv_sec++;
    }
    return t;
}

/* Leaves X out where X.gz follows: in a sorted list they are neighbours. Returns the new count. */
static long drop_plain_twins(struct archive *list, long count)
{
    long kept = 0;
    for (long i = 0; i < count; i++) {
        size_t length = strlen(list[i].name);
        bool twin = !list[i].compressed && i + 1 < count && list[i + 1].compressed &&
                    strncmp(list[i].name, list[i + 1].name, length) == 0;
        if (!twin)
            list[kept++] = list[i];
    }
    return kept;
}

/* Leaves out an empty file with the latest name: it is about to change places with current. */
static long drop_unborn(int directory, const struct archive *list, long count)
{
    struct stat s;
    bool unborn = count > 0 && !list[count - 1].compressed &&
                  fstatat(directory, list[count - 1].name, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
                  s.st_size == 0;
    return unborn ? count - 1 : count;
}

/* Some file systems do not tell the type of a file in the listing. One that cannot be looked at is
 * there all the same. */
static bool is_file(int directory, const char *name)
{
    struct stat s;
    if (fstatat(directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
        return errno != ENOENT;
    return S_ISREG(s.st_mode);
}

int archive_remove(int directory, const struct archive *a)
{
    char plain[ARCHIVE_NAME_MAX], compressed[ARCHIVE_NAME_MAX];
    archive_name(plain, &a->time, a->unfinished, false);
    archive_name(compressed, &a->time, a->unfinished, true);
    int first = unlinkat(directory, plain, 0) == 0 ? 0 : errno;
    int second = unlinkat(directory, compressed, 0) == 0 ? 0 : errno;
    int own = a->compressed ? second : first;
    errno = own;
    return own != 0 && own != ENOENT ? -1 : first == 0 || second == 0;
}

void archive_sizes(int directory, struct archive *list, long count)
{
    struct stat s;
    for (long i = 0; i < count; i++)
        list[i].size =
            fstatat(directory, list[i].name, &s, AT_SYMLINK_NOFOLLOW) == 0 ? s.st_size : 0;
}

struct collected {
    int directory;
    struct archive *list;
    size_t count, room;
};

static int collect(void *to, const char *name, int file)
{
    struct collected *c = to;
    struct archive a;
    if (archive_parse(name, &a) < 0 || (!file && !is_file(c->directory, name)))
        return 0;
    if (LIST_ROOM(c->list, c->count, c->room) < 0)
        return -1;
    c->list[c->count++] = a;
    return 0;
}

long archive_list(int directory, struct archive **list)
{
    *list = NULL;
    struct collected c = {.directory = directory};
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -1 : fd_each_entry(fd, collect, &c);
    fd_close(fd);
    if (result < 0) {
        free(c.list);
        return -1;
    }
    *list = c.list;
    if (c.count > 1)
        qsort(c.list, c.count, sizeof *c.list, compare);
    return drop_unborn(directory, c.list, drop_plain_twins(c.list, (long)c.count));
}

/* Unites two sorted lists into `to`; an archive in both is taken from b. Returns the count. */
static long unite(struct archive *to, const struct archive *a, long a_count,
                  const struct archive *b, long b_count)
{
    long i = 0, j = 0, count = 0;
    while (i < a_count || j < b_count) {
        int order = i == a_count ? 1 : j == b_count ? -1 : compare(&a[i], &b[j]);
        if (order == 0)
            i++;
        to[count++] = order < 0 ? a[i++] : b[j++];
    }
    return drop_plain_twins(to, count);
}

long archive_list_whole(int directory, struct archive **list)
{
    struct archive *first, *second, *both;
    long count = archive_list(directory, &first), again;
    *list = NULL;
    if (count <= 0) {
        free(first);
        return count;
    }
    again = archive_list(directory, &second);
    while (again > 0 && compare(&second[again - 1], &first[count - 1]) > 0)
        again--;
    both = again < 0 ? NULL : malloc((size_t)(count + again) * sizeof *both);
    if (both != NULL)
        count = unite(both, first, count, second, again);
    free(first);
    free(second);
    *list = both;
    return both == NULL ? -1 : count;
}
