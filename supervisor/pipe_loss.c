#include "supervisor/pipe_loss.h"
#include "base/file.h"
#include "base/message.h"

static const char *reason(const struct longrun *l)
{
    if (l->history.starts == 0)
        return l->run.why != NULL ? "could not be executed" : "never ran";
    return l->machine.failed != FAILURE_NONE ? "failed for good" : "ended before it had read them";
}

void pipe_loss_say(struct longrun *l)
{
    const struct words *producers = &l->definition->consumer_for;
    int left = fd_unread(l->pipe.input[0]);
    if (l->pipe.loss_said || left <= 0)
        return;
    l->pipe.loss_said = true;
    message_warning("%d bytes that %s%s wrote are lost: service %s %s", left,
                    producers->count > 0 ? producers->item[0] : "its producer",
                    producers->count > 1 ? " and others" : "", l->definition->name, reason(l));
}

void pipe_loss_say_all(struct longruns *ls)
{
    for (uint32_t i = 0; i < ls->count; i++)
        if (ls->item[i] != NULL)
            pipe_loss_say(ls->item[i]);
}
