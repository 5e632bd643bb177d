/* What is said of a service that does not stay up. */
#include "base/clock.h"
#include "base/message.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "supervisor/longrun.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { END_MAX = 160 };

/* How the last instance ended, in a few words. */
static void describe_end(const struct longrun *l, char out[END_MAX])
{
    int status = l->machine.wait_status;
    char signal[SIGNAL_TEXT_MAX] = "";
    if (WIFSIGNALED(status))
        signal_text(WTERMSIG(status), signal);
    if (l->machine.spawn_code != 0)
        snprintf(out, END_MAX, "%.150s", l->run.why != NULL ? l->run.why : "not executed");
    else if (WIFSIGNALED(status))
        snprintf(out, END_MAX, "%s%s", signal, l->history.oom ? ", out of memory" : "");
    else
        snprintf(out, END_MAX, "exit %d", WEXITSTATUS(status));
}

/* Times that a person compares: seconds to two minutes, then larger units. */
static void describe_time(int64_t ms, char out[QUANTITY_MAX])
{
    if (ms < 1000)
        snprintf(out, QUANTITY_MAX, "%lld ms", (long long)ms);
    else if (ms < 120000)
        snprintf(out, QUANTITY_MAX, "%lld s", (long long)ms / 1000);
    else
        quantity_duration(ms, out);
}

/* "ended 5 times in 38 s (last: exit 1)". */
static void describe_ends(const struct longrun *l, uint32_t count, int64_t ms, char *out,
                          size_t size)
{
    char last[END_MAX];
    char time[QUANTITY_MAX];
    describe_end(l, last);
    describe_time(ms, time);
    if (count > 1)
        snprintf(out, size, "ended %u times in %s (last: %s)", count, time, last);
    else
        snprintf(out, size, "ended (%s)", last);
}

/* ms from the first of the deaths that count to the last. */
static int64_t deaths_ms(const struct restart_tally *t)
{
    return t->count == 0 ? 0 : t->death[t->count - 1] - t->death[0];
}

static void keep_why(struct longrun *l, const char *why)
{
    free(l->history.failed);
    l->history.failed = strdup(why);
}

void longrun_say_failed(struct longrun *l)
{
    struct pid1 *p = l->all->pid1;
    const char *name = l->definition->name;
    const struct restart_tally *t = &l->machine.tally;
    char ends[END_MAX + 64];
    char why[256];
    bool told = l->machine.failed == FAILURE_FINISH;
    if (told) {
        keep_why(l, "finish said 125");
    } else {
        describe_ends(l, t->count, deaths_ms(t), ends, sizeof ends);
        message_warning("%s %s: given up", name, ends);
        snprintf(why, sizeof why, "gave up: %s", ends);
        keep_why(l, why);
    }
    if (l->node == NO_NODE && told)
        message_warning("service %s failed permanently", name);
    else if (l->node != NO_NODE && (told || p->voice.say != NULL))
        pid1_say(p, MESSAGE_WARNING, "s6-rc: warning: service %s failed permanently", name);
}

void longrun_say_loops(const struct longrun *l)
{
    const struct restart_tally *t = &l->machine.tally;
    char ends[END_MAX + 64];
    char words[LAST_WORDS_SIZE + 1];
    describe_ends(l, t->streak, (t->last - t->since) / CLOCK_MS, ends, sizeof ends);
    logger_last_words(&l->logger, words);
    message_warning("%s %s, and was started again%s%s", l->definition->name, ends,
                    words[0] != '\0' ? "; its last words: " : "", words);
}

void longrun_event_failed(const struct longrun *l)
{
    struct pid1 *p = l->all->pid1;
    const struct restart_tally *t = &l->machine.tally;
    const char *name = l->definition->name;
    int status = l->machine.spawn_code != 0 ? l->machine.spawn_code << 8 : l->machine.wait_status;
    if (l->machine.failed == FAILURE_FINISH)
        pid1_event(p, "fail", name, "reason=finish said 125");
    else
        pid1_event(p, "gave-up", name, "deaths=%u ms=%lld %s=%d", t->count, (long long)deaths_ms(t),
                   WIFSIGNALED(status) ? "signal" : "code",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
