/* Longruns come and go: memory, pipes, places in the tables. */
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_STEP = 16 };

bool longrun_is_paired(const struct supervisor *sv, const struct definition *d,
                       enum logging_mode *mode)
{
    *mode = d->keys.logging >= 0 ? (enum logging_mode)d->keys.logging : sv->pid1.settings.logging;
    if (d->producer_for != NULL || d->consumer_for.count > 0)
        return false;
    return *mode != LOGGING_CONSOLE || sv->pid1.settings.prefix > 0;
}

static uint32_t oneshots(const struct supervisor *sv)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sv->graph.count; i++)
        count += supervisor_definition(sv, i)->type == DEFINITION_ONESHOT;
    return count;
}

int longruns_reserve(struct supervisor *sv, uint32_t more, struct error *e)
{
    size_t room = (size_t)sv->longruns + more;
    if (room <= sv->longrun_room)
        return 0;
    room += ROOM_STEP;
    struct longrun **list = realloc(sv->longrun, room * sizeof(struct longrun *));
    if (list != NULL)
        sv->longrun = list;
    pid_t *spare = realloc(sv->spare, (room + 4) * sizeof *spare);
    if (spare != NULL)
        sv->spare = spare;
    if (list == NULL || spare == NULL)
        return error_system(e, "unable to take the memory for %zu services", room);
    if (loop_reserve_timers(&sv->pid1.loop, 3 * room + 16, e) < 0 ||
        children_reserve(&sv->pid1.children, 2 * room + oneshots(sv) + 64 + CONTROL_PLACES, e) < 0)
        return -1;
    sv->longrun_room = (uint32_t)room;
    return 0;
}

static uint32_t take_place(struct supervisor *sv)
{
    uint32_t i = sv->longruns;
    if (sv->places_free == 0)
        return sv->longruns++;
    sv->places_free--;
    while (sv->longrun[i - 1] != NULL)
        i--;
    return i - 1;
}

static void close_one(struct supervisor *sv, struct watch *w)
{
    loop_unwatch(&sv->pid1.loop, w);
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

/* Whatever leads to a place of the table by its number is cleared before the place is free:
 * producers (longrun_remove), children (here). What has a pointer is in the loop: watches and
 * timers. */
static void longrun_free(struct longrun *l)
{
    struct supervisor *sv = l->supervisor;
    controlled_close(l);
    if (l->machine.pid > 0)
        children_take(&sv->pid1.children, l->machine.pid);
    if (l->logger.logged.open && l->logger.logged.pid > 0)
        children_take(&sv->pid1.children, l->logger.logged.pid);
    sv->reports -= l->report.fd >= 0 ? 1 : 0;
    close_one(sv, &l->report);
    close_one(sv, &l->notify);
    loop_untimer(&sv->pid1.loop, &l->timer);
    loop_untimer(&sv->pid1.loop, &l->drain);
    loop_untimer(&sv->pid1.loop, &l->logger.timer);
    logged_release(&l->logger.logged);
    for (int i = 0; i < 2; i++)
        if (l->input[i] >= 0)
            close(l->input[i]);
    scandir_undefine(l->scanned);
    sv->longrun[l->index] = NULL;
    sv->places_free++;
    free(l->why);
    free(l->path);
    free(l);
}

int longrun_open_logger(struct supervisor *sv, struct longrun *l, const struct definition *d,
                        struct error *e)
{
    enum logging_mode mode;
    if (!longrun_is_paired(sv, d, &mode))
        return 0;
    if (logged_open(&l->logger.logged, &sv->logging, d->name, mode, &d->logging_script, -1, e) == 0)
        return 0;
    logged_release(&l->logger.logged); /* a half of it would be taken for a logger */
    return -1;
}

void longrun_define(struct longrun *l, const struct definition *d, uint32_t node)
{
    l->definition = d;
    l->node = node;
    l->controlled.name = d->name;
    l->logger.controlled.name = l->logger.controlled.name == NULL ? NULL : d->name;
}

static int fill(struct longrun *l, struct error *e)
{
    struct supervisor *sv = l->supervisor;
    const struct definition *d = l->definition;
    struct stat st;
    if (stat(l->path, &st) < 0)
        return error_system(e, "unable to look at %s", l->path);
    l->device = st.st_dev;
    l->inode = st.st_ino;
    if (d->consumer_for.count > 0 && pipe2(l->input, O_CLOEXEC) < 0)
        return error_system(e, "unable to make the pipe of %s", d->name);
    return longrun_open_logger(sv, l, d, e) < 0 ? -1 : controlled_open(l, e);
}

struct longrun *longrun_add(struct supervisor *sv, const struct definition *d, uint32_t node,
                            const char *path, struct error *e)
{
    if (longruns_reserve(sv, 1, e) < 0)
        return NULL;
    struct longrun *l = malloc(sizeof *l);
    char *own = strdup(path);
    if (l == NULL || own == NULL) {
        error_system(e, "unable to take the memory for service %s", d->name);
        free(l);
        free(own);
        return NULL;
    }
    uint32_t index = take_place(sv);
    *l = (struct longrun){.supervisor = sv,
                          .definition = d,
                          .node = node,
                          .index = index,
                          .path = own,
                          .listed = true,
                          .report = {.fd = -1},
                          .notify = {.fd = -1},
                          .controlled = {.supervise = SUPERVISE_INIT},
                          .logger = {.supervisor = sv,
                                     .index = index + 2,
                                     .controlled = {.supervise = SUPERVISE_INIT}},
                          .input = {-1, -1},
                          .consumer = UINT32_MAX};
    sv->longrun[index] = l;
    sv->pid1.changes.renew = true;
    if (fill(l, e) == 0)
        return l;
    longrun_free(l);
    return NULL;
}

/* Its producers have no consumer any more: their output goes where it goes without one. */
static void part_producers(const struct longrun *consumer)
{
    const struct supervisor *sv = consumer->supervisor;
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL && sv->longrun[i]->consumer == consumer->index)
            sv->longrun[i]->consumer = UINT32_MAX;
}

bool longrun_is_prepared(const struct longrun *l)
{
    return l->node == NO_NODE && l->scanned == NULL;
}

void longrun_remove(struct longrun *l)
{
    l->going = true;
    part_producers(l);
    l->supervisor->pid1.changes.renew = true;
    l->supervisor->sweep = true;
    controlled_close(l);
    loop_untimer(&l->supervisor->pid1.loop, &l->timer);
    if (l->logger.logged.open)
        logger_slot_hang_up(&l->logger);
}

int longrun_inherit_logger(struct longrun *l, struct longrun *going)
{
    struct logged *from = &going->logger.logged;
    struct supervisor *sv = l->supervisor;
    if (!from->open || going->logger.done || !l->logger.logged.open)
        return 0;
    if (logged_resume(from) < 0) {
        (void)logged_hang_up(from);
        return -1;
    }
    logged_release(&l->logger.logged);
    l->logger.logged = *from;
    l->logger.boundary = going->logger.boundary;
    *from = (struct logged){.open = false};
    loop_untimer(&sv->pid1.loop, &going->logger.timer);
    if (l->logger.logged.pid > 0) {
        children_take(&sv->pid1.children, l->logger.logged.pid);
        children_add(&sv->pid1.children, l->logger.logged.pid, CHILD_LOGGER, l->logger.index);
        controlled_logger(&l->logger, true, 0);
        logged_signal(&l->logger.logged, SIGHUP);
    } else {
        logger_slot_start(&l->logger);
    }
    return 0;
}

void longruns_sweep(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l != NULL && l->going && (!l->logger.logged.open || l->logger.done))
            longrun_free(l);
    }
}

/* --- those of s6-rc --------------------------------------------------------------------------- */

static int make_one(struct supervisor *sv, uint32_t node, struct error *e)
{
    const struct definition *d = supervisor_definition(sv, node);
    char path[512];
    if (livedir_make(d, e) < 0)
        return -1;
    livedir_path(path, sizeof path, d->name);
    struct longrun *l = longrun_add(sv, d, node, path, e);
    if (l == NULL)
        return -1;
    sv->longrun_of[node] = l->index;
    return 0;
}

static int connect_producer(struct supervisor *sv, struct longrun *l, struct error *e)
{
    const char *name = l->definition->producer_for;
    long d = definitions_find(&sv->definitions, name);
    if (d < 0 || sv->graph.node_of[d] < 0)
        return error_set(e, EXIT_BUG, "no consumer %s", name);
    l->consumer = sv->longrun_of[sv->graph.node_of[d]];
    return 0;
}

int longruns_make(struct supervisor *sv, struct error *e)
{
    uint32_t nodes = sv->graph.count;
    if (descriptors_suffice(sv, e) < 0)
        return -1;
    sv->longrun_of = calloc((size_t)nodes + 1, sizeof *sv->longrun_of);
    sv->oneshot = calloc((size_t)nodes + 1, sizeof *sv->oneshot);
    sv->all = malloc((size_t)nodes + 1);
    if (sv->longrun_of == NULL || sv->oneshot == NULL || sv->all == NULL)
        return error_system(e, "unable to take the memory for %lu services", (unsigned long)nodes);
    memset(sv->all, 1, (size_t)nodes + 1);
    if (longruns_reserve(sv, nodes - oneshots(sv), e) < 0)
        return -1;
    for (uint32_t i = 0; i < nodes; i++)
        if (supervisor_definition(sv, i)->type == DEFINITION_LONGRUN && make_one(sv, i, e) < 0)
            return -1;
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL && sv->longrun[i]->node != NO_NODE &&
            sv->longrun[i]->definition->producer_for != NULL &&
            connect_producer(sv, sv->longrun[i], e) < 0)
            return -1;
    return 0;
}
