#include "supervisor/refusal.h"
#include "base/message.h"
#include <errno.h>

void refusal_kill(struct pid1 *p, const char *name, pid_t pid, int signal, bool *said)
{
    if (pid1_kill(p, pid, signal) == 0 || errno != EPERM)
        return;
    if (!*said)
        message_warning(
            "unable to signal service %s (process %ld): it runs as another user, and we "
            "lack the capability CAP_KILL (--cap-add KILL)",
            name, (long)(pid < 0 ? -pid : pid));
    *said = true;
    notice_post(&p->notices, NOTICE_REFUSED, 0);
}
