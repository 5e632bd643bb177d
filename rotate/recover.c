/* The start-up table of spec/s6-log.md section 5, and the files that our own helpers may have left.
 */
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

static bool is_empty(const struct logdir *d, const char *name)
{
    struct stat s;
    return fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode) &&
           s.st_size == 0;
}

/* Whether the file has the end of BGZF; one torn by a crash of the machine has not. */
static bool is_whole(const struct logdir *d, const char *name)
{
    unsigned char end[sizeof bgzf_end];
    struct stat s;
    int fd = step_open(d, name, O_RDONLY);
    bool whole = fd >= 0 && fstat(fd, &s) == 0 &&
                 pread(fd, end, sizeof end, s.st_size - (off_t)sizeof end) == sizeof end &&
                 memcmp(end, bgzf_end, sizeof end) == 0;
    fd_close(fd);
    return whole;
}

/* Removes a file that a kill left: half a compression; of two twins the plain one, or the
 * compressed one if it is torn; an empty file that was about to change places with current. */
static int clean_name(const struct logdir *d, const char *name, struct error *e)
{
    char plain[ARCHIVE_NAME_MAX];
    struct archive a;
    size_t length = strlen(name);
    if (length > 4 && length < ARCHIVE_NAME_MAX + 4 && strcmp(name + length - 4, ".new") == 0) {
        snprintf(plain, sizeof plain, "%.*s", (int)length - 4, name);
        return archive_parse(plain, &a) == 0 ? step_remove(d, name, e) : 0;
    }
    if (archive_parse(name, &a) < 0)
        return 0;
    if (!a.compressed) {
        if (is_empty(d, name))
            step_discard(d, name);
        return 0;
    }
    archive_name(plain, &a.time, a.unfinished, false);
    if (look(d, plain) == ABSENT || look(d, name) == ABSENT)
        return 0;
    return step_remove(d, is_whole(d, name) ? plain : name, e);
}

int step_clean_archives(const struct logdir *d, struct error *e)
{
    struct words names = WORDS_INIT;
    int result = file_list(d->directory, ".", &names, e);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = clean_name(d, names.item[i], e);
    words_release(&names);
    return result;
}

/* The start-up table's part on a processor that was interrupted by a kill: its output counts only
 * once it is marked, and previous becomes an archive as it is. */
static int give_up_processing(struct logdir *d, struct error *e)
{
    int processed = step_processed(d, e);
    if (processed < 0 || step_remove(d, "state", e) < 0 || step_remove(d, "newstate", e) < 0)
        return -1;
    if (processed > 0)
        return step_adopt(d, e);
    if (step_remove(d, "processed", e) < 0)
        return -1;
    return step_archive_or_remove(d, "previous", true, e);
}

/* The part on a processor that was interrupted by a clean end, or by a restart of the logger: it
 * will be run again. */
static int go_on_processing(struct logdir *d, struct error *e)
{
    enum found previous = look(d, "previous");
    int processed = step_processed(d, e);
    if (processed != 0)
        return processed < 0 ? -1 : step_adopt(d, e);
    if (step_remove(d, "processed", e) < 0 || step_remove(d, "newstate", e) < 0)
        return -1;
    if (previous == ABSENT || (!is_empty(d, "previous") && d->settings.processor != NULL))
        return 0;
    return step_archive_or_remove(d, "previous", previous != MARKED, e);
}

/* Gives us the w bit of a current that is ours: with mMODE nobody may have it. 0, or -1 with errno;
 * EACCES: it is not ours, or that is not what keeps us out. */
static int make_writable(const struct logdir *d)
{
    struct stat s;
    int fd = step_open(d, "current", O_RDONLY);
    int result = fd < 0 ? -1 : fstat(fd, &s);
    if (result == 0 && (s.st_uid != geteuid() || (s.st_mode & S_IWUSR) != 0)) {
        errno = EACCES;
        result = -1;
    }
    if (result == 0)
        result = fchmod(fd, (s.st_mode & 07777) | S_IWUSR);
    fd_close(fd);
    return result;
}

static int open_current(const struct logdir *d)
{
    int fd = step_open(d, "current", O_WRONLY | O_APPEND);
    if (fd < 0 && errno == EACCES && make_writable(d) == 0)
        fd = step_open(d, "current", O_WRONLY | O_APPEND);
    return fd;
}

/* Opens current to append to it. 1; 0: there is no such file, or it is not one that we may write
 * to; -1 with e: that cannot be told now, and it must not be put aside for that: it may hold the
 * beginning of a batch. */
static int take_over(struct logdir *d, struct error *e)
{
    struct stat s;
    int fd = open_current(d);
    bool unfit = fd < 0 && (errno == ENOENT || errno == EACCES || errno == EPERM ||
                            errno == EINVAL || errno == ELOOP || errno == ENXIO);
    if (unfit)
        return 0;
    if (fd < 0 || fstat(fd, &s) < 0) {
        error_system(e, "unable to open %s/current", d->name);
        fd_close(fd);
        return -1;
    }
    if ((s.st_mode & 0777) != step_mode(d, false))
        fchmod(fd, step_mode(d, false));
    step_use(d, fd, &s);
    return 1;
}

static int empty_state(struct logdir *d, struct error *e)
{
    int state = step_renew(d, "state", e);
    fd_close(state);
    return state < 0 ? -1 : 0;
}

int recover_nothing(struct logdir *d, bool resume, struct error *e)
{
    struct stat s;
    int state = resume ? -1 : step_make(d, "state", &s);
    if (!resume && state < 0 && empty_state(d, e) < 0)
        return -1;
    fd_close(state);
    return step_create(d, e);
}

int recover(struct logdir *d, bool resume, struct error *e)
{
    static const char *const names[] = {"current", "previous", "processed", "state", "newstate"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (step_clear(d, names[i], e) < 0 || (i < 3 && step_finish_link(d, names[i], e) < 0))
            return -1;
    enum found current = look(d, "current");
    bool unclean = !resume && current != MARKED;
    if ((unclean ? give_up_processing : go_on_processing)(d, e) < 0)
        return -1;
    if (unclean && empty_state(d, e) < 0)
        return -1;
    if (!unclean || current == EMPTY) {
        int taken = take_over(d, e);
        return taken != 0 ? (taken < 0 ? -1 : 0) : step_create(d, e);
    }
    return current == PLAIN ? step_change(d, NULL, true, e) : step_create(d, e);
}
