#include "supervisor/oom.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include "base/quantity.h"
#include "supervisor/pid1.h"
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* Until then a child that was killed is reaped. */
#define GRACE CLOCK_SECOND

/* Kills that nothing accounts for yet; 0: none, or the counter cannot be read now. */
static long long open_kills(struct oom *o)
{
    long long kills = o->pid1->calls->memory_kills(o->counter.fd);
    return kills > o->said ? kills - o->said : 0;
}

static void look_later(struct oom *o)
{
    if (o->look.place == 0)
        loop_timer(&o->pid1->loop, &o->look, pid1_now(o->pid1) + GRACE);
}

void oom_say(struct oom *o, const char *whom)
{
    char size[QUANTITY_MAX];
    long long limit = o->pid1->calls->memory_limit();
    quantity_size(limit, size);
    message_warning("the kernel killed %s: out of memory%s%s%s", whom, limit < 0 ? "" : " (limit ",
                    limit < 0 ? "" : size, limit < 0 ? "" : ")");
}

/* Elsewhere than in a container they may be anybody's. */
static void say_others(struct oom *o, long long kills)
{
    char whom[64];
    if (!o->pid1->is_init)
        return;
    snprintf(whom, sizeof whom, kills == 1 ? "a process" : "%lld processes", kills);
    oom_say(o, whom);
    pid1_event(o->pid1, "oom", NULL, "kills=%lld limit=%lld", kills,
               o->pid1->calls->memory_limit());
}

static void watch(struct oom *o)
{
    struct error ignored = ERROR_INIT;
    if (o->tells)
        o->tells = loop_watch(&o->pid1->loop, &o->counter, EPOLLPRI, &ignored) == 0;
}

static void look(struct timer *t)
{
    struct oom *o = container_of(t, struct oom, look);
    long long kills = open_kills(o);
    o->said += kills;
    if (kills > 0)
        say_others(o, kills);
    watch(o);
}

/* Also when memory is only short, which may be often: not before the next look. */
static void changed(struct watch *w, uint32_t events)
{
    struct oom *o = container_of(w, struct oom, counter);
    (void)events;
    loop_unwatch(&o->pid1->loop, w);
    look_later(o);
}

bool oom_takes(struct oom *o, int wait_status)
{
    if (!o->counts || !WIFSIGNALED(wait_status) || WTERMSIG(wait_status) != SIGKILL)
        return false;
    long long kills = open_kills(o);
    o->said += kills > 0;
    if (kills > 1)
        look_later(o);
    return kills > 0;
}

void oom_reaped(struct oom *o)
{
    if (o->counts && !o->tells && open_kills(o) > 0)
        look_later(o);
}

void oom_begin(struct oom *o, struct pid1 *p)
{
    *o = (struct oom){.pid1 = p, .counter = {.ready = changed}, .look = {.fire = look}};
    o->counter.fd = p->calls->memory_open(&o->tells);
    if (o->counter.fd < 0)
        return;
    o->said = p->calls->memory_kills(o->counter.fd);
    o->counts = true;
    watch(o);
}
