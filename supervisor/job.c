#include "supervisor/job.h"
#include "base/container.h"
#include <stdio.h>
#include <string.h>

static const char stopping[] = "s6-rc: fatal: the container is stopping\n";

/* --- who hears of it -------------------------------------------------------------------------- */

static void say(void *context, enum message_level level, const char *text)
{
    const struct job *j = context;
    char line[MESSAGE_MAX];
    if ((int)level > j->verbosity)
        return;
    snprintf(line, sizeof line, "%s\n", text);
    control_say(j->caller, 'e', line);
}

static void set_caller(struct job *j, struct control_connection *caller)
{
    j->caller = caller;
    j->pid1->voice = (struct voice){.say = say, .context = j, .passed = control_passed(caller)};
}

void job_forget_caller(struct job *j)
{
    j->caller = NULL;
    j->pid1->voice = (struct voice){.say = NULL};
}

/* --- who waits -------------------------------------------------------------------------------- */

static struct job_waiting take(struct job *j, size_t i)
{
    struct job_waiting taken = j->waiting[i];
    j->waiters--;
    memmove(&j->waiting[i], &j->waiting[i + 1], (j->waiters - i) * sizeof taken);
    return taken;
}

/* Its turn does not come. */
static void refuse_one(struct job *j, size_t i, int code, const char *text)
{
    struct job_waiting w = take(j, i);
    control_say(w.from, 'e', text);
    control_end(w.from, code);
    words_release(&w.words);
}

static void set_limit(struct job *j);

static void waited_too_long(struct timer *t)
{
    struct job *j = container_of(t, struct job, waiting_limit);
    for (size_t i = j->waiters; i-- > 0;)
        if (j->waiting[i].deadline != 0 && j->waiting[i].deadline <= pid1_now(j->pid1))
            refuse_one(j, i, JOB_TIMED_OUT, "s6-rc: fatal: timed out\n");
    set_limit(j);
}

static void set_limit(struct job *j)
{
    int64_t due = 0;
    for (size_t i = 0; i < j->waiters; i++)
        if (j->waiting[i].deadline != 0 && (due == 0 || j->waiting[i].deadline < due))
            due = j->waiting[i].deadline;
    j->waiting_limit.fire = waited_too_long;
    loop_timer(&j->pid1->loop, &j->waiting_limit, due);
}

static int wait_for_lock(struct job *j, const struct request *r)
{
    struct words words = WORDS_INIT;
    int bad = j->waiters == CONTROL_CONNECTIONS ? -1 : 0;
    for (size_t i = 0; i < r->word_count && bad == 0; i++)
        bad = words_add(&words, r->words[i]);
    if (bad != 0) {
        words_release(&words);
        return request_refuse(r, EXIT_SYSTEM, "out of memory", "");
    }
    j->waiting[j->waiters++] =
        (struct job_waiting){.from = r->from, .words = words, .deadline = r->deadline};
    set_limit(j);
    return CONTROL_PENDING;
}

/* --- the lock --------------------------------------------------------------------------------- */

static bool is_locked(const struct job *j)
{
    return j->busy || j->catalogue->transition.active || j->engine->over_held;
}

int job_lock(struct job *j, struct request *r)
{
    if (j->pid1->stage != STAGE_STARTING && j->pid1->stage != STAGE_RUNNING)
        return request_refuse(r, EXIT_SYSTEM, "the container is stopping", "");
    if (is_locked(j)) {
        if (oneshot_is_ancestor(j->oneshots, r->from->peer)) /* it would wait for itself */
            return request_refuse(r, EXIT_SYSTEM, "unable to take locks: Resource busy",
                                  " (a oneshot that calls s6-rc while it is being started or "
                                  "stopped)");
        return r->wait ? wait_for_lock(j, r)
                       : request_refuse(r, EXIT_SYSTEM, "unable to take locks: Resource busy", "");
    }
    j->busy = true;
    set_caller(j, r->from);
    j->verbosity = r->verbosity;
    j->deadline = r->deadline;
    j->essential_too = r->essential_too;
    return 0;
}

void job_unlock(struct job *j, int code)
{
    struct control_connection *caller = j->caller;
    j->busy = false;
    job_forget_caller(j);
    if (caller != NULL)
        control_end(caller, code);
}

bool job_next(struct job *j, struct job_waiting *w)
{
    if (j->waiters == 0 || is_locked(j))
        return false;
    *w = take(j, 0);
    set_limit(j);
    return true;
}

bool job_gone(struct job *j, const struct control_connection *caller)
{
    for (size_t i = 0; i < j->waiters; i++)
        if (j->waiting[i].from == caller) {
            struct job_waiting w = take(j, i);
            words_release(&w.words);
            set_limit(j);
            break;
        }
    return j->caller == caller;
}

void job_refuse_waiting(struct job *j)
{
    while (j->waiters > 0)
        refuse_one(j, 0, EXIT_SYSTEM, stopping);
    set_limit(j);
}

void job_interrupt(struct job *j)
{
    if (j->caller != NULL)
        control_say(j->caller, 'e', stopping);
    job_unlock(j, EXIT_SYSTEM);
}
