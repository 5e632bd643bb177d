#include "supervisor/waits.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include "supervisor/patience.h"
#include <stdio.h>

enum { NAMED_MAX = 8, WHO_MAX = 256 };

/* One look. */
struct look {
    struct waits *w;
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
    int64_t due = patience_due(since, k->w->said, k->first_ms);
    if (due <= k->now) {
        due = patience_due(since, k->now, k->first_ms);
        const struct patience_wait wait = {who, what, since, limit.at, limit.end};
        patience_line(line, &wait, k->now);
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
    const struct stop *s = k->w->stop;
    const struct catalogue *c = s->catalogue;
    const struct transition_node *n = &c->transition.node[node];
    struct limit limit = {0, ""};
    limit = earlier(limit, n->deadline, "it is given up");
    limit = earlier(limit, c->transition.deadline, "it is given up");
    if (n->state == NODE_STOPPING && catalogue_is_longrun(c, node))
        limit = earlier(limit, longruns_of(s->longruns, node)->machine.deadline, "it is killed");
    return earlier(limit, s->end, "everything is killed");
}

/* Those of services.d, which have left /run/service. A log waits for its service, and is named only
 * when that is over. In the last second of their time nobody is: services-down names them at its
 * end. True: one at least is waited for. */
static bool see_unlinked(struct look *k, int64_t since)
{
    const struct longruns *all = k->w->stop->longruns;
    int64_t grace = k->w->pid1->settings.legacy_grace * CLOCK_MS;
    struct limit limit =
        earlier((struct limit){grace == 0 ? 0 : since + grace, "we go on without it"},
                k->w->stop->end, "everything is killed");
    bool any = false;
    for (int logs = 0; logs < 2 && !any; logs++)
        for (uint32_t i = 0; i < all->count; i++) {
            const struct longrun *l = all->item[i];
            if (l == NULL || l->member != MEMBER_REMOVING || service_at_rest(&l->machine) ||
                (l->definition->consumer_for.count > 0) != (logs == 1))
                continue;
            if (limit.at == 0 || limit.at - k->now > CLOCK_SECOND)
                see(k, l->definition->name, "is still stopping", since, limit);
            any = true;
        }
    return any;
}

static void see_nodes(struct look *k)
{
    const struct catalogue *c = k->w->stop->catalogue;
    for (uint32_t i = 0; c->transition.active && i < c->graph.count; i++) {
        const struct transition_node *n = &c->transition.node[i];
        const struct definition *d = catalogue_definition(c, i);
        if (!n->goal || (n->state != NODE_STARTING && n->state != NODE_STOPPING))
            continue;
        if (n->state == NODE_STOPPING && d->builtin == BUILTIN_LEGACY_SERVICES &&
            see_unlinked(k, n->since))
            continue;
        see(k, d->name, n->state == NODE_STARTING ? "is still starting" : "is still stopping",
            n->since, limit_of(k, i));
    }
}

/* Those that were only put into /run/service. */
static void see_scanned(struct look *k)
{
    const struct stop *s = k->w->stop;
    for (uint32_t i = 0; s->deadline != 0 && i < s->longruns->count; i++) {
        const struct longrun *l = s->longruns->item[i];
        struct limit limit = {s->deadline, "it is killed"};
        if (l != NULL && l->told && l->member != MEMBER_GONE && !service_at_rest(&l->machine))
            see(k, l->definition->name, "is still stopping", k->w->pid1->stage_since, limit);
    }
}

static void see_remaining(struct look *k)
{
    struct stop *s = k->w->stop;
    const struct pid1 *p = k->w->pid1;
    char names[WHO_MAX - 64];
    char who[WHO_MAX];
    long count = stop_remaining(s, names, sizeof names);
    struct limit limit = {s->deadline, p->stage == STAGE_TERM
                                           ? "what is left is killed"
                                           : "the kernel is to end what is left"};
    if (count <= 0)
        return;
    snprintf(who, sizeof who, "%ld %s%s%s%s", count, count == 1 ? "process" : "processes",
             names[0] != '\0' ? " (" : "", names, names[0] != '\0' ? ")" : "");
    see(k, who, count == 1 ? "is still there" : "are still there", p->stage_since, limit);
}

static void see_loggers(struct look *k)
{
    const struct stop *s = k->w->stop;
    char who[WHO_MAX];
    for (uint32_t i = 0; i < longruns_loggers(s->longruns); i++) {
        const struct logger *l = longruns_logger(s->longruns, i);
        struct limit limit = {s->deadline, s->urged ? "it is killed" : "it is told to hurry"};
        if (l == NULL || logger_is_over(l))
            continue;
        snprintf(who, sizeof who, "the logger of %.200s", l->name);
        see(k, who, "still writes", k->w->pid1->stage_since, limit);
    }
}

static void see_all(struct look *k)
{
    const struct pid1 *p = k->w->pid1;
    switch (p->stage) {
    case STAGE_HOOK:
        if (k->w->hook->pid > 0)
            see(k, p->settings.hook, "(S6_STAGE2_HOOK) still runs", p->stage_since,
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
    struct waits *w = container_of(t, struct waits, timer);
    struct pid1 *p = w->pid1;
    struct look k = {.w = w, .now = pid1_now(p)};
    if (p->stage == STAGE_RUNNING || p->stage == STAGE_OVER)
        return;
    k.first_ms = p->stage < STAGE_RUNNING ? PATIENCE_BOOT_MS : PATIENCE_STOP_MS;
    k.next = k.now + k.first_ms * CLOCK_MS; /* nothing that begins until then is due earlier */
    see_all(&k);
    if (k.unnamed > 0)
        message_warning("and %u more", k.unnamed);
    if (k.named > 0)
        w->said = k.now;
    loop_timer(&p->loop, &w->timer, k.next);
}

void waits_open(struct waits *w, const struct hook *h, struct stop *s)
{
    *w = (struct waits){.pid1 = s->pid1, .hook = h, .stop = s, .timer = {.fire = look}};
    s->pid1->long_stage = &w->timer;
}
