#include "supervisor/finish.h"
#include "base/file.h"
#include "base/message.h"
#include <stdio.h>
#include <sys/wait.h>

void finish_release(struct finish *f)
{
    fd_drop(&f->report);
}

void finish_say(const char *name, const char *why)
{
    message_line(MESSAGE_WARNING, "s6-supervise %s: warning: unable to spawn ./finish: %s", name,
                 why);
}

void finish_reaped(struct finish *f, const struct pid1 *p, const char *name, const char *path,
                   int status)
{
    char file[600];
    char why[PID1_WHY_MAX];
    if (f->report < 0)
        return;
    snprintf(file, sizeof file, "%s/finish", path);
    bool failed = pid1_not_executed(p, &f->report, file, why);
    if (failed && !f->failed)
        finish_say(name, why);
    if (failed || !WIFSIGNALED(status)) /* else it may have been killed before */
        f->failed = failed;
}
