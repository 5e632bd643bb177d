/* Loggers in the loop: started, restarted, counted out at the end. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

enum { DRAIN_TRIES = 3, DRAIN_RETRY_MS = 100 };

struct logger_slot *logger_slot_at(struct supervisor *sv, uint32_t index)
{
    if (index == 0)
        return &sv->init;
    if (index == 1)
        return &sv->cmd_logger;
    return sv->longrun[index - 2] == NULL ? NULL : &sv->longrun[index - 2]->logger;
}

static void retry(struct timer *t)
{
    struct logger_slot *s =
        (struct logger_slot *)(void *)((char *)t - offsetof(struct logger_slot, timer));
    logger_slot_start(s);
}

void logger_slot_start(struct logger_slot *s)
{
    struct supervisor *sv = s->supervisor;
    if (!s->logged.open || s->logged.pid != 0 || s->done)
        return;
    struct error e = ERROR_INIT;
    int64_t now = pid1_now(&sv->pid1);
    pid_t pid = logged_start(&s->logged, &sv->logging, now, &e);
    if (pid > 0) {
        shortage_over(&sv->pid1.shortage);
        children_add(&sv->pid1.children, pid, CHILD_LOGGER, s->index);
        controlled_logger(s, true, 0);
        if (s->boundary)
            logged_signal(&s->logged, SIGUSR1);
        return;
    }
    shortage_note(&sv->pid1.shortage, "the logger of ", s->logged.name, &e, errno, now);
    s->timer.fire = retry;
    loop_timer(&sv->pid1.loop, &s->timer,
               sv->pid1.stage >= STAGE_DRAIN ? now + DRAIN_RETRY_MS * CLOCK_MS
                                             : s->logged.retry_at);
}

void logger_slot_first(struct logger_slot *s)
{
    if (!s->logged.restarted && s->logged.retry_at == 0)
        logger_slot_start(s);
}

void logger_slot_hang_up(struct logger_slot *s)
{
    s->ending = true;
    if (logged_hang_up(&s->logged) < 0 && s->supervisor->pid1.stage < STAGE_DRAIN)
        supervisor_put_off(s->supervisor); /* the drain has its signal */
    if (!s->logged.open || (s->logged.pid == 0 && s->logged.retry_at == 0 && !s->logged.restarted))
        s->done = true; /* never started: nothing was written */
    else if (s->logged.pid == 0)
        logger_slot_start(s);
}

void logger_slots_again(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->longruns + 2; i++) {
        struct logger_slot *s = logger_slot_at(sv, i);
        if (s != NULL && s->ending && !s->done && s->logged.open && logged_hang_up(&s->logged) < 0)
            supervisor_put_off(sv);
    }
}

void logger_slot_reaped(struct logger_slot *s, int status)
{
    struct supervisor *sv = s->supervisor;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    logged_died(&s->logged, status, pid1_now(&sv->pid1));
    controlled_logger(s, false, status);
    if (s->ending) {
        /* Its pipes are at their end, or it was told that they are: a clean exit is the last one.
         */
        if ((clean && (sv->pid1.stage >= STAGE_DRAIN || logged_at_end(&s->logged))) ||
            s->logged.failures > DRAIN_TRIES)
            s->done = sv->sweep = true;
        else
            logger_slot_start(s);
        return;
    }
    if (!clean && s->logged.failures <= 1)
        message_warning("the logger of %s ended with code %d, starting another", s->logged.name,
                        process_exit_code(status));
    s->timer.fire = retry;
    if (s->logged.retry_at <= pid1_now(&sv->pid1))
        logger_slot_start(s);
    else
        loop_timer(&sv->pid1.loop, &s->timer, s->logged.retry_at);
}
