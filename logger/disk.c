#include "logger/disk.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/message.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The longest line there is on disk, but for prefixes. */
enum { LONGEST = LINE_LIMIT + STAMP_MAX + 1 };

/* The only place where the state of a directory changes, with all that goes with it. Who drops
 * lines, or has no directory, tries again with the next line: that needs no waking up. */
static void become(struct sink *s, enum sink_state next)
{
    bool tries = next == SINK_ABSENT || next == SINK_UNTURNED || next == SINK_FAILS;
    bool wakes = tries && next != SINK_ABSENT && s->rules->trouble != SINK_DROP;
    s->state = next;
    if (tries)
        s->retry_at = clock_monotonic() + (int64_t)s->settings.retry_ms * CLOCK_MS;
    if (wakes)
        loop_timer(s->rules->loop, &s->retry, s->retry_at);
    else
        loop_untimer(s->rules->loop, &s->retry);
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
static unsigned long long rotate_at(const struct sink *s)
{
    unsigned long long tolerance = s->settings.tolerance;
    if (s->largest < 2 * LONGEST || s->largest - LONGEST > UINT64_MAX - tolerance)
        return s->settings.rotate;
    unsigned long long most = s->largest - LONGEST + tolerance;
    return s->settings.rotate < most ? s->settings.rotate : most;
}

/* --- opening --- */

static struct logdir_settings directory_settings(const struct sink *s)
{
    const struct script_settings *from = &s->settings;
    return (struct logdir_settings){
        .keep = from->keep,
        .rotate = rotate_at(s),
        .total = from->total,
        .tolerance = from->tolerance,
        .age = from->age,
        .retry_ms = from->retry_ms,
        .gzip = from->processor != NULL ? 0
                : from->gzip >= 0       ? from->gzip
                                        : s->rules->gzip,
        .mode = from->mode,
        .processor = from->processor,
        .processor_is_shell = from->processor_is_shell,
        .program = command_program,
        .slots = s->rules->slots,
        .stamp_of = stamp_index,
        .note = s->rules->note,
    };
}

static void await_helper(struct sink *s)
{
    if (s->dir.retry != 0)
        loop_timer(s->rules->loop, &s->helper, s->dir.retry);
}

static void retry_helper(struct timer *t)
{
    struct sink *s = (struct sink *)(void *)((char *)t - offsetof(struct sink, helper));
    logdir_retry(&s->dir);
    await_helper(s);
}

int sink_open(struct sink *s, int directory, bool resume, struct error *e)
{
    s->largest = largest_file();
    if (s->exact && s->largest < 2 * LONGEST) {
        close(directory);
        return error_set(e, EXIT_SYSTEM, "unable to use %s: the limit of file sizes is %llu bytes",
                         s->text, s->largest);
    }
    struct logdir_settings settings = directory_settings(s);
    if (logdir_open(&s->dir, directory, s->text, &settings, resume, e) < 0)
        return -1;
    become(s, SINK_WORKS);
    await_helper(s);
    return 0;
}

void sink_absent(struct sink *s)
{
    become(s, SINK_ABSENT);
}

static void try_to_open(struct sink *s)
{
    struct error e = ERROR_INIT;
    int directory = logdir_prepare(s->text, (uid_t)-1, (gid_t)-1, s->settings.mode, &e);
    if (directory < 0 || sink_open(s, directory, false, &e) < 0)
        become(s, SINK_ABSENT);
}

/* --- room --- */

static bool is_full_disk(int why)
{
    return why == ENOSPC || why == EDQUOT;
}

/* Makes room on a full disk. False: nothing of ours is left to be deleted. */
static bool shed(struct sink *s, int why)
{
    const int64_t often = 3600 * CLOCK_SECOND;
    int64_t now = clock_monotonic();
    if (!s->rules->sheds || !is_full_disk(why) || !logdir_shed(&s->dir))
        return false;
    if (s->shed_at == 0 || now - s->shed_at > often) {
        message_warning("no space left for %s; deleting its oldest archives", s->text);
        s->shed_at = now;
    }
    return true;
}

static void fail(struct sink *s, int why)
{
    struct error e = ERROR_INIT;
    s->why = why;
    if (s->state != SINK_FAILS) {
        errno = why;
        error_system(&e, "unable to write to %s", s->text);
        if (s->rules->trouble != SINK_DROP)
            message_warning("%s%s", e.text,
                            s->rules->trouble == SINK_HOLD ? "; nothing is read until it works"
                                                           : "");
        else if (s->rules->given_up != NULL)
            s->rules->given_up(s->rules->context, &e);
    }
    become(s, SINK_FAILS);
}

/* --- rotating --- */

/* What of a batch is in an exact one's current stays with it: there must be none. */
static void turn(struct sink *s)
{
    struct error e = ERROR_INIT;
    int result = logdir_turn(&s->dir, &e);
    while (result < 0 && shed(s, s->dir.why))
        result = logdir_turn(&s->dir, &e);
    if (s->exact)
        s->rules->moved(s->rules->context);
    if (result == 0) {
        logdir_tidy(&s->dir);
        if (s->state == SINK_UNTURNED)
            become(s, SINK_WORKS);
        await_helper(s);
        return;
    }
    if (s->state == SINK_WORKS && s->rules->trouble != SINK_DROP)
        message_warning("%s", e.text);
    if (s->state != SINK_FAILS)
        become(s, SINK_UNTURNED);
}

static void rotate(struct sink *s)
{
    loop_untimer(s->rules->loop, &s->period);
    if (!s->exact || s->dir.current < 0 || s->rules->commit(s->rules->context))
        turn(s);
}

static bool must_rotate(const struct sink *s)
{
    return s->state == SINK_UNTURNED ? clock_monotonic() >= s->retry_at : logdir_full(&s->dir);
}

bool sink_reaped(struct sink *s, pid_t pid, int status)
{
    if (!sink_is_open(s) || !logdir_reaped(&s->dir, pid, status))
        return false;
    await_helper(s);
    if (s->out.length == s->written && must_rotate(s))
        rotate(s); /* a processor was in the way */
    return true;
}

/* How much of the waiting bytes may go into this file: up to the line end that fills it. */
static size_t fitting(const struct sink *s, const char *bytes, size_t length)
{
    size_t room = logdir_room(&s->dir);
    if (length <= room || s->state == SINK_UNTURNED || s->exact)
        return length;
    size_t from = room == 0 ? 0 : room - 1;
    const char *end = memchr(bytes + from, '\n', length - from);
    return end == NULL ? length : (size_t)(end - bytes) + 1;
}

static void start_period(struct sink *s)
{
    if (s->settings.period > 0 && s->period.place == 0)
        loop_timer(s->rules->loop, &s->period,
                   clock_monotonic() + (int64_t)s->settings.period * CLOCK_SECOND);
}

static void all_is_written(struct sink *s)
{
    s->written = 0;
    str_clear(&s->out);
    if (s->state == SINK_FAILS)
        become(s, SINK_WORKS);
    if (must_rotate(s))
        rotate(s);
}

/* The waiting bytes would make current larger than a file may be. */
static bool is_too_much(const struct sink *s)
{
    return s->exact && s->written == 0 && s->dir.size > 0 &&
           (unsigned long long)s->dir.size + s->out.length > s->largest;
}

/* Makes room for a file that may not grow any more. False: that cannot be done now. */
static bool turn_for_size(struct sink *s, int why)
{
    if (why != EFBIG || s->exact || s->dir.size == 0)
        return false;
    turn(s);
    return s->dir.current >= 0 && s->dir.size == 0;
}

void disk_flush(struct sink *s)
{
    size_t fit = 0;
    if (s->written < s->out.length && (s->dir.current < 0 || is_too_much(s)))
        turn(s); /* or the last one could not create it */
    while (s->written < s->out.length) {
        const char *bytes = s->out.data + s->written;
        if (fit == 0)
            fit = fitting(s, bytes, s->out.length - s->written);
        ssize_t n = logdir_append(&s->dir, bytes, fit);
        if (n <= 0) {
            int why = n < 0 ? errno : ENOSPC;
            if (shed(s, why) || turn_for_size(s, why)) {
                fit = 0;
                continue;
            }
            fail(s, why);
            return;
        }
        s->written += (size_t)n;
        fit -= (size_t)n;
        start_period(s);
        if (fit == 0 && !s->exact && must_rotate(s))
            rotate(s);
    }
    all_is_written(s);
}

/* --- events --- */

static void end_of_period(struct timer *t)
{
    struct sink *s = (struct sink *)(void *)((char *)t - offsetof(struct sink, period));
    sink_rotate(s);
    s->rules->settle(s->rules->context);
}

static void retry(struct timer *t)
{
    struct sink *s = (struct sink *)(void *)((char *)t - offsetof(struct sink, retry));
    disk_flush(s);
    s->rules->settle(s->rules->context);
}

void disk_init(struct sink *s)
{
    s->retry.fire = retry;
    s->period.fire = end_of_period;
    s->helper.fire = retry_helper;
}

static void look_after(struct sink *s)
{
    switch (logdir_loss(&s->dir)) {
    case LOGDIR_NOTHING_LOST:
        break;
    case LOGDIR_CURRENT_LOST:
        message_warning("%s/current was deleted, renamed or replaced; going on with a new one",
                        s->text);
        turn(s);
        break;
    case LOGDIR_LOST:
        if (!s->exact)
            break; /* nobody makes it again: the open file takes what comes */
        message_warning("log directory %s was deleted", s->text);
        s->rules->lost(s->rules->context);
    }
}

void disk_begin(struct sink *s)
{
    bool due = clock_monotonic() >= s->retry_at;
    if (s->state == SINK_ABSENT && due)
        try_to_open(s);
    else if (s->state == SINK_FAILS && due && s->rules->trouble == SINK_DROP)
        disk_flush(s);
    if (sink_is_open(s) && s->out.length == 0)
        look_after(s);
}

void sink_rotate(struct sink *s)
{
    if (!sink_is_open(s))
        return;
    disk_flush(s);
    if (s->state != SINK_FAILS)
        rotate(s);
}

void sink_retry(struct sink *s)
{
    if (s->state == SINK_FAILS)
        disk_flush(s);
}

bool sink_is_due(const struct sink *s)
{
    return s->exact && s->state == SINK_WORKS && s->out.length - s->written >= logdir_room(&s->dir);
}

void disk_close(struct sink *s, bool clean)
{
    if (sink_is_open(s)) {
        disk_flush(s);
        logdir_close(&s->dir, clean && s->state != SINK_FAILS);
    }
    become(s, SINK_CLOSED);
    loop_untimer(s->rules->loop, &s->period);
    loop_untimer(s->rules->loop, &s->helper);
}
