#include "logger/sink.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/message.h"
#include "logger/console.h"
#include "logger/outlet.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MODE = 0644 };

static void retry(struct timer *t);
static void end_of_period(struct timer *t);
static void retry_helper(struct timer *t);

int sink_init(struct sink *s, const struct sink_rules *rules, const struct script_step *step,
              struct sink *first, struct error *e)
{
    *s = (struct sink){.rules = rules,
                       .kind = step->kind,
                       .text = step->text,
                       .settings = step->settings,
                       .stamps = step->stamps,
                       .first = s,
                       .room = {.fd = 1, .ready = outlet_ready},
                       .retry.fire = retry,
                       .period.fire = end_of_period,
                       .helper.fire = retry_helper};
    if (step->kind == SCRIPT_STDOUT && first != NULL)
        s->first = first;
    s->first->sharers++;
    if ((s->kind != SCRIPT_SELECT && s->kind != SCRIPT_DESELECT) || *s->text == '\0')
        return 0;
    s->regex = malloc(sizeof *s->regex);
    if (s->regex == NULL)
        return error_system(e, "unable to keep a regular expression");
    if (regcomp(s->regex, s->text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0)
        return 0;
    free(s->regex);
    s->regex = NULL;
    return error_set(e, EXIT_USAGE, "unrecognized directive: %c%s",
                     s->kind == SCRIPT_SELECT ? '+' : '-', s->text);
}

/* --- directories --- */

static struct logdir_settings directory_settings(const struct sink *s)
{
    const struct script_settings *from = &s->settings;
    return (struct logdir_settings){
        .keep = from->keep,
        .rotate = from->rotate,
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
        .stamp_of = stamp_time,
    };
}

static bool must_rotate(const struct sink *s);
static void rotate(struct sink *s);

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

bool sink_reaped(struct sink *s, pid_t pid, int status)
{
    if (!s->open || !logdir_reaped(&s->dir, pid, status))
        return false;
    await_helper(s);
    if (s->out.length == s->written && must_rotate(s))
        rotate(s); /* a processor was in the way */
    return true;
}

int sink_open(struct sink *s, int directory, bool resume, struct error *e)
{
    struct logdir_settings settings = directory_settings(s);
    if (logdir_open(&s->dir, directory, s->text, &settings, resume, e) < 0)
        return -1;
    s->open = true;
    await_helper(s);
    return 0;
}

static int64_t pause_of(const struct sink *s)
{
    return (int64_t)s->settings.retry_ms * CLOCK_MS;
}

/* Who drops lines tries again with the next of them: that needs no waking up. */
static void retry_later(struct sink *s)
{
    if (s->open && s->rules->trouble != SINK_DROP)
        loop_timer(s->rules->loop, &s->retry, s->retry_at);
}

static void wait_for_retry(struct sink *s)
{
    s->failing = true;
    s->retry_at = clock_monotonic() + pause_of(s);
    retry_later(s);
}

void sink_absent(struct sink *s)
{
    s->opening = true;
    wait_for_retry(s);
}

static void try_to_open(struct sink *s)
{
    struct error e = ERROR_INIT;
    int directory = logdir_prepare(s->text, (uid_t)-1, (gid_t)-1, s->settings.mode, &e);
    if (directory < 0 || sink_open(s, directory, false, &e) < 0)
        return;
    s->opening = s->failing = false;
}

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
    if (!s->failing) {
        errno = why;
        error_system(&e, "unable to write to %s", s->text);
        if (s->rules->trouble != SINK_DROP)
            message_warning("%s%s", e.text,
                            s->rules->trouble == SINK_HOLD ? "; nothing is read until it works"
                                                           : "");
        else if (s->rules->given_up != NULL)
            s->rules->given_up(s->rules->context, &e);
    }
    wait_for_retry(s);
}

static void rotate(struct sink *s)
{
    struct error e = ERROR_INIT;
    loop_untimer(s->rules->loop, &s->period);
    if (s->exact && s->dir.current >= 0 && !s->rules->commit(s->rules->context))
        return;
    int result = logdir_turn(&s->dir, &e);
    while (result < 0 && s->dir.current < 0 && shed(s, s->dir.why))
        result = logdir_turn(&s->dir, &e);
    if (s->exact)
        s->rules->moved(s->rules->context);
    if (result == 0) {
        logdir_tidy(&s->dir);
        s->unturned = false;
        await_helper(s);
        return;
    }
    s->retry_at = clock_monotonic() + pause_of(s);
    if (!s->unturned && s->rules->trouble != SINK_DROP)
        message_warning("%s", e.text);
    s->unturned = true;
    retry_later(s);
}

static bool must_rotate(const struct sink *s)
{
    return s->unturned ? clock_monotonic() >= s->retry_at : logdir_full(&s->dir);
}

/* How much of the waiting bytes may go into this file: up to the line end that fills it. */
static size_t fitting(const struct sink *s, const char *bytes, size_t length)
{
    size_t room = logdir_room(&s->dir);
    if (length <= room || s->unturned || s->exact)
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
    s->failing = false;
    s->written = 0;
    str_clear(&s->out);
    loop_untimer(s->rules->loop, &s->retry);
    if (must_rotate(s))
        rotate(s);
    else if (s->unturned)
        retry_later(s);
}

static void flush_directory(struct sink *s)
{
    size_t fit = 0;
    if (s->dir.current < 0 && s->written < s->out.length)
        rotate(s); /* the last one could not create it */
    while (s->written < s->out.length) {
        const char *bytes = s->out.data + s->written;
        if (fit == 0)
            fit = fitting(s, bytes, s->out.length - s->written);
        ssize_t n = logdir_append(&s->dir, bytes, fit);
        if (n <= 0) {
            int why = n < 0 ? errno : ENOSPC;
            if (shed(s, why))
                continue;
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

static void end_of_period(struct timer *t)
{
    struct sink *s = (struct sink *)(void *)((char *)t - offsetof(struct sink, period));
    sink_rotate(s);
}

static void retry(struct timer *t)
{
    struct sink *s = (struct sink *)(void *)((char *)t - offsetof(struct sink, retry));
    bool held = s->failing;
    flush_directory(s);
    if (held && !s->failing && s->rules->resume != NULL)
        s->rules->resume(s->rules->context);
}

/* --- the other actions --- */

/* Lines are short: for them the C library's copy costs more to start than to run. */
static void copy_short(char *to, const char *from, size_t length)
{
    enum { BLOCK = 16 };
    if (length < BLOCK) {
        for (size_t i = 0; i < length; i++)
            to[i] = from[i];
        return;
    }
    size_t i = 0;
    for (; i + BLOCK <= length; i += BLOCK)
        memcpy(to + i, from + i, BLOCK);
    memcpy(to + length - BLOCK, from + length - BLOCK, BLOCK);
}

static void copy_bytes(char *to, const char *from, size_t length)
{
    if (length <= 1024)
        copy_short(to, from, length);
    else
        memcpy(to, from, length);
}

/* Stamps, prefix, at most limit bytes of the line; 0 is no limit. */
static void add_line(struct sink *s, const struct line *line, size_t limit)
{
    size_t length = limit > 0 && line->length > limit ? limit : line->length;
    struct str *o = &s->first->out;
    copy_bytes(o->data + o->length, s->stamp, s->stamp_length);
    o->length += s->stamp_length;
    if (!line->last && s->stamps & STAMP_CRI)
        o->data[o->length - 2] = 'P'; /* CRI comes last */
    if (s->settings.prefix != NULL) {
        size_t n = strlen(s->settings.prefix);
        memcpy(o->data + o->length, s->settings.prefix, n);
        o->length += n;
        o->data[o->length++] = ' ';
    }
    copy_bytes(o->data + o->length, line->bytes, length);
    o->length += length;
}

static void alert(struct sink *s, const struct line *line)
{
    enum { DOTS = 3 };
    size_t limit = (size_t)s->settings.alert_bytes;
    bool cut = limit > 0 && line->length > limit + DOTS;
    str_clear(&s->out);
    if (str_printf(&s->out, "%s: alert: ", s->rules->name) < 0 ||
        sink_reserve(s, line->length, 1) < 0)
        return;
    add_line(s, line, cut ? limit : 0);
    if (str_add_text(&s->out, cut ? "...\n" : "\n") == 0)
        console_write(2, s->out.data, s->out.length);
    str_clear(&s->out);
}

static void replace_status(struct sink *s, const struct line *line)
{
    struct error e = ERROR_INIT;
    size_t size = (size_t)s->settings.status_bytes;
    str_clear(&s->out);
    if (sink_reserve(s, line->length, 1) < 0)
        return;
    add_line(s, line, 0);
    int bad = str_add_char(&s->out, '\n');
    if (size > 0) {
        if (s->out.length > size) {
            s->out.length = size;
        } else if (str_reserve(&s->out, size - s->out.length) == 0) {
            memset(s->out.data + s->out.length, '\n', size - s->out.length);
            s->out.length = size;
        }
    }
    if (bad == 0 &&
        file_replace(AT_FDCWD, s->text, s->out.data, s->out.length, STATUS_MODE, &e) < 0)
        message_warning("%s", e.text);
    str_clear(&s->out);
}

/* --- all --- */

/* Says in the log what is missing from it. */
static void note_dropped(struct sink *s, const struct timespec *now)
{
    char text[256];
    int n = snprintf(text, sizeof text, "logger %s: warning: %llu lines are missing here: %s",
                     s->rules->name, s->dropped,
                     s->why == 0 ? "there was no log directory" : strerror(s->why));
    struct line line = {.bytes = text, .length = (size_t)n, .first = true, .last = true};
    if (n <= 0 || (size_t)n >= sizeof text || sink_reserve(s, line.length, 1) < 0)
        return;
    s->stamp_length = stamp_format(s->stamp, s->stamps, now, STREAM_ERR, 0);
    sink_add(s, &line);
    flush_directory(s);
    if (!s->failing)
        s->dropped = 0;
}

static void look_after(struct sink *s)
{
    switch (logdir_loss(&s->dir)) {
    case LOGDIR_NOTHING_LOST:
        break;
    case LOGDIR_CURRENT_LOST:
        message_warning("%s/current was deleted; going on with a new one", s->text);
        rotate(s);
        break;
    case LOGDIR_LOST:
        message_warning("log directory %s was deleted", s->text);
        s->rules->lost(s->rules->context);
    }
}

void sink_stamp(struct sink *s, enum stamp_stream stream, const struct timespec *now)
{
    if (s->failing && clock_monotonic() >= s->retry_at) {
        if (s->opening)
            try_to_open(s);
        else if (s->rules->trouble == SINK_DROP)
            flush_directory(s);
    }
    if (s->exact && s->open && s->out.length == 0)
        look_after(s);
    if (s->dropped > 0 && s->open && !s->failing)
        note_dropped(s, now);
    s->stamp_length = stamp_format(s->stamp, s->stamps, now, stream, 0);
}

int sink_reserve(struct sink *s, size_t length, size_t lines)
{
    size_t prefix = s->settings.prefix == NULL ? 0 : strlen(s->settings.prefix) + 1;
    /* reserved by each of those who share it: enough for all of them */
    return str_reserve(&s->first->out,
                       (length + lines * (STAMP_MAX + prefix + 1)) * s->first->sharers);
}

void sink_add(struct sink *s, const struct line *line)
{
    if (s->kind == SCRIPT_ALERT) {
        alert(s, line);
    } else if (s->kind == SCRIPT_STATUS) {
        replace_status(s, line);
    } else if (!s->first->closed && !s->opening &&
               !(s->failing && s->rules->trouble == SINK_DROP)) {
        add_line(s, line, 0);
        s->first->out.data[s->first->out.length++] = '\n';
    } else if (line->last && !s->first->closed) {
        s->dropped++;
    }
}

bool sink_is_due(const struct sink *s)
{
    return s->exact && s->open && !s->failing && !s->unturned &&
           s->out.length - s->written >= logdir_room(&s->dir);
}

void sink_flush(struct sink *s)
{
    if (s->out.length == s->written)
        return;
    if (s->kind == SCRIPT_STDOUT && !s->waiting)
        outlet_flush(s);
    else if (s->kind == SCRIPT_DIRECTORY && !s->failing)
        flush_directory(s);
}

void sink_rotate(struct sink *s)
{
    if (!s->open)
        return;
    flush_directory(s);
    if (!s->failing)
        rotate(s);
}

bool sink_waits(const struct sink *s)
{
    return (s->failing && s->open) || s->waiting;
}

void sink_retry(struct sink *s)
{
    if (sink_waits(s) && s->open)
        flush_directory(s);
}

void sink_close(struct sink *s, bool clean)
{
    if (s->open) {
        flush_directory(s);
        logdir_close(&s->dir, clean && !s->failing);
        s->open = false;
    }
    loop_unwatch(s->rules->loop, &s->room);
    loop_untimer(s->rules->loop, &s->retry);
    loop_untimer(s->rules->loop, &s->period);
    loop_untimer(s->rules->loop, &s->helper);
    str_release(&s->out);
    if (s->regex != NULL) {
        regfree(s->regex);
        free(s->regex);
        s->regex = NULL;
    }
}
