#include "command/tools/schedule_run.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/image.h"
#include "base/kernel.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/process.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "command/tools/beside.h"
#include "command/tools/schedule_state.h"
#include "contract/paths.h"
#include "supervisor/event_log.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct program {
    const struct schedule *options;
    struct loop loop;
    struct watch wall;  /* a timerfd */
    struct timer timer; /* monotonic times */
    struct schedule_plan plan;
    struct schedule_state state;
    pid_t job;         /* and its group; 0: none runs */
    struct timer look; /* for the end of what the kernel tells us nothing of */
    int64_t pause;     /* until its next look, ns */
    bool found;        /* the job is of a schedule before us, which died: no child of ours */
    bool headless;     /* it is dead, but not all of its group, which we have ended */
    int status;        /* of one that is headless */
    int64_t armed;     /* wall ns that the timerfd is set to; TIMETABLE_NEVER */
    int events;        /* -1: they are not told */
    bool kept;         /* the state is written */
    bool again;        /* another process did so before us since the container began */
    const char *name;  /* of the service; NULL: we are not one */
};

/* Of a run, from the plan before that hears of its end. */
struct run {
    struct schedule_now begun;
    bool over_limit, replaced;
};

/* Looks follow each other slower and slower. */
#define FIRST_PAUSE (4 * CLOCK_MS)
#define LAST_PAUSE (128 * CLOCK_MS)

static struct schedule_now now(void)
{
    struct timespec t = clock_wall();
    return (struct schedule_now){.wall = clock_ns(&t), .clock = clock_monotonic()};
}

void schedule_time(int64_t wall, char out[SCHEDULE_TIME_MAX])
{
    struct tm tm;
    time_t t = (time_t)(wall / CLOCK_SECOND);
    if (localtime_r(&t, &tm) == NULL || strftime(out, SCHEDULE_TIME_MAX, "%F %T %z", &tm) == 0)
        snprintf(out, SCHEDULE_TIME_MAX, "?");
}

/* --- the state -------------------------------------------------------------------------------- */

static void fill_state(struct program *p)
{
    const struct schedule_now t = now();
    struct schedule_state *s = &p->state;
    int64_t next = schedule_next(&p->plan, &t);
    s->next = next == TIMETABLE_NEVER ? 0 : next;
    s->pid = p->job;
    s->born = p->job > 0 ? s->born : 0;
    s->counts = p->plan.counts;
}

/* Said once. */
static void give_state_up(struct program *p, const struct error *e)
{
    message_warning("%s: overlog status will not show how the job is (schedule has to stand before "
                    "s6-setuidgid, or what else changes the user)%s",
                    e->text,
                    timetable_has(&p->options->rules.table, TIMETABLE_REBOOT)
                        ? "; @reboot comes at each start of the service"
                        : "");
    p->kept = false;
}

static void keep_state(struct program *p)
{
    struct error e = ERROR_INIT;
    fill_state(p);
    if (p->kept && schedule_state_write(&p->state, p->name, &e) < 0)
        give_state_up(p, &e);
}

/* The birth of a process; 0: not known, or it is dead. /proc may be that of another pid namespace
 * than ours. */
static int64_t birth_of(const struct program *p, pid_t pid)
{
    struct process_stat s;
    bool known = p->state.owner == getpid() && process_stat(pid, &s) == 0;
    return known && s.state != 'Z' && s.state != 'X' ? (int64_t)s.born : 0;
}

/* Takes the job over that the process before us left when it died, as long as that runs. */
static void find_job(struct program *p)
{
    pid_t pid = (pid_t)p->state.pid;
    p->found = pid > 0 && p->state.born != 0 && birth_of(p, pid) == p->state.born;
    if (!p->found)
        return;
    p->job = pid;
    message_warning("the job (pid %ld) of a schedule that died still runs: it is waited for",
                    (long)pid);
}

/* Takes the counts over from the process before us, if the container is the same. */
static void open_state(struct program *p)
{
    struct error e = ERROR_INIT;
    char name[NAME_MAX + 1];
    p->state = (struct schedule_state){.code = -1};
    p->events = -1;
    if (access("supervise", F_OK) != 0 || access(RUN_SCANDIR, F_OK) != 0 ||
        beside_name(name, &e) < 0 || (p->name = strdup(name)) == NULL)
        return;
    p->kept = true;
    p->again = schedule_state_read(&p->state, "/run", p->name) == 0;
    schedule_state_own(&p->state);
    find_job(p);
    snprintf(p->state.timetable, sizeof p->state.timetable, "%s", p->options->timetable);
    if (file_make_directories(AT_FDCWD, RUN_JOBS, 0755, &e) < 0)
        give_state_up(p, &e);
    p->events = open(RUN_EVENTS, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

/* An event that the pipe has no room for is lost. */
static void write_event(const struct program *p, const struct run *run, int status)
{
    char begun[CLOCK_UTC_LENGTH + 1] = "", line[EVENT_LINE_MAX], details[160];
    const struct timespec t = clock_wall(), began = clock_timespec(run->begun.wall);
    if (p->events < 0)
        return;
    clock_utc_format(begun, &began);
    snprintf(details, sizeof details, "start=%s %s=%d ms=%lld%s", begun,
             WIFSIGNALED(status) ? "signal" : "code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (long long)p->state.ms,
             run->over_limit ? " limit=1" : "");
    size_t length = event_line(line, &t, "job", p->name, details);
    if (write(p->events, line, length) < 0 && errno != EAGAIN)
        message_warning("unable to tell the event log of the job: %s", strerror(errno));
}

/* --- what is said ----------------------------------------------------------------------------- */

static void say_skipped(const struct program *p)
{
    char ran[QUANTITY_MAX];
    quantity_duration((clock_monotonic() - p->plan.begun.clock) / CLOCK_MS, ran);
    message_warning("the job (pid %ld) still runs, for %s: this time is skipped", (long)p->job,
                    ran);
}

static void say_missed(const struct program *p)
{
    char next[SCHEDULE_TIME_MAX] = "never";
    if (p->plan.due != TIMETABLE_NEVER)
        schedule_time(p->plan.due, next);
    message_warning("the clock was set, or nothing ran for a long time: what was due is left out; "
                    "next is %s",
                    next);
}

static void say_next(const struct program *p)
{
    char at[SCHEDULE_TIME_MAX] = "?", in[QUANTITY_MAX], runs[60] = "";
    const struct schedule_now t = now();
    int64_t next = schedule_next(&p->plan, &t);
    if (p->job > 0)
        snprintf(runs, sizeof runs, "the job runs now (pid %ld); ", (long)p->job);
    schedule_time(next, at);
    quantity_duration((next - t.wall) / CLOCK_MS, in);
    if (next == TIMETABLE_NEVER)
        message_line(MESSAGE_WARNING, "schedule: info: %sit is not due again", runs);
    else
        message_line(MESSAGE_WARNING, "schedule: info: %snext is %s, in %s", runs, at, in);
}

static void say_limit(const struct program *p)
{
    char limit[QUANTITY_MAX];
    duration_format((uint32_t)(p->plan.rules.limit / CLOCK_MS), limit);
    message_warning("the job (pid %ld) has run for %s, its limit: it is ended", (long)p->job,
                    limit);
}

static void say_end(const struct program *p, const struct run *run, int status)
{
    char how[60], took[QUANTITY_MAX];
    const char *name = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : NULL;
    duration_format((uint32_t)(p->state.ms < UINT32_MAX ? p->state.ms : UINT32_MAX), took);
    if (p->found)
        snprintf(how, sizeof how, "of a schedule that died has ended,");
    else if (name != NULL)
        snprintf(how, sizeof how, "was ended by SIG%s", name);
    else
        snprintf(how, sizeof how, "exited %d", process_exit_code(status));
    if (p->found || (p->plan.result != 0 && !run->replaced))
        message_warning("the job %s after %s", how, took);
    else if (p->options->verbose)
        message_info("the job %s after %s", how, took);
}

/* --- the job ---------------------------------------------------------------------------------- */

/* 0: it runs; else the exit code that stands for a start that failed. */
static int start_job(struct program *p)
{
    struct error e = ERROR_INIT;
    struct process_spawn s = {.program = p->options->argv[0],
                              .argv = p->options->argv,
                              .envp = p->options->envp,
                              .new_session = true};
    p->state.began = p->plan.begun.wall;
    p->job = process_start_explain(&s, &e);
    if (p->job > 0) {
        p->state.born = birth_of(p, p->job);
        if (p->options->verbose)
            message_info("the job begins (pid %ld)", (long)p->job);
        return 0;
    }
    p->job = 0;
    message_warning("%s", e.text);
    return e.code;
}

static void signal_job(const struct program *p, int signal)
{
    if (p->job > 0)
        kill(-p->job, signal);
}

/* A job has ended. */
static void note_end(struct program *p, const struct run *run, int status)
{
    const struct schedule_now t = now();
    p->state.ms = (t.clock - run->begun.clock) / CLOCK_MS;
    p->state.code = p->found && p->plan.result == 0 ? -1 : p->plan.result;
    p->state.well = p->state.code == 0 ? t.wall : p->state.well;
    say_end(p, run, status);
    if (!p->found)
        write_event(p, run, status);
    p->job = 0;
    p->found = p->headless = false;
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Sets both timers. A wall clock that is set wakes us as well, while it matters. */
static void arm(struct program *p)
{
    int64_t wake = schedule_wake(&p->plan), due = p->plan.due;
    if (wake == TIMETABLE_NEVER)
        loop_untimer(&p->loop, &p->timer);
    else
        loop_timer(&p->loop, &p->timer, wake);
    if (due == p->armed)
        return;
    struct itimerspec at = {.it_value = clock_timespec(due == TIMETABLE_NEVER ? 0 : due)};
    if (timerfd_settime(p->wall.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) < 0)
        message_warning("unable to set the timer: %s", strerror(errno));
    p->armed = due;
}

/* Performs actions. 0, or the exit code of a job that could not be started. */
static int perform(struct program *p, unsigned int actions)
{
    if (actions & SCHEDULE_SAY_LIMIT)
        say_limit(p);
    if (actions & SCHEDULE_SAY_SKIPPED)
        say_skipped(p);
    if (actions & SCHEDULE_SAY_MISSED)
        say_missed(p);
    if (actions & SCHEDULE_TERM)
        signal_job(p, SIGTERM);
    if (actions & SCHEDULE_KILL)
        signal_job(p, SIGKILL);
    if (actions & SCHEDULE_END)
        loop_stop(&p->loop);
    return actions & SCHEDULE_START ? start_job(p) : 0;
}

static struct run run_of(const struct program *p)
{
    return (struct run){p->plan.begun, p->plan.over_limit, p->plan.replaced};
}

/* Performs actions until nothing more follows. */
static void follow(struct program *p, unsigned int actions)
{
    for (int code; (code = perform(p, actions)) != 0;) {
        const struct schedule_now t = now();
        const struct run run = run_of(p);
        actions = schedule_step(&p->plan, SCHEDULE_ENDED, code, &t);
        note_end(p, &run, code << 8);
    }
    arm(p);
    keep_state(p);
}

static void tell(struct program *p, enum schedule_event event)
{
    const struct schedule_now t = now();
    unsigned int actions = schedule_step(&p->plan, event, 0, &t);
    if (event == SCHEDULE_ASKED) {
        p->state.asked++;
        if (p->plan.answer != 0)
            p->state.answer = p->plan.answer;
    }
    follow(p, actions);
}

static void time_came(struct timer *t)
{
    tell(container_of(t, struct program, timer), SCHEDULE_LOOK);
}

static void wall_came(struct watch *w, uint32_t events)
{
    struct program *p = container_of(w, struct program, wall);
    uint64_t times;
    (void)events;
    if (read(w->fd, &times, sizeof times) < 0 && errno == EAGAIN)
        return;
    p->armed = 0; /* neither a time nor never */
    tell(p, SCHEDULE_LOOK);
}

/* The job is over, with all that belongs to it. */
static void job_over(struct program *p, int status)
{
    const struct schedule_now t = now();
    const struct run run = run_of(p);
    unsigned int actions = schedule_step(&p->plan, SCHEDULE_ENDED, process_exit_code(status), &t);
    note_end(p, &run, status);
    follow(p, actions);
}

static void look_later(struct program *p)
{
    loop_timer(&p->loop, &p->look, clock_monotonic() + p->pause);
    p->pause = p->pause < LAST_PAUSE ? p->pause * 2 : p->pause;
}

/* Whether more is to be waited for than the job's own process: what it started, if we have ended
 * it. What is killed needs no more from us, and may be dead but not reaped. */
static bool group_is_awaited(const struct program *p)
{
    bool ends = p->plan.job == SCHEDULE_ENDING;
    return ends && kill(-p->job, 0) == 0;
}

static void job_died(struct program *p, int status)
{
    p->headless = group_is_awaited(p);
    p->status = status;
    p->pause = FIRST_PAUSE;
    if (p->headless)
        look_later(p);
    else
        job_over(p, status);
}

static void look_came(struct timer *t)
{
    struct program *p = container_of(t, struct program, look);
    if (p->headless ? group_is_awaited(p) : birth_of(p, p->job) == p->state.born)
        look_later(p);
    else if (p->headless)
        job_over(p, p->status);
    else
        job_died(p, 0);
}

static void reap(struct program *p)
{
    int status;
    if (p->job > 0 && !p->found && !p->headless && process_reap_one(p->job, &status) > 0)
        job_died(p, status);
}

static void on_signal(void *context, int signal)
{
    struct program *p = context;
    if (signal == SIGCHLD)
        reap(p);
    else if (signal == SIGALRM)
        tell(p, SCHEDULE_ASKED);
    else if (signal == SIGHUP)
        say_next(p);
    else if (signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGWINCH)
        signal_job(p, signal);
    else
        tell(p, SCHEDULE_STOPPED);
}

/* What a turn needed is given back: the process sleeps now, for hours perhaps. */
static void rest(void *context)
{
    (void)context;
    process_trim_stack();
    image_rest();
}

/* 0, or -1 with e. */
static int open_loop(struct program *p, struct error *e)
{
    static const int signals[] = {SIGCHLD, SIGALRM, SIGHUP,  SIGTERM, SIGINT,
                                  SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
    signal(SIGPIPE, SIG_IGN);
    p->wall.fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->wall.fd < 0)
        return error_system(e, "unable to make a timer");
    if (loop_open(&p->loop, e) < 0 || loop_watch(&p->loop, &p->wall, EPOLLIN, e) < 0 ||
        loop_reserve_timers(&p->loop, 2, e) < 0)
        return -1;
    return loop_signals(&p->loop, signals, sizeof signals / sizeof signals[0], on_signal, p, e);
}

/* In a frame of its own, which does not stay on the stack while the process sleeps. */
__attribute__((noinline)) static void begin(struct program *p, const struct schedule_rules *r)
{
    struct schedule_rules rules = *r;
    const struct schedule_now t = now();
    uint64_t seed = 0;
    rules.at_start |= !p->again && timetable_has(&rules.table, TIMETABLE_REBOOT);
    kernel_noise(&seed, sizeof seed);
    image_discard_tables();
    struct schedule_now since = {.wall = p->state.began, .clock = t.clock};
    since.clock -= t.wall > since.wall ? t.wall - since.wall : 0;
    p->pause = FIRST_PAUSE;
    if (p->found)
        look_later(p);
    follow(p,
           schedule_begin(&p->plan, &rules, &p->state.counts, seed, &t, p->found ? &since : NULL));
}

int schedule_run(const struct schedule *s)
{
    static struct {
        struct program program;
        struct error error; /* behind what is written, and not on the stack of one that sleeps */
    } all;
    struct program *p = &all.program;
    p->options = s;
    p->wall.ready = wall_came;
    p->timer.fire = time_came;
    p->look.fire = look_came;
    if (open_loop(p, &all.error) < 0)
        return message_error(&all.error);
    open_state(p);
    begin(p, &s->rules);
    p->loop.handled = rest;
    rest(p);
    if (loop_run(&p->loop, &all.error) < 0)
        return message_error(&all.error);
    return p->plan.code;
}
