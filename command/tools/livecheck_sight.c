#include "command/tools/livecheck_sight.h"
#include "base/clock.h"
#include "command/overlog/status_load.h"
#include "command/tools/notify_place.h"
#include "contract/paths.h"
#include "services/servicedir.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* For a pid 1 that has much to start. */
#define PATIENCE (10 * CLOCK_SECOND)

/* Takes a new look; whether it has changed, and is there. */
static bool mark_moves(struct sight_mark *m, const struct stat *st)
{
    struct sight_mark now = {.time = {0, 0}};
    if (st != NULL) {
        now.device = st->st_dev;
        now.inode = st->st_ino;
        now.size = st->st_size;
        now.time = st->st_mtim;
    }
    bool moved = now.device != m->device || now.inode != m->inode || now.size != m->size ||
                 clock_compare(&now.time, &m->time) != 0;
    *m = now;
    return moved && st != NULL;
}

/* The time is that of the last write (Linux before 6.15), or of the logger's last sign_of_life. */
static bool stream_moves(struct sight *s, int fd)
{
    struct stat st;
    bool is_pipe = s->logger == SIGHT_LOGGER && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
    if (is_pipe)
        st.st_size = 0;
    return mark_moves(&s->stream[fd - 1], is_pipe ? &st : NULL);
}

static bool file_moves(struct sight_mark *m, const char *path)
{
    struct stat st;
    bool there = path[0] != '\0' && stat(path, &st) == 0;
    return mark_moves(m, there ? &st : NULL);
}

/* The status file says of each service whether it has a logger, and where that writes. */
static void find_log(struct sight *s)
{
    struct error e = ERROR_INIT;
    char *bytes = status_load(RUN_STATUS, &e);
    struct status_service row;
    bool known = bytes != NULL && status_load_service(bytes, s->name, &row);
    if (known && row.log != NULL) {
        s->logger = SIGHT_LOGGER;
        snprintf(s->current, sizeof s->current, "%.4000s/current", row.log);
    } else if (known || clock_monotonic() >= s->patience) {
        s->logger = SIGHT_NO_LOGGER;
    }
    free(bytes);
}

void sight_forget(struct sight *s)
{
    stream_moves(s, 1);
    stream_moves(s, 2);
    file_moves(&s->file, s->current);
}

void sight_open(struct sight *s, struct beside *b, const char *name)
{
    *s = (struct sight){.beside = b,
                        .name = name,
                        .notifies = access("notification-fd", F_OK) == 0,
                        .patience = clock_monotonic() + PATIENCE};
    find_log(s);
    notify_place(s->watchdog, sizeof s->watchdog, RUN_NOTIFY, name, NOTIFY_WATCHDOG_FILE);
    notify_place(s->trigger, sizeof s->trigger, RUN_NOTIFY, name, NOTIFY_TRIGGER_FILE);
    file_moves(&s->ping, s->watchdog);
    file_moves(&s->ask, s->trigger);
    sight_forget(s);
}

/* Without a record that can be read, all is as it should be. */
static void take_status(const struct sight *s, struct live_sight *out)
{
    struct supervise_status status;
    struct error ignored = ERROR_INIT;
    if (servicedir_status(".", &status, &ignored) == 0) {
        /* The record may still be that from before the start, where it means something else. */
        bool up = status.pid != 0 && !status.finishing;
        out->ready = !s->notifies || (up && status.is_ready);
        out->wanted = status.want_up;
        out->stopped = status.paused;
    }
}

void sight_take(struct sight *s, struct live_sight *out)
{
    *out = (struct live_sight){.ready = true, .wanted = true};
    if (s->logger == SIGHT_UNKNOWN)
        find_log(s);
    take_status(s, out);
    char state = beside_state(s->beside);
    out->stopped |= state == 'T' || state == 't';
    bool first = stream_moves(s, 1), second = stream_moves(s, 2);
    bool file = file_moves(&s->file, s->current);
    out->hears = s->logger == SIGHT_LOGGER;
    out->logged = first || second || file;
    out->pinged = file_moves(&s->ping, s->watchdog);
    out->asks = file_moves(&s->ask, s->trigger);
}
