#include "command/tools/logfiles_follow.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include "command/tools/beside.h"
#include "command/tools/logfiles_tail.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READS_MOST = 32 /* of one file in a turn */ };

/* From one look at the files to the next: while there is more, while another follower is still at
 * work, without inotify or a directory, and for what inotify does not tell. */
#define PAUSE_MORE ((int64_t)0)
#define PAUSE_LOCK (50 * CLOCK_MS)
#define PAUSE_BLIND (500 * CLOCK_MS)
#define PAUSE_IDLE (5 * CLOCK_SECOND)
/* A file without a name, and without a new line for that long, is given up. */
#define ORPHAN_TIME (600 * CLOCK_SECOND)

struct old {
    struct tail tail;
    int64_t heard; /* monotonic: when a line came last */
};

struct followed {
    const struct logfile *file;
    const char *name; /* the last part of its path */
    int folder;       /* its directory; -1: it could not be opened */
    int watch;        /* inotify's; -1: none */
    int last_watch;   /* that of the directory before it; -1: none */
    int note;         /* open; -1: it could not be */
    bool astray;      /* no directory has the path */
    bool locked, open, complained, stuck;
    struct logfile_place start; /* where the last follower ended */
    struct tail tail;           /* if open */
    struct old old[FOLLOW_OLD]; /* the oldest first */
    size_t old_count;
};

struct follower {
    struct beside beside;
    struct watch notices; /* inotify's; fd -1: none */
    struct timer timer;
    struct followed *list;
    size_t count;
    off_t limit;
    int code;  /* not 0: the stream is closed, and there is nothing to do any more */
    bool more; /* a file had more to read than is taken in one turn */
    bool last; /* the service has ended */
    int64_t began;
    char buffer[TAIL_BUFFER];
};

/* --- notes ------------------------------------------------------------------------------------ */

static int open_note(const char *path, int flags, struct error *e)
{
    char name[NAME_MAX + 1], note[PATH_MAX];
    struct stat st;
    logfile_note_name(path, name);
    snprintf(note, sizeof note, RUN_LOGFILES "/%s", name);
    int fd = open(note, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        return error_system(e, "unable to open %s", note);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
        return fd;
    close(fd);
    errno = EPERM;
    return error_set(e, EXIT_SYSTEM, "%s is another user's", note);
}

static void write_note(int fd, const struct logfile_place *p)
{
    char text[LOGFILE_NOTE_MAX];
    size_t length = logfile_note_format(p, text);
    if (fd >= 0 && pwrite(fd, text, length, 0) < 0)
        message_warning("unable to write a note in " RUN_LOGFILES ": %s", strerror(errno));
}

/* The end of a file that is there, with the bytes in front of it as the mark. */
static void place_of_end(const char *path, struct logfile_place *p)
{
    struct stat st;
    unsigned char mark[LOGFILE_MARK];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        size_t n = st.st_size < LOGFILE_MARK ? (size_t)st.st_size : LOGFILE_MARK;
        p->device = st.st_dev;
        p->inode = st.st_ino;
        if (pread(fd, mark, n, st.st_size - (off_t)n) == (ssize_t)n) {
            memcpy(p->mark, mark, n);
            p->mark_length = n;
            p->offset = (uint64_t)st.st_size;
        }
    }
    fd_close(fd);
}

int follow_prepare(const struct logfile *file, struct error *e)
{
    struct logfile_place place = {.offset = 0};
    int fd = open_note(file->path, O_CREAT | O_EXCL, e);
    if (fd < 0 && errno == EEXIST)
        fd = open_note(file->path, 0, e);
    else if (fd >= 0) {
        place_of_end(file->path, &place);
        write_note(fd, &place);
    }
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* Takes the lock of the note, and where the last follower has ended. Without a note there is
 * nothing to wait for. */
static bool take_over(struct followed *f, bool wait)
{
    char text[LOGFILE_NOTE_MAX];
    if (f->locked)
        return true;
    while (f->note >= 0 && flock(f->note, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            return false;
    ssize_t n = f->note < 0 ? -1 : pread(f->note, text, sizeof text, 0);
    logfile_note_parse(text, n < 0 ? 0 : (size_t)n, &f->start);
    f->locked = true;
    return true;
}

/* --- passing on ------------------------------------------------------------------------------- */

/* Writes whole lines in writes that no other writer of the pipe can tear, as far as they are not
 * longer than that. */
static int pass(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t n = length < PIPE_BUF ? length : PIPE_BUF;
        const char *end = memrchr(bytes, '\n', n);
        if (end == NULL)
            end = memchr(bytes, '\n', length);
        n = end == NULL ? length : (size_t)(end + 1 - bytes);
        if (fd_write_waiting(fd, bytes, n) < 0)
            return -1;
        bytes += n;
        length -= n;
    }
    return 0;
}

static void stream_is_gone(struct follower *l, const struct followed *f)
{
    if (l->code == 0 && errno != EPIPE)
        message_warning("unable to pass on %s: %s", f->file->path, strerror(errno));
    l->code = EXIT_SYSTEM;
    loop_stop(&l->beside.loop);
}

static void end_line(struct follower *l, struct followed *f, struct tail *t)
{
    if (t->begun && l->code == 0 && pass(f->file->stream, "\n", 1) < 0)
        stream_is_gone(l, f);
    t->begun = false;
}

/* Passes on what is new in one file; whether there was anything. note: it is the present one. last:
 * to its present end, a begun line included. */
static bool read_on(struct follower *l, struct followed *f, struct tail *t, bool note, bool last)
{
    struct stat st;
    uint64_t end = fstat(t->fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
    int reads = 0;
    while (l->code == 0 && (last ? t->place.offset < end : reads < READS_MOST)) {
        ssize_t n = tail_next(t, l->buffer, last);
        if (t->place.offset == 0)
            end_line(l, f, t);
        if (n < 0)
            message_warning("unable to read %s: %s", f->file->path, strerror(errno));
        if (n <= 0)
            break;
        if (pass(f->file->stream, l->buffer, (size_t)n) < 0) {
            stream_is_gone(l, f);
            break;
        }
        tail_done(t, l->buffer, (size_t)n);
        if (note)
            write_note(f->note, &t->place);
        reads++;
    }
    l->more |= reads == READS_MOST;
    if (last)
        end_line(l, f, t);
    return reads > 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static void complain_once(struct followed *f, const char *text)
{
    if (!f->complained)
        message_warning("unable to follow %s: %s", f->file->path, text);
    f->complained = true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the directory that is open has its path still. One that was renamed, or removed, is kept
 * as long as no other one has the path. */
static bool has_folder(struct followed *f, const char *folder)
{
    struct stat open, there;
    if (f->folder < 0 || fstat(f->folder, &open) < 0)
        return false;
    f->astray = stat(folder, &there) < 0;
    return f->astray ? open.st_nlink > 0 : is_same(&open, &there);
}

/* Opens the directory, also another one that has its path now. What happens in the last one is
 * still told, for its files are read on. */
static void open_folder(struct follower *l, struct followed *f)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(f->name - f->file->path), f->file->path);
    if (has_folder(f, folder))
        return;
    fd_close(f->folder);
    f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->astray = f->folder < 0;
    if (f->folder < 0)
        complain_once(f, strerror(errno));
    if (f->folder < 0 || l->notices.fd < 0)
        return;
    if (f->last_watch >= 0)
        inotify_rm_watch(l->notices.fd, f->last_watch);
    f->last_watch = f->watch;
    f->watch = inotify_add_watch(l->notices.fd, folder,
                                 IN_CREATE | IN_MOVE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
                                     IN_MODIFY);
}

static void remove_old(struct followed *f, size_t index)
{
    struct old *o = &f->old[index];
    f->old_count--;
    memmove(o, o + 1, (f->old_count - index) * sizeof *o);
}

static void drop_old(struct follower *l, struct followed *f, size_t index)
{
    struct old *o = &f->old[index];
    read_on(l, f, &o->tail, false, true);
    tail_close(&o->tail);
    remove_old(f, index);
}

static void make_old(struct follower *l, struct followed *f)
{
    if (f->old_count == FOLLOW_OLD)
        drop_old(l, f, 0);
    f->old[f->old_count++] = (struct old){.tail = f->tail, .heard = clock_monotonic()};
    f->open = false;
}

static bool is_tail(const struct tail *t, const struct stat *st)
{
    return st->st_dev == t->place.device && st->st_ino == t->place.inode;
}

/* Moves the tail of a file that had the name before, and was read on since, to out. False: it is
 * none of these. */
static bool take_back(struct followed *f, const struct stat *st, struct tail *out)
{
    for (size_t i = 0; i < f->old_count; i++)
        if (is_tail(&f->old[i].tail, st)) {
            *out = f->old[i].tail;
            remove_old(f, i);
            return true;
        }
    return false;
}

/* Sees to it that f->tail is the file which has the name now, if there is one. */
static void find_file(struct follower *l, struct followed *f)
{
    struct stat st;
    struct tail back;
    struct error e = ERROR_INIT;
    open_folder(l, f);
    bool there = f->folder >= 0 && fstatat(f->folder, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && f->open && is_tail(&f->tail, &st))
        return;
    bool known = there && take_back(f, &st, &back); /* first: make_old may close the oldest one */
    if (f->open)
        make_old(l, f);
    if (!there)
        return;
    if (known)
        f->tail = back;
    f->open = known || tail_open(&f->tail, f->folder, f->name, &f->start, &e) == 0;
    if (f->open) {
        f->start = (struct logfile_place){.offset = 0};
        f->complained = f->stuck = false;
        write_note(f->note, &f->tail.place);
    } else if (errno != ENOENT) {
        complain_once(f, e.text);
    }
}

static void read_old(struct follower *l, struct followed *f)
{
    struct stat st;
    for (size_t i = 0; i < f->old_count; i++) {
        struct old *o = &f->old[i];
        if (read_on(l, f, &o->tail, false, l->last))
            o->heard = clock_monotonic();
        else if (clock_monotonic() - o->heard > ORPHAN_TIME && fstat(o->tail.fd, &st) == 0 &&
                 st.st_nlink == 0)
            drop_old(l, f, i--);
    }
}

/* Keeps the file small; not one that was renamed, or whose directory was, while it was read: that
 * is somebody's archive. */
static void trim(struct follower *l, struct followed *f)
{
    struct stat st;
    if (lstat(f->file->path, &st) < 0 || !is_tail(&f->tail, &st) || st.st_nlink != 1)
        return;
    enum tail_trimmed done = tail_trim(&f->tail, l->limit);
    if (done == TAIL_STUCK && !f->stuck)
        message_warning("unable to shorten %s, which may fill the disk: %s", f->file->path,
                        strerror(errno));
    f->stuck = done == TAIL_STUCK;
    if (done == TAIL_SHORTER || done == TAIL_EMPTIED)
        write_note(f->note, &f->tail.place);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* False: another follower has it still. */
static bool look_at(struct follower *l, struct followed *f)
{
    if (!take_over(f, l->last)) {
        if (clock_monotonic() - l->began > 60 * CLOCK_SECOND)
            complain_once(f, "it is followed already");
        return false;
    }
    find_file(l, f);
    read_old(l, f);
    if (f->open) {
        read_on(l, f, &f->tail, true, l->last);
        trim(l, f);
    }
    return true;
}

static void look(struct follower *l)
{
    bool waiting = false, blind = false;
    l->more = false;
    for (size_t i = 0; i < l->count; i++) {
        waiting |= !look_at(l, &l->list[i]);
        blind |= l->list[i].watch < 0 || l->list[i].astray;
    }
    int64_t pause = l->more ? PAUSE_MORE : waiting ? PAUSE_LOCK : blind ? PAUSE_BLIND : PAUSE_IDLE;
    loop_timer(&l->beside.loop, &l->timer, clock_monotonic() + pause);
}

static void time_is_due(struct timer *t)
{
    look(container_of(t, struct follower, timer));
}

/* What they say does not matter: all files are looked at. */
static void noticed(struct watch *w, uint32_t events)
{
    char bytes[4096];
    (void)events;
    while (read(w->fd, bytes, sizeof bytes) > 0)
        ;
    look(container_of(w, struct follower, notices));
}

/* At the container's stop what is left is told to end; the service may end after us. */
static void on_signal(void *context, int signal)
{
    struct follower *l = context;
    (void)signal;
    if (beside_ended(&l->beside))
        loop_stop(&l->beside.loop);
}

static int begin(struct follower *l, const struct logfile *files, size_t count, struct error *e)
{
    l->list = calloc(count, sizeof *l->list);
    if (l->list == NULL)
        return error_system(e, "unable to follow log files");
    for (size_t i = 0; i < count; i++) {
        struct followed *f = &l->list[l->count];
        if (!files[i].follow)
            continue;
        *f = (struct followed){.file = &files[i], .folder = -1, .watch = -1, .last_watch = -1};
        f->name = path_name(files[i].path);
        f->note = open_note(files[i].path, 0, e);
        if (f->note < 0)
            message_warning("%s", e->text);
        l->count++;
    }
    l->notices.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return l->notices.fd < 0 || loop_watch(&l->beside.loop, &l->notices, EPOLLIN, e) == 0 ? 0 : -1;
}

int follow_files(const struct logfile *files, size_t count, off_t limit, pid_t service)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    static struct follower l;
    struct error e = ERROR_INIT;
    l = (struct follower){
        .limit = limit, .notices = {.ready = noticed}, .began = clock_monotonic()};
    l.timer.fire = time_is_due;
    if (beside_open(&l.beside, service, 0, &e) < 0 ||
        loop_signals(&l.beside.loop, signals, sizeof signals / sizeof signals[0], on_signal, &l,
                     &e) < 0 ||
        loop_reserve_timers(&l.beside.loop, 2, &e) < 0 || begin(&l, files, count, &e) < 0)
        return message_error(&e);
    look(&l);
    if (loop_run(&l.beside.loop, &e) < 0)
        return message_error(&e);
    l.last = true;
    for (size_t i = 0; i < l.count; i++)
        look_at(&l, &l.list[i]);
    return l.code;
}
