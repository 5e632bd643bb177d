#include "supervisor/logger.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DRAIN_TRIES = 3, DRAIN_RETRY_MS = 100 };

static struct pid1 *pid1_of(const struct logger *l)
{
    return l->shared->pid1;
}

/* --- pipes ------------------------------------------------------------------------------------ */

/* One descriptor for both sides instead of two, where there is a /proc by which children can open
 * the side that is theirs: of thousands of services that counts. */
static void merge(int *read_end, int *write_end)
{
    int both = process_open_side(*read_end, O_RDWR);
    if (both < 0)
        return;
    fd_close_both(*read_end, *write_end);
    *read_end = *write_end = both;
}

/* A service that dropped privileges may still open /dev/stdout: the write side is for everybody. */
static int make_pipe(int *read_end, int *write_end, bool merges)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    if (fchmod(ends[1], 0622) < 0)
        return -1;
    if (merges)
        merge(read_end, write_end);
    return 0;
}

/* The write end, to be closed; -1: there is none, or, with errno, it has to stay. The reading side
 * stays, for a successor of the logger. */
static int part(int *read_end, int *write_end)
{
    int end = *write_end;
    if (end >= 0 && *read_end == end) {
        int side = process_open_side(end, O_RDONLY);
        if (side < 0)
            return -1;
        *read_end = side;
    }
    *write_end = -1;
    return end;
}

/* Both at once, so that the logger wakes up once. -1: for lack of descriptors or of /proc one is
 * still open. */
static int close_write_ends(struct logger_pipes *io)
{
    int out = part(&io->out_read, &io->out_write);
    int err = part(&io->err_read, &io->err_write);
    fd_close_both(out, err);
    return io->out_write >= 0 || io->err_write >= 0 ? -1 : 0;
}

/* Nothing is left in them and nobody can write to them any more. */
static bool are_at_end(const struct logger_pipes *io)
{
    struct pollfd streams[2] = {{.fd = io->out_read, .events = POLLIN},
                                {.fd = io->err_read, .events = POLLIN}};
    return poll(streams, 2, 0) == 2 && streams[0].revents == POLLHUP &&
           streams[1].revents == POLLHUP;
}

static int resume(int *read_end, int *write_end)
{
    if (*write_end >= 0)
        return 0;
    int both = process_open_side(*read_end, O_RDWR);
    if (both < 0)
        return -1;
    fd_drop(read_end);
    *read_end = *write_end = both;
    return 0;
}

/* After close_write_ends: we write again. -1: there is no /proc, or no descriptor. */
static int open_write_ends(struct logger_pipes *io)
{
    return resume(&io->out_read, &io->out_write) < 0 || resume(&io->err_read, &io->err_write) < 0
               ? -1
               : 0;
}

static void close_pipes(struct logger_pipes *io)
{
    if (io->out_read == io->out_write)
        io->out_read = -1;
    if (io->err_read == io->err_write)
        io->err_read = -1;
    fd_drop(&io->out_write);
    fd_drop(&io->err_write);
    fd_drop(&io->out_read);
    fd_drop(&io->err_read);
    for (int i = 0; i < 3; i++)
        fd_drop(&io->journal[i]);
    fd_drop(&io->events_read);
}

/* Journals fill the gaps among our descriptors, so that the two of a pipe stand side by side and
 * are closed in one call. */
static int make_pipes(struct logger_pipes *io, const char *name, bool merges, struct error *e)
{
    int events = io->events_read;
    for (int i = 0; i < (events >= 0 ? 3 : 2); i++) {
        io->journal[i] = kernel_memory("journal");
        if (io->journal[i] < 0)
            return error_system(e, "unable to make the journals of %s", name);
    }
    if (make_pipe(&io->out_read, &io->out_write, merges) < 0 ||
        make_pipe(&io->err_read, &io->err_write, merges) < 0)
        return error_system(e, "unable to make the log pipes of %s", name);
    return 0;
}

/* --- signals and what is seen ----------------------------------------------------------------- */

void logger_signal(const struct logger *l, int signal)
{
    if (l->process.pid > 0)
        pid1_kill(pid1_of(l), l->process.pid, signal);
}

void logger_boundary(struct logger *l)
{
    l->boundary = true;
    if (l->state == LOGGER_NONE)
        return;
    process_gate(l->pipes.journal[0], true);
    logger_signal(l, SIGUSR1);
}

void logger_last_words(const struct logger *l, char out[LAST_WORDS_SIZE + 1])
{
    ssize_t n = l->state == LOGGER_NONE
                    ? 0
                    : pread(l->pipes.journal[1], out, LAST_WORDS_SIZE, LAST_WORDS_OFFSET);
    out[n < 0 ? 0 : n] = '\0';
}

/* A logger is never down: what would end it makes it leave to a successor. */
static void asked(struct supervise_dir *d, const char *letters, size_t count)
{
    const struct logger *l = container_of(d, struct logger, seen);
    for (size_t i = 0; i < count; i++) {
        if (letters[i] == 'a')
            logger_signal(l, SIGALRM);
        else if (strchr("dDthrlx", letters[i]) != NULL && letters[i] != '\0')
            logger_signal(l, SIGHUP);
        else if (letters[i] == 'k')
            logger_signal(l, SIGKILL);
    }
}

int logger_show(struct logger *l, const char *name, const char *path, struct error *e)
{
    if (l->state == LOGGER_NONE || supervise_dir_is_open(&l->seen))
        return 0;
    supervise_dir_init(&l->seen, pid1_of(l), name, path, true, asked);
    return supervise_dir_open(&l->seen, e);
}

/* That its work is done while all stops is nobody's concern. */
static void show(struct logger *l, bool up, int wait_status)
{
    bool over = pid1_is_stopping(pid1_of(l)) && l->state == LOGGER_ENDING;
    if (supervise_dir_is_open(&l->seen) && !over && pid1_of(l)->stage < STAGE_DRAIN)
        supervise_dir_set(&l->seen, up, l->process.pid, wait_status);
}

/* --- processes -------------------------------------------------------------------------------- */

static void fire(struct timer *t)
{
    logger_start(container_of(t, struct logger, timer));
}

static void start_at(struct logger *l, int64_t due)
{
    l->timer.fire = fire;
    loop_timer(&pid1_of(l)->loop, &l->timer, due);
}

void logger_start(struct logger *l)
{
    struct pid1 *p = pid1_of(l);
    if (logger_is_over(l) || l->process.pid != 0)
        return;
    struct error e = ERROR_INIT;
    int64_t now = pid1_now(p);
    pid_t pid = logger_spawn(l, &e);
    if (pid > 0) {
        l->process.pid = pid;
        l->process.started = now;
        l->process.restarted = true;
        l->state = l->state == LOGGER_ENDING ? LOGGER_ENDING : LOGGER_RUNNING;
        shortage_over(&p->shortage);
        show(l, true, 0);
        if (l->boundary)
            logger_signal(l, SIGUSR1);
        return;
    }
    l->process.retry_at = now + CLOCK_SECOND;
    l->state = l->state == LOGGER_ENDING ? LOGGER_ENDING : LOGGER_WAITING;
    pid1_lacks(p, &p->shortage, "the logger of ", l->name, &e);
    start_at(l, p->stage >= STAGE_DRAIN ? now + DRAIN_RETRY_MS * CLOCK_MS : l->process.retry_at);
}

/* How it ended. */
enum death { DRAINED, MADE_WAY, FAILED };

static enum death death_of(int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == 0 ? DRAINED : code == LOGGER_EXIT_SUCCESSOR ? MADE_WAY : FAILED;
}

/* When the next one is due: now, also after a first failure, which may have been a kill; ever later
 * after failures that follow soon. */
static void note_death(struct logger_process *s, enum death death, int64_t now)
{
    const int64_t stable = 10 * CLOCK_SECOND;
    bool meant = death != FAILED;
    s->pid = 0;
    if (meant || now - s->started > stable)
        s->failures = 0;
    s->retry_at = now;
    if (meant || s->failures++ == 0)
        return;
    uint32_t shift = s->failures < 8 ? s->failures - 2 : 6;
    int64_t wait = CLOCK_SECOND << shift;
    s->retry_at += wait > 60 * CLOCK_SECOND ? 60 * CLOCK_SECOND : wait;
}

void logger_reaped(struct logger *l, int status)
{
    struct pid1 *p = pid1_of(l);
    enum death death = death_of(status);
    note_death(&l->process, death, pid1_now(p));
    show(l, false, status);
    if (logger_is_over(l))
        return;
    if (l->state == LOGGER_ENDING) {
        /* Its pipes are at their end, or it was told that they are, and it has written all. */
        if ((death == DRAINED && (p->stage >= STAGE_DRAIN || are_at_end(&l->pipes))) ||
            l->process.failures > DRAIN_TRIES)
            logger_give_up(l);
        else
            logger_start(l);
        return;
    }
    l->state = LOGGER_WAITING;
    if (death == FAILED && l->process.failures <= 1)
        message_warning("the logger of %s ended with code %d, starting another", l->name,
                        process_exit_code(status));
    if (l->process.retry_at <= pid1_now(p))
        logger_start(l);
    else
        start_at(l, l->process.retry_at);
}

/* --- its end ---------------------------------------------------------------------------------- */

int64_t logger_unread(const struct logger *l)
{
    int out = fd_unread(l->pipes.out_read);
    int err = fd_unread(l->pipes.err_read);
    return (int64_t)(out > 0 ? out : 0) + (err > 0 ? err : 0);
}

bool logger_is_over(const struct logger *l)
{
    return l->state == LOGGER_NONE || l->state == LOGGER_DRAINED;
}

void logger_give_up(struct logger *l)
{
    l->state = LOGGER_DRAINED;
    notice_post(&pid1_of(l)->notices, NOTICE_GONE, 0);
}

static void hang_up_again(struct retry *r)
{
    struct logger *l = container_of(r, struct logger, retry);
    if (l->state == LOGGER_ENDING && close_write_ends(&l->pipes) < 0)
        pid1_retry(pid1_of(l), r);
}

void logger_hang_up(struct logger *l)
{
    bool fresh = l->state == LOGGER_FRESH;
    if (logger_is_over(l))
        return;
    l->state = LOGGER_ENDING;
    if (close_write_ends(&l->pipes) < 0 && pid1_of(l)->stage < STAGE_DRAIN)
        pid1_retry(pid1_of(l), &l->retry); /* the drain has its signal */
    if (fresh)
        l->state = LOGGER_DRAINED; /* nothing was written */
    else if (l->process.pid == 0)
        logger_start(l);
}

int logger_inherit(struct logger *l, struct logger *ending)
{
    struct pid1 *p = pid1_of(l);
    if (logger_is_over(ending) || l->state == LOGGER_NONE)
        return 0;
    if (open_write_ends(&ending->pipes) < 0) {
        (void)close_write_ends(&ending->pipes);
        return -1;
    }
    logger_release(l);
    l->name = ending->name;
    l->script = ending->script;
    l->mode = ending->mode;
    l->pipes = ending->pipes;
    l->process = ending->process;
    l->boundary = ending->boundary;
    l->state = LOGGER_RUNNING;
    loop_untimer(&p->loop, &ending->timer);
    pid1_forget_retry(p, &ending->retry);
    ending->name = NULL;
    ending->script = WORDS_INIT;
    ending->process = (struct logger_process){.pid = 0};
    ending->state = LOGGER_NONE;
    if (l->process.pid == 0) {
        l->state = LOGGER_WAITING;
        logger_start(l);
        return 0;
    }
    children_take(&p->children, l->process.pid);
    children_add(&p->children, l->process.pid, CHILD_LOGGER, l->index);
    show(l, true, 0);
    logger_signal(l, SIGHUP);
    return 0;
}

/* --- making ----------------------------------------------------------------------------------- */

void logger_init(struct logger *l, const struct logging *shared, uint32_t index)
{
    *l = (struct logger){.shared = shared,
                         .index = index,
                         .seen = SUPERVISE_DIR_INIT,
                         .retry = {.again = hang_up_again}};
}

static int fill(struct logger *l, const char *name, const struct words *script, struct error *e)
{
    const struct words *used = script->count > 0 ? script : &pid1_of(l)->settings.log_script;
    int bad = 0;
    l->name = strdup(name);
    l->script = WORDS_INIT;
    for (size_t i = 0; i < script->count; i++)
        bad |= words_add(&l->script, script->item[i]);
    if (bad != 0 || l->name == NULL)
        return error_system(e, "unable to prepare the logger of %s", name);
    if (used->count > LOGGER_SCRIPT_MAX)
        return error_set(e, EXIT_USAGE, "the logging script of %s has more than %d words", name,
                         LOGGER_SCRIPT_MAX);
    return make_pipes(&l->pipes, name, l->pipes.events_read < 0 && !l->shared->apart, e);
}

int logger_open(struct logger *l, const char *name, enum logging_mode mode,
                const struct words *script, int events, struct error *e)
{
    l->mode = mode;
    l->pipes = (struct logger_pipes){-1, -1, -1, -1, {-1, -1, -1}, events};
    l->process = (struct logger_process){.pid = 0};
    l->boundary = false;
    l->state = LOGGER_FRESH;
    if (fill(l, name, script, e) == 0)
        return 0;
    logger_release(l);
    return -1;
}

void logger_release(struct logger *l)
{
    if (l->state == LOGGER_NONE)
        return;
    loop_untimer(&pid1_of(l)->loop, &l->timer);
    pid1_forget_retry(pid1_of(l), &l->retry);
    close_pipes(&l->pipes);
    words_release(&l->script);
    free(l->name);
    l->name = NULL;
    l->state = LOGGER_NONE;
}
