#include "logcat/order.h"
#include "base/clock.h"
#include "base/str.h"
#include "rotate/archive.h"
#include "rotate/bgzf.h"
#include <stdlib.h>
#include <string.h>

enum { BELIEVED = 978307200 /* 2001 */ };

bool order_is_believed(const struct timespec *t)
{
    return t->tv_sec >= BELIEVED;
}

/* Whether least to most is wholly outside of since to until. */
static bool is_apart(const struct timespec *least, const struct timespec *most,
                     const struct timespec *since, const struct timespec *until)
{
    return (clock_is_set(since) && clock_compare(most, since) < 0) ||
           (clock_is_set(until) && clock_compare(least, until) >= 0);
}

static bool is_wanted(const struct source *s, const struct timespec *t)
{
    return clock_is_within(t, &s->since, &s->until);
}

/* Where only some of the lines are wanted, the order of the lines behind depends on them: a survey
 * then assumes that no stamp steps back behind them, and is repeated if one does. */
bool order_can_go(const struct source *s, const struct timespec *least, const struct timespec *most)
{
    if (!order_is_believed(least))
        return false;
    if (is_apart(least, most, &s->since, &s->until))
        return true;
    if (s->mode == SOURCE_SURVEYING && !s->survey.exact)
        return true;
    return is_wanted(s, least) && is_wanted(s, most) &&
           (s->mode == SOURCE_SURVEYING || is_apart(least, most, &s->from, &s->to));
}

bool order_is_indented(const char *message)
{
    return *message == ' ' || *message == '\t';
}

bool source_has_pieces(const struct source *s)
{
    for (int i = 0; i < SOURCE_STREAMS; i++)
        if (s->pieces[i].text.length > 0)
            return true;
    return false;
}

static void add_step(struct source *s, const struct timespec *t)
{
    /* No memory: the order suffers, no line is lost. */
    if (LIST_ROOM(s->lowest, s->steps, s->steps_room) == 0)
        s->lowest[s->steps++] = *t;
}

/* Notes the stamp of the next line, which is read or left out. */
static void note_stamp(struct source *s, const struct timespec *t)
{
    s->disorder |= s->stamps && clock_compare(t, &s->last) < 0;
    s->last = *t;
    s->stamps = true;
    if (!order_is_believed(t) || !is_wanted(s, t))
        return;
    if (clock_compare(t, &s->newest) > 0)
        s->newest = *t;
    if (s->any_wanted && clock_compare(t, &s->wanted) < 0) {
        s->survey.doubtful |= s->survey.vague;
        s->met++;
        if (s->mode != SOURCE_READING)
            add_step(s, t);
        if (s->wanted.tv_sec - t->tv_sec > s->stepped.tv_sec - s->stepped_to.tv_sec) {
            s->stepped = s->wanted;
            s->stepped_to = *t;
        }
    }
    s->wanted = *t;
    s->any_wanted = true;
    s->survey.vague = false;
}

/* Notes that lines from first to last were left out of which some are wanted, we do not know which.
 */
static void note_some(struct source *s, const struct timespec *first, const struct timespec *last)
{
    const struct timespec *least = is_wanted(s, first) ? first : &s->since;
    const struct timespec *most = is_wanted(s, last) ? last : &s->until;
    s->survey.doubtful |= s->any_wanted && clock_compare(least, &s->wanted) < 0;
    s->wanted = *most;
    s->any_wanted = true;
    s->survey.vague = true;
    if (clock_compare(most, &s->newest) > 0)
        s->newest = *most;
}

static struct source_archive *open_archive(struct source *s)
{
    return s->survey.in_archive ? &s->survey.archive[s->survey.archives - 1] : NULL;
}

static void bound(struct source_archive *a, const struct timespec *t)
{
    if (!clock_is_set(&a->least) || clock_compare(t, &a->least) < 0)
        a->least = *t;
    if (clock_compare(t, &a->most) > 0)
        a->most = *t;
    a->last = *t;
}

void order_end(struct source *s)
{
    struct source_archive *a = open_archive(s);
    if (a && source_has_pieces(s))
        a->bounded = false;
    s->survey.in_archive = false;
}

/* In a survey: begins the archive with that name. */
static void begin_archive(struct source *s, const struct timespec *name, bool inside_line)
{
    if (LIST_ROOM(s->survey.archive, s->survey.archives, s->survey.archives_room) < 0)
        return;
    s->survey.archive[s->survey.archives++] =
        (struct source_archive){.name = *name, .bounded = !inside_line && !source_has_pieces(s)};
    s->survey.in_archive = true;
}

void order_file(struct source *s, bool inside_line)
{
    struct archive a;
    if (s->mode != SOURCE_SURVEYING)
        return;
    const char *base = strrchr(reader_file(s->reader), '/');
    bool is_archive = base && archive_parse(base + 1, &a) == 0;
    struct source_archive *now = open_archive(s);
    if (now && is_archive && clock_compare(&a.time, &now->name) == 0)
        return;
    if (now && inside_line)
        now->bounded = false;
    order_end(s);
    if (is_archive)
        begin_archive(s, &a.time, inside_line);
}

/* Notes the order of the entry that was read, or passed over, last. */
static void note_order(struct source *s, const struct timespec *order, bool wanted)
{
    s->any = true;
    if (!wanted)
        return;
    s->order = *order;
    s->any_order = true;
    if (clock_compare(order, &s->newest) > 0)
        s->newest = *order;
}

void order_pass_over(struct source *s, const struct timespec *first, const struct timespec *last)
{
    struct source_archive *a = open_archive(s);
    trace_reset(&s->trace);
    if (is_apart(first, last, &s->since, &s->until) ||
        (is_wanted(s, first) && is_wanted(s, last))) {
        note_stamp(s, first);
        note_stamp(s, last);
    } else {
        s->disorder |= s->stamps && clock_compare(first, &s->last) < 0;
        s->last = *last;
        s->stamps = true;
        note_some(s, first, last);
    }
    s->heads++;
    s->head_wanted = is_wanted(s, last);
    note_order(s, last, s->head_wanted);
    if (a) {
        bound(a, first);
        bound(a, last);
    }
}

bool order_skip_member(void *context, const struct bgzf_index *index)
{
    struct source *s = context;
    if (s->end > s->begin || source_has_pieces(s) || !order_can_go(s, &index->first, &index->last))
        return false;
    order_file(s, false);
    order_pass_over(s, &index->first, &index->last);
    return true;
}

bool order_skip_whole(void *context, const struct timespec *name, const struct bgzf_index *index)
{
    struct source *s = context;
    if (s->end > s->begin || source_has_pieces(s) || !order_can_go(s, &index->first, &index->last))
        return false;
    if (s->mode == SOURCE_SURVEYING) {
        order_end(s);
        begin_archive(s, name, false);
    }
    order_pass_over(s, &index->first, &index->last);
    return true;
}

void order_keep_block(struct source *s, size_t size, const struct timespec *first,
                      const struct timespec *last)
{
    struct source_block b = {.least = *first, .most = *last};
    dev_t device;
    ino_t inode;
    int64_t offset;
    if (!reader_in_current(s->reader, &device, &inode, &offset))
        return;
    b.end = offset - (int64_t)(s->end - s->begin);
    b.begin = b.end - (int64_t)size;
    if (b.begin < 0) /* the lines began in the file before */
        return;
    if (s->survey.blocks == 0 || device != s->survey.device || inode != s->survey.inode) {
        s->survey.blocks = 0;
        s->survey.device = device;
        s->survey.inode = inode;
    }
    if (LIST_ROOM(s->survey.block, s->survey.blocks, s->survey.blocks_room) == 0)
        s->survey.block[s->survey.blocks++] = b;
}

static int compare_begin(const void *key, const void *block)
{
    int64_t offset = *(const int64_t *)key, begin = ((const struct source_block *)block)->begin;
    return offset < begin ? -1 : offset > begin;
}

bool order_skip_block(void *context, int64_t offset, int64_t *end)
{
    struct source *s = context;
    if (!s->survey.done || s->survey.blocks == 0 || s->end > s->begin || source_has_pieces(s))
        return false;
    const struct source_block *b =
        bsearch(&offset, s->survey.block, s->survey.blocks, sizeof *b, compare_begin);
    if (!b)
        return false;
    *end = b->end;
    if (!order_can_go(s, &b->least, &b->most))
        return false;
    order_pass_over(s, &b->least, &b->most);
    return true;
}

static int compare_name(const void *key, const void *archive)
{
    return clock_compare(key, &((const struct source_archive *)archive)->name);
}

bool order_skip_archive(void *context, const struct timespec *name)
{
    struct source *s = context;
    if (!s->survey.done || s->survey.archives == 0 || s->end > s->begin || source_has_pieces(s))
        return false;
    const struct source_archive *a =
        bsearch(name, s->survey.archive, s->survey.archives, sizeof *a, compare_name);
    if (!a || !a->bounded || !order_can_go(s, &a->least, &a->most))
        return false;
    order_pass_over(s, &a->least, &a->last);
    return true;
}

void order_line(struct source *s, const struct stamp *stamp, const char *message)
{
    struct source_archive *a = open_archive(s);
    if (stamp->form == STAMP_NONE) {
        if (a)
            a->bounded = false;
        return;
    }
    note_stamp(s, &stamp->time);
    if (!a)
        return;
    if (!clock_is_set(&a->least) && order_is_indented(message))
        a->bounded = false;
    bound(a, &stamp->time);
}

/* An entry belongs at its time, or with the wanted entry before it, if it continues that one or has
 * the time of a clock that was never set. */
void order_place(struct source *s, const struct timespec *t)
{
    struct entry *e = &s->entry;
    bool wanted = is_wanted(s, t);
    bool below = e->continues && !e->traced; /* whether one is traced, is known only when read */
    bool with = below ? s->head_wanted : s->stamps && !order_is_believed(t);
    e->order = with && s->any_order ? s->order : *t;
    s->heads += !e->continues;
    e->head = s->heads;
    s->head_wanted = below ? s->head_wanted : wanted;
    note_order(s, &e->order, wanted);
}
