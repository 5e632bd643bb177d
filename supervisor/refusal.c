/* Signals that the kernel refuses: a process under another user, and no CAP_KILL. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>

static void grace_is_over(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, refused));
    if (sv->pid1.stage != STAGE_STOPPING)
        return;
    message_warning("what refuses signals is left to the kernel");
    stop_end_services(sv);
}

/* As pid 1 we can end without it: the kernel then ends the rest. */
static void bound_stop(struct supervisor *sv)
{
    if (sv->pid1.stage != STAGE_STOPPING || !sv->pid1.is_init || sv->refused.place != 0)
        return;
    sv->refused.fire = grace_is_over;
    loop_timer(&sv->pid1.loop, &sv->refused,
               pid1_now(&sv->pid1) + sv->pid1.settings.kill_grace * CLOCK_MS);
}

void refusal_kill(struct supervisor *sv, const char *name, pid_t pid, int signal, bool *said)
{
    if (pid1_kill(&sv->pid1, pid, signal) == 0 || errno != EPERM)
        return;
    if (!*said)
        message_warning(
            "unable to signal service %s (process %ld): it runs as another user, and we "
            "lack the capability CAP_KILL (--cap-add KILL)",
            name, (long)(pid < 0 ? -pid : pid));
    *said = true;
    bound_stop(sv);
}
