/* What pid 1 waits for in a boot or a stop: looked at now and then, and named when it takes long.
 */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/patience.h"
#include "supervisor/supervisor.h"
#include <stddef.h>
#include <stdio.h>

enum { NAMED_MAX = 8, WHO_MAX = 256 };

/* One look. */
struct look {
    struct supervisor *sv;
    int64_t now;
    uint32_t first_ms;
    int64_t next; /* when another one is due */
    unsigned int named, unnamed;
};

/* By when a wait ends by itself, and how. */
struct limit {
    int64_t at; /* monotonic ns, 0 never */
    const char *end;
};

static struct limit earlier(struct limit a, int64_t at, const char *end)
{
    return at != 0 && (a.at == 0 || at < a.at) ? (struct limit){at, end} : a;
}

static void see(struct look *k, const char *who, const char *what, int64_t since,
                struct limit limit)
{
    char line[PATIENCE_LINE_MAX];
    int64_t due = patience_due(since, k->sv->waits_said, k->first_ms);
    if (due <= k->now) {
        due = patience_due(since, k->now, k->first_ms);
        patience_line(line, who, what, since, limit.at, limit.end, k->now);
        if (k->named < NAMED_MAX)
            message_warning("%s", line);
        else
            k->unnamed++;
        k->named++;
    }
    k->next = due < k->next ? due : k->next;
}

/* --- what there is to see, by stage ----------------------------------------------------------- */

static struct limit limit_of(const struct look *k, uint32_t node)
{
    const struct supervisor *sv = k->sv;
    const struct transition_node *n = &sv->transition.node[node];
    struct limit limit = {0, ""};
    limit = earlier(limit, n->deadline, "it is given up");
    limit = earlier(limit, sv->transition.deadline, "it is given up");
    if (n->state == NODE_STOPPING && supervisor_definition(sv, node)->type == DEFINITION_LONGRUN)
        limit = earlier(limit, sv->longrun[sv->longrun_of[node]]->machine.deadline, "it is killed");
    return earlier(limit, sv->stop_end, "everything is killed");
}

static void see_nodes(struct look *k)
{
    const struct supervisor *sv = k->sv;
    for (uint32_t i = 0; sv->transition.active && i < sv->graph.count; i++) {
        const struct transition_node *n = &sv->transition.node[i];
        if (n->goal && (n->state == NODE_STARTING || n->state == NODE_STOPPING))
            see(k, supervisor_definition(sv, i)->name,
                n->state == NODE_STARTING ? "is still starting" : "is still stopping", n->since,
                limit_of(k, i));
    }
}

/* Those that were only put into /run/service. */
static void see_scanned(struct look *k)
{
    const struct supervisor *sv = k->sv;
    for (uint32_t i = 0; sv->stop_deadline != 0 && i < sv->longruns; i++) {
        const struct longrun *l = sv->longrun[i];
        struct limit limit = {sv->stop_deadline, "it is killed"};
        if (l != NULL && l->told && !l->going && !service_at_rest(&l->machine))
            see(k, l->definition->name, "is still stopping", sv->pid1.stage_since, limit);
    }
}

static void see_remaining(struct look *k)
{
    const struct supervisor *sv = k->sv;
    char names[WHO_MAX - 64];
    char who[WHO_MAX];
    long count = stop_remaining(k->sv, names, sizeof names);
    struct limit limit = {sv->stop_deadline, sv->pid1.stage == STAGE_TERM
                                                 ? "what is left is killed"
                                                 : "the kernel is to end what is left"};
    if (count <= 0)
        return;
    snprintf(who, sizeof who, "%ld %s%s%s%s", count, count == 1 ? "process" : "processes",
             names[0] != '\0' ? " (" : "", names, names[0] != '\0' ? ")" : "");
    see(k, who, count == 1 ? "is still there" : "are still there", sv->pid1.stage_since, limit);
}

static void see_loggers(struct look *k)
{
    struct supervisor *sv = k->sv;
    char who[WHO_MAX];
    for (uint32_t i = 0; i < sv->longruns + 2; i++) {
        const struct logger_slot *s = logger_slot_at(sv, i);
        struct limit limit = {sv->stop_deadline,
                              sv->drain_urged ? "it is killed" : "it is told to hurry"};
        if (s == NULL || s->done || !s->logged.open)
            continue;
        snprintf(who, sizeof who, "the logger of %.200s", s->logged.name);
        see(k, who, "still writes", sv->pid1.stage_since, limit);
    }
}

static void see_all(struct look *k)
{
    const struct supervisor *sv = k->sv;
    switch (sv->pid1.stage) {
    case STAGE_HOOK:
        if (sv->hook > 0)
            see(k, sv->pid1.settings.hook, "(S6_STAGE2_HOOK) still runs", sv->pid1.stage_since,
                (struct limit){0, ""});
        break;
    case STAGE_STARTING:
    case STAGE_STOPPING:
        see_nodes(k);
        see_scanned(k);
        break;
    case STAGE_TERM:
    case STAGE_KILL:
        see_remaining(k);
        break;
    case STAGE_DRAIN:
        see_loggers(k);
        break;
    case STAGE_RUNNING:
    case STAGE_OVER:
        break;
    }
}

/* --- when ------------------------------------------------------------------------------------- */

static void look(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, pid1.long_stage));
    struct look k = {.sv = sv, .now = pid1_now(&sv->pid1)};
    if (sv->pid1.stage == STAGE_RUNNING || sv->pid1.stage == STAGE_OVER)
        return;
    k.first_ms = sv->pid1.stage < STAGE_RUNNING ? PATIENCE_BOOT_MS : PATIENCE_STOP_MS;
    k.next = k.now + k.first_ms * CLOCK_MS; /* nothing that begins until then is due earlier */
    see_all(&k);
    if (k.unnamed > 0)
        message_warning("and %u more", k.unnamed);
    if (k.named > 0)
        sv->waits_said = k.now;
    loop_timer(&sv->pid1.loop, &sv->pid1.long_stage, k.next);
}

void waits_open(struct supervisor *sv)
{
    sv->pid1.long_stage.fire = look;
}
