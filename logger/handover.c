#include "logger/handover.h"

static void note_file(struct pump *p, int file)
{
    struct sink *own = route_own(&p->route[file]);
    bool open = own != NULL && sink_is_open(own);
    p->state.now.file[file].inode = open ? own->dir.inode : 0;
    p->state.now.file[file].size = open ? own->dir.size : 0;
    if (open && own->state == SINK_FAILS && own->rules->trouble == SINK_DROP)
        p->state.now.file[file].batch = 0; /* what is written next is from before */
    p->state.now.file[file].torn = open && own->out.length > own->written && own->written > 0 &&
                                   own->out.data[own->written - 1] != '\n';
}

static void note_shown(struct pump *p)
{
    for (int i = 0; i < PUMP_INPUTS; i++) {
        p->state.now.stream[i].shown = (uint32_t)p->input[i].lines.shown;
        p->state.now.stream[i].begun = i < PUMP_EVENTS && p->console.stream[i].begun;
    }
}

/* What is not held up was written as far as it was taken. */
bool handover_commit(void *context)
{
    struct pump *p = context;
    for (int i = 0; i < PUMP_INPUTS; i++) {
        struct pump_input *in = &p->input[i];
        if (pump_file(i) >= p->taken_over || route_holds(&p->route[pump_file(i)]))
            continue;
        note_file(p, pump_file(i));
        p->state.now.stream[i].done = (uint32_t)in->lines.start;
        p->state.now.stream[i].inside = in->lines.inside;
    }
    note_shown(p);
    state_commit(&p->state);
    return !route_holds(&p->route[0]);
}

void handover_moved(void *context)
{
    struct pump *p = context;
    for (int i = 0; i < PUMP_FILES; i++) {
        struct sink *own = route_own(&p->route[i]);
        if (own != NULL && own->dir.inode != p->state.now.file[i].inode)
            note_file(p, i);
    }
    state_commit(&p->state);
}

int handover_open(struct pump *p, struct error *e)
{
    if (state_open(&p->state, p->state_fd, e) < 0)
        return -1;
    for (int i = 0; i < PUMP_INPUTS; i++) {
        struct pump_input *in = &p->input[i];
        size_t done = p->state.now.stream[i].done;
        if (journal_open(&in->journal, in->journal.fd, done, &in->lines, e) < 0)
            return -1;
        /* what is shown counts from the same place as what is done */
        size_t shown = p->state.now.stream[i].shown + in->lines.start;
        in->lines.shown = shown < done ? 0 : shown - done;
        if (in->lines.shown > in->lines.end)
            in->lines.shown = in->lines.end;
        in->lines.inside = p->state.now.stream[i].inside != 0;
        if (i < PUMP_EVENTS)
            p->console.stream[i].begun = p->state.now.stream[i].begun != 0;
    }
    return 0;
}

int handover_complete(struct pump *p, int file)
{
    struct sink *own = route_own(&p->route[file]);
    const uint32_t batch = p->state.now.file[file].batch;
    const struct timespec time = p->state.now.file[file].time;
    const int64_t size = p->state.now.file[file].size;
    if (own == NULL || !sink_is_open(own) || p->state.now.file[file].inode != own->dir.inode)
        return 0;
    if (own->dir.size <= size && p->state.now.file[file].torn == 0)
        return 0;
    if (p->state.now.file[file].torn != 0 || batch == 0) /* something that is not in a journal */
        return logdir_ends_line(&own->dir) ? 0 : str_add_char(&own->out, '\n');
    struct pump_input *in = &p->input[batch - 1];
    route_begin(&p->route[file], pump_streams[batch - 1], &time);
    return route_repeat(&p->route[file], &in->lines, (size_t)(own->dir.size - size));
}
