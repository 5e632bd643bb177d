/* The signals of a longrun: to its process, to its group, and for its end. */
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "supervisor/longrun.h"
#include "supervisor/refusal.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void longrun_signal(struct longrun *l, int signal, bool group)
{
    if (birth_holds(&l->run.birth, group ? -signal : signal) &&
        birth_holds(&l->run.birth, group ? -SIGCONT : SIGCONT))
        return;
    if (l->machine.pid <= 0)
        return;
    pid_t target = group ? -l->machine.pid : l->machine.pid;
    refusal_kill(l->all->pid1, l->definition->name, target, signal, &l->refused);
    pid1_kill(l->all->pid1, target, SIGCONT);
}

void longrun_pass_signal(struct longrun *l, int signal)
{
    if (l->machine.pid > 0)
        refusal_kill(l->all->pid1, l->definition->name,
                     signal < 0 ? -l->machine.pid : l->machine.pid, abs(signal), &l->refused);
}

/* A consumer being stopped gets end of file first and its signal only if it does not end by that:
 * what its producers wrote is still in the pipe. One that is not executed yet does not read. */
static void drained(struct timer *t)
{
    struct longrun *l = container_of(t, struct longrun, pipe.drain);
    bool runs = l->machine.state == SERVICE_STARTING || l->machine.state == SERVICE_UP;
    if (runs && l->machine.want == WANT_DOWN)
        longrun_signal(l, l->keys.down_signal, false);
}

void longrun_end(struct longrun *l)
{
    struct pid1 *p = l->all->pid1;
    if (l->pipe.input[1] < 0 || !pid1_is_stopping(p)) {
        longrun_signal(l, l->keys.down_signal, false);
        return;
    }
    fd_drop(&l->pipe.input[1]);
    l->pipe.drain.fire = drained;
    loop_timer(&p->loop, &l->pipe.drain, pid1_now(p) + p->settings.drain * CLOCK_MS);
}
