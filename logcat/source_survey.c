/* Reading a source through, once before it is shown: for its steps, and for its last entries. */
#include "base/clock.h"
#include "base/message.h"
#include "logcat/order.h"
#include "logcat/source_inside.h"

/* Reads to the end, to find the steps. Returns the number of entries from the first one that is
 * certainly whole, and continues no other. */
static unsigned long long look_through(struct source *s, enum source_mode mode)
{
    unsigned long long count = 0;
    s->mode = mode;
    s->steps = 0;
    s->stepped = s->stepped_to = s->newest = (struct timespec){0, 0};
    while (source_next(s, true) == 1)
        if (count > 0 || (s->entry.stamped && !order_is_indented(s->entry.message) &&
                          order_is_believed(&s->entry.time)))
            count++;
    s->mode = SOURCE_READING;
    for (size_t i = s->steps; i-- > 1;)
        if (clock_compare(&s->lowest[i], &s->lowest[i - 1]) < 0)
            s->lowest[i - 1] = s->lowest[i];
    return count;
}

static int survey(struct source *s, bool exact, struct error *e)
{
    s->survey.archives = s->survey.blocks = 0;
    s->survey.in_archive = s->disorder = s->survey.done = s->survey.vague = s->survey.doubtful =
        false;
    s->survey.exact = exact;
    if (source_open(s, READER_ALL, 0, e) < 0)
        return -1;
    look_through(s, SOURCE_SURVEYING);
    order_end(s);
    return 0;
}

int source_survey(struct source *s, struct error *e)
{
    int result = survey(s, false, e);
    if (result == 0 && s->survey.doubtful)
        result = survey(s, true, e);
    s->survey.done = result == 0;
    return result;
}

int source_open_tail(struct source *s, unsigned long long lines, struct error *e)
{
    if (lines == 0)
        return source_open(s, READER_END, 0, e);
    /* Two more than asked for: on each stream the first piece of a line may be missing. */
    unsigned long long want = lines + 2, most = lines * 64 + 4096;
    for (;; want *= 4) {
        if (source_open(s, READER_TAIL, want, e) < 0)
            return -1;
        unsigned long long count = look_through(s, SOURCE_COUNTING);
        if (count >= lines + 2 || s->lines < want || want > most)
            break;
    }
    if (!s->kept)
        return source_open(s, READER_TAIL, want, e);
    source_begin_again(s);
    s->dirty = true;
    return 0;
}
