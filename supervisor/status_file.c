#include "supervisor/status_file.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Under its own name only once it is whole and locked. */
#define NEW_STATUS RUN_STATUS ".new"

/* --- what there is to say --------------------------------------------------------------------- */

static enum status_state longrun_state(const struct longrun *l, enum node_state node)
{
    const struct service *m = &l->machine;
    switch (m->state) {
    case SERVICE_STARTING:
        return SERVICE_IS_STARTING;
    case SERVICE_UP:
        return node == NODE_STOPPING            ? SERVICE_IS_STOPPING
               : l->rules.notifies && !m->ready ? SERVICE_IS_STARTING
                                                : SERVICE_IS_UP;
    case SERVICE_FINISH:
        return SERVICE_IS_FINISHING;
    default:
        return m->failed != FAILURE_NONE ? SERVICE_IS_FAILED
               : m->want == WANT_UP      ? SERVICE_IS_WAITING
                                         : SERVICE_IS_DOWN;
    }
}

static void set_end(struct status_service *s, int wait_status)
{
    if (WIFSIGNALED(wait_status)) {
        s->signal = WTERMSIG(wait_status);
        s->core = WCOREDUMP(wait_status);
    } else
        s->code = WEXITSTATUS(wait_status);
}

static void describe_longrun(const struct longrun *l, enum node_state node, bool goal_up,
                             struct status_service *s)
{
    const struct service *m = &l->machine;
    s->state = longrun_state(l, node);
    s->wanted = m->want == WANT_UP || (node == NODE_DOWN ? goal_up : m->failed != FAILURE_NONE);
    s->ready = m->state == SERVICE_UP && (m->ready || !l->rules.notifies);
    s->starts = (int32_t)l->history.starts;
    s->pid = m->pid > 0 ? m->pid : 0;
    s->since = m->since;
    s->ready_at = m->ready ? m->ready_at : 0;
    s->died_at = l->history.died_at;
    if (s->died_at != 0) {
        set_end(s, m->wait_status);
        s->oom = l->history.oom && s->signal >= 0;
    }
    if (m->failures > 0 && l->run.why != NULL)
        s->why = l->run.why;
    else if (m->failed != FAILURE_NONE)
        s->why = l->history.failed != NULL ? l->history.failed : "failed for good";
}

static void describe_oneshot(const struct status_file *f, uint32_t node, struct status_service *s)
{
    static const enum status_state states[] = {[NODE_DOWN] = SERVICE_IS_DOWN,
                                               [NODE_STARTING] = SERVICE_IS_STARTING,
                                               [NODE_UP] = SERVICE_IS_UP,
                                               [NODE_STOPPING] = SERVICE_IS_STOPPING};
    const struct transition_node *n = &f->catalogue->transition.node[node];
    const struct oneshot *o = &f->catalogue->oneshot[node];
    bool failed = o->ended && o->wait_status != 0 && n->state == NODE_DOWN;
    s->type = STATUS_ONESHOT;
    s->state = failed ? SERVICE_IS_FAILED : states[n->state];
    s->wanted = n->goal_up || n->state == NODE_UP;
    s->ready = n->state == NODE_UP;
    s->pid = o->pid > 0 ? o->pid : 0;
    s->since = n->since;
    if (o->ended)
        set_end(s, o->wait_status);
}

static struct longrun *longrun_of(const struct status_file *f, const struct status_source *from)
{
    if (from->node == NO_NODE)
        return f->longruns->item[from->longrun];
    return catalogue_is_longrun(f->catalogue, from->node) ? longruns_of(f->longruns, from->node)
                                                          : NULL;
}

static struct status_service describe(const struct status_file *f, const struct status_source *from)
{
    struct status_service s = {.starts = -1, .code = -1, .signal = -1};
    const struct longrun *l = longrun_of(f, from);
    const struct transition_node *nodes = f->catalogue->transition.node;
    if (l == NULL)
        describe_oneshot(f, from->node, &s);
    else if (from->node == NO_NODE)
        describe_longrun(l, NODE_UP, true, &s);
    else
        describe_longrun(l, nodes[from->node].state, nodes[from->node].goal_up, &s);
    if (from->node != NO_NODE && s.why == NULL && s.state == SERVICE_IS_DOWN && !s.wanted)
        s.why = catalogue_definition(f->catalogue, from->node)->left_out;
    return s;
}

static struct status_container describe_container(const struct status_file *f)
{
    static const enum status_stage stages[] = {
        [STAGE_HOOK] = STATUS_HOOK,       [STAGE_STARTING] = STATUS_STARTING,
        [STAGE_RUNNING] = STATUS_RUNNING, [STAGE_STOPPING] = STATUS_STOPPING,
        [STAGE_TERM] = STATUS_STOPPING,   [STAGE_KILL] = STATUS_STOPPING,
        [STAGE_DRAIN] = STATUS_STOPPING,  [STAGE_OVER] = STATUS_STOPPING};
    return (struct status_container){.release = OVERLOG_VERSION,
                                     .stage = stages[f->pid1->stage],
                                     .pid = f->self,
                                     .cmd = f->cmd->pid > 0 ? f->cmd->pid : 0,
                                     .began = f->began,
                                     .generation = f->generation};
}

/* --- another file ----------------------------------------------------------------------------- */

/* What is to be in it: source is filled, if not NULL, and the count returned. The container's own
 * oneshots are nobody's business. */
static uint32_t list(struct status_file *f, struct status_source *source)
{
    uint32_t count = 0;
    bool known = f->pid1->stage >= STAGE_STARTING && f->catalogue->transition.graph != NULL;
    for (uint32_t i = 0; known && i < f->catalogue->graph.count; i++) {
        if (catalogue_definition(f->catalogue, i)->builtin != BUILTIN_NONE)
            continue;
        if (source != NULL)
            source[count] = (struct status_source){.node = i};
        count++;
    }
    for (uint32_t i = 0; known && i < f->longruns->count; i++) {
        const struct longrun *l = f->longruns->item[i];
        if (l == NULL || l->member == MEMBER_GONE || l->node != NO_NODE)
            continue;
        if (source != NULL)
            source[count] = (struct status_source){.node = NO_NODE, .longrun = i};
        count++;
    }
    return count;
}

/* Appends its log directory, with a NUL, to logs, which has room for it; NULL: it has none. */
static const char *log_of(const struct status_file *f, const struct longrun *l, struct str *logs)
{
    const struct definition *d = l == NULL ? NULL : l->definition;
    if (d == NULL || l->logger.state == LOGGER_NONE || d->keys.logging == LOGGING_CONSOLE ||
        f->pid1->settings.logging == LOGGING_CONSOLE)
        return NULL;
    const char *path = logs->data + logs->length;
    str_printf(logs, "%.3800s/%.255s", f->pid1->settings.log_root, d->name);
    str_add_char(logs, '\0');
    return path;
}

/* The bytes of the whole file for the services that are in source. */
static int make_image(const struct status_file *f, const struct status_source *source,
                      uint32_t count, struct status_image *m)
{
    struct status_service *all = calloc((size_t)count + 1, sizeof *all);
    struct str logs = STR_INIT;
    size_t room = 0;
    for (uint32_t i = 0; i < count && all != NULL; i++) {
        const struct longrun *l = longrun_of(f, &source[i]);
        all[i] = describe(f, &source[i]);
        all[i].name = l != NULL ? l->definition->name
                                : catalogue_definition(f->catalogue, source[i].node)->name;
        room += strlen(f->pid1->settings.log_root) + strlen(all[i].name) + sizeof "/";
    }
    int result = all == NULL ? -1 : str_reserve(&logs, room); /* at once: it must not move */
    for (uint32_t i = 0; i < count && result == 0; i++)
        all[i].log = log_of(f, longrun_of(f, &source[i]), &logs);
    struct status_container c = describe_container(f);
    if (result == 0)
        result = status_image_make(m, &c, all, count);
    str_release(&logs);
    free(all);
    return result;
}

/* A file of ours alone until it is whole and locked: who finds no lock takes us for gone. All of it
 * is written, so that there is room for every later change. */
static int write_new(const struct pid1_calls *calls, const struct status_image *m)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    calls->unlink(NEW_STATUS);
    int fd = calls->create(NEW_STATUS, O_RDWR, 0600);
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETLK, &lock) == 0 &&
        calls->write_at(fd, m->bytes, m->size, 0) == (ssize_t)m->size && fchmod(fd, 0644) == 0 &&
        calls->rename(NEW_STATUS, RUN_STATUS) == 0)
        return fd;
    int why = errno;
    close(fd);
    calls->unlink(NEW_STATUS);
    errno = why == 0 ? ENOSPC : why;
    return -1;
}

/* Who has it open sees that it has had its time. */
static void retire(struct status_file *f, const struct status_container *c)
{
    struct status_container last = *c;
    last.replaced = true;
    if (f->fd < 0)
        return;
    if (status_image_head(&f->image, &last) > 0)
        (void)!f->pid1->calls->write_at(f->fd, f->image.bytes, STATUS_HEADER, 0);
    fd_drop(&f->fd);
}

/* The old one says nothing any more that holds. */
static void fail(struct status_file *f)
{
    struct error e = ERROR_INIT;
    error_system(&e, "unable to write " RUN_STATUS ", which overlog status reads");
    f->pid1->calls->unlink(RUN_STATUS);
    fd_drop(&f->fd);
    f->pid1->changes.renew = true;
    pid1_lacks(f->pid1, &f->lack, "", "", &e);
    pid1_retry(f->pid1, &f->retry);
}

static void set_records(struct status_file *f)
{
    for (uint32_t i = 0; i < f->longruns->count; i++)
        if (f->longruns->item[i] != NULL)
            f->longruns->item[i]->record = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct status_source *from = &f->source[i];
        if (from->node != NO_NODE)
            f->catalogue->record[from->node] = i + 1;
        if (longrun_of(f, from) != NULL)
            longrun_of(f, from)->record = i + 1;
    }
}

/* All memory is taken at once, or the old one stays. */
static int take_memory(struct status_file *f, struct status_file *new)
{
    new->count = list(f, NULL);
    new->source = calloc((size_t) new->count + 1, sizeof *new->source);
    if (new->source == NULL || status_changes_reserve(&f->pid1->changes, new->count) < 0)
        return -1;
    list(f, new->source);
    return make_image(f, new->source, new->count, &new->image);
}

static void release(struct status_file *f)
{
    status_image_release(&f->image);
    free(f->source);
}

static void renew(struct status_file *f)
{
    f->generation++;
    f->self = getpid();
    struct status_container c = describe_container(f);
    struct status_file new = *f;
    new.source = NULL;
    new.image = (struct status_image){.bytes = NULL};
    errno = 0;
    if (take_memory(f, &new) < 0 || (new.fd = write_new(f->pid1->calls, &new.image)) < 0) {
        release(&new);
        errno = errno == 0 ? ENOMEM : errno;
        fail(f);
        return;
    }
    retire(f, &c);
    release(f);
    *f = new;
    f->pid1->changes.renew = f->pid1->changes.all = false;
    set_records(f);
    shortage_over(&f->lack);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* 1: written, 0: nothing to write, -1: the file is not as it should be. */
static int update(struct status_file *f, uint32_t index)
{
    struct status_service s = describe(f, &f->source[index]);
    size_t at[2], length[2];
    int changed = status_image_set(&f->image, index, &s);
    status_image_find(&f->image, index, at, length);
    for (int i = length[1] > 0 ? 1 : 0; i >= 0 && changed != 0; i--)
        if (f->pid1->calls->write_at(f->fd, f->image.bytes + at[i], length[i], (off_t)at[i]) !=
            (ssize_t)length[i])
            return -1;
    return changed;
}

/* The header, with the digest, comes last. */
static int write_changes(struct status_file *f)
{
    struct status_changes *changes = &f->pid1->changes;
    struct status_container c = describe_container(f);
    int changed = status_image_head(&f->image, &c);
    int bad = 0;
    for (uint32_t record; (record = status_changes_take(changes)) != 0;) {
        int result = changes->all ? 0 : update(f, record - 1);
        changed |= result > 0;
        bad |= result < 0;
    }
    for (uint32_t i = 0; changes->all && i < f->count; i++) {
        int result = update(f, i);
        changed |= result > 0;
        bad |= result < 0;
    }
    changes->all = false;
    if (changed != 0 &&
        f->pid1->calls->write_at(f->fd, f->image.bytes, STATUS_HEADER, 0) != STATUS_HEADER)
        bad = 1;
    return bad ? -1 : 0;
}

static void again(struct retry *r)
{
    (void)r; /* the next status_flush writes it */
}

void status_flush(struct status_file *f)
{
    if (f->retry.queued)
        return;
    if (f->pid1->changes.renew)
        renew(f);
    else if (write_changes(f) < 0)
        fail(f);
}

void status_file_init(struct status_file *f, struct longruns *ls, const struct cmd *cmd)
{
    *f = (struct status_file){.pid1 = ls->pid1,
                              .catalogue = ls->catalogue,
                              .longruns = ls,
                              .cmd = cmd,
                              .began = pid1_now(ls->pid1),
                              .fd = -1,
                              .retry = {.again = again}};
    ls->pid1->changes.renew = true;
}
