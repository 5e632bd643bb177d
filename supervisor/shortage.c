#include "supervisor/shortage.h"
#include "base/clock.h"
#include "base/message.h"
#include <errno.h>
#include <stddef.h>

static const struct {
    int why;
    const char *cure;
} cures[] = {
    {EAGAIN, " (too many processes: --pids-limit, or the user's limit, --ulimit nproc)"},
    {EMFILE, " (too many descriptors: --ulimit nofile)"},
    {ENFILE, " (too many open files on the whole machine)"},
    {ENOMEM, " (too little memory: --memory)"},
    {ENOSPC, " (no room: --tmpfs /run:size=...)"},
    {EDQUOT, " (the quota is used up)"},
    {0, ""},
};

bool shortage_is(int why)
{
    for (size_t i = 0; cures[i].why != 0; i++)
        if (cures[i].why == why)
            return true;
    return false;
}

const char *shortage_cure(int why)
{
    size_t i = 0;
    while (cures[i].why != 0 && cures[i].why != why)
        i++;
    return cures[i].cure;
}

void shortage_note(struct shortage *s, const char *what, const char *name, const struct error *e,
                   int64_t now)
{
    bool named = what[0] != '\0' || name[0] != '\0';
    s->attempts++;
    if (s->said || (s->said_at != 0 && now - s->said_at < 60 * CLOCK_SECOND))
        return;
    s->said = true;
    s->said_at = now;
    message_warning("%s%s%s%s%s; retrying this and everything else that fails for the same reason",
                    what, name, named ? ": " : "", e->text, shortage_cure(e->why));
}

void shortage_over(struct shortage *s)
{
    if (s->said)
        message_info("it works again, after %lu attempts that failed", s->attempts);
    s->said = false;
    s->attempts = 0;
}
