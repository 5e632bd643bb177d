#include "supervisor/former.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct former *former_new(const char *name)
{
    struct former *f = calloc(1, sizeof *f);
    if (f == NULL || (f->name = strdup(name)) == NULL) {
        free(f);
        return NULL;
    }
    return f;
}

void former_free(struct former *f)
{
    if (f == NULL)
        return;
    free(f->name);
    free(f);
}

static void take_over(struct oneshots *all, struct former *f, int i, pid_t pid, int report)
{
    struct children *children = &all->pid1->children;
    if (pid <= 0)
        return;
    children_take(children, pid);
    children_add(children, pid, CHILD_FORMER, 0);
    f->pid[i] = pid;
    f->report[i] = report;
    oneshot_tell_to_end(all->pid1, f->name, pid, &f->refused);
}

void former_begin(struct oneshots *all, const struct oneshot *o, struct former *f)
{
    take_over(all, f, 0, o->pid, o->report);
    take_over(all, f, 1, o->reload, o->reload_report);
    if (f->pid[0] == 0 && f->pid[1] == 0) {
        former_free(f);
        return;
    }
    f->next = all->formers;
    all->formers = f;
}

void former_reaped(struct oneshots *all, pid_t pid)
{
    for (struct former **at = &all->formers; *at != NULL; at = &(*at)->next) {
        struct former *f = *at;
        int i = f->pid[0] == pid ? 0 : 1;
        if (f->pid[i] != pid)
            continue;
        close(f->report[i]);
        f->pid[i] = 0;
        if (f->pid[1 - i] != 0)
            return;
        *at = f->next;
        former_free(f);
        return;
    }
}

bool former_runs(const struct oneshots *all, const char *name)
{
    for (const struct former *f = all->formers; f != NULL; f = f->next)
        if (strcmp(f->name, name) == 0)
            return true;
    return false;
}
