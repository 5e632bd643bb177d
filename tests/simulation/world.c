/* The seam: what pid 1 asks of the kernel. */
#include "tests/simulation/world.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/signals.h"
#include "supervisor/console.h"
#include "tests/simulation/lives.h"
#include "tests/simulation/own_world.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WALL_SECONDS = 1800000000, TURNS_MAX = 3000 };

struct world world;

bool world_draws(uint32_t percent)
{
    return percent > 0 && random_chance(&world.order, percent);
}

/* --- processes -------------------------------------------------------------------------------- */

static enum process_kind kind_of(const struct process_spawn *s, char *label, size_t size)
{
    const char *slash = strrchr(s->argv[0], '/');
    const char *rc_name = NULL;
    for (char *const *v = s->envp; *v != NULL; v++)
        if (strncmp(*v, "RC_NAME=", 8) == 0)
            rc_name = *v + 8;
    for (char *const *word = s->argv; *word != NULL; word++)
        if (strcmp(*word, "logger") == 0) {
            while (word[1] != NULL && strcmp(*word, "--") != 0)
                word++;
            snprintf(label, size, "the logger of %s", word[1]);
            return PROCESS_LOGGER;
        }
    if (strcmp(s->argv[0], "./run") == 0) {
        snprintf(label, size, "%s", s->argv[1]);
        return PROCESS_RUN;
    }
    if (strcmp(s->argv[0], "./finish") == 0) {
        snprintf(label, size, "finish of %s", s->argv[3]);
        return PROCESS_FINISH;
    }
    if (rc_name != NULL) {
        snprintf(label, size, "%s: %s", rc_name, slash != NULL ? slash + 1 : s->argv[0]);
        return PROCESS_ONESHOT;
    }
    snprintf(label, size, "%s", slash != NULL ? slash + 1 : s->argv[0]);
    return strcmp(label, "command") == 0 ? PROCESS_CMD : PROCESS_OTHER;
}

/* Its own copies, as after fork: one side of a pipe where it opens only that. */
static void copy_fds(const struct process_spawn *s, struct process *p)
{
    int null = world.sv->pid1.null;
    for (size_t i = 0; i < s->fd_count && p->fds < PROCESS_FDS; i++) {
        const struct process_fd *f = &s->fds[i];
        unsigned int bit = f->to < 32 ? 1U << f->to : 0;
        bool reads = (s->reads & bit) != 0 || (f->to == 0 && p->kind == PROCESS_RUN);
        if (f->from <= 2 || f->from == null || (p->kind == PROCESS_LOGGER && f->to > 4))
            continue;
        int fd = ((s->reads | s->writes) & bit) == 0
                     ? fcntl(f->from, F_DUPFD_CLOEXEC, 3)
                     : process_open_side(f->from, reads ? O_RDONLY : O_WRONLY);
        if (fd < 0)
            life_fails("no pipe", "%s cannot open its descriptor %d", p->label, f->to);
        if (f->to == 0 || p->kind == PROCESS_LOGGER)
            p->reads[p->reads[0] >= 0] = fd;
        p->fd[p->fds++] = (struct process_fd){fd, f->to};
    }
}

/* Somebody may have removed it. */
static void look_for_program(const struct process_spawn *s, struct process *p)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", s->directory, s->program);
    for (size_t i = 0; i < p->steps; i++)
        if (p->step[i].what == STEP_EXECUTE && access(path, F_OK) < 0)
            p->step[i].detail = ENOENT;
}

static pid_t spawn_one(const struct process_spawn *s, int *report)
{
    char label[64];
    struct stat st;
    int ends[2];
    enum process_kind kind = kind_of(s, label, sizeof label);
    struct process *p = process_new(kind, label);
    p->child = !s->orphan;
    if (s->directory != NULL && stat(s->directory, &st) == 0)
        p->directory = st.st_ino;
    copy_fds(s, p);
    if (report != NULL) {
        if (__real_pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
            life_fails("no pipe", "for the report of %s", label);
        *report = ends[0];
        p->report = ends[1];
    }
    process_plan(p);
    if (kind == PROCESS_RUN || kind == PROCESS_FINISH)
        look_for_program(s, p);
    p->foreign = world.refuses && kind == PROCESS_RUN && p->seed % 3 == 0;
    if (s->parent != NULL && kind == PROCESS_RUN && world.sv->pid1.stage >= STAGE_TERM)
        life_fails("started late", "the parent of %s starts when all are told to end", label);
    if (s->parent != NULL)
        return parent_add(p);
    story("%s starts as %ld%s", label, (long)p->pid, p->foreign ? ", as another user" : "");
    invariants_spawn(p);
    return p->pid;
}

static pid_t spawn(const struct process_spawn *s, int *report, struct error *e)
{
    world.in_product = false;
    bool none = world_draws(world.spawn_fails);
    pid_t pid = none ? -1 : spawn_one(s, report);
    if (none) {
        errno = random_chance(&world.order, 50) ? EAGAIN : ENOMEM;
        error_system(e, "unable to fork");
    }
    world.in_product = true;
    return pid;
}

static pid_t close_slowly(int fd)
{
    if (world_draws(world.spawn_fails)) {
        errno = EAGAIN;
        return -1;
    }
    if (random_chance(&world.order, 60)) {
        close(fd);
        return 0;
    }
    struct process *p = process_new(PROCESS_CLOSER, "closer");
    p->child = true;
    p->fd[0].to = fd; /* it is pid 1's table as well, so no copy */
    process_plan(p);
    return p->pid;
}

static pid_t changed(pid_t child, int *status)
{
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        pid_t pid = p->pid;
        if (p->kind == PROCESS_NONE || !p->child || (p->alive && !p->stop_untold) ||
            (child != -1 && pid != child))
            continue;
        *status = p->alive ? SIGSTOP << 8 | 0x7f : p->end_status;
        p->stop_untold = false;
        if (!p->alive && p->kind == PROCESS_RUN && world.sv->pid1.stage <= STAGE_RUNNING)
            life_died(p->label, process_exit_code(*status));
        if (!p->alive && strcmp(p->label, "hook") == 0 && world.sv->pid1.settings.behaviour == 2)
            life_allow(process_exit_code(*status));
        if (!p->alive && p->kind == PROCESS_CMD && world.sv->pid1.stage <= STAGE_RUNNING) {
            life.cmd_ended = true;
            life_allow(process_exit_code(*status));
        }
        if (!p->alive)
            process_free(p);
        trace("wait %d 0x%x", (int)pid, (unsigned int)*status);
        return pid;
    }
    return 0;
}

static int deliver(pid_t pid, int signal)
{
    trace("kill %d %d", (int)pid, signal);
    world.in_product = false;
    invariants_kill(pid, signal);
    int result = world_kill_by_pid1(pid, signal);
    int why = errno;
    world.in_product = true;
    errno = why;
    return result;
}

static pid_t group_of(pid_t pid)
{
    const struct process *p = world_find(pid);
    if (p != NULL)
        return p->group;
    errno = ESRCH;
    return -1;
}

static pid_t parent_of(pid_t pid)
{
    const struct process *p = world_find(pid);
    return p == NULL ? -1 : p->child ? getpid() : p->group;
}

static long everybody(const struct remaining *r, int signal)
{
    long count = 0;
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        if (p->kind == PROCESS_NONE || !p->alive || own_is_spared(r, p->pid))
            continue;
        own_name(r, count++, p->label);
        deliver(p->pid, signal);
    }
    return count;
}

static long signal_rest(const struct remaining *r, int signal)
{
    return world.no_proc ? -1 : everybody(r, signal);
}

static long probe_rest(const struct remaining *r, pid_t top, int signal)
{
    (void)top;
    return everybody(r, signal);
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t now(void)
{
    return world.now;
}

static struct timespec wall(void)
{
    int64_t t = WALL_SECONDS * CLOCK_SECOND + world.now - WORLD_START + world.wall_step;
    return (struct timespec){.tv_sec = t / CLOCK_SECOND, .tv_nsec = t % CLOCK_SECOND};
}

/* Another order, and maybe not all at once: what is left is there the next time. */
static int shuffle(struct epoll_event *events, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)random_below(&world.order, (uint32_t)i + 1);
        struct epoll_event other = events[i];
        events[i] = events[j];
        events[j] = other;
    }
    return random_chance(&world.order, 30) ? 1 + (int)random_below(&world.order, (uint32_t)n) : n;
}

static void go_on(int ms)
{
    int64_t timer = ms < 0 ? NEVER : world.now + ms * CLOCK_MS;
    int64_t step = process_next();
    int64_t event = life_next();
    int64_t next = timer < step ? timer : step;
    next = next < event ? next : event;
    if (next == NEVER)
        life_fails("waits for ever", "nobody has anything to do, and pid 1 is not over");
    if (next > world.now) {
        world.now = next;
        world.turns_now = 0;
    }
}

static void drain_console(void)
{
    char text[4096];
    while (!world.console_blocks && read(world.console[0], text, sizeof text) > 0)
        ;
}

static int wait_for_events(int epoll, struct epoll_event *events, int most, int ms)
{
    world.in_product = false;
    invariants_turn();
    if (++world.turns_now > TURNS_MAX)
        life_fails("busy loop", "%d turns, and time has not gone on", TURNS_MAX);
    process_due();
    life_due();
    links_wait();
    drain_console();
    int n = epoll_wait(epoll, events, most, 0);
    if (n > 0)
        n = shuffle(events, n);
    else if (!process_ends_of_file() && ms != 0) {
        invariants_quiet();
        go_on(ms);
        process_due();
        life_due();
    }
    trace("wait for events: %d, %lld", n, (long long)world.now);
    world.in_product = true;
    return n;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool file_fails(struct error *e)
{
    if (!world_draws(world.files_fail))
        return false;
    errno = ENOSPC;
    if (e != NULL)
        error_system(e, "unable to write");
    return true;
}

static int write_status(const char *path, const struct supervise_status *s, struct error *e)
{
    return file_fails(e) ? -1 : supervise_write_status(path, s, e);
}

static int tell(const char *path, const char *events)
{
    return file_fails(NULL) ? -1 : supervise_notify(path, events);
}

static int add_death(const char *path, const struct timespec *when, int status, unsigned int most,
                     struct error *e)
{
    return file_fails(e) ? -1 : supervise_add_death(path, when, status, most, e);
}

static int create_empty(const char *path, mode_t mode)
{
    return file_fails(NULL) ? -1 : pid1_system.create_empty(path, mode);
}

static int create(const char *path, int access, mode_t mode)
{
    return file_fails(NULL) ? -1 : pid1_system.create(path, access, mode);
}

static ssize_t write_at(int fd, const void *bytes, size_t size, off_t at)
{
    return file_fails(NULL) ? -1 : pwrite(fd, bytes, size, at);
}

static int write_file(int at, const char *path, const void *bytes, size_t size, mode_t mode,
                      struct error *e)
{
    return file_fails(e) ? -1 : file_write(at, path, bytes, size, mode, e);
}

/* What the container's stderr is, that nobody may read for a while. */
static void messages_to(int fd)
{
    console_messages_to(fd == 2 ? world.console[1] : fd);
}

static int memory_open(bool *tells)
{
    *tells = false;
    errno = ENOENT;
    return -1;
}

const struct pid1_calls *world_calls(void)
{
    static struct pid1_calls c;
    c = pid1_system;
    c.loop = (struct loop_calls){.now = now, .wait = wait_for_events};
    c.wall = wall;
    c.spawn = spawn;
    c.close_slowly = close_slowly;
    c.changed = changed;
    c.kill = deliver;
    c.session_of = group_of;
    c.parent_of = parent_of;
    c.signal_rest = signal_rest;
    c.probe_rest = probe_rest;
    c.messages_to = messages_to;
    c.write_status = write_status;
    c.tell = tell;
    c.add_death = add_death;
    c.create = create;
    c.create_empty = create_empty;
    c.write_at = write_at;
    c.memory_open = memory_open;
    c.write_file = write_file;
    return &c;
}

void world_open(uint64_t seed, struct supervisor *sv)
{
    struct random r = {random_mix(seed, 7)};
    world = (struct world){.sv = sv,
                           .seed = seed,
                           .now = WORLD_START,
                           .order = {random_mix(seed, 8)},
                           .last_pid = 999};
    world.wild = random_below(&r, 3) * 50;
    world.reuses_pids = random_chance(&r, 50);
    world.no_proc = random_chance(&r, 10);
    world.refuses = random_chance(&r, 8);
    world.console_blocks = random_chance(&r, 10);
    world.many_children = random_chance(&r, 50);
    if (__real_pipe2(world.console, O_CLOEXEC) < 0)
        life_fails("no pipe", "for the console");
    fcntl(world.console[0], F_SETFL, O_NONBLOCK);
    fcntl(world.console[0], F_SETPIPE_SZ, 4096);
}

/* What the console keeps between lives: its descriptor, and how many lines did not fit. */
static void forget_console(void)
{
    world.console_blocks = false;
    drain_console();
    console_messages_to(world.console[1]);
    life_write("\n");
    drain_console();
    console_messages_to(-1);
}

void world_close(void)
{
    forget_console();
    for (size_t i = 0; i < world.top; i++)
        if (world.process[i].kind != PROCESS_NONE)
            process_free(&world.process[i]);
}
