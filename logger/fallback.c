#include "logger/fallback.h"
#include "base/message.h"
#include "logger/unlogged.h"
#include <string.h>
#include <sys/stat.h>

/* The system's part of a message, behind the last ": ". */
static const char *reason_of(const struct error *e)
{
    const char *reason = strrchr(e->text, ':');
    return reason == NULL || reason[1] != ' ' ? e->text : reason + 2;
}

static void say_no_disk(struct fallback *f, const struct error *e)
{
    struct stat st;
    if (f->said || !f->speaks || !unlogged_say(f->lock))
        return;
    f->said = true;
    const char *slash = strrchr(f->directory, '/');
    if (lstat(f->directory, &st) < 0)
        message_line(MESSAGE_INFO,
                     ".init: info: no log directory under %.*s (%s): logging to the console only",
                     slash == NULL ? 1 : (int)(slash - f->directory),
                     slash == NULL ? "." : f->directory, reason_of(e));
    else
        message_line(MESSAGE_INFO,
                     "%s: info: unable to use log directory %s (%s): logging to the console only; "
                     "`logcat NAME` gives the reason for each service",
                     f->name, f->directory, reason_of(e));
}

void fallback_say(struct fallback *f, const struct error *e, const char *consequence)
{
    if (f->best_effort)
        say_no_disk(f, e);
    else
        message_warning("%s; %s", e->text, consequence);
}
