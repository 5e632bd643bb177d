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
    pid_t job;               /* 0: none runs */
    int64_t armed;           /* wall ns that the timerfd is set to; TIMETABLE_NEVER */
    int events;              /* -1: they are not told */
    bool kept;               /* the state is written */
    bool again;              /* another process did so before us since the container began */
    char name[NAME_MAX + 1]; /* of the service; "": we are not one */
};

/* Of a run, from the plan before that hears of its end. */
struct run {
    struct schedule_now begun;
    bool over_limit;
};

static struct schedule_now now(void)
{
    struct timespec t = clock_wall();
    return (struct schedule_now){.wall = t.tv_sec * CLOCK_SECOND + t.tv_nsec,
                                 .clock = clock_monotonic()};
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
    const struct schedule_counts *c = &p->plan.counts;
    struct schedule_state *s = &p->state;
    int64_t next = schedule_next(&p->plan, &t);
    s->next = next == TIMETABLE_NEVER ? 0 : next;
    s->pid = p->job;
    s->runs = (int64_t)c->runs;
    s->ended = (int64_t)c->ended;
    s->failed = (int64_t)c->failed;
    s->late = (int64_t)c->late;
    s->skipped = (int64_t)c->skipped;
}

/* Said once. */
static void give_state_up(struct program *p, const struct error *e)
{
    message_warning("%s: overlog status will not show how the job is (schedule has to stand before "
                    "s6-setuidgid, or what else changes the user)",
                    e->text);
    p->kept = false;
}

static void keep_state(struct program *p)
{
    struct error e = ERROR_INIT;
    fill_state(p);
    if (p->kept && schedule_state_write(&p->state, p->name, &e) < 0)
        give_state_up(p, &e);
}

/* Takes the counts over from the process before us, if the container is the same. */
static void open_state(struct program *p)
{
    struct error e = ERROR_INIT;
    p->state = (struct schedule_state){.code = -1};
    p->kept = access("supervise", F_OK) == 0 && access(RUN_SCANDIR, F_OK) == 0 &&
              beside_name(p->name, &e) == 0;
    p->events = -1;
    if (!p->kept) {
        p->name[0] = '\0';
        return;
    }
    p->again = schedule_state_read(&p->state, "/run", p->name) == 0;
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

static void say_end(const struct program *p, int status)
{
    char how[60], took[QUANTITY_MAX];
    const char *name = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : NULL;
    duration_format((uint32_t)(p->state.ms < UINT32_MAX ? p->state.ms : UINT32_MAX), took);
    if (name != NULL)
        snprintf(how, sizeof how, "was ended by SIG%s", name);
    else
        snprintf(how, sizeof how, "exited %d", process_exit_code(status));
    if (p->plan.result != 0)
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
    if (p->job > 0 && kill(-p->job, signal) < 0)
        kill(p->job, signal);
}

/* A job has ended. */
static void note_end(struct program *p, const struct run *run, int status)
{
    const struct schedule_now t = now();
    p->job = 0;
    p->state.ms = (t.clock - run->begun.clock) / CLOCK_MS;
    p->state.code = p->plan.result;
    p->state.well = p->plan.result == 0 ? t.wall : p->state.well;
    say_end(p, status);
    write_event(p, run, status);
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

/* Performs actions until nothing more follows. */
static void follow(struct program *p, unsigned int actions)
{
    for (int code; (code = perform(p, actions)) != 0;) {
        const struct schedule_now t = now();
        const struct run run = {p->plan.begun, p->plan.over_limit};
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
            p->state.answer = (int64_t)p->plan.answer;
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

static void reap(struct program *p)
{
    int status;
    if (p->job == 0 || process_reap_one(p->job, &status) == 0)
        return;
    const struct schedule_now t = now();
    const struct run run = {p->plan.begun, p->plan.over_limit};
    unsigned int actions = schedule_step(&p->plan, SCHEDULE_ENDED, process_exit_code(status), &t);
    note_end(p, &run, status);
    follow(p, actions);
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
        loop_reserve_timers(&p->loop, 1, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (loop_signal(&p->loop, signals[i], on_signal, p, e) < 0)
            return -1;
    return 0;
}

/* In a frame of its own, which does not stay on the stack while the process sleeps. */
__attribute__((noinline)) static void begin(struct program *p, const struct schedule_rules *r)
{
    struct schedule_rules rules = *r;
    const struct schedule_now t = now();
    uint64_t seed = 0;
    const struct schedule_counts counts = {.runs = (uint64_t)p->state.runs,
                                           .ended = (uint64_t)p->state.ended,
                                           .failed = (uint64_t)p->state.failed,
                                           .late = (uint64_t)p->state.late,
                                           .skipped = (uint64_t)p->state.skipped};
    rules.at_start |= !p->again && timetable_has(&rules.table, TIMETABLE_REBOOT);
    kernel_noise(&seed, sizeof seed);
    image_discard_tables();
    follow(p, schedule_begin(&p->plan, &rules, &counts, seed, &t));
}

int schedule_run(const struct schedule *s)
{
    static struct program p;
    struct error e = ERROR_INIT;
    p = (struct program){.options = s, .wall = {.ready = wall_came}, .timer = {.fire = time_came}};
    if (open_loop(&p, &e) < 0)
        return message_error(&e);
    open_state(&p);
    begin(&p, &s->rules);
    p.loop.handled = rest;
    rest(&p);
    if (loop_run(&p.loop, &e) < 0)
        return message_error(&e);
    return p.plan.code;
}
