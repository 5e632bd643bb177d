/* The order of reading is: archives by name, previous (waiting for a processor), current. done is
 * the newest archive that is read or passed over; what current becomes after its rotation is
 * recognised by inode, or by its time of modification once it is compressed. */
#include "rotate/read/reader.h"
#include "base/clock.h"
#include "base/file.h"
#include "rotate/archive.h"
#include "rotate/bgzf.h"
#include "rotate/follow.h"
#include "rotate/read/logfile.h"
#include "rotate/read/reading.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- archives --- */

/* Whether the caller wants to leave the archive out. Not inside a line: the rest of it is there. */
static bool is_skipped(const struct reader *r, const struct archive *a)
{
    return r->skip.archive && !r->midline && r->skip.archive(r->skip.context, &a->time);
}

static bool skip_member(void *context, const struct bgzf_index *index)
{
    const struct reader *r = context;
    return !r->midline && r->skip.member(r->skip.context, index);
}

/* Whether the caller wants to leave the archive out by its summary. */
static bool is_passed(const struct reader *r, const struct archive *a)
{
    struct bgzf_index index;
    return r->skip.whole && !r->midline && a->compressed &&
           logfile_summary(r->directory, a->name, &index) && index.ordered &&
           r->skip.whole(r->skip.context, &a->time, &index);
}

/* fstat of an archive, which may have been compressed since it was listed. */
static int look_at_archive(const struct reader *r, const struct archive *a, struct stat *st,
                           bool *compressed)
{
    char twin[ARCHIVE_NAME_MAX];
    *compressed = a->compressed;
    if (reader_look_at(r, a->name, st) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    archive_twin(twin, a);
    *compressed = !a->compressed;
    return reader_look_at(r, twin, st);
}

/* Whether the archive has the content of last, which was current or previous when we read it. */
static bool is_last(const struct reader *r, const struct archive *a)
{
    struct stat st, last;
    bool compressed;
    if (r->last.fd < 0 || r->last_known || look_at_archive(r, a, &st, &compressed) < 0)
        return false;
    if (reader_same_file(&r->last, &st))
        return true;
    if (fstat(r->last.fd, &last) < 0)
        return false;
    if (compressed && clock_compare(&st.st_mtim, &last.st_mtim) == 0)
        return true;
    return follow_is_deleted(r->directory, &last) && reader_is_processed(r);
}

/* Whether files may be missing between what was read and the oldest new one in the listing. The
 * oldest are deleted first: what was read last is still there, or others may be gone with it. */
static bool breaks_off(const struct reader *r, const struct archive *list, long count)
{
    bool listed = !r->any_done;
    long first = 0;
    for (; first < count && !reader_is_new(r, &list[first]); first++)
        listed |= clock_compare(&list[first].time, &r->done.time) == 0;
    if (r->follows)
        return first == count || clock_compare(&list[first].time, &r->follower.time) != 0;
    if (r->last.fd < 0 || r->last_known)
        return !listed;
    return !(first < count && is_last(r, &list[first])) &&
           reader_is_unnamed(r, &r->last, r->last_known) && !reader_is_processed(r);
}

/* Notes which archive is to be read next, *next if any was found, and what is listed behind it. */
static void expect(struct reader *r, const struct archive *next, bool found,
                   const struct archive *behind)
{
    r->follows = found;
    r->any_behind = found && behind != NULL;
    if (found)
        r->follower = *next;
    if (r->any_behind)
        r->behind = *behind;
}

/* Finds the oldest archive that is neither read nor left out: 1; 0: there is none; -1 with errno.
 */
static int next_archive(struct reader *r, struct archive *next)
{
    struct archive *list;
    long count = archive_list_whole(r->directory, &list);
    int found = count < 0 ? -1 : 0;
    bool between = r->file.fd < 0 && count >= 0; /* one was read, and the next is looked for */
    long i = 0;
    r->breaks |= between && breaks_off(r, list, count);
    for (; i < count && !found; i++) {
        const struct archive *a = &list[i];
        if (!reader_is_new(r, a))
            continue;
        if (is_last(r, a)) {
            r->last_known = true;
            r->owed = false;
            reader_pass(r, a);
        } else if (r->owed) {
            r->owed = false;
            reader_pass(r, a);
        } else if (is_skipped(r, a) || is_passed(r, a)) {
            reader_pass(r, a);
        } else {
            *next = *a;
            found = 1;
        }
    }
    if (between)
        expect(r, next, found > 0, i < count ? &list[i] : NULL);
    free(list);
    return found;
}

/* --- from file to file --- */

/* Keeps a file that was read to its end. */
static void retire(struct reader *r)
{
    logfile_close(&r->last);
    r->last = r->file;
    r->last_known = r->file_known;
    r->file_known = false;
    r->file = LOGFILE_INIT;
}

/* Starts previous: 1; 0: there is none to read; -1 with e. */
static int start_previous(struct reader *r, struct error *e)
{
    struct logfile f;
    if (reader_open_previous(r, &f) < 0) {
        if (errno != ENOENT)
            return reader_broken(r, "previous", e);
        r->owed |= reader_has_output_of_last(r);
        return 0;
    }
    r->processing = true;
    if (r->last.fd >= 0 && r->last.inode == f.inode && r->last.device == f.device) {
        r->owed = true;
        logfile_close(&f);
        return 0;
    }
    reader_start(r, &f, PLACE_PREVIOUS, "previous");
    return 1;
}

/* Starts current: 1; 0: there is none; 2: an older file has appeared, which comes first; -1 with e.
 */
static int start_current(struct reader *r, struct error *e)
{
    struct archive a;
    struct stat st, state;
    struct logfile f;
    reader_look_at_state(r, &state);
    if (logfile_open(&f, r->directory, "current", false) < 0)
        return errno == ENOENT ? 0 : reader_broken(r, "current", e);
    int more = next_archive(r, &a);
    bool missed = more > 0 && !(reader_look_at(r, a.name, &st) == 0 && reader_same_file(&f, &st));
    if (missed || reader_has_previous(r, &r->last)) {
        logfile_close(&f);
        return 2;
    }
    reader_start(r, &f, PLACE_CURRENT, "current");
    r->state = state;
    return 1;
}

static int start_archive(struct reader *r, const struct archive *a, struct error *e)
{
    struct logfile f;
    if (reader_open_archive(r, a, &f) < 0) {
        if (errno == ENOENT)
            return 2;
        reader_pass(r, a);
        r->breaks = true;
        return reader_broken(r, a->name, e);
    }
    if (r->skip.member) {
        f.skip = skip_member;
        f.context = r;
    }
    r->at = *a;
    reader_start(r, &f, PLACE_ARCHIVE, a->name);
    return 1;
}

/* Returns the result, but 0 for an error that comes again: it was returned once. */
static int stuck(struct reader *r, int result)
{
    bool before = r->stuck;
    r->stuck = result < 0;
    return before && r->stuck ? 0 : result;
}

/* Starts the next file: 1; 0: there is none for now; -1 with e. */
static int next_file(struct reader *r, struct error *e)
{
    for (int i = 0; i < TRIES; i++) {
        struct archive a;
        int result;
        int found = next_archive(r, &a);
        if (found < 0)
            return stuck(r, error_system(e, "unable to list %s", r->path));
        if (found > 0) {
            result = start_archive(r, &a, e);
        } else {
            result = start_previous(r, e);
            if (result == 0)
                result = start_current(r, e);
            result = stuck(r, result);
        }
        if (result != 2)
            return result;
    }
    return 0;
}

/* Whether current, which was read to its end, has been rotated. */
static bool was_rotated(struct reader *r)
{
    struct stat st;
    if (reader_look_at(r, "current", &st) < 0)
        return errno == ENOENT;
    if (!reader_same_file(&r->file, &st))
        return true;
    if (st.st_size < r->file.offset) /* emptied by hand */
        r->file.offset = 0;
    return false;
}

/* Passes over the archive owed for an earlier current: this current will become a later one. */
static void settle_debt(struct reader *r)
{
    struct archive a;
    if (r->owed)
        next_archive(r, &a);
    r->owed = false;
}

/* Leaves the file that was read to its end. True: another file may follow. */
static bool leave_file(struct reader *r)
{
    switch (r->place) {
    case PLACE_ARCHIVE:
        reader_pass(r, &r->at);
        logfile_close(&r->file);
        return true;
    case PLACE_PREVIOUS:
        retire(r);
        return true;
    case PLACE_CURRENT:
        settle_debt(r);
        retire(r);
        return true;
    }
    return false;
}

static ssize_t give(struct reader *r, const char *bytes, ssize_t n)
{
    if (!r->begun && r->midline)
        r->gap = true;
    r->hole |= r->breaks;
    r->breaks = false;
    r->begun = true;
    r->midline = bytes[n - 1] != '\n';
    return n;
}

static ssize_t give_up(struct reader *r, struct error *e)
{
    struct stat st;
    bool damaged = errno == EBADMSG;
    reader_broken(r, r->file_path + strlen(r->path) + 1, e);
    r->breaks = true;
    if (damaged && r->place == PLACE_ARCHIVE && logfile_salvage(&r->file)) {
        r->gap = r->midline;
        r->midline = false;
    } else if (r->place == PLACE_ARCHIVE)
        leave_file(r);
    else if (fstat(r->file.fd, &st) == 0)
        r->file.offset = st.st_size;
    return -1;
}

/* Skips parts of current that the caller leaves out. Returns the bytes to be read now, at most
 * size.
 */
static size_t skip_blocks(struct reader *r, size_t size)
{
    struct logfile *f = &r->file;
    if (r->place != PLACE_CURRENT || !r->skip.block || r->midline || f->device != r->skip.device ||
        f->inode != r->skip.inode)
        return size;
    int64_t end = INT64_MAX;
    while (r->skip.block(r->skip.context, f->offset, &end)) {
        f->offset = end;
        end = INT64_MAX;
    }
    return end - f->offset < (int64_t)size ? (size_t)(end - f->offset) : size;
}

ssize_t reader_read(struct reader *r, void *bytes, size_t size, struct error *e)
{
    bool rotated = false;
    for (;;) {
        if (r->file.fd < 0) {
            int result = next_file(r, e);
            if (result <= 0)
                return result;
            rotated = false;
        }
        ssize_t n = logfile_read(&r->file, bytes, skip_blocks(r, size));
        if (n > 0)
            return give(r, bytes, n);
        if (n < 0)
            return give_up(r, e);
        /* Bytes may have been written between our read and the rotation: reads once more after it,
         * and only then leaves the file. */
        if (r->place == PLACE_CURRENT && !rotated) {
            int64_t offset = r->file.offset;
            rotated = was_rotated(r);
            if (!rotated && r->file.offset == offset)
                return 0;
            continue;
        }
        leave_file(r);
    }
}

int reader_open(struct reader **out, const char *path, enum reader_from from,
                unsigned long long lines, const struct reader_skip *skip, struct error *e)
{
    struct reader *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return error_system(e, "unable to read %s", path);
    if (skip)
        r->skip = *skip;
    r->file = r->last = LOGFILE_INIT;
    r->path = strdup(path);
    r->file_path = malloc(strlen(path) + 1 + ARCHIVE_NAME_MAX);
    r->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;
    if (!r->path || !r->file_path || r->directory < 0)
        result = error_system(e, "unable to open %s", path);
    else
        strcpy(r->file_path, path);
    if (result == 0)
        reader_look_at_state(r, &r->state);
    if (result == 0 && from != READER_ALL)
        result = reader_begin_near_end(r, from, from == READER_TAIL ? lines : 0, e);
    if (result == 0)
        *out = r;
    else
        reader_close(r);
    return result;
}

bool reader_gap(struct reader *r)
{
    bool gap = r->gap;
    r->gap = false;
    return gap;
}

bool reader_hole(struct reader *r)
{
    bool hole = r->hole;
    r->hole = false;
    return hole;
}

bool reader_is_parked(const struct reader *r)
{
    return r->parked;
}

const char *reader_file(const struct reader *r)
{
    return r->file_path;
}

bool reader_in_current(const struct reader *r, dev_t *device, ino_t *inode, int64_t *offset)
{
    *device = r->file.device;
    *inode = r->file.inode;
    *offset = r->file.offset;
    return r->file.fd >= 0 && r->place == PLACE_CURRENT;
}

int reader_directory(const struct reader *r)
{
    return r->directory;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    logfile_close(&r->file);
    logfile_close(&r->last);
    fd_close(r->directory);
    free(r->seen);
    free(r->path);
    free(r->file_path);
    free(r);
}
