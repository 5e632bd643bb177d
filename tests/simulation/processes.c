/* Processes as records: what each of them does, and when. */
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "contract/logger.h"
#include "tests/simulation/lives.h"
#include "tests/simulation/own_world.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_PID = 1000, LAST_PID = 1200 };

/* --- coming ----------------------------------------------------------------------------------- */

static bool pid_is_free(pid_t pid)
{
    for (size_t i = 0; i < world.top; i++) {
        const struct process *p = &world.process[i];
        if (p->kind != PROCESS_NONE && (p->pid == pid || p->group == pid))
            return false;
    }
    return true;
}

/* The lowest that is free, or the next one, as the life has it. */
static pid_t take_pid(void)
{
    pid_t pid = world.reuses_pids ? FIRST_PID : world.last_pid + 1;
    for (;; pid++) {
        if (pid >= LAST_PID && !world.reuses_pids)
            pid = FIRST_PID;
        if (pid_is_free(pid))
            return world.last_pid = pid;
    }
}

struct process *process_new(enum process_kind kind, const char *label)
{
    for (size_t i = 0; i < WORLD_PROCESSES; i++) {
        struct process *p = &world.process[i];
        if (p->kind != PROCESS_NONE)
            continue;
        world.top = i < world.top ? world.top : i + 1;
        pid_t pid = take_pid();
        *p = (struct process){
            .kind = kind,
            .pid = pid,
            .group = pid,
            .alive = true,
            .report = -1,
            .reads = {-1, -1},
            .patience = 0,
            .end_status = SIGTERM,
            .seed = random_mix(random_mix(world.seed, random_text(label)), world.spawned++)};
        snprintf(p->label, sizeof p->label, "%s", label);
        return p;
    }
    life_fails("too many processes", "%d live at once", WORLD_PROCESSES);
}

/* --- scripts ---------------------------------------------------------------------------------- */

static void plan_step(struct process *p, int64_t in_ms, enum step_kind what, int detail)
{
    if (p->steps < PROCESS_STEPS)
        p->step[p->steps++] = (struct step){world.now + in_ms * CLOCK_MS, what, detail};
}

static bool bad(struct random *r, uint32_t percent)
{
    return random_chance(r, percent * world.wild / 100);
}

static void plan_patience(struct process *p, struct random *r)
{
    p->patience = random_below(r, 30) * CLOCK_MS;
    if (bad(r, 20))
        p->patience = random_below(r, 8000) * CLOCK_MS;
    if (bad(r, 12))
        p->patience = NEVER;
    if (bad(r, 30))
        p->end_status = (int)random_below(r, 3) << 8;
}

static void plan_run(struct process *p, struct random *r)
{
    static const int errors[] = {ENOENT, EACCES, ENOEXEC};
    int error = bad(r, 8) ? errors[random_below(r, 3)] : 0;
    int64_t executed = random_chance(r, 60) ? 0 : random_below(r, 40);
    plan_step(p, executed, STEP_EXECUTE, error);
    plan_patience(p, r);
    p->eof_ends = !bad(r, 25);
    if (!bad(r, 10))
        plan_step(p, executed + random_below(r, bad(r, 30) ? 4000 : 50), STEP_READY, 0);
    if (bad(r, 10))
        plan_step(p, executed + random_below(r, 500), STEP_GARBAGE, 0);
    if (bad(r, 15))
        plan_step(p, executed + random_below(r, 1000), STEP_FORK, 0);
    if (bad(r, 35))
        plan_step(p, executed + random_below(r, bad(r, 50) ? 10 : 6000), STEP_END,
                  random_chance(r, 25) ? SIGSEGV : (int)random_below(r, 3) << 8);
}

static void plan_short(struct process *p, struct random *r)
{
    bool finish = p->kind == PROCESS_FINISH;
    int status = bad(r, 15) ? 1 << 8 : 0;
    if (finish && bad(r, 12))
        status = 125 << 8;
    plan_step(p, random_below(r, 3), STEP_EXECUTE, bad(r, 4) ? EACCES : 0);
    plan_patience(p, r);
    if (p->kind == PROCESS_ONESHOT && bad(r, 25))
        p->patience = NEVER;
    if (!bad(r, p->kind == PROCESS_ONESHOT ? 25 : 12))
        plan_step(p, 3 + random_below(r, bad(r, 30) ? 6000 : 60), STEP_END, status);
    if (!finish && bad(r, 10))
        plan_step(p, 2, STEP_FORK, 0);
}

static void plan_logger(struct process *p, struct random *r)
{
    p->eof_ends = !bad(r, 5);
    p->patience = bad(r, 5) ? NEVER : random_below(r, 20) * CLOCK_MS;
    p->end_status = 0;
    if (bad(r, 15))
        plan_step(p, random_below(r, 6000), STEP_END,
                  random_chance(r, 50) ? SIGKILL : EXIT_SYSTEM << 8);
}

void process_plan(struct process *p)
{
    struct random r = {p->seed};
    if (random_chance(&r, 15) && p->kind != PROCESS_CLOSER) {
        p->group = 1; /* that of its parent, until it has a session of its own */
        plan_step(p, random_below(&r, 3), STEP_SESSION, 0);
    }
    switch (p->kind) {
    case PROCESS_RUN:
        plan_run(p, &r);
        break;
    case PROCESS_LOGGER:
        plan_logger(p, &r);
        break;
    case PROCESS_CMD:
        plan_step(p, random_below(&r, 5), STEP_EXECUTE, bad(&r, 5) ? ENOENT : 0);
        plan_patience(p, &r);
        if (random_chance(&r, 40))
            plan_step(p, 100 + random_below(&r, 20000), STEP_END,
                      random_chance(&r, 20) ? SIGSEGV : (int)random_below(&r, 200) << 8);
        break;
    case PROCESS_ORPHAN:
        plan_patience(p, &r);
        if (random_chance(&r, 50))
            plan_step(p, random_below(&r, 9000), STEP_END, 0);
        break;
    case PROCESS_PARENT:
        break;
    case PROCESS_CLOSER:
        plan_step(p, random_below(&r, 30), STEP_END, 0);
        break;
    default:
        plan_short(p, &r);
        break;
    }
}

/* --- going ------------------------------------------------------------------------------------ */

static void release(struct process *p)
{
    for (size_t i = 0; i < p->fds; i++)
        close(p->fd[i].from);
    p->fds = 0;
    fd_drop(&p->report);
}

void process_free(struct process *p)
{
    release(p);
    p->kind = PROCESS_NONE;
}

static void adopt_orphans(const struct process *parent)
{
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        if (p->kind == PROCESS_ORPHAN && !p->child && p->group == parent->group)
            p->child = true;
    }
}

void process_die(struct process *p, int status)
{
    release(p);
    p->alive = p->stopped = p->stop_untold = false;
    p->end_status = status;
    if (WIFSIGNALED(status))
        story("%s (%ld) is killed by signal %d", p->label, (long)p->pid, WTERMSIG(status));
    else
        story("%s (%ld) exits %d", p->label, (long)p->pid, WEXITSTATUS(status));
    adopt_orphans(p);
    parent_died(p);
    if (p->child)
        own_child_changes(p->pid);
    else if (!parent_waits(p))
        process_free(p);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void execute(struct process *p, int error)
{
    struct process_failure f = {.error = error, .step = "exec"};
    if (p->report >= 0 && error != 0 && write(p->report, &f, sizeof f) < 0)
        story("%s cannot report", p->label);
    fd_drop(&p->report);
    if (error != 0)
        process_die(p, (error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC) << 8);
}

static void say_ready(struct process *p, const char *text)
{
    for (size_t i = 0; i < p->fds; i++) {
        if (p->fd[i].to <= 2)
            continue;
        story("%s writes %s", p->label,
              text[0] == '\n' ? "that it is ready" : "what means nothing");
        p->told_ready = p->told_ready || text[0] == '\n';
        if (send(p->fd[i].from, "", 0, MSG_NOSIGNAL) < 0 && errno == EPIPE)
            return;
        if (write(p->fd[i].from, text, strlen(text)) < 0)
            story("nobody reads it");
    }
}

static void fork_one(const struct process *parent)
{
    char label[64];
    snprintf(label, sizeof label, "%.40s's child", parent->label);
    struct process *p = process_new(PROCESS_ORPHAN, label);
    p->group = parent->group;
    for (size_t i = 0; i < parent->fds; i++)
        p->fd[p->fds++] = (struct process_fd){dup(parent->fd[i].from), parent->fd[i].to};
    process_plan(p);
    p->group = parent->group;
    story("%s forks %ld", parent->label, (long)p->pid);
}

static void do_step(struct process *p, const struct step *s)
{
    switch (s->what) {
    case STEP_SESSION:
        if (p->kind != PROCESS_ORPHAN)
            p->group = p->pid;
        break;
    case STEP_BEAR:
        parent_bears(p, s->detail);
        break;
    case STEP_EXECUTE:
        execute(p, s->detail);
        break;
    case STEP_READY:
        say_ready(p, "\n");
        break;
    case STEP_GARBAGE:
        say_ready(p, "soon");
        break;
    case STEP_FORK:
        fork_one(p);
        break;
    case STEP_END:
        if (p->kind == PROCESS_CLOSER)
            shutdown(p->fd[0].to, SHUT_RDWR), close(p->fd[0].to);
        process_die(p, s->detail);
        break;
    }
}

/* Index of its next one; -1: none. What is stopped does nothing. */
static int next_of(const struct process *p)
{
    int best = -1;
    if (p->kind == PROCESS_NONE || !p->alive || p->stopped)
        return -1;
    for (size_t i = 0; i < p->steps; i++)
        if (p->step[i].at != NEVER && (best < 0 || p->step[i].at < p->step[best].at))
            best = (int)i;
    return best;
}

int64_t process_next(void)
{
    int64_t first = NEVER;
    for (size_t i = 0; i < world.top; i++) {
        int n = next_of(&world.process[i]);
        if (n >= 0 && world.process[i].step[n].at < first)
            first = world.process[i].step[n].at;
    }
    return first;
}

void process_due(void)
{
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        int n;
        while ((n = next_of(p)) >= 0 && p->step[n].at <= world.now) {
            struct step s = p->step[n];
            p->step[n].at = NEVER;
            do_step(p, &s);
        }
    }
}

/* Whoever is asked to end does so, after a while. */
static void end_soon(struct process *p, int64_t wait, int status)
{
    p->eof_ends = false;
    for (size_t i = 0; i < p->steps; i++)
        if (p->step[i].what == STEP_END)
            p->step[i] = p->step[--p->steps];
    if (p->steps == PROCESS_STEPS)
        p->steps--;
    p->step[p->steps++] = (struct step){world.now + wait, STEP_END, status};
}

bool process_ends_of_file(void)
{
    struct pollfd list[2 * WORLD_PROCESSES];
    struct process *of[2 * WORLD_PROCESSES];
    nfds_t count = 0;
    bool any = false;
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        for (int j = 0; j < 2; j++)
            if (p->kind != PROCESS_NONE && p->alive && !p->stopped && p->eof_ends &&
                p->reads[j] >= 0) {
                of[count] = p;
                list[count++] = (struct pollfd){.fd = p->reads[j]};
            }
    }
    if (count == 0 || poll(list, count, 0) <= 0)
        return false;
    for (nfds_t i = 0; i < count; i++) {
        struct process *p = of[i];
        bool both = (list[i].revents & POLLHUP) != 0;
        if (i + 1 < count && of[i + 1] == p)
            both = both && (list[++i].revents & POLLHUP) != 0;
        if (!both)
            continue;
        story("%s finds the end of what it reads", p->label);
        end_soon(p, (int64_t)(p->seed % 50) * CLOCK_MS, 0);
        any = true;
    }
    return any;
}

/* --- signals ---------------------------------------------------------------------------------- */

static void hit(struct process *p, int signal)
{
    bool ends = signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT ||
                signal == SIGABRT || signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGALRM;
    if (p->kind == PROCESS_LOGGER)
        ends = signal == SIGHUP || signal == SIGUSR2;
    if (!ends || p->patience == NEVER || p->kind == PROCESS_PARENT)
        return;
    int status = p->end_status == SIGTERM ? signal : p->end_status;
    if (p->kind == PROCESS_LOGGER && signal == SIGHUP)
        status = LOGGER_EXIT_SUCCESSOR << 8;
    end_soon(p, p->patience, status);
}

static void send_one(struct process *p, int signal)
{
    if (signal == 0)
        return;
    story("%s (%ld) gets signal %d", p->label, (long)p->pid, signal);
    if (signal == SIGKILL) {
        process_die(p, SIGKILL);
    } else if (signal == SIGSTOP) {
        p->stop_untold = p->stop_untold || (p->child && !p->stopped);
        p->stopped = true;
        if (p->stop_untold || parent_waits(p))
            own_child_changes(p->pid);
    } else if (signal == SIGCONT) {
        p->stopped = p->stop_untold = false;
        for (int s = 1; s < 32; s++)
            if ((p->held & 1U << s) != 0)
                hit(p, s);
        p->held = 0;
    } else if (p->stopped) {
        p->held |= 1U << signal;
    } else {
        hit(p, signal);
    }
}

struct process *world_find(pid_t pid)
{
    for (size_t i = 0; i < world.top; i++)
        if (world.process[i].kind != PROCESS_NONE && world.process[i].pid == pid &&
            (world.process[i].above == 0 || world.process[i].born))
            return &world.process[i];
    return NULL;
}

static int signal_all(pid_t pid, int signal, bool by_pid1)
{
    int hits = 0, refused = 0;
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        if (p->kind == PROCESS_NONE || (p->above != 0 && !p->born))
            continue;
        bool meant = pid == -1 || (pid < -1 ? p->group == -pid : p->pid == pid);
        if (!meant)
            continue;
        if (by_pid1 && p->foreign) {
            refused++;
            continue;
        }
        hits++;
        if (p->alive)
            send_one(p, signal);
    }
    if (hits > 0)
        return 0;
    errno = refused > 0 ? EPERM : ESRCH;
    return -1;
}

int world_kill(pid_t pid, int signal)
{
    return signal_all(pid, signal, false);
}

int world_kill_by_pid1(pid_t pid, int signal)
{
    return signal_all(pid, signal, true);
}
