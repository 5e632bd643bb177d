#include "supervisor/longruns.h"
#include "base/file.h"
#include "base/process.h"
#include "services/livedir.h"
#include "supervisor/control.h"
#include "supervisor/descriptors.h"
#include "supervisor/pipe_loss.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_STEP = 16 };

/* --- looking ---------------------------------------------------------------------------------- */

struct longrun *longruns_of(const struct longruns *ls, uint32_t node)
{
    return ls->item[ls->catalogue->longrun_of[node]];
}

static struct longrun *find(const struct longruns *ls, const char *name, bool gone)
{
    for (uint32_t i = 0; i < ls->count; i++) {
        struct longrun *l = ls->item[i];
        if (l != NULL && (l->member == MEMBER_GONE) == gone &&
            strcmp(l->definition->name, name) == 0)
            return l;
    }
    return NULL;
}

struct longrun *longruns_gone(const struct longruns *ls, const char *name)
{
    return find(ls, name, true);
}

struct longrun *longruns_named(const struct longruns *ls, const char *name)
{
    struct longrun *l = find(ls, name, false);
    return l != NULL ? l : longruns_gone(ls, name);
}

uint32_t longruns_loggers(const struct longruns *ls)
{
    return ls->count + 2;
}

struct logger *longruns_logger(struct longruns *ls, uint32_t index)
{
    if (index == 0)
        return &ls->init;
    if (index == 1)
        return &ls->cmd;
    return ls->item[index - 2] == NULL ? NULL : &ls->item[index - 2]->logger;
}

size_t longruns_logger_pids(struct longruns *ls, pid_t few[2], pid_t **pids)
{
    size_t count = 0;
    *pids = ls->logger_pids != NULL ? ls->logger_pids : few;
    for (uint32_t i = 0; i < longruns_loggers(ls); i++) {
        const struct logger *l = longruns_logger(ls, i);
        if (l != NULL && l->process.pid > 0)
            (*pids)[count++] = l->process.pid;
    }
    return count;
}

void longruns_look(struct longruns *ls)
{
    for (uint32_t i = 0; i < ls->count; i++)
        if (ls->item[i] != NULL && ls->item[i]->run.birth.awaited)
            run_look(&ls->item[i]->run);
}

/* --- places ----------------------------------------------------------------------------------- */

/* Room for that many more, with timers, children and pids of loggers. */
static int reserve(struct longruns *ls, uint32_t more, struct error *e)
{
    struct pid1 *p = ls->pid1;
    size_t room = (size_t)ls->count + more;
    if (room <= ls->room)
        return 0;
    room += ROOM_STEP;
    struct longrun **list = realloc(ls->item, room * sizeof(struct longrun *));
    if (list != NULL)
        ls->item = list;
    pid_t *pids = realloc(ls->logger_pids, (room + 4) * sizeof *pids);
    if (pids != NULL)
        ls->logger_pids = pids;
    if (list == NULL || pids == NULL)
        return error_system(e, "unable to take the memory for %zu services", room);
    size_t others = 2 * (size_t)catalogue_oneshots(ls->catalogue) + 64 + CONTROL_PLACES;
    if (loop_reserve_timers(&p->loop, 3 * room + 16, e) < 0 ||
        children_reserve(&p->children, 3 * room + others, e) < 0)
        return -1;
    ls->room = (uint32_t)room;
    return 0;
}

/* Children of a process with thousands of services would get copies of its page tables that they
 * never use. Failing costs time and nothing else. */
static void take_block(struct longruns *ls, uint32_t count)
{
    if (ls->block != NULL || count * sizeof(struct longrun) < PROCESS_WITHHOLD_MIN)
        return;
    ls->block = malloc(count * sizeof(struct longrun));
    if (ls->block == NULL)
        return;
    ls->block_room = count;
    process_withhold(ls->block, count * sizeof(struct longrun));
}

static struct longrun *take_memory(struct longruns *ls)
{
    struct longrun *l = ls->spare;
    if (l != NULL)
        ls->spare = l->next_spare;
    else if (ls->block_used < ls->block_room)
        l = &ls->block[ls->block_used++];
    return l != NULL ? l : malloc(sizeof *l);
}

static void give_memory_back(struct longruns *ls, struct longrun *l)
{
    if (l == NULL || l < ls->block || l >= ls->block + ls->block_room) {
        free(l);
        return;
    }
    l->next_spare = ls->spare;
    ls->spare = l;
}

static uint32_t take_place(struct longruns *ls)
{
    uint32_t i = ls->count;
    if (ls->free == 0)
        return ls->count++;
    ls->free--;
    while (ls->item[i - 1] != NULL)
        i--;
    return i - 1;
}

/* --- what others see -------------------------------------------------------------------------- */

static int open_directories(struct longrun *l, struct error *e)
{
    if (l->node != NO_NODE)
        supervise_dir_mark_down(&l->seen, true); /* until it was started */
    if (supervise_dir_open(&l->seen, e) < 0)
        return -1;
    if (logger_show(&l->logger, l->definition->name, l->path, e) < 0)
        return -1;
    if (l->node == NO_NODE)
        supervise_dir_event(&l->seen, 's'); /* s6-svlink listens, then somebody looks at log/ */
    return 0;
}

/* Somebody may have put another directory in its place. */
static bool has_its_directory(const struct longrun *l)
{
    struct stat st;
    return stat(l->path, &st) == 0 && longrun_is_at(l, &st);
}

enum { LOG_PATH = 560 };

/* In a directory of others log/ is ours alone, so it goes, by its name first: who sees that the
 * service has left may look at once whether it has a log. at: where it is now. */
static void hide_log(const struct longrun *l, char at[LOG_PATH])
{
    char path[LOG_PATH];
    struct error ignored = ERROR_INIT;
    snprintf(path, sizeof path, "%s/log", l->path);
    snprintf(at, LOG_PATH, "%s/.log-of-before", l->path);
    file_remove_tree(AT_FDCWD, at, &ignored);
    if (rename(path, at) < 0)
        snprintf(at, LOG_PATH, "%s", path);
}

/* leaves: a scanned service, whose listeners are told once its directory is free. */
static void close_directories(struct longrun *l, bool leaves)
{
    struct error ignored = ERROR_INIT;
    char log[LOG_PATH];
    bool goes =
        supervise_dir_is_open(&l->logger.seen) && l->node == NO_NODE && has_its_directory(l);
    if (goes)
        hide_log(l, log);
    supervise_dir_close(&l->seen);
    supervise_dir_close(&l->logger.seen);
    if (leaves) {
        supervise_dir_event(&l->seen, 'x');
        supervise_dir_tell(&l->seen);
    }
    if (!goes)
        return;
    l->all->pid1->calls->tell(log, "x"); /* s6-svunlink of others waits for it */
    file_remove_tree(AT_FDCWD, log, &ignored);
}

/* --- coming and going ------------------------------------------------------------------------- */

static void close_input(struct pipeline *pipe)
{
    for (int i = 0; i < 2; i++)
        fd_close(pipe->input[i]);
}

/* Whatever leads to a place of the table by its number is cleared before the place is free:
 * producers (longruns_remove), children (here). What has a pointer is in the loop or among the
 * retries: watches, timers, and what could not be written. */
static void release(struct longrun *l)
{
    struct longruns *ls = l->all;
    struct pid1 *p = ls->pid1;
    pipe_loss_say(l);
    close_directories(l, false);
    if (l->machine.pid > 0)
        children_take(&p->children, l->machine.pid);
    if (l->logger.state != LOGGER_NONE && l->logger.process.pid > 0)
        children_take(&p->children, l->logger.process.pid);
    run_release(&l->run);
    finish_release(&l->finish);
    loop_untimer(&p->loop, &l->deadline);
    loop_untimer(&p->loop, &l->pipe.drain);
    logger_release(&l->logger);
    close_input(&l->pipe);
    definition_free(l->own);
    free(l->history.failed);
    ls->item[l->index] = NULL;
    ls->free++;
    free(l->path);
    give_memory_back(ls, l);
}

static int open_logger(struct longrun *l, const struct definition *d, struct error *e)
{
    enum logging_mode mode;
    if (!logging_is_paired(&l->all->pid1->settings, d, &mode))
        return 0;
    return logger_open(&l->logger, d->name, mode, &d->logging_script, -1, e);
}

static bool is_consumer(const struct definition *d)
{
    return d->consumer_for.count > 0;
}

static int make_input(struct longrun *l, const struct definition *d, struct error *e)
{
    if (is_consumer(d) && l->pipe.input[0] < 0 && pipe2(l->pipe.input, O_CLOEXEC) < 0)
        return error_system(e, "unable to make the pipe of %s", d->name);
    return 0;
}

static int fill(struct longrun *l, struct error *e)
{
    if (make_input(l, l->definition, e) < 0 || open_logger(l, l->definition, e) < 0)
        return -1;
    return open_directories(l, e);
}

struct longrun *longruns_add(struct longruns *ls, const struct definition *d,
                             struct definition *own, uint32_t node, const char *path,
                             struct error *e)
{
    if (reserve(ls, 1, e) < 0)
        return NULL;
    struct longrun *l = take_memory(ls);
    char *copy = strdup(path);
    if (l == NULL || copy == NULL) {
        error_system(e, "unable to take the memory for service %s", d->name);
        give_memory_back(ls, l);
        free(copy);
        return NULL;
    }
    *l = (struct longrun){.all = ls,
                          .definition = d,
                          .node = node,
                          .index = take_place(ls),
                          .path = copy,
                          .member =
                              node == NO_NODE && own == NULL ? MEMBER_PREPARED : MEMBER_LISTED};
    longrun_init(l);
    ls->item[l->index] = l;
    ls->pid1->changes.renew = true;
    if (fill(l, e) == 0) {
        l->own = own;
        return l;
    }
    release(l);
    return NULL;
}

/* Its producers have no consumer any more: their output goes where it goes without one. */
static void part_producers(const struct longrun *consumer)
{
    const struct longruns *ls = consumer->all;
    for (uint32_t i = 0; i < ls->count; i++)
        if (ls->item[i] != NULL && ls->item[i]->pipe.consumer == consumer->index)
            ls->item[i]->pipe.consumer = NO_LONGRUN;
}

void longruns_remove(struct longrun *l)
{
    struct pid1 *p = l->all->pid1;
    bool leaves = l->member == MEMBER_REMOVING;
    l->member = MEMBER_GONE;
    part_producers(l);
    p->changes.renew = true;
    notice_post(&p->notices, NOTICE_GONE, 0);
    close_directories(l, leaves);
    loop_untimer(&p->loop, &l->deadline);
    logger_hang_up(&l->logger);
}

int longruns_inherit(struct longrun *l, struct longrun *gone, struct error *e)
{
    if (logger_inherit(&l->logger, &gone->logger) < 0)
        return error_system(e, "unable to take over the logger of %s, which is about to end",
                            l->definition->name);
    return 0;
}

void longruns_sweep(struct longruns *ls)
{
    for (uint32_t i = 0; i < ls->count; i++) {
        struct longrun *l = ls->item[i];
        if (l != NULL && l->member == MEMBER_GONE && logger_is_over(&l->logger))
            release(l);
    }
}

void longruns_define(struct longrun *l, const struct definition *d, uint32_t node)
{
    if (!is_consumer(d) && l->pipe.input[0] >= 0) {
        pipe_loss_say(l);
        fd_drop(&l->pipe.input[0]);
        fd_drop(&l->pipe.input[1]);
        l->pipe.loss_said = false;
    }
    l->definition = d;
    l->node = node;
    l->run.name = l->seen.name = d->name;
    if (l->logger.seen.name != NULL)
        l->logger.seen.name = d->name;
    if (l->member == MEMBER_PREPARED && node != NO_NODE)
        l->member = MEMBER_LISTED;
}

int longruns_complete(struct longrun *l, const struct definition *d, struct error *e)
{
    if (make_input(l, d, e) < 0)
        return -1;
    if (l->logger.state == LOGGER_NONE && open_logger(l, d, e) < 0)
        return -1;
    return logger_show(&l->logger, l->definition->name, l->path, e);
}

/* --- those of s6-rc --------------------------------------------------------------------------- */

static int make_one(struct longruns *ls, uint32_t node, struct error *e)
{
    const struct definition *d = catalogue_definition(ls->catalogue, node);
    char path[512];
    if (livedir_make(d, e) < 0)
        return -1;
    livedir_path(path, sizeof path, d->name);
    struct longrun *l = longruns_add(ls, d, NULL, node, path, e);
    if (l == NULL)
        return -1;
    ls->catalogue->longrun_of[node] = l->index;
    return 0;
}

static int connect_producer(struct longrun *l, struct error *e)
{
    const struct catalogue *c = l->all->catalogue;
    const char *name = l->definition->producer_for;
    long d = definitions_find(&c->definitions, name);
    if (d < 0 || c->graph.node_of[d] < 0)
        return error_set(e, EXIT_BUG, "no consumer %s", name);
    l->pipe.consumer = c->longrun_of[c->graph.node_of[d]];
    return 0;
}

int longruns_make(struct longruns *ls, struct error *e)
{
    struct catalogue *c = ls->catalogue;
    uint32_t nodes = c->graph.count;
    if (descriptors_suffice(c, ls->logging, e) < 0)
        return -1;
    if (catalogue_reserve(c) < 0)
        return error_system(e, "unable to take the memory for %lu services", (unsigned long)nodes);
    if (reserve(ls, nodes - catalogue_oneshots(c), e) < 0)
        return -1;
    take_block(ls, nodes - catalogue_oneshots(c));
    for (uint32_t i = 0; i < nodes; i++)
        if (catalogue_is_longrun(c, i) && make_one(ls, i, e) < 0)
            return -1;
    for (uint32_t i = 0; i < ls->count; i++)
        if (ls->item[i] != NULL && ls->item[i]->node != NO_NODE &&
            ls->item[i]->definition->producer_for != NULL && connect_producer(ls->item[i], e) < 0)
            return -1;
    return 0;
}
