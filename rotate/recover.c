/* The start-up table of spec/s6-log.md section 5, and what our own helpers may have left. */
#include "base/file.h"
#include "rotate/bgzf.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* It has its end, which a compression that was torn by a crash of the machine has not. */
static bool is_whole(const struct logdir *d, const char *name)
{
    unsigned char end[sizeof bgzf_end];
    struct stat s;
    int fd = step_open(d, name, O_RDONLY);
    bool whole = fd >= 0 && fstat(fd, &s) == 0 &&
                 pread(fd, end, sizeof end, s.st_size - (off_t)sizeof end) == sizeof end &&
                 memcmp(end, bgzf_end, sizeof end) == 0;
    if (fd >= 0)
        close(fd);
    return whole;
}

/* Half a compression, and one of two twins: the plain one, or the other if it is torn. */
int step_clean_compressions(const struct logdir *d, struct error *e)
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
                result = step_remove(d, names.item[i], e);
        } else if (archive_parse(names.item[i], &a) == 0 && a.compressed &&
                   look(d, names.item[i]) != ABSENT) {
            archive_name(plain, &a.time, a.unfinished, false);
            if (look(d, plain) != ABSENT)
                result = step_remove(d, is_whole(d, names.item[i]) ? plain : names.item[i], e);
        }
    }
    words_release(&names);
    return result;
}

/* Where rename must not replace and cannot promise that, it is a link and an unlink: this one was
 * cut short in between. */
static int finish_link(const struct logdir *d, const char *name, struct error *e)
{
    struct stat s, other;
    struct archive *list;
    bool archived = false;
    if (fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || s.st_nlink < 2)
        return 0;
    long count = archive_list(d->directory, &list);
    for (long i = 0; i < count && !archived; i++)
        archived = fstatat(d->directory, list[i].name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
                   other.st_ino == s.st_ino && other.st_dev == s.st_dev;
    if (strcmp(name, "current") == 0 && !archived)
        archived = fstatat(d->directory, "previous", &other, AT_SYMLINK_NOFOLLOW) == 0 &&
                   other.st_ino == s.st_ino && other.st_dev == s.st_dev;
    free(count >= 0 ? list : NULL);
    return archived ? step_remove(d, name, e) : 0;
}

/* The start-up table's part on what an interrupted processor left: its output counts only once it
 * is marked. */
static int give_up_processing(struct logdir *d, struct error *e)
{
    if (step_remove(d, "state", e) < 0 || step_remove(d, "newstate", e) < 0)
        return -1;
    if (step_is_processed(d))
        return step_adopt(d, e);
    if (step_remove(d, "processed", e) < 0)
        return -1;
    return step_archive_or_remove(d, "previous", true, e);
}

/* The same after a clean end, or by a logger restarted: the processor is run again. */
static int go_on_processing(struct logdir *d, struct error *e)
{
    enum found previous = look(d, "previous");
    if (step_is_processed(d))
        return step_adopt(d, e);
    if (step_remove(d, "processed", e) < 0 || step_remove(d, "newstate", e) < 0)
        return -1;
    if (previous == ABSENT || (previous != EMPTY && d->settings.processor != NULL))
        return 0;
    return step_archive_or_remove(d, "previous", previous != MARKED, e);
}

static int take_over(struct logdir *d, struct error *e)
{
    struct stat s;
    d->current = step_open(d, "current", O_WRONLY | O_APPEND);
    if (d->current < 0 || fstat(d->current, &s) < 0)
        return error_system(e, "unable to open %s/current", d->name);
    d->inode = s.st_ino;
    d->size = s.st_size;
    fchmod(d->current, step_mode(d, false));
    return 0;
}

static int begin_anew(struct logdir *d, bool unclean, struct error *e)
{
    if (unclean) {
        if (step_archive_or_remove(d, "current", true, e) < 0)
            return -1;
        int state = step_renew(d, "state");
        if (state < 0)
            return error_system(e, "unable to create %s/state", d->name);
        close(state);
    }
    return step_create(d, e);
}

int recover(struct logdir *d, bool resume, struct error *e)
{
    static const char *const names[] = {"current", "previous", "processed"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (finish_link(d, names[i], e) < 0)
            return -1;
    enum found current = look(d, "current");
    bool unclean = !resume && current != MARKED;
    if ((unclean ? give_up_processing : go_on_processing)(d, e) < 0)
        return -1;
    if (current != ABSENT && !unclean)
        return take_over(d, e);
    return begin_anew(d, unclean, e);
}
