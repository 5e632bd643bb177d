/* s6-rc-update: another database in the place of the one that runs (docs/control.md). The caller
 * has put it, with the files of the longruns, into a directory beside; here nothing is read from
 * elsewhere. All memory, descriptors and directories of what is new are taken before anything is
 * stopped, or the update is refused. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "services/database.h"
#include "services/update_plan.h"
#include "supervisor/rc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BEFORE = 9, EXIT_BEFORE_LATE = 10, FIXED = 6, TRIPLE = 3, PATH_ROOM = 1024 };

struct update {
    char *stage; /* name of the directory in /run/s6-rc */
    struct definitions d;
    struct graph g;
    struct transition t;
    struct update_plan plan;
    uint32_t *longrun_of; /* by new node; UINT32_MAX where there is none yet */
    struct oneshot *oneshot;
    unsigned char *all;
    unsigned char *late;
    struct definition **gone; /* by old node: what a longrun that vanishes keeps */
    struct definition **back; /* by new node: what one kept whose logger is taken over */
    uint32_t old_count, new_count;
    bool switched;
};

static const struct definition *new_definition(const struct update *u, uint32_t node)
{
    return &u->d.item[u->g.node[node].definition];
}

static void stage_path(const struct update *u, const char *name, char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, RUN_RC "/%s/servicedirs/%s", u->stage, name);
}

static void free_update(struct update *u)
{
    if (!u->switched) {
        transition_release(&u->t);
        graph_release(&u->g);
        definitions_release(&u->d);
        free(u->longrun_of);
        free(u->oneshot);
        free(u->all);
        free(u->late);
    }
    for (uint32_t i = 0; u->gone != NULL && i < u->old_count; i++)
        scandir_undefine(u->gone[i]);
    free(u->gone);
    for (uint32_t i = 0; u->back != NULL && i < u->new_count; i++)
        scandir_undefine(u->back[i]);
    free(u->back);
    update_plan_release(&u->plan);
    free(u->stage);
    free(u);
}

/* --- before anything is stopped --------------------------------------------------------------- */

static int take_memory(struct supervisor *sv, struct update *u, struct error *e)
{
    size_t nodes = (size_t)u->g.count + 1;
    u->new_count = u->g.count;
    u->longrun_of = malloc(nodes * sizeof *u->longrun_of);
    if (u->longrun_of != NULL)
        memset(u->longrun_of, 0xff, nodes * sizeof *u->longrun_of);
    u->oneshot = calloc(nodes, sizeof *u->oneshot);
    u->all = malloc(nodes);
    u->late = calloc(nodes, 1);
    u->gone = calloc((size_t)u->old_count + 1, sizeof(struct definition *));
    u->back = calloc(nodes, sizeof(struct definition *));
    if (u->longrun_of == NULL || u->oneshot == NULL || u->all == NULL || u->late == NULL ||
        u->gone == NULL || u->back == NULL || transition_init(&u->t, &u->g) < 0)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    memset(u->all, 1, nodes);
    for (uint32_t i = 0; i < u->old_count; i++) {
        const struct definition *d = supervisor_definition(sv, i);
        long found = definitions_find(&u->d, d->name);
        if (d->type != DEFINITION_LONGRUN ||
            (found >= 0 && u->d.item[found].type == DEFINITION_LONGRUN))
            continue;
        u->gone[i] = calloc(1, sizeof **u->gone);
        if (u->gone[i] == NULL || (u->gone[i]->name = strdup(d->name)) == NULL)
            return error_set(e, EXIT_SYSTEM, "out of memory");
        u->gone[i]->type = DEFINITION_LONGRUN;
        keys_init(&u->gone[i]->keys);
    }
    return children_reserve(&sv->pid1.children,
                            2 * (size_t)sv->longrun_room + 2 * nodes + 64 + CONTROL_PLACES, e);
}

/* A longrun that is there keeps its pipes and its logger; what it lacks is made. */
static int complete(struct supervisor *sv, struct longrun *l, const struct definition *d,
                    struct error *e)
{
    if (d->consumer_for.count > 0 && l->input[0] < 0 && pipe2(l->input, O_CLOEXEC) < 0)
        return error_system(e, "unable to make the pipe of %s", d->name);
    return l->logger.logged.open || longrun_open_logger(sv, l, d, e) == 0
               ? controlled_open_logger(l, e)
               : -1;
}

static struct longrun *named(const struct supervisor *sv, const char *name)
{
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL && strcmp(sv->longrun[i]->definition->name, name) == 0)
            return sv->longrun[i];
    return NULL;
}

/* An update before this one removed it, and its logger still reads: it goes on as the new one's. */
static int bring_back(struct update *u, uint32_t node, struct longrun *going, struct error *e)
{
    struct supervisor *sv = going->supervisor;
    struct longrun *l = sv->longrun[u->longrun_of[node]];
    if (longrun_inherit_logger(l, going) < 0)
        return error_system(e, "unable to take over the logger of %s, which is about to end",
                            l->definition->name);
    if (going->logger.logged.open)
        return 0; /* the new one has none */
    u->back[node] = going->scanned;
    going->scanned = NULL;
    longruns_sweep(sv);
    return 0;
}

static int add_longrun(struct supervisor *sv, struct update *u, uint32_t node, struct error *e)
{
    char from[PATH_ROOM];
    char path[512];
    const struct definition *d = new_definition(u, node);
    longruns_sweep(sv);
    struct longrun *other = named(sv, d->name);
    if (other != NULL && !other->going)
        return error_set(e, EXIT_SYSTEM,
                         other->leaving ? "the %s that was removed still runs: try again"
                                        : "there is a %s already that is none of s6-rc's",
                         d->name);
    stage_path(u, d->name, from);
    livedir_path(path, sizeof path, d->name);
    if (rename(from, path) < 0)
        return error_system(e, "unable to put %s in place", path);
    struct longrun *l = longrun_add(sv, d, NO_NODE, path, e);
    if (l == NULL) {
        int why = errno;
        (void)!rename(path, from);
        errno = why;
        return -1;
    }
    u->longrun_of[node] = l->index;
    return other == NULL ? 0 : bring_back(u, node, other, e);
}

static struct longrun *old_longrun(const struct supervisor *sv, const char *name)
{
    long found = definitions_find(&sv->definitions, name);
    if (found < 0 || sv->definitions.item[found].type != DEFINITION_LONGRUN)
        return NULL;
    return sv->longrun[sv->longrun_of[sv->graph.node_of[found]]];
}

static int prepare(struct supervisor *sv, struct update *u, struct error *e)
{
    for (uint32_t i = 0; i < u->g.count; i++) {
        const struct definition *d = new_definition(u, i);
        if (d->type != DEFINITION_LONGRUN)
            continue;
        struct longrun *l = old_longrun(sv, d->name);
        if (l != NULL && complete(sv, l, d, e) < 0)
            return -1;
        if (l != NULL)
            u->longrun_of[i] = l->index;
        else if (add_longrun(sv, u, i, e) < 0)
            return -1;
    }
    return 0;
}

/* What was put in place goes back to where the caller removes it. */
static void roll_back(struct supervisor *sv, struct update *u)
{
    for (uint32_t i = 0; u->longrun_of != NULL && i < u->g.count; i++) {
        const struct definition *d = new_definition(u, i);
        char to[PATH_ROOM];
        if (d->type != DEFINITION_LONGRUN || u->longrun_of[i] == UINT32_MAX ||
            old_longrun(sv, d->name) != NULL)
            continue;
        struct longrun *l = sv->longrun[u->longrun_of[i]];
        stage_path(u, d->name, to);
        (void)!rename(l->path, to);
        if (u->back[i] != NULL) { /* its logger is about to end again */
            l->scanned = u->back[i];
            u->back[i] = NULL;
            longrun_define(l, l->scanned, NO_NODE);
        }
        longrun_remove(l);
    }
    longruns_sweep(sv);
}

/* The container's own oneshots need services of the user: for the engine they are down while those
 * are stopped. */
static void hold_builtin(struct supervisor *sv, enum node_state from, enum node_state to)
{
    for (uint32_t i = 0; i < sv->graph.count; i++)
        if (supervisor_definition(sv, i)->builtin != BUILTIN_NONE &&
            sv->transition.node[i].state == from)
            sv->transition.node[i].state = to;
}

static void begin_down(struct supervisor *sv, struct update *u)
{
    sv->rc.update = u;
    sv->rc.essential_too = true;
    hold_builtin(sv, NODE_UP, NODE_DOWN);
    rc_begin(sv, u->plan.down, false);
    for (uint32_t i = 0; i < u->old_count; i++)
        if (u->plan.down[i] == 0 && sv->transition.node[i].state == NODE_UP)
            sv->transition.node[i].goal = false; /* it only needs one of those held */
}

/* --- the switch ------------------------------------------------------------------------------- */

/* The files by which a longrun runs: those that are there go to the stage, new ones come. */
static void exchange_files(const struct update *u, const struct longrun *l, const char *name)
{
    char stage[PATH_ROOM];
    char live[PATH_ROOM], fresh[PATH_ROOM + 32], old[PATH_ROOM + 32];
    stage_path(u, name, stage);
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if ((k->use & KEY_COPIED) == 0)
            continue;
        snprintf(live, sizeof live, "%.500s/%s", l->path, k->name);
        snprintf(fresh, sizeof fresh, "%s/%s", stage, k->name);
        snprintf(old, sizeof old, "%s/old:%s", stage, k->name);
        (void)!rename(live, old);
        (void)!rename(fresh, live);
    }
}

static void rename_children(struct supervisor *sv, struct update *u, uint32_t old, uint32_t new)
{
    struct oneshot *o = &sv->oneshot[old];
    if (o->pid > 0)
        children_take(&sv->pid1.children, o->pid);
    if (o->reload > 0)
        children_take(&sv->pid1.children, o->reload);
    if (new == UPDATE_NONE)
        return;
    u->oneshot[new] = *o;
    if (o->pid > 0)
        children_add(&sv->pid1.children, o->pid, CHILD_ONESHOT, new);
    if (o->reload > 0)
        children_add(&sv->pid1.children, o->reload, CHILD_RELOAD, new);
}

static void carry_over(struct supervisor *sv, struct update *u)
{
    for (uint32_t i = 0; i < u->old_count; i++) {
        uint32_t next = u->plan.next[i];
        const struct transition_node *n = &sv->transition.node[i];
        rename_children(sv, u, i, next);
        if (next == UPDATE_NONE)
            continue;
        u->t.node[next].state = n->state;
        u->t.node[next].since = n->since;
        u->t.node[next].deadline = n->deadline;
    }
}

static void forget_longruns(struct supervisor *sv, struct update *u)
{
    char link[600];
    for (uint32_t i = 0; i < u->old_count; i++) {
        if (u->gone[i] == NULL)
            continue;
        struct longrun *l = sv->longrun[sv->longrun_of[i]];
        snprintf(link, sizeof link, RUN_SCANDIR "/%.500s", u->gone[i]->name);
        unlink(link);
        l->scanned = u->gone[i];
        u->gone[i] = NULL;
        longrun_define(l, l->scanned, NO_NODE);
        l->consumer = UINT32_MAX;
        scandir_remove(l);
    }
}

static void define_longruns(struct supervisor *sv, struct update *u)
{
    char link[600];
    for (uint32_t i = 0; i < u->g.count; i++) {
        const struct definition *d = new_definition(u, i);
        if (d->type != DEFINITION_LONGRUN)
            continue;
        struct longrun *l = sv->longrun[u->longrun_of[i]];
        if (l->node != NO_NODE)
            exchange_files(u, l, d->name);
        snprintf(link, sizeof link, RUN_SCANDIR "/%.500s", d->name);
        (void)!symlink(l->path, link);
        longrun_define(l, d, i);
        long consumer = d->producer_for == NULL ? -1 : definitions_find(&u->d, d->producer_for);
        l->consumer = consumer < 0 ? UINT32_MAX : u->longrun_of[u->g.node_of[consumer]];
    }
}

static void take_over(struct supervisor *sv, struct update *u)
{
    transition_release(&sv->transition);
    graph_release(&sv->graph);
    definitions_release(&sv->definitions);
    free(sv->longrun_of);
    free(sv->oneshot);
    free(sv->all);
    free(sv->tail.late);
    sv->definitions = u->d;
    sv->graph = u->g;
    sv->graph.definitions = &sv->definitions;
    sv->transition = u->t;
    sv->transition.graph = &sv->graph;
    sv->longrun_of = u->longrun_of;
    sv->oneshot = u->oneshot;
    sv->all = u->all;
    sv->tail.late = u->late;
    sv->pid1.changes.renew = true;
    u->switched = true;
}

static void switch_over(struct supervisor *sv, struct update *u)
{
    struct error e = ERROR_INIT;
    if (file_link(u->stage, AT_FDCWD, RUN_COMPILED, &e) < 0)
        message_warning("%s", e.text);
    hold_builtin(sv, NODE_DOWN, NODE_UP);
    carry_over(sv, u);
    define_longruns(sv, u);
    forget_longruns(sv, u);
    take_over(sv, u);
    pid1_say(&sv->pid1, MESSAGE_INFO, "s6-rc-update: info: the new database is in place");
    rc_begin(sv, u->plan.up, true);
}

void update_over(struct supervisor *sv, enum transition_result result)
{
    struct update *u = sv->rc.update;
    if (!u->switched && result == TRANSITION_OK && sv->rc.caller != NULL) {
        switch_over(sv, u);
        return;
    }
    int code = result == TRANSITION_OK       ? 0
               : result == TRANSITION_FAILED ? (u->switched ? EXIT_FAILURE : EXIT_BEFORE)
                                             : (u->switched ? RC_TIMED_OUT : EXIT_BEFORE_LATE);
    if (result == TRANSITION_TIMED_OUT && sv->rc.caller != NULL)
        pid1_say(&sv->pid1, MESSAGE_FATAL, "s6-rc-update: fatal: timed out");
    update_drop(sv);
    rc_unlock(sv, code);
}

void update_drop(struct supervisor *sv)
{
    struct update *u = sv->rc.update;
    sv->rc.update = NULL;
    if (u == NULL)
        return;
    if (!u->switched) {
        hold_builtin(sv, NODE_DOWN, NODE_UP);
        roll_back(sv, u);
    }
    free_update(u);
}

/* --- the request ------------------------------------------------------------------------------ */

static void say_plan(struct rc_request *r, const struct update *u)
{
    struct rc_output o = {.to = r->from, .kind = 'o', .length = 0};
    rc_put(&o, "s6-rc -D change");
    for (uint32_t i = 0; i < u->old_count; i++)
        if (u->plan.down[i] != 0) {
            rc_put(&o, " ");
            rc_put(&o, supervisor_definition(r->sv, i)->name);
        }
    rc_put(&o, "\ns6-rc -u change");
    for (uint32_t i = 0; i < u->g.count; i++)
        if (u->plan.up[i] != 0) {
            rc_put(&o, " ");
            rc_put(&o, new_definition(u, i)->name);
        }
    rc_put(&o, "\n");
    rc_flush(&o);
}

static int make_plan(struct rc_request *r, struct update *u, struct error *e)
{
    size_t count = (r->word_count - FIXED) / TRIPLE;
    struct update_conversion *c = calloc(count + 1, sizeof *c);
    unsigned char *is_up = calloc((size_t)u->old_count + 1, 1);
    int result = -1;
    for (size_t i = 0; c != NULL && i < count; i++) {
        const char *const *w = r->words + FIXED + TRIPLE * i;
        c[i] = (struct update_conversion){w[0], w[1], strcmp(w[2], "restart") == 0};
    }
    for (uint32_t i = 0; is_up != NULL && i < u->old_count; i++)
        is_up[i] = r->sv->transition.node[i].state == NODE_UP;
    if (c != NULL && is_up != NULL)
        result = update_plan_make(&u->plan, &r->sv->graph, is_up, &u->g, c, count);
    free(c);
    free(is_up);
    return result == 0 ? 0 : error_set(e, EXIT_SYSTEM, "out of memory");
}

static int load(struct rc_request *r, struct update *u, struct error *e)
{
    char path[PATH_ROOM];
    struct problems problems = PROBLEMS_INIT;
    const char *name = r->words[FIXED - 1];
    if (strchr(name, '/') != NULL || name[0] == '.')
        return error_set(e, EXIT_USAGE, "malformed request");
    snprintf(path, sizeof path, RUN_RC "/%s", name);
    u->stage = strdup(name);
    if (u->stage == NULL)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (database_read(&u->d, path, e) < 0)
        return -1;
    int result = graph_build(&u->g, &u->d, &problems);
    bool memory = problems.errors == 0;
    problems_release(&problems);
    if (result < 0 && memory)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (result < 0)
        return error_set(e, EXIT_DATABASE, "invalid service database in %s", path);
    return make_plan(r, u, e);
}

static int begin(struct rc_request *r, struct update *u)
{
    struct supervisor *sv = r->sv;
    struct error e = ERROR_INIT;
    int result = load(r, u, &e);
    if (result == 0 && r->dry)
        say_plan(r, u);
    else if (result == 0 && take_memory(sv, u, &e) == 0 && prepare(sv, u, &e) == 0) {
        begin_down(sv, u);
        return CONTROL_PENDING;
    }
    return e.code == 0 ? 0 : rc_refuse(r, e.code, e.text, "");
}

int update_request(struct rc_request *r)
{
    struct supervisor *sv = r->sv;
    int result = rc_lock(r);
    if (result != 0)
        return result;
    struct update *u = calloc(1, sizeof *u);
    if (u != NULL)
        u->old_count = r->count;
    result = u == NULL ? rc_refuse(r, EXIT_SYSTEM, "out of memory", "") : begin(r, u);
    if (result == CONTROL_PENDING && sv->rc.update == u)
        return CONTROL_PENDING;
    if (u != NULL) {
        roll_back(sv, u);
        free_update(u);
    }
    rc_set_caller(sv, NULL); /* it is answered by its own request */
    rc_unlock(sv, result);
    return result;
}
