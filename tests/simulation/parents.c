/* Processes of services that have a parent of their own (base/parent.h): pid 1 forks the parent,
 * the parent forks the process, both tell its pid; the parent never reaps, and ends behind it. */
#include "base/clock.h"
#include "base/process.h"
#include "tests/simulation/lives.h"
#include "tests/simulation/own_world.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The process that has that parent; NULL: it is gone. */
static struct process *child_of(pid_t parent)
{
    for (size_t i = 0; i < world.top; i++)
        if (world.process[i].kind != PROCESS_NONE && world.process[i].above == parent)
            return &world.process[i];
    return NULL;
}

static void tell(const struct process *p, int number, const char *step)
{
    struct process_failure f = {.error = number};
    strcpy(f.step, step);
    if (p->report >= 0 && write(p->report, &f, sizeof f) < 0)
        story("%s cannot report", p->label);
}

pid_t parent_add(struct process *p)
{
    char label[64];
    snprintf(label, sizeof label, "the parent of %.40s", p->label);
    struct process *above = process_new(PROCESS_PARENT, label);
    struct random r = {above->seed};
    int error = random_chance(&r, world.wild / 12) ? EAGAIN : 0;
    above->child = true;
    above->patience = NEVER;
    above->step[above->steps++] = (struct step){
        world.now + (random_chance(&r, 60) ? 0 : random_below(&r, 5)) * CLOCK_MS, STEP_BEAR, error};
    p->above = p->mother = above->pid;
    p->alive = p->child = false;
    story("%s starts as %ld", label, (long)above->pid);
    return above->pid;
}

/* It never is: for a policy that is a death, as of one that cannot be executed. */
static void never_born(struct process *p)
{
    if (p->kind == PROCESS_RUN && world.sv->pid1.stage <= STAGE_RUNNING)
        life_died(p->label, EXIT_NOEXEC);
    process_free(p);
}

void parent_bears(struct process *above, int error)
{
    struct process *p = child_of(above->pid);
    struct random r = {above->seed ^ 1};
    if (p == NULL)
        return;
    if (error != 0) {
        tell(p, error, PROCESS_UNBORN);
        never_born(p);
        process_die(above, EXIT_SYSTEM << 8);
        return;
    }
    p->alive = p->born = true;
    p->group = p->pid;
    tell(p, (int)p->pid, PROCESS_BORN);
    if (random_chance(&r, 70))
        tell(p, (int)p->pid, PROCESS_BORN);
    story("%s starts as %ld", p->label, (long)p->pid);
    invariants_spawn(p);
}

bool parent_waits(const struct process *p)
{
    struct process *above = p->above == 0 ? NULL : world_find(p->above);
    if (above == NULL || !above->alive)
        return false;
    if (!p->alive && !above->ends) {
        above->ends = true;
        above->step[above->steps++] =
            (struct step){world.now + (int64_t)(p->seed % 3) * CLOCK_MS, STEP_END, 0};
    }
    return true;
}

/* A process that was not born yet is none any more. */
void parent_died(const struct process *above)
{
    struct process *p = child_of(above->pid);
    if (p == NULL)
        return;
    p->above = 0;
    p->child = true;
    if (!p->born)
        never_born(p);
    else if (!p->alive || p->stopped)
        own_child_changes(p->pid);
}
