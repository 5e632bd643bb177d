#include "logger/disk.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/message.h"
#include "logger/fallback.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The longest line there is on disk, but for prefixes. */
enum { LONGEST = LINE_LIMIT + STAMP_MAX + 1 };

static enum sink_trouble trouble(const struct disk *d)
{
    return d->sink.rules->trouble;
}

/* The number of bytes at which a flush is due, so that they, and the line that was added last, are
 * below the limit of file sizes. */
static size_t room_below_limit(const struct disk *d)
{
    unsigned long long used = (unsigned long long)d->dir.size + LONGEST;
    unsigned long long room = used < d->largest ? d->largest - used : 0;
    return room < SINK_FULL ? (size_t)room : SINK_FULL;
}

/* An exact one is flushed before the line is added that would follow the last one of current, or
 * that the limit of file sizes would cut off. */
void disk_set_full(struct disk *d)
{
    size_t room = d->exact && disk_is_open(d) ? room_below_limit(d) : SINK_FULL;
    size_t left = d->exact && d->state == DISK_WORKS ? logdir_room(&d->dir) : SIZE_MAX;
    d->sink.own.waits = d->state == DISK_FAILS;
    d->sink.own.full = d->sink.own.waits ? SIZE_MAX : left < room ? left : room;
}

/* The only place where the state of a directory changes, with all that goes with it. Who drops
 * lines, or has no directory, tries again with the next line: that needs no waking up. */
static void become(struct disk *d, enum disk_state next)
{
    bool tries = next == DISK_ABSENT || next == DISK_UNTURNED || next == DISK_FAILS;
    bool wakes = tries && next != DISK_ABSENT && trouble(d) != SINK_DROP;
    d->state = next;
    if (tries)
        d->retry_at = clock_monotonic() + (int64_t)d->sink.step->settings.retry_ms * CLOCK_MS;
    d->wake_at = wakes ? d->retry_at : 0;
    disk_set_full(d);
}

/* --- the limit of file sizes --- */

void disk_lift_limit(void)
{
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
        setrlimit(RLIMIT_FSIZE, &none) == 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static unsigned long long largest_file(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

/* Rotation comes before the limit: a line that is begun below it ends below it. */
static unsigned long long rotate_at(const struct disk *d)
{
    const struct script_settings *s = &d->sink.step->settings;
    if (d->largest < 2 * LONGEST || d->largest - LONGEST > UINT64_MAX - s->tolerance)
        return s->rotate;
    unsigned long long most = d->largest - LONGEST + s->tolerance;
    return s->rotate < most ? s->rotate : most;
}

/* --- opening --- */

static struct logdir_settings settings_of(const struct disk *d)
{
    const struct script_settings *from = &d->sink.step->settings;
    const struct sink_rules *rules = d->sink.rules;
    return (struct logdir_settings){
        .keep = from->keep,
        .rotate = rotate_at(d),
        .total = from->total,
        .tolerance = from->tolerance,
        .age = from->age,
        .retry_ms = from->retry_ms,
        .gzip = from->processor != NULL ? 0
                : from->gzip >= 0       ? from->gzip
                                        : rules->gzip,
        .mode = from->mode,
        .processor = from->processor,
        .processor_is_shell = from->processor_is_shell,
        .follow = from->follow,
        .program = command_program,
        .slots = rules->slots,
        .stamp_of = stamp_index,
        .note = rules->note,
    };
}

void disk_await_helper(struct disk *d)
{
    if (d->dir.retry != 0)
        d->helper_at = d->dir.retry;
}

int disk_end_torn_line(struct disk *d)
{
    return logdir_ends_line(&d->dir) ? 0 : str_add_char(&d->sink.own.bytes, '\n');
}

int disk_open(struct disk *d, int descriptor, bool resume, struct error *e)
{
    const char *path = d->sink.text;
    d->largest = largest_file();
    if (d->exact && d->largest < 2 * LONGEST) {
        close(descriptor);
        return error_set(e, EXIT_SYSTEM, "unable to use %s: the limit of file sizes is %llu bytes",
                         path, d->largest);
    }
    struct logdir_settings settings = settings_of(d);
    if (logdir_open(&d->dir, descriptor, path, &settings, resume, e) < 0)
        return -1;
    if (!d->exact && disk_end_torn_line(d) < 0) {
        logdir_close(&d->dir, false);
        return error_system(e, "unable to use %s", path);
    }
    become(d, DISK_WORKS);
    disk_await_helper(d);
    return 0;
}

void disk_be_absent(struct disk *d, bool resume)
{
    d->resumes = resume;
    become(d, DISK_ABSENT);
}

bool disk_try_open(struct disk *d)
{
    struct error e = ERROR_INIT;
    if (d->state != DISK_ABSENT || clock_monotonic() < d->retry_at)
        return false;
    int descriptor =
        logdir_prepare(d->sink.text, (uid_t)-1, (gid_t)-1, d->sink.step->settings.mode, &e);
    if (descriptor < 0 || disk_open(d, descriptor, d->resumes, &e) < 0)
        become(d, DISK_ABSENT);
    return disk_is_open(d);
}

/* --- room --- */

/* Makes room on a full disk. False: nothing of ours is left to be deleted. */
static bool shed(struct disk *d, int why)
{
    const int64_t often = 3600 * CLOCK_SECOND;
    int64_t now = clock_monotonic();
    if (!d->sink.rules->sheds || !error_is_full_disk(why) || !logdir_shed(&d->dir))
        return false;
    if (d->shed_at == 0 || now - d->shed_at > often) {
        message_warning("no space left for %s; deleting its oldest archives", d->sink.text);
        d->shed_at = now;
    }
    return true;
}

static void say_failure(const struct disk *d, int why)
{
    struct error e = ERROR_INIT;
    errno = why;
    error_system(&e, "unable to write to %s", d->sink.text);
    if (trouble(d) != SINK_DROP)
        message_warning("%s%s", e.text,
                        trouble(d) == SINK_HOLD ? "; nothing is read until it works" : "");
    else if (d->sink.rules->fallback != NULL)
        fallback_say(d->sink.rules->fallback, &e, "lines are dropped until it works");
}

static void start_period(struct disk *d)
{
    if (d->sink.step->settings.period > 0 && d->period_at == 0)
        d->period_at = clock_monotonic() + (int64_t)d->sink.step->settings.period * CLOCK_SECOND;
}

/* A period that ends meanwhile is another attempt, and so is the next one. */
static void fail(struct disk *d, int why)
{
    d->why = why;
    d->wanted = false;
    if (d->state != DISK_FAILS)
        say_failure(d, why);
    become(d, DISK_FAILS);
    start_period(d);
}

/* --- rotating --- */

void disk_turn(struct disk *d)
{
    struct error e = ERROR_INIT;
    d->wanted = false;
    d->period_at = 0;
    int result = logdir_turn(&d->dir, &e);
    while (result < 0 && shed(d, d->dir.why))
        result = logdir_turn(&d->dir, &e);
    d->untidy = result == 0;
    d->tried = d->exact;
    if (result < 0 && d->state == DISK_WORKS && trouble(d) != SINK_DROP)
        message_warning("%s", e.text);
    if (d->state == DISK_FAILS || (result == 0 && d->state == DISK_WORKS))
        disk_set_full(d);
    else
        become(d, result == 0 ? DISK_WORKS : DISK_UNTURNED);
}

void disk_tidy(struct disk *d)
{
    if (!d->untidy)
        return;
    d->untidy = false;
    logdir_tidy(&d->dir);
    disk_await_helper(d);
    disk_set_full(d);
}

void disk_rotate(struct disk *d)
{
    disk_turn(d);
    disk_tidy(d);
}

bool disk_must_rotate(const struct disk *d)
{
    if (d->wanted)
        return true;
    return d->state == DISK_UNTURNED ? clock_monotonic() >= d->retry_at : logdir_full(&d->dir);
}

/* The unwritten bytes would make current larger than a file may be. */
static bool is_too_much(const struct disk *d)
{
    const struct sink_buffer *b = &d->sink.own;
    return d->exact && b->written == 0 && d->dir.size > 0 &&
           (unsigned long long)d->dir.size + b->bytes.length > d->largest;
}

bool disk_needs_current(const struct disk *d)
{
    return d->dir.current < 0 || is_too_much(d);
}

/* Makes room for a file that may not grow any more. False: that cannot be done now. */
static bool rotate_for_size(struct disk *d, int why)
{
    if (why != EFBIG || d->exact || d->dir.size == 0)
        return false;
    disk_rotate(d);
    return d->dir.current >= 0 && d->dir.size == 0;
}

/* --- writing --- */

/* How many of the unwritten bytes may go into this file: up to the line end that fills it. */
static size_t fitting(const struct disk *d, const char *bytes, size_t length)
{
    size_t room = logdir_room(&d->dir);
    if (length <= room || d->state == DISK_UNTURNED || d->exact)
        return length;
    size_t from = room == 0 ? 0 : room - 1;
    const char *end = memchr(bytes + from, '\n', length - from);
    return end == NULL ? length : (size_t)(end - bytes) + 1;
}

int disk_write(struct disk *d)
{
    struct sink_buffer *b = &d->sink.own;
    if (is_too_much(d)) { /* a part of it would be written, and then no turn can come */
        fail(d, EFBIG);
        return -1;
    }
    for (size_t fit = 0; b->written < b->bytes.length;) {
        const char *bytes = b->bytes.data + b->written;
        if (fit == 0)
            fit = fitting(d, bytes, b->bytes.length - b->written);
        ssize_t n = logdir_append(&d->dir, bytes, fit);
        if (n <= 0) {
            int why = n < 0 ? errno : ENOSPC;
            if (!shed(d, why) && !rotate_for_size(d, why)) {
                fail(d, why);
                return -1;
            }
            fit = 0;
            continue;
        }
        b->written += (size_t)n;
        fit -= (size_t)n;
        start_period(d);
        if (fit == 0 && !d->exact && disk_must_rotate(d))
            disk_rotate(d);
    }
    sink_empty(&d->sink);
    if (d->state == DISK_FAILS)
        become(d, DISK_WORKS);
    return 0;
}
