/* What must hold in every turn of every life. */
#include "base/clock.h"
#include "contract/paths.h"
#include "tests/simulation/lives.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum node_state before[64]; /* of nodes, at the last turn */
static const struct node *graph;   /* which they are of */

/* --- services --------------------------------------------------------------------------------- */

/* Its parent is known as such, or is dead. */
static void check_birth(const struct supervisor *sv, const struct longrun *l)
{
    pid_t pid = l->run.birth.parent;
    const struct process *above = pid == 0 ? NULL : world_find(pid);
    const struct child *c = children_find(&sv->pid1.children, pid);
    if (l->machine.pid != 0)
        life_fails("state", "%s awaits its pid and has one", l->definition->name);
    if (pid != 0 && (above == NULL || above->kind != PROCESS_PARENT || c == NULL ||
                     c->role != CHILD_PARENT || c->index != l->index))
        life_fails("unaccounted", "the parent %ld of %s is not known as that", (long)pid,
                   l->definition->name);
}

static void check_process(const struct supervisor *sv, const struct longrun *l)
{
    const struct service *m = &l->machine;
    const char *name = l->definition->name;
    /* After s6-svc -x it is wanted up again, and has failed until it starts. */
    if (m->failed != FAILURE_NONE &&
        (m->state != SERVICE_DOWN || (m->want == WANT_UP && m->deadline == 0)))
        life_fails("failed", "%s has failed for good and is %s", name,
                   service_state_name(m->state));
    if (m->state == SERVICE_DOWN) {
        if (m->pid != 0)
            life_fails("state", "%s is down and has pid %ld", name, (long)m->pid);
        if (m->want == WANT_UP && m->deadline == 0 && l->member != MEMBER_GONE)
            life_fails("forgotten", "%s is wanted up, and nothing will start it", name);
        return;
    }
    if (l->run.birth.awaited) {
        check_birth(sv, l);
        return;
    }
    const struct process *p = world_find(m->pid);
    const struct child *c = children_find(&sv->pid1.children, m->pid);
    bool finish = m->state == SERVICE_FINISH;
    if (p == NULL || p->kind != (finish ? PROCESS_FINISH : PROCESS_RUN))
        life_fails("state", "%s is %s, and its pid %ld is not", name, service_state_name(m->state),
                   (long)m->pid);
    if (c == NULL || c->role != CHILD_SERVICE || c->index != l->index)
        life_fails("unaccounted", "pid %ld of %s is not known as its", (long)m->pid, name);
}

static void check_consumer(const struct supervisor *sv, const struct longrun *l)
{
    uint32_t i = l->pipe.consumer;
    const char *name = l->definition->name;
    if (i == NO_LONGRUN)
        return;
    const struct longrun *to = i < sv->longruns.count ? sv->longruns.item[i] : NULL;
    if (to == NULL)
        life_fails("index", "%s feeds place %u, which is free", name, i);
    if (to->member == MEMBER_GONE)
        life_fails("index", "%s feeds %s, which is gone", name, to->definition->name);
    if (to->pipe.input[0] < 0)
        life_fails("index", "%s feeds %s, which has no pipe", name, to->definition->name);
}

static void check_longruns(const struct supervisor *sv)
{
    const struct longruns *ls = &sv->longruns;
    uint32_t pending = 0;
    for (uint32_t i = 0; i < ls->count; i++) {
        const struct longrun *l = ls->item[i];
        if (l == NULL)
            continue;
        if (l->index != i)
            life_fails("index", "%s is not at its place", l->definition->name);
        pending += l->run.report.fd >= 0 ? 1 : 0;
        check_process(sv, l);
        check_consumer(sv, l);
        if (l->member == MEMBER_GONE && l->machine.state != SERVICE_DOWN)
            life_fails("state", "%s is gone and %s", l->definition->name,
                       service_state_name(l->machine.state));
        if (l->member != MEMBER_GONE && (l->machine.deadline != 0) != (l->deadline.place != 0))
            life_fails("deadline", "%s: its machine and the loop differ", l->definition->name);
        if (l->node != NO_NODE &&
            (l->node >= sv->catalogue.graph.count || sv->catalogue.longrun_of[l->node] != i))
            life_fails("index", "%s is not that of its node", l->definition->name);
    }
    if (pending != ls->runs.execs)
        life_fails("count", "%u runs are not executed yet, and %u is what is counted", pending,
                   ls->runs.execs);
}

/* --- processes -------------------------------------------------------------------------------- */

static pid_t former_pid(const struct oneshots *all, pid_t pid)
{
    for (const struct former *f = all->formers; f != NULL; f = f->next)
        if (f->pid[0] == pid || f->pid[1] == pid)
            return pid;
    return 0;
}

static pid_t owner_pid(struct supervisor *sv, const struct child *c)
{
    const struct logger *l;
    switch (c->role) {
    case CHILD_SERVICE:
        if (c->index >= sv->longruns.count || sv->longruns.item[c->index] == NULL)
            life_fails("index", "pid %ld leads to a free place", (long)c->pid);
        return sv->longruns.item[c->index]->machine.pid;
    case CHILD_LOGGER:
        l = longruns_logger(&sv->longruns, c->index);
        if (l == NULL)
            life_fails("index", "the logger %ld leads to a free place", (long)c->pid);
        return l->process.pid;
    case CHILD_ONESHOT:
        return c->index < sv->catalogue.graph.count ? sv->catalogue.oneshot[c->index].pid : 0;
    case CHILD_PARENT:
        if (c->index >= sv->longruns.count || sv->longruns.item[c->index] == NULL)
            life_fails("index", "parent %ld leads to a free place", (long)c->pid);
        return sv->longruns.item[c->index]->run.birth.parent;
    case CHILD_FORMER:
        return former_pid(&sv->oneshots, c->pid);
    case CHILD_RELOAD:
        return c->index < sv->catalogue.graph.count ? sv->catalogue.oneshot[c->index].reload : 0;
    case CHILD_CMD:
        return sv->cmd.pid;
    default:
        return c->pid;
    }
}

/* It has a parent, and what that tells is not read yet. */
static bool is_awaited(const struct supervisor *sv, const struct process *p)
{
    for (uint32_t i = 0; i < sv->longruns.count; i++) {
        const struct longrun *l = sv->longruns.item[i];
        if (l != NULL && l->run.birth.awaited &&
            (l->run.birth.parent == p->mother || l->seen.supervise.inode == p->directory))
            return true;
    }
    return p->above != 0 && !p->born;
}

static void check_children(struct supervisor *sv)
{
    const struct children *c = &sv->pid1.children;
    for (size_t i = 0; i < c->capacity; i++) {
        const struct child *k = &c->slot[i];
        if (k->pid == 0)
            continue;
        const struct process *p = world_find(k->pid);
        if (p == NULL || (!p->child && p->above == 0))
            life_fails("unaccounted", "pid %ld is known, and is no child", (long)k->pid);
        if (owner_pid(sv, k) != k->pid)
            life_fails("unaccounted", "%s (%ld) is not what its owner has", p->label, (long)k->pid);
    }
    for (size_t i = 0; i < world.top; i++) {
        struct process *p = &world.process[i];
        bool ours = p->kind >= PROCESS_RUN && p->kind <= PROCESS_CLOSER &&
                    (p->kind != PROCESS_LOGGER || sv->pid1.stage < STAGE_DRAIN);
        if (ours && children_find(c, p->pid) == NULL && !is_awaited(sv, p))
            life_fails("unaccounted", "%s (%ld) is known to nobody", p->label, (long)p->pid);
    }
}

/* --- dependencies ----------------------------------------------------------------------------- */

static const char *name_of(const struct catalogue *c, uint32_t node)
{
    return catalogue_definition(c, node)->name;
}

/* Whether it may be up, or on its way there, by what it needs. */
static void check_needs(const struct catalogue *c, uint32_t i)
{
    const struct transition_node *n = c->transition.node;
    const struct node *g = &c->graph.node[i];
    for (uint32_t j = 0; j < g->needs_count; j++) {
        uint32_t need = g->needs[j];
        if (n[i].state == NODE_STARTING && before[i] != NODE_STARTING && n[need].state != NODE_UP)
            life_fails("order", "%s starts, and %s is not up", name_of(c, i), name_of(c, need));
    }
    for (uint32_t j = 0; j < g->needed_by_count; j++) {
        uint32_t by = g->needed_by[j];
        if (n[i].state == NODE_STOPPING && before[i] != NODE_STOPPING && n[by].state != NODE_DOWN)
            life_fails("order", "%s is stopped, and %s is not down", name_of(c, i), name_of(c, by));
    }
}

static void check_nodes(const struct supervisor *sv)
{
    const struct catalogue *c = &sv->catalogue;
    if (c->transition.graph == NULL)
        return;
    bool same = graph == c->graph.node;
    for (uint32_t i = 0; i < c->graph.count && i < 64; i++) {
        if (same)
            check_needs(c, i);
        before[i] = c->transition.node[i].state;
    }
    graph = c->graph.node;
}

/* --- downs of oneshots ------------------------------------------------------------------------ */

/* The earlier of two times, 0 none. */
static int64_t first_of(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* By which time limit each of them runs, and whether that has passed. */
static void note_downs(const struct supervisor *sv)
{
    const struct catalogue *c = &sv->catalogue;
    const struct transition *t = &c->transition;
    for (uint32_t i = 0; t->graph != NULL && i < c->graph.count; i++) {
        const struct transition_node *n = &t->node[i];
        pid_t pid = c->oneshot[i].pid;
        struct process *p = c->oneshot[i].stopping && pid > 0 ? world_find(pid) : NULL;
        if (p == NULL)
            continue;
        bool asked = t->active && n->goal && !n->goal_up && n->state == NODE_STOPPING;
        p->down = true;
        p->late = p->late || (p->limit != 0 && world.now >= p->limit);
        p->limit = first_of(n->deadline, asked ? t->deadline : 0);
    }
}

/* Nothing else ends a down: it may be in the middle of a dump. */
void invariants_kill(pid_t pid, int signal)
{
    const struct process *p = pid < -1 ? world_find(-pid) : NULL;
    if (p != NULL && signal == SIGTERM && p->down && !p->late &&
        (p->limit == 0 || world.now < p->limit))
        life_fails("down", "%s (%ld) is told to end, and no time limit has passed", p->label,
                   (long)p->pid);
}

/* --- when ------------------------------------------------------------------------------------- */

static void check_limits(const struct supervisor *sv)
{
    enum { SLACK_MS = 1500, KILL_MS = 2000 };
    const struct settings *s = &sv->pid1.settings;
    int64_t rest = KILL_MS + 2 * (int64_t)s->drain + SLACK_MS;
    if (sv->pid1.stage < STAGE_STOPPING)
        return;
    if (!life.stopping)
        life.stop_began = world.now;
    life.stopping = true;
    if (life.hurry_began != 0 && world.now > life.hurry_began + rest * CLOCK_MS)
        life_fails("limit", "a second signal came, and the stop goes on");
    if (s->stop_max > 0 && world.now > life.stop_began + (s->stop_max + SLACK_MS) * CLOCK_MS)
        life_fails("limit", "the stop takes longer than OVERLOG_STOP_MAXTIME");
}

void invariants_turn(void)
{
    struct supervisor *sv = world.sv;
    life.turns++;
    check_longruns(sv);
    check_children(sv);
    check_nodes(sv);
    note_downs(sv);
    check_limits(sv);
    crowd_limits(sv);
    if (life.plan->crowded)
        callers_listen(); /* who reads is not to be taken for one who does not */
}

/* What of a longrun its status file depends on, when that was looked at last. */
static struct looked {
    const struct longrun *of;
    enum service_state state;
    pid_t pid;
    bool want_up, ready;
    unsigned char written[SUPERVISE_STATUS_MOST];
} looked[64];

static bool was_looked_at(const struct longrun *l)
{
    const struct service *m = &l->machine;
    struct looked *last = &looked[l->index % 64];
    bool want_up = m->want == WANT_UP;
    bool same = last->of == l && last->state == m->state && last->pid == m->pid &&
                last->want_up == want_up && last->ready == m->ready &&
                memcmp(last->written, l->seen.written, sizeof last->written) == 0;
    *last = (struct looked){l, m->state, m->pid, want_up, m->ready, {0}};
    memcpy(last->written, l->seen.written, sizeof last->written);
    return same;
}

static void check_status(const struct longrun *l)
{
    unsigned char bytes[SUPERVISE_STATUS_MOST];
    char path[600];
    struct supervise_status s;
    const struct service *m = &l->machine;
    if (!supervise_dir_is_open(&l->seen) || l->seen.stale || m->state == SERVICE_STARTING ||
        was_looked_at(l))
        return;
    snprintf(path, sizeof path, "%s/supervise/status", l->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* somebody has removed the directory */
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    if (n < 0 || supervise_unpack(&s, bytes, (size_t)n) < 0)
        life_fails("status file", "%s has %zd bytes", path, n);
    if (memcmp(bytes, l->seen.written, (size_t)n) != 0)
        return; /* another directory came in its place */
    if (s.pid != m->pid || s.want_up != (m->want == WANT_UP) ||
        s.finishing != (m->state == SERVICE_FINISH) ||
        s.is_ready != (m->ready || m->state == SERVICE_DOWN))
        life_fails("status file", "%s: pid %ld, and the machine has %ld", path, (long)s.pid,
                   (long)m->pid);
}

/* What anybody reads of a service says what is. */
static void check_record(const struct supervisor *sv, const struct status_source *of,
                         const struct status_service *s)
{
    const struct catalogue *c = &sv->catalogue;
    uint32_t index = of->node == NO_NODE ? of->longrun : c->longrun_of[of->node];
    if (index == NO_LONGRUN) {
        pid_t pid = c->oneshot[of->node].pid;
        if (s->pid != pid || s->ready != (c->transition.node[of->node].state == NODE_UP))
            life_fails("status", "%s: pid %d, and it is %ld", s->name, s->pid, (long)pid);
        return;
    }
    const struct longrun *l = sv->longruns.item[index];
    const struct service *m = &l->machine;
    bool lives = m->state == SERVICE_UP || m->state == SERVICE_STARTING;
    bool said = s->state == SERVICE_IS_UP || s->state == SERVICE_IS_STARTING ||
                s->state == SERVICE_IS_STOPPING;
    if (strcmp(s->name, l->definition->name) != 0 || s->pid != m->pid)
        life_fails("status", "%s: pid %d, and %s has %ld", s->name, s->pid, l->definition->name,
                   (long)m->pid);
    if (m->want == WANT_UP && !s->wanted)
        life_fails("status", "%s: it is wanted up", s->name);
    if (lives && !said)
        life_fails("status", "%s: it is %s, and %s is said", s->name, service_state_name(m->state),
                   status_states[s->state]);
}

/* The status file, where nothing keeps pid 1 from writing it. */
static void check_status_file(const struct supervisor *sv)
{
    static char bytes[1 << 16];
    const struct status_file *f = &sv->status;
    struct error e = ERROR_INIT;
    if (f->fd < 0 || f->retry.queued || sv->pid1.changes.renew || sv->catalogue.graph.count == 0)
        return;
    ssize_t n = pread(f->fd, bytes, sizeof bytes, 0);
    if (n < 0 || status_check(bytes, (size_t)n, &e) != STATUS_GOOD)
        life_fails("status", "the file of %zd bytes is not good: %s", n, e.text);
    if (status_count(bytes) != f->count)
        life_fails("status", "it has %u records, of %u", status_count(bytes), f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        struct status_service s;
        status_service(bytes, i, &s);
        check_record(sv, &f->source[i], &s);
    }
}

void invariants_quiet(void)
{
    const struct supervisor *sv = world.sv;
    struct pollfd signals = {.fd = sv->pid1.loop.signals, .events = POLLIN};
    callers_listen();
    if (sv->pid1.notices.count > 0)
        life_fails("notice", "one is not handled");
    if (signals.fd >= 0 && poll(&signals, 1, 0) == 0 && sv->reap_more.place == 0)
        for (size_t i = 0; i < world.top; i++) {
            const struct process *p = &world.process[i];
            if (p->kind != PROCESS_NONE && p->child && !p->alive)
                life_fails("zombie", "%s (%ld) is not reaped", p->label, (long)p->pid);
        }
    check_status_file(sv);
    if (sv->pid1.stage >= STAGE_DRAIN)
        return;
    for (uint32_t i = 0; i < sv->longruns.count; i++)
        if (sv->longruns.item[i] != NULL)
            check_status(sv->longruns.item[i]);
}

void invariants_spawn(struct process *p)
{
    const struct pid1 *pid1 = &world.sv->pid1;
    const struct transition *t = &world.sv->catalogue.transition;
    p->limit = t->active ? t->deadline : 0; /* it may pass in this very turn */
    if (p->kind != PROCESS_RUN && p->kind != PROCESS_FINISH)
        return;
    for (size_t i = 0; i < world.top; i++) {
        const struct process *q = &world.process[i];
        if (q != p && q->alive && p->directory != 0 && q->directory == p->directory &&
            (q->kind == PROCESS_RUN || q->kind == PROCESS_FINISH))
            life_fails("twice", "%s starts while %s (%ld) lives", p->label, q->label, (long)q->pid);
    }
    /* One with a parent was begun when that was. */
    if (p->kind == PROCESS_RUN && pid1->stage >= STAGE_TERM && p->above == 0)
        life_fails("started late", "%s starts when all are told to end", p->label);
}

void invariants_open(void)
{
    graph = NULL;
    memset(before, 0, sizeof before);
    memset(looked, 0, sizeof looked);
}

void invariants_end(int code)
{
    callers_end();
    bool called = !life.cmd_ended && code == life.file_code;
    for (size_t i = 0; i < life.allowed_count; i++)
        called = called || life.allowed[i] == code;
    if (!called)
        life_fails("exit code", "it is %d; the file says %d, and %s", code, life.file_code,
                   life.allowed_count > 0 ? "something else has called for another"
                                          : "nothing has called for another");
}
