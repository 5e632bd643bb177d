#include "rotate/read/count.h"
#include "base/clock.h"
#include "base/file.h"
#include "rotate/archive.h"
#include "rotate/bgzf.h"
#include "rotate/read/logfile.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Counts the line ends in a block. A line without a stamp, or the rest of a line that began in the
 * block before, gets the time of the line before it. */
static void count_block(const struct count *c, const char *block, size_t length,
                        struct timespec *time)
{
    const char *end = block + length, *newline;
    for (const char *line = block; (newline = memchr(line, '\n', (size_t)(end - line)));
         line = newline + 1) {
        c->stamp_of(line, (size_t)(newline - line), time);
        c->found(c->context, time, time, 1);
    }
}

static void count_text(const struct count *c, struct logfile *f)
{
    char block[1 << 14];
    struct timespec time = {0, 0};
    ssize_t n;
    while ((n = logfile_read(f, block, sizeof block)) > 0)
        count_block(c, block, (size_t)n, &time);
}

/* Counts by the indexes of members. False: the file has none. */
static bool count_members(const struct count *c, struct logfile *f)
{
    struct bgzf_index index;
    long length = logfile_member(f, 0, &index);
    if (length <= 0 || index.lines == 0)
        return false;
    for (int64_t at = 0; length > 0; at += length) {
        length = logfile_member(f, at, &index);
        if (length > 0 && index.lines > 0)
            c->found(c->context, &index.first, &index.last, index.lines);
    }
    return true;
}

static void count_file(const struct count *c, int directory, const char *name, bool archive)
{
    struct logfile f;
    if (logfile_open(&f, directory, name, archive) < 0)
        return;
    if (!f.inflater || !count_members(c, &f))
        count_text(c, &f);
    logfile_close(&f);
}

/* Adds a file's size, up to COUNT_BYTES_MAX in all: files with holes may have any size. */
static void add_bytes(struct count *c, int64_t size)
{
    c->bytes = size > COUNT_BYTES_MAX - c->bytes ? COUNT_BYTES_MAX : c->bytes + size;
}

int count_directory(struct count *c, const char *path, struct error *e)
{
    struct archive *list = NULL;
    struct stat st;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long count = directory < 0 ? -1 : archive_list(directory, &list);
    if (count < 0)
        error_system(e, "unable to list %s", path);
    c->bytes = 0;
    c->archives = count > 0 ? (unsigned long)count : 0;
    archive_sizes(directory, list, count);
    for (long i = 0; i < count; i++) {
        add_bytes(c, list[i].size);
        if (clock_compare(&list[i].time, &c->since) >= 0)
            count_file(c, directory, list[i].name, true);
    }
    if (count >= 0 && fstatat(directory, "current", &st, 0) == 0) {
        add_bytes(c, st.st_size);
        count_file(c, directory, "current", false);
    }
    free(list);
    fd_close(directory);
    return count < 0 ? -1 : 0;
}
