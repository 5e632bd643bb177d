#include "supervisor/finish.h"
#include "base/file.h"
#include "base/message.h"
#include <stdio.h>
#include <unistd.h>

void finish_release(struct finish *f)
{
    fd_drop(&f->report);
}

void finish_say(const char *name, const char *why)
{
    message_line(MESSAGE_WARNING, "s6-supervise %s: warning: unable to spawn ./finish: %s", name,
                 why);
}

void finish_reaped(struct finish *f, const struct pid1 *p, const char *name, const char *path)
{
    struct process_failure failure;
    char file[600];
    char why[1100];
    if (f->report < 0)
        return;
    int told;
    while ((told = p->calls->report(f->report, &failure)) == 2)
        ; /* with a parent, which tells the pid as well */
    bool executed = told != 0;
    bool said = f->failed;
    finish_release(f);
    f->failed = !executed;
    if (executed || said)
        return;
    snprintf(file, sizeof file, "%s/finish", path);
    process_explain(file, &failure, why, sizeof why);
    finish_say(name, why);
}
