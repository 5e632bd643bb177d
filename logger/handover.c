#include "logger/handover.h"
#include "logger/directory.h"

/* By input. */
static const enum stamp_stream streams[CHECKPOINT_STREAMS] = {STREAM_OUT, STREAM_ERR,
                                                              STREAM_UNKNOWN};

/* --- remembering --- */

static void note_file(struct handover *h, int file)
{
    struct directory_mark m = {.inode = 0};
    if (h->absent[file])
        return;
    if (h->route[file].own != NULL)
        directory_mark(h->route[file].own, &m);
    h->state.now.file[file].inode = m.inode;
    h->state.now.file[file].size = m.size;
    h->state.now.file[file].torn = m.torn;
    if (m.stale)
        h->state.now.file[file].batch = 0; /* what is written next is not of this batch */
}

static void note_shown(struct handover *h)
{
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        h->state.now.stream[i].shown = (uint32_t)h->input[i].lines.shown;
        h->state.now.stream[i].begun = i < HANDOVER_EVENTS && h->console.stream[i].begun;
    }
}

/* Whether lines of a batch were dropped of which current has the beginning. */
static bool is_given_up(const struct handover *h, int file, int stream)
{
    return h->absent[file] && h->state.now.file[file].batch == (uint32_t)stream + 1 &&
           h->state.now.stream[stream].done != h->input[stream].lines.start;
}

void handover_commit(struct handover *h)
{
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        int file = checkpoint_file(i);
        if (file >= h->taken_over || !route_is_settled(&h->route[file]))
            continue;
        if (is_given_up(h, file, i))
            h->state.now.file[file].batch = 0;
        note_file(h, file);
        h->state.now.stream[i].done = (uint32_t)h->input[i].lines.start;
        h->state.now.stream[i].inside = h->input[i].lines.inside;
        h->state.now.stream[i].cut = (uint32_t)h->input[i].lines.cut;
    }
    note_shown(h);
    state_commit(&h->state);
}

/* --- flushing --- */

/* Commits, so that a successor never looks in the new current for lines of the old one; turns; and
 * commits the new current before anything is deleted: its inode number must not come back. A route
 * that is held up is not committed: then current has nothing of its unwritten lines (may_turn). */
static void turn(struct handover *h, int file)
{
    struct directory_mark m;
    struct disk *own = h->route[file].own;
    handover_commit(h);
    disk_turn(own);
    directory_mark(own, &m);
    if (m.inode != h->state.now.file[file].inode)
        note_file(h, file);
    state_commit(&h->state);
    disk_tidy(own);
}

/* Not while another sink holds: what is written is not committed then, and a successor must find it
 * in current. If the directory itself asks before it writes, current has nothing of the batch. */
static bool may_turn(const struct route *r)
{
    return sink_unwritten(&r->own->sink) > 0 || !route_holds(r);
}

void handover_flush(struct handover *h, int file)
{
    struct route *r = &h->route[file];
    enum sink_result result;
    if (h->lost)
        return;
    while ((result = route_flush(r)) == SINK_TURN_DUE && may_turn(r))
        turn(h, file);
    h->lost = result == SINK_LOST;
    handover_commit(h);
}

/* --- where a predecessor ended --- */

/* current may have the beginning of a batch that a kill cut short: makes the batch again, to be
 * flushed. Anything else that ends within a line is not completed: not by a logger whose
 * predecessor could not open the directory, or write there. 0, or -1: out of memory. */
static int complete(struct handover *h, int file)
{
    struct directory_mark m;
    struct route *r = &h->route[file];
    const uint32_t batch = h->state.now.file[file].batch;
    const struct timespec time = h->state.now.file[file].time;
    const int64_t size = h->state.now.file[file].size;
    const bool torn = h->state.now.file[file].torn != 0;
    h->absent[file] = r->own != NULL && !disk_is_open(r->own);
    if (r->own == NULL || h->absent[file])
        return 0;
    directory_mark(r->own, &m);
    if (h->state.now.file[file].inode != m.inode || m.size <= size || torn || batch == 0 ||
        h->input[batch - 1].lines.start != h->state.now.stream[batch - 1].done)
        return disk_end_torn_line(r->own);
    if (route_begin(r, streams[batch - 1], &time) != SINK_DONE)
        return 0; /* that current is gone */
    return route_repeat(r, &h->input[batch - 1].lines, (size_t)(m.size - size));
}

/* Tries once more to open a directory. Where that works, goes on there as handover_take_over does.
 * 0, or -1: out of memory. */
static int open_late(struct handover *h, int file)
{
    struct disk *own = h->route[file].own;
    if (!h->absent[file] || !(disk_is_open(own) || disk_try_open(own)))
        return 0;
    if (complete(h, file) < 0) {
        h->absent[file] = true; /* to be done yet */
        return -1;
    }
    handover_flush(h, file);
    return 0;
}

/* --- batches --- */

/* Writes bytes that the sinks have before the first line of a batch: the rest of lines that a disk
 * took in part before it failed, or the message that lines are missing. They belong to no batch. */
static void flush_leftovers(struct handover *h, int file)
{
    if (!h->absent[file])
        h->state.now.file[file].batch = 0;
    note_file(h, file);
    state_commit(&h->state);
    handover_flush(h, file);
}

/* Makes a route ready for lines that arrived at now. False: it takes none. */
static bool begin_lines(struct handover *h, int file, enum stamp_stream stream,
                        const struct timespec *now)
{
    struct route *r = &h->route[file];
    if (h->lost || route_holds(r) || open_late(h, file) < 0 || route_holds(r))
        return false;
    if (!route_is_empty(r))
        handover_flush(h, file);
    if (h->lost)
        return false;
    switch (route_begin(r, stream, now)) {
    case SINK_LOST:
        h->lost = true;
        return false;
    case SINK_TURN_DUE: /* somebody took current away */
        turn(h, file);
        handover_flush(h, file);
        break;
    case SINK_DONE:
    case SINK_WAITS:
        break;
    }
    if (!route_is_empty(r))
        flush_leftovers(h, file);
    return !h->lost && !route_holds(r);
}

/* Moves and writes the whole lines of l, the batch having been begun. 0, or -1: out of memory. */
static int write_lines(struct handover *h, int file, struct lines *l)
{
    int more;
    do {
        more = route_lines(&h->route[file], l);
        handover_flush(h, file);
    } while (more > 0 && !h->lost);
    return more < 0 ? -1 : 0;
}

/* Remembers what the bytes are made of that current has beyond its remembered size. batch: 1 + the
 * input, or 0: they are in no journal. */
static void commit_batch(struct handover *h, int file, uint32_t batch, const struct timespec *now)
{
    if (!h->absent[file]) {
        h->state.now.file[file].time = *now;
        h->state.now.file[file].batch = batch;
    }
    handover_commit(h);
}

static int write_batch(struct handover *h, int input, bool begun, const struct timespec *now)
{
    struct lines *l = &h->input[input].lines;
    int file = checkpoint_file(input);
    if (!begin_lines(h, file, streams[input], now) || (begun && !lines_cut(l)))
        return 0;
    commit_batch(h, file, (uint32_t)input + 1, now);
    int result = write_lines(h, file, l);
    if (route_is_settled(&h->route[file]) && journal_turn(&h->input[input].journal, l))
        handover_commit(h);
    return result;
}

int handover_write(struct handover *h, int input, const struct timespec *now)
{
    return write_batch(h, input, false, now);
}

int handover_write_begun(struct handover *h, int input, const struct timespec *now)
{
    return h->route[checkpoint_file(input)].joins ? write_batch(h, input, true, now) : 0;
}

int handover_write_notes(struct handover *h, struct lines *l, const struct timespec *now)
{
    if (!begin_lines(h, 0, STREAM_ERR, now))
        return 0;
    commit_batch(h, 0, 0, now);
    return write_lines(h, 0, l);
}

/* --- taking over --- */

/* A place in the journal, which counts from where done does, as one in l. */
static size_t place_in(const struct lines *l, size_t done, size_t place)
{
    place += l->start;
    place = place < done ? 0 : place - done;
    return place > l->end ? l->end : place;
}

int handover_open(struct handover *h, struct error *e)
{
    if (state_open(&h->state, h->state_fd, e) < 0)
        return -1;
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        struct lines *l = &h->input[i].lines;
        size_t done = h->state.now.stream[i].done;
        if (i == HANDOVER_EVENTS && h->route[checkpoint_file(i)].sink == NULL)
            continue; /* only .init reads them */
        if (journal_open(&h->input[i].journal, h->input[i].journal.fd, done, l, e) < 0)
            return -1;
        l->shown = place_in(l, done, h->state.now.stream[i].shown);
        l->cut = place_in(l, done, h->state.now.stream[i].cut);
        l->inside = h->state.now.stream[i].inside != 0;
        h->state.now.stream[i].done = (uint32_t)l->start;
        if (i < HANDOVER_EVENTS)
            h->console.stream[i].begun = h->state.now.stream[i].begun != 0;
    }
    return 0;
}

int handover_take_over(struct handover *h)
{
    for (int i = 0; i < CHECKPOINT_FILES; i++) {
        if (complete(h, i) < 0)
            return -1;
        h->taken_over = i + 1;
        handover_flush(h, i);
    }
    return 0;
}

/* --- rest and end --- */

void handover_trim(struct handover *h)
{
    bool nothing = true;
    bool changed = false;
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        struct lines *l = &h->input[i].lines;
        bool settled = route_is_settled(&h->route[checkpoint_file(i)]);
        changed |= settled && journal_trim(&h->input[i].journal, l);
        nothing &= settled && l->end == 0 && !l->inside && !h->state.now.stream[i].begun;
    }
    if (changed)
        handover_commit(h);
    if (nothing && !h->state.now.file[0].torn && !h->state.now.file[1].torn)
        state_trim(&h->state);
}

void handover_close(struct handover *h)
{
    for (int i = 0; i < CHECKPOINT_FILES; i++) {
        route_urge(&h->route[i]);
        handover_flush(h, i);
    }
    handover_commit(h);
    for (int i = 0; i < CHECKPOINT_FILES; i++)
        route_close(&h->route[i], true);
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        journal_close(&h->input[i].journal);
    state_close(&h->state);
}
