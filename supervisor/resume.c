#include "supervisor/resume.h"
#include "base/clock.h"
#include "base/container.h"
#include <signal.h>

enum { RESUME_MS = 50 };

static bool is_newborn(const struct resume *r, const struct child *c)
{
    const struct longrun *l = c->role == CHILD_SERVICE ? r->longruns->item[c->index] : NULL;
    return l != NULL && l->machine.state == SERVICE_STARTING && !l->machine.paused;
}

/* Of one that has a parent we do not hear that it was stopped, only that something has. */
static bool may_be_stopped(const struct resume *r, const struct child *c)
{
    return c->stopped ||
           (c->role == CHILD_SERVICE && r->longruns->item[c->index]->run.birth.parent > 0);
}

void resume_all(struct resume *r)
{
    struct pid1 *p = r->pid1;
    for (size_t i = 0; i < p->children.capacity; i++) {
        struct child *c = &p->children.slot[i];
        if (c->pid == 0 || !may_be_stopped(r, c) ||
            !child_resumes(c->role, is_newborn(r, c), pid1_is_stopping(p)))
            continue;
        c->stopped = false;
        pid1_kill(p, c->pid, SIGCONT);
    }
}

static void fire(struct timer *t)
{
    resume_all(container_of(t, struct resume, timer));
}

void resume_later(struct resume *r)
{
    r->timer.fire = fire;
    if (r->timer.place == 0)
        loop_timer(&r->pid1->loop, &r->timer, pid1_now(r->pid1) + RESUME_MS * CLOCK_MS);
}

void resume_soon(struct resume *r, pid_t pid)
{
    struct child *c = children_find(&r->pid1->children, pid);
    if (c == NULL)
        return;
    c->stopped = true;
    resume_later(r);
}
