#include "supervisor/update_stage.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "services/database.h"
#include "services/keys.h"
#include "services/livedir.h"
#include "supervisor/control.h"
#include "supervisor/scandir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 1024 };

static struct catalogue *now(const struct update_stage *u)
{
    return u->longruns->catalogue;
}

static void stage_path(const struct update_stage *u, const char *name, char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, RUN_RC "/%s/servicedirs/%s", u->name, name);
}

struct update_stage *update_stage_new(struct longruns *ls, struct oneshots *os, uint32_t old_count)
{
    struct update_stage *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->longruns = ls;
    u->oneshots = os;
    u->old_count = old_count;
    u->held = calloc((size_t)old_count + 1, 1);
    if (u->held != NULL)
        return u;
    free(u);
    return NULL;
}

void update_stage_free(struct update_stage *u)
{
    if (!u->switched)
        catalogue_release(&u->next);
    for (uint32_t i = 0; u->gone != NULL && i < u->old_count; i++)
        definition_free(u->gone[i]);
    free(u->gone);
    for (uint32_t i = 0; u->back != NULL && i < u->new_count; i++)
        definition_free(u->back[i]);
    free(u->back);
    for (uint32_t i = 0; u->former != NULL && i < u->old_count; i++)
        former_free(u->former[i]);
    free(u->former);
    free(u->held);
    update_plan_release(&u->plan);
    free(u->name);
    free(u);
}

/* The container's own services, which every database has, go on as they are. NULL: all are there;
 * or the name of one. */
static const char *lacks_builtin(const struct update_stage *u)
{
    const struct definitions *next = &u->next.definitions;
    for (uint32_t i = 0; i < u->old_count; i++) {
        const struct definition *d = catalogue_definition(now(u), i);
        long found = definitions_find(next, d->name);
        if (d->builtin != BUILTIN_NONE && (found < 0 || next->item[found].builtin != d->builtin ||
                                           next->item[found].type != d->type))
            return d->name;
    }
    return NULL;
}

int update_stage_load(struct update_stage *u, const char *name, struct error *e)
{
    char path[PATH_ROOM];
    struct problems problems = PROBLEMS_INIT;
    if (strchr(name, '/') != NULL || name[0] == '.')
        return error_set(e, EXIT_USAGE, "malformed request");
    snprintf(path, sizeof path, RUN_RC "/%s", name);
    u->name = strdup(name);
    if (u->name == NULL)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (database_read(&u->next.definitions, path, e) < 0)
        return -1;
    int result = graph_build(&u->next.graph, &u->next.definitions, &problems);
    bool memory = problems.errors == 0;
    problems_release(&problems);
    if (result < 0 && memory)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    if (result < 0)
        return error_set(e, EXIT_DATABASE, "invalid service database in %s", path);
    const char *lacks = lacks_builtin(u);
    if (lacks != NULL)
        return error_set(e, EXIT_DATABASE, "invalid service database in %s: it has no %s", path,
                         lacks);
    return 0;
}

/* --- before anything is stopped --------------------------------------------------------------- */

/* What a longrun keeps that the new database does not have. */
static struct definition *leave(const char *name)
{
    struct definition *d = calloc(1, sizeof *d);
    if (d == NULL || (d->name = strdup(name)) == NULL) {
        free(d);
        return NULL;
    }
    d->type = DEFINITION_LONGRUN;
    keys_init(&d->keys);
    return d;
}

static int take_memory(struct update_stage *u, struct error *e)
{
    size_t nodes = (size_t)u->next.graph.count + 1;
    u->new_count = u->next.graph.count;
    u->gone = calloc((size_t)u->old_count + 1, sizeof(struct definition *));
    u->back = calloc(nodes, sizeof(struct definition *));
    u->former = calloc((size_t)u->old_count + 1, sizeof(struct former *));
    if (catalogue_reserve(&u->next) < 0 || u->gone == NULL || u->back == NULL ||
        u->former == NULL || transition_init(&u->next.transition, &u->next.graph) < 0)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    for (uint32_t i = 0; i < u->old_count; i++) {
        const struct definition *d = catalogue_definition(now(u), i);
        long found = definitions_find(&u->next.definitions, d->name);
        bool longrun = d->type == DEFINITION_LONGRUN;
        if (longrun && found >= 0 && u->next.definitions.item[found].type == DEFINITION_LONGRUN)
            continue;
        if (longrun)
            u->gone[i] = leave(d->name);
        else
            u->former[i] = former_new(d->name);
        if (u->gone[i] == NULL && u->former[i] == NULL)
            return error_set(e, EXIT_SYSTEM, "out of memory");
    }
    size_t old = 3 * (size_t)u->longruns->room + 2 * (size_t)u->old_count;
    return children_reserve(&u->longruns->pid1->children, old + 3 * nodes + 64 + CONTROL_PLACES, e);
}

/* An update before this one removed it, and its logger still reads: it goes on as the new one's. */
static int bring_back(struct update_stage *u, uint32_t node, struct longrun *going, struct error *e)
{
    if (longruns_inherit(u->longruns->item[u->next.longrun_of[node]], going, e) < 0)
        return -1;
    if (going->logger.state != LOGGER_NONE)
        return 0; /* the new one has none */
    u->back[node] = going->own;
    going->own = NULL;
    longruns_sweep(u->longruns);
    return 0;
}

static bool is_used(const struct longruns *ls, const char *path)
{
    for (uint32_t i = 0; i < ls->count; i++)
        if (ls->item[i] != NULL && ls->item[i]->member != MEMBER_GONE &&
            strcmp(ls->item[i]->path, path) == 0)
            return true;
    return false;
}

/* Its directory, from the stage. One that stands there goes to the stage in its place: the caller
 * of an earlier update has not removed it, and nothing uses it. */
static int put_in_place(const struct update_stage *u, const char *name, const char *from,
                        const char *path)
{
    const struct pid1_calls *calls = u->longruns->pid1->calls;
    char left[PATH_ROOM];
    char other[300];
    if (calls->rename(from, path) == 0)
        return 0;
    if ((errno != ENOTEMPTY && errno != EEXIST) || is_used(u->longruns, path))
        return -1;
    snprintf(other, sizeof other, "left:%.255s", name);
    stage_path(u, other, left);
    return calls->rename(path, left) < 0 ? -1 : calls->rename(from, path);
}

static int add_longrun(struct update_stage *u, uint32_t node, struct error *e)
{
    char from[PATH_ROOM];
    char path[512];
    const struct definition *d = catalogue_definition(&u->next, node);
    longruns_sweep(u->longruns);
    struct longrun *other = longruns_named(u->longruns, d->name);
    if (other != NULL && other->member != MEMBER_GONE)
        return error_set(e, EXIT_SYSTEM,
                         other->member == MEMBER_REMOVING
                             ? "the %s that was removed still runs: try again"
                             : "there is a %s already that is none of s6-rc's",
                         d->name);
    stage_path(u, d->name, from);
    livedir_path(path, sizeof path, d->name);
    if (put_in_place(u, d->name, from, path) < 0)
        return error_system(e, "unable to put %s in place", path);
    struct longrun *l = longruns_add(u->longruns, d, NULL, NO_NODE, path, e);
    if (l == NULL) {
        (void)!u->longruns->pid1->calls->rename(path, from);
        return -1;
    }
    u->next.longrun_of[node] = l->index;
    return other == NULL ? 0 : bring_back(u, node, other, e);
}

/* NULL: there is none of that name in the database that runs. */
static struct longrun *old_longrun(const struct update_stage *u, const char *name)
{
    const struct catalogue *c = now(u);
    long found = definitions_find(&c->definitions, name);
    if (found < 0 || c->definitions.item[found].type != DEFINITION_LONGRUN)
        return NULL;
    return longruns_of(u->longruns, (uint32_t)c->graph.node_of[found]);
}

int update_stage_prepare(struct update_stage *u, struct error *e)
{
    if (take_memory(u, e) < 0)
        return -1;
    for (uint32_t i = 0; i < u->next.graph.count; i++) {
        const struct definition *d = catalogue_definition(&u->next, i);
        if (former_runs(u->oneshots, d->name))
            return error_set(e, EXIT_SYSTEM, "the %s that was removed still runs: try again",
                             d->name);
        if (d->type != DEFINITION_LONGRUN)
            continue;
        struct longrun *l = old_longrun(u, d->name);
        if (l != NULL)
            u->next.longrun_of[i] = l->index;
        if ((l != NULL ? longruns_complete(l, d, e) : add_longrun(u, i, e)) < 0)
            return -1;
    }
    return 0;
}

void update_stage_roll_back(struct update_stage *u)
{
    for (uint32_t i = 0; u->next.longrun_of != NULL && i < u->next.graph.count; i++) {
        const struct definition *d = catalogue_definition(&u->next, i);
        char to[PATH_ROOM];
        if (d->type != DEFINITION_LONGRUN || u->next.longrun_of[i] == NO_LONGRUN)
            continue;
        struct longrun *l = u->longruns->item[u->next.longrun_of[i]];
        if (l == old_longrun(u, d->name)) {
            longruns_define(l, l->definition, l->node); /* without what it was completed by */
            continue;
        }
        stage_path(u, d->name, to);
        (void)!u->longruns->pid1->calls->rename(l->path, to);
        if (u->back != NULL && u->back[i] != NULL) { /* its logger is about to end again */
            l->own = u->back[i];
            u->back[i] = NULL;
            longruns_define(l, l->own, NO_NODE);
        }
        longruns_remove(l);
    }
    longruns_sweep(u->longruns);
}

/* Whether a service goes on although one that it needs is stopped: the container's own, and one
 * that needs a bundle of instances. */
static bool is_held(const struct update_stage *u, uint32_t node)
{
    const struct catalogue *c = now(u);
    const struct node *n = &c->graph.node[node];
    if (catalogue_definition(c, node)->builtin != BUILTIN_NONE)
        return true;
    for (uint32_t i = 0; i < n->needs_count && u->plan.down[node] == 0; i++)
        if (u->plan.down[n->needs[i]] != 0)
            return true;
    return false;
}

void update_stage_hold(struct update_stage *u)
{
    struct catalogue *c = now(u);
    for (uint32_t i = 0; i < c->graph.count; i++) {
        u->held[i] = c->transition.node[i].state == NODE_UP && is_held(u, i);
        if (u->held[i] != 0)
            c->transition.node[i].state = NODE_DOWN;
    }
}

void update_stage_let_go(struct update_stage *u)
{
    struct catalogue *c = now(u);
    for (uint32_t i = 0; i < c->graph.count; i++) {
        bool ours = catalogue_definition(c, i)->builtin != BUILTIN_NONE;
        if ((ours || u->held[i] != 0) && c->transition.node[i].state == NODE_DOWN)
            c->transition.node[i].state = NODE_UP;
    }
}

/* --- the switch ------------------------------------------------------------------------------- */

/* The files by which a longrun runs: those that are there go to the stage, new ones come. */
static void exchange_files(const struct update_stage *u, const struct longrun *l, const char *name)
{
    const struct pid1_calls *calls = u->longruns->pid1->calls;
    char stage[PATH_ROOM];
    char live[PATH_ROOM], fresh[PATH_ROOM + 32], old[PATH_ROOM + 32];
    stage_path(u, name, stage);
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if ((k->use & KEY_COPIED) == 0)
            continue;
        snprintf(live, sizeof live, "%.500s/%s", l->path, k->name);
        snprintf(fresh, sizeof fresh, "%s/%s", stage, k->name);
        snprintf(old, sizeof old, "%s/old:%s", stage, k->name);
        (void)!calls->rename(live, old);
        (void)!calls->rename(fresh, live);
    }
}

static void rename_children(struct update_stage *u, uint32_t old, uint32_t new)
{
    struct children *children = &u->longruns->pid1->children;
    struct oneshot *o = &now(u)->oneshot[old];
    bool taken =
        new == UPDATE_NONE || u->next.oneshot[new].pid > 0 || u->next.oneshot[new].reload > 0;
    if (u->former[old] == NULL)
        return; /* a longrun */
    if (taken) {
        former_begin(u->oneshots, o, u->former[old]);
        u->former[old] = NULL;
        return;
    }
    u->next.oneshot[new] = *o;
    if (o->pid > 0)
        children_find(children, o->pid)->index = new;
    if (o->reload > 0)
        children_find(children, o->reload)->index = new;
}

static void carry_over(struct update_stage *u)
{
    for (uint32_t i = 0; i < u->old_count; i++) {
        uint32_t next = u->plan.next[i];
        const struct transition_node *n = &now(u)->transition.node[i];
        rename_children(u, i, next);
        if (next == UPDATE_NONE)
            continue;
        u->next.transition.node[next].state = n->state;
        u->next.transition.node[next].since = n->since;
        u->next.transition.node[next].deadline = n->deadline;
    }
}

static void forget_longruns(struct update_stage *u)
{
    char link[600];
    for (uint32_t i = 0; i < u->old_count; i++) {
        if (u->gone[i] == NULL)
            continue;
        struct longrun *l = longruns_of(u->longruns, i);
        snprintf(link, sizeof link, RUN_SCANDIR "/%.500s", u->gone[i]->name);
        u->longruns->pid1->calls->unlink(link);
        l->own = u->gone[i];
        u->gone[i] = NULL;
        longruns_define(l, l->own, NO_NODE);
        l->pipe.consumer = NO_LONGRUN;
        scandir_remove(l);
    }
}

static void define_longruns(struct update_stage *u)
{
    const struct catalogue *c = &u->next;
    char link[600];
    for (uint32_t i = 0; i < c->graph.count; i++) {
        const struct definition *d = catalogue_definition(c, i);
        if (d->type != DEFINITION_LONGRUN)
            continue;
        struct longrun *l = u->longruns->item[c->longrun_of[i]];
        if (l->node != NO_NODE)
            exchange_files(u, l, d->name);
        snprintf(link, sizeof link, RUN_SCANDIR "/%.500s", d->name);
        (void)!symlink(l->path, link);
        longruns_define(l, d, i);
        long consumer =
            d->producer_for == NULL ? -1 : definitions_find(&c->definitions, d->producer_for);
        l->pipe.consumer = consumer < 0 ? NO_LONGRUN : c->longrun_of[c->graph.node_of[consumer]];
    }
}

void update_stage_switch(struct update_stage *u)
{
    struct error e = ERROR_INIT;
    if (file_link(u->name, AT_FDCWD, RUN_COMPILED, &e) < 0)
        message_warning("%s", e.text);
    update_stage_let_go(u);
    carry_over(u);
    define_longruns(u);
    forget_longruns(u);
    catalogue_replace(now(u), &u->next);
    u->next = (struct catalogue){.longrun_of = NULL};
    u->longruns->pid1->changes.renew = true;
    u->switched = true;
}
