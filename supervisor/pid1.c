#include "supervisor/pid1.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "supervisor/patience.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int pid1_open(struct pid1 *p, const struct pid1_calls *calls, struct error *e)
{
    enum { TIMERS = 20 };
    p->calls = calls;
    p->null = p->events.fd = -1;
    p->out = 1;
    p->err = 2;
    if (loop_open(&p->loop, e) < 0)
        return -1;
    p->loop.calls = &calls->loop;
    if (loop_reserve_timers(&p->loop, TIMERS, e) < 0)
        return -1;
    p->null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
    return p->null < 0 ? error_system(e, "unable to open /dev/null") : 0;
}

int64_t pid1_now(const struct pid1 *p)
{
    return p->calls->loop.now();
}

struct timespec pid1_wall(const struct pid1 *p)
{
    return p->calls->wall();
}

/* --- stages ----------------------------------------------------------------------------------- */

void pid1_enter(struct pid1 *p, enum stage stage)
{
    uint32_t first_ms = stage < STAGE_RUNNING ? PATIENCE_BOOT_MS : PATIENCE_STOP_MS;
    p->stage = stage;
    p->stage_since = pid1_now(p);
    if (p->long_stage == NULL)
        return;
    if (stage == STAGE_RUNNING || stage == STAGE_OVER)
        loop_untimer(&p->loop, p->long_stage);
    else
        loop_timer(&p->loop, p->long_stage, p->stage_since + first_ms * CLOCK_MS);
}

bool pid1_is_stopping(const struct pid1 *p)
{
    return p->stage >= STAGE_STOPPING;
}

/* --- children --------------------------------------------------------------------------------- */

pid_t pid1_spawn(struct pid1 *p, struct process_spawn *s, enum child_role role, uint32_t index,
                 int *report, struct error *e)
{
    if (s->envp == NULL)
        s->envp = p->environment.item;
    if (s->nofile == NULL)
        s->nofile = &p->nofile;
    pid_t pid = p->calls->spawn(s, report, e);
    if (pid > 0 && role != CHILD_NONE)
        children_add(&p->children, pid, role, index);
    return pid;
}

char *const *pid1_environment(const struct pid1 *p, char *variable)
{
    size_t name = strcspn(variable, "=") + 1;
    char **next = p->with_variable;
    *next++ = variable;
    for (size_t i = 0; i < p->environment.count; i++)
        if (strncmp(p->environment.item[i], variable, name) != 0)
            *next++ = p->environment.item[i];
    *next = NULL;
    return p->with_variable;
}

bool pid1_not_executed(const struct pid1 *p, int *report, const char *program,
                       char why[PID1_WHY_MAX])
{
    struct process_failure failure;
    int told = *report < 0 ? 1 : 2;
    while (told == 2)
        told = p->calls->report(*report, &failure); /* with a parent, it tells the pid as well */
    if (told == 0)
        process_explain(program, &failure, why, PID1_WHY_MAX);
    fd_drop(report);
    return told == 0;
}

int pid1_kill(const struct pid1 *p, pid_t pid, int signal)
{
    int result = p->calls->kill(pid, signal);
    if (result < 0 && errno == ESRCH && pid < -1)
        result = p->calls->kill(-pid, signal); /* it is just forked, and leads no group yet */
    return result;
}

/* --- shortages -------------------------------------------------------------------------------- */

void pid1_lacks(struct pid1 *p, struct shortage *s, const char *what, const char *name,
                const struct error *e)
{
    shortage_note(s, what, name, e, pid1_now(p));
}

/* Those that were queued before, and not what they queue anew. */
static void try_again(struct timer *t)
{
    struct pid1 *p = container_of(t, struct pid1, again);
    uint32_t round = p->round++;
    while (p->retries != NULL && p->retries->round == round) {
        struct retry *r = p->retries;
        pid1_forget_retry(p, r);
        r->again(r);
    }
}

void pid1_retry(struct pid1 *p, struct retry *r)
{
    enum { AGAIN_MS = 1000, AGAIN_AT_STOP_MS = 100 };
    int64_t wait = (pid1_is_stopping(p) ? AGAIN_AT_STOP_MS : AGAIN_MS) * CLOCK_MS;
    struct retry **end = &p->retries;
    while (!r->queued && *end != NULL)
        end = &(*end)->next;
    if (!r->queued) {
        r->next = NULL;
        r->round = p->round;
        r->queued = true;
        *end = r;
    }
    p->again.fire = try_again;
    if (p->again.place == 0)
        loop_timer(&p->loop, &p->again, pid1_now(p) + wait);
}

void pid1_forget_retry(struct pid1 *p, struct retry *r)
{
    for (struct retry **at = &p->retries; r->queued && *at != NULL; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            r->queued = false;
            return;
        }
}

/* --- what is said ----------------------------------------------------------------------------- */

void pid1_say(struct pid1 *p, enum message_level level, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text - 1, format, list);
    va_end(list);
    if (n < 0)
        return;
    if (p->voice.say != NULL)
        p->voice.say(p->voice.context, level, text);
    else
        message_line(level, "%s", text);
}

void pid1_event(struct pid1 *p, const char *event, const char *service, const char *format, ...)
{
    struct timespec now = pid1_wall(p);
    va_list list;
    va_start(list, format);
    event_log_write(&p->events, &now, event, service, format, list);
    va_end(list);
}

void pid1_event_at(struct pid1 *p, const struct timespec *when, const char *event,
                   const char *service, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    event_log_write(&p->events, when, event, service, format, list);
    va_end(list);
}
