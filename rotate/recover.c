/* The start-up table of spec/s6-log.md section 5, and what our own helpers may have left. */
#include "base/file.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum found { ABSENT, EMPTY, PLAIN, MARKED };

static enum found look(const struct logdir *d, const char *name)
{
    struct stat s;
    if (fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(s.st_mode))
        return ABSENT;
    if ((s.st_mode & S_IXUSR) != 0)
        return MARKED;
    return s.st_size == 0 ? EMPTY : PLAIN;
}

static int remove_one(const struct logdir *d, const char *name, struct error *e)
{
    if (unlinkat(d->directory, name, 0) == 0 || errno == ENOENT)
        return 0;
    return error_system(e, "unable to remove %s/%s", d->name, name);
}

/* Half a compression, and the plain twin of a whole one. */
static int clean_compressions(struct logdir *d, struct error *e)
{
    struct words names = WORDS_INIT;
    int result = 0;
    if (file_list(d->directory, ".", &names, e) < 0) {
        words_release(&names);
        return -1;
    }
    for (size_t i = 0; i < names.count && result == 0; i++) {
        char plain[ARCHIVE_NAME_MAX];
        struct archive a;
        size_t length = strlen(names.item[i]);
        bool half = length > 7 && length < ARCHIVE_NAME_MAX + 4 &&
                    strcmp(names.item[i] + length - 7, ".gz.new") == 0;
        if (half) {
            snprintf(plain, sizeof plain, "%.*s", (int)length - 4, names.item[i]);
            if (archive_parse(plain, &a) == 0)
                result = remove_one(d, names.item[i], e);
        } else if (archive_parse(names.item[i], &a) == 0 && a.compressed) {
            archive_name(plain, &a.time, a.unfinished, false);
            result = remove_one(d, plain, e);
        }
    }
    words_release(&names);
    return result;
}

/* An empty file is no archive. */
static int archive_or_remove(struct logdir *d, const char *name, bool unfinished, struct error *e)
{
    struct stat s;
    if (fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_system(e, "unable to look at %s/%s", d->name, name);
    if (s.st_size == 0)
        return remove_one(d, name, e);
    fchmodat(d->directory, name, step_mode(d, true), 0);
    return step_archive(d, name, unfinished, e);
}

/* What an interrupted processor left: its output counts only once it is marked. */
static int finish_processing(struct logdir *d, struct error *e)
{
    if (look(d, "processed") == MARKED) {
        if (remove_one(d, "previous", e) < 0)
            return -1;
        return archive_or_remove(d, "processed", false, e);
    }
    if (remove_one(d, "processed", e) < 0)
        return -1;
    return archive_or_remove(d, "previous", true, e);
}

static int renew_state(struct logdir *d, struct error *e)
{
    if (remove_one(d, "newstate", e) < 0)
        return -1;
    return file_write(d->directory, "state", "", 0, 0644, e);
}

static int take_over(struct logdir *d, struct error *e)
{
    struct stat s;
    d->current = openat(d->directory, "current", O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (d->current < 0 || fstat(d->current, &s) < 0)
        return error_system(e, "unable to open %s/current", d->name);
    d->size = s.st_size;
    fchmod(d->current, step_mode(d, false));
    return 0;
}

int recover(struct logdir *d, bool resume, struct error *e)
{
    enum found current = look(d, "current");
    bool clean = current == MARKED || (resume && current != ABSENT);
    if (clean_compressions(d, e) < 0)
        return -1;
    if (look(d, "previous") != ABSENT || look(d, "processed") != ABSENT || !clean) {
        if (finish_processing(d, e) < 0)
            return -1;
    }
    if (clean)
        return take_over(d, e);
    if (current != ABSENT &&
        (archive_or_remove(d, "current", true, e) < 0 || renew_state(d, e) < 0))
        return -1;
    return step_create(d, e);
}
